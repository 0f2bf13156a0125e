// Entry header, hub part, leaf, receipt, checkpoint (P1, P3, P5), byte for byte.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schemas/base/clock.h"
#include "schemas/base/strong_id.h"
#include "schemas/evidence/suite.h"

namespace lianxi::evidence {

struct EntryHeader {  // EH: what the agency signs, exactly these bytes.
  std::uint8_t suite = 1;
  Hash log_id{};
  AgencyId agency;
  std::string host;  // Empty = own agent; else the agency whose agent hosts it (托管).
  KeyId key_id{};
  Epoch epoch;
  Number first;
  std::uint16_t count = 0;
  Hash batch_root{};
};
Bytes encode(const EntryHeader& header);
Result<EntryHeader> parse_entry_header(ByteView bytes);

struct Refused {
  std::uint16_t index = 0;
  Code code{};
  bool operator==(const Refused&) const = default;
};
struct Original {  // Set when an entry is given back with its old receipt after a restore.
  std::uint32_t generation = 0;
  std::uint64_t entry = 0;
  Instant time = 0;
};
struct HubPart {  // HP
  std::uint32_t generation = 0;
  std::uint64_t entry = 0;
  Instant time = 0;
  std::uint64_t registry_serial = 0;
  std::optional<Original> original;
  std::vector<Refused> refused;  // Ascending index.
};
Bytes encode(const HubPart& part);
Result<HubPart> parse_hub_part(ByteView bytes);

Hash message_hash(ByteView message_header);  // SHA-256(0x00 ‖ L("lianxi/message/v1") ‖ header)
// u16 length of EH ‖ EH ‖ signature 64 ‖ HP, and SHA-256(0x00 ‖ that).
Bytes leaf_data(ByteView entry_header, const Signature& signature, ByteView hub_part);
Hash leaf_hash(ByteView entry_header, const Signature& signature, ByteView hub_part);

// Origin line and key name of the note: "lianxi/<16 hex>/g<generation>", "lianxi-demo/…" for a demo log.
std::string origin_line(const Hash& log_id, std::uint32_t generation, bool demo);
struct Origin {
  bool demo = false;
  std::string log_prefix;  // 16 hex digits.
  std::uint32_t generation = 0;
};
std::optional<Origin> parse_origin(std::string_view line);

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  Hash root{};
};
// C2SP tlog-checkpoint as signed note: "<origin>\n<size>\n<base64 root>\n\n— <origin> <base64(key hash 4 ‖ signature 64)>\n".
std::string sign_checkpoint(const Suite& suite, const SecretKey& secret, const Checkpoint& checkpoint);
inline constexpr std::size_t kNoteSignaturesMax = 64;
inline constexpr std::size_t kNoteBytesMax = 65535;
inline constexpr std::size_t kPathMax = 63;
// Reads the note and checks the signature of `key` (name = origin). Unknown signature lines are ignored; a
// note with more than kNoteSignaturesMax lines, an extension line or anything else out of place is refused, and so is one
// where a line under this key does not verify. Code::verification_failed in every case.
Result<Checkpoint> open_checkpoint(const Suite& suite, const PublicKey& key, std::string_view note);
Result<Checkpoint> read_checkpoint_unverified(std::string_view note);
// "<name>+<hex key hash>+<base64(0x01 ‖ key)>": what golang.org/x/mod/sumdb/note takes.
std::string note_verifier_key(const std::string& name, const PublicKey& key);

// EH ‖ signature ‖ HP ‖ tree size u64 ‖ u8 n ‖ n × 32 (leaf upward) ‖ u16 length ‖ note. EH and HP delimit themselves: they
// are parsed field by field, no length stands before them.
struct Receipt {
  Bytes entry_header;
  Signature signature{};
  Bytes hub_part;
  std::uint64_t size = 0;
  std::vector<Hash> path;
  std::string note;
};
Bytes encode(const Receipt& receipt);
Result<Receipt> parse_receipt(ByteView bytes);

struct KeyFinder {  // What is known of agencies' signing keys.
  virtual ~KeyFinder() = default;
  virtual std::optional<PublicKey> signing_key(const AgencyId& agency, const KeyId& id) const = 0;
};
// Checks everything an offline reader can: shape, agency's key and signature, leaf, path, root, note, and that the note's
// origin is of the entry's log and not of an earlier generation. Code::unknown_key if `keys` lacks the signer's, Code::bad_entry
// on a wrong shape, else Code::verification_failed. Returns the checkpoint that covers the entry: the caller compares its
// origin with the one that it trusts.
Result<Checkpoint> check_receipt(const Suite& suite, const Receipt& receipt, const PublicKey& checkpoint_key,
                                 const KeyFinder& keys);

// As a file: C2SP tlog-proof text. First line "c2sp.org/tlog-proof@v1", then "extra <base64(leaf data)>", "index N", the path
// in base64 lines, an empty line, the note. Leaf data = u16 length of EH ‖ EH ‖ signature ‖ HP, so that any RFC 6962 tool finds
// the leaf as SHA-256(0x00 ‖ extra) without knowing lianxi.
inline constexpr std::size_t kReceiptFileBytesMax = 128 << 10;
std::string receipt_file(const Receipt& receipt);
Result<Receipt> parse_receipt_file(std::string_view text);

// D0 = zeros; Dk = SHA-256(L("lianxi/delivered/v1") ‖ Dk−1 ‖ position u64 ‖ message hash) (P6).
Hash extend_delivered(const Hash& chain, Position position, const Hash& message_hash);

// What an operator signs (P7): L("lianxi/operator/v1") ‖ log id ‖ serial u64 ‖ type u16 ‖ SHA-256(C0 plaintext).
Bytes operator_statement(const Hash& log_id, std::uint64_t serial, std::uint16_t type, ByteView c0_plaintext);

}  // namespace lianxi::evidence
