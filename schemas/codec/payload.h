// The payload (P2): a run of length-prefixed messages. Parsing borrows; nothing is re-encoded.
//
//   message = u32 bytes that follow ‖ u32 message-header length ‖ message header (FlatBuffer MessageHeader)
//             ‖ for each section in header order: u8 group ‖ u32 length ‖ bytes      (length 0xFFFFFFFF = withheld, no bytes)
//             ‖ u16 count of wraps ‖ wraps, 89 bytes each
//   refused or left out message, where its place must show: u32 0xFFFFFFFF ‖ 32-byte message hash
//
// Clear section = salt 32 ‖ plaintext. Sealed section = nonce 24 ‖ AEAD(salt 32 ‖ padded plaintext).
// Plaintext = u32 length ‖ FlatBuffer of the message type's table with only this group's fields ‖ FlatBuffer AttachmentList
// (nothing if no attachment is in this group).
#pragma once

#include <vector>

#include "schemas/base/bytes.h"
#include "schemas/base/clock.h"
#include "schemas/base/result.h"
#include "schemas/base/strong_id.h"
#include "schemas/codec/group.h"

namespace lianxi::codec {

inline constexpr std::size_t kMessageBytesMax = 256 << 10;
inline constexpr std::size_t kEntryBytesMax = 1 << 20;
inline constexpr std::size_t kEntryMessagesMax = 1024;
inline constexpr std::size_t kFrameBytesMax = (1 << 20) + (64 << 10);
inline constexpr std::size_t kWrapBytes = 89;
inline constexpr std::size_t kAddresseesMax = 64;
inline constexpr std::uint32_t kWithheld = 0xffffffff;
inline constexpr std::uint16_t kSchemaVersion = 1;

using KeyId = std::array<std::uint8_t, 8>;

struct SectionView {
  Group group{};
  bool withheld = false;
  ByteView bytes;            // Stored form; empty if withheld.
};

struct WrapView {            // group u8 ‖ reader key id 8 ‖ ephemeral public key 32 ‖ AEAD(content key) 48
  ByteView bytes;
  Group group{};
  KeyId reader{};
};

struct MessageView {
  bool left_out = false;     // Only `hash` is set.
  Hash hash{};               // Left-out messages only.
  ByteView whole;            // From the u32 length on: what a run is copied from.
  ByteView header;
  std::vector<SectionView> sections;
  std::vector<WrapView> wraps;
};

// All messages of a run. Code::bad_entry on any malformation, an unknown group, more than kEntryMessagesMax messages, a
// message over kMessageBytesMax, or bytes left over.
Result<std::vector<MessageView>> parse_run(ByteView run);

struct Section {
  Group group{};
  bool withheld = false;
  Bytes bytes;
};
void append_message(Bytes& run, ByteView header, std::span<const Section> sections, std::span<const Bytes> wraps);
void append_left_out(Bytes& run, const Hash& message_hash);
// Copies `message` with only those sections (and their wraps) for which keep(group) holds; the rest is marked withheld.
void append_filtered(Bytes& run, const MessageView& message, const std::vector<bool>& keep_by_group);

// --- the message header, parsed -------------------------------------------------------------------------------------

enum class Role : std::uint8_t { to = 0, cc = 1 };

struct Addressee {
  AgencyId agency;
  std::string seat;
  Role role = Role::to;
  std::uint64_t previous = 0;
  bool operator==(const Addressee&) const = default;
};
struct ObjectId {
  std::string kind;
  std::string value;
  bool operator==(const ObjectId&) const = default;
};
struct SectionInfo {
  Group group{};
  Hash commitment{};
  Hash ciphertext{};
  std::vector<Hash> wraps;
};
struct AttachmentInfo {
  Hash digest{};
  std::uint64_t bytes = 0;
  Group group{};
};
struct OperatorSignature {
  KeyId key_id{};
  Signature signature{};
};

struct MessageHeader {
  std::uint8_t suite = 1;
  std::uint16_t type = 0;
  std::uint16_t schema_version = kSchemaVersion;
  MessageId id;
  std::string seat;
  std::vector<Addressee> addressees;
  std::vector<ObjectId> ids;
  Instant event_time = 0;
  std::optional<MessageId> in_reply_to;
  std::optional<MessageId> corrects;
  std::optional<MessageId> withdraws;
  std::vector<SectionInfo> sections;
  std::vector<AttachmentInfo> attachments;
  Hash random{};
  std::uint64_t serial = 0;
  std::vector<OperatorSignature> operators;
  bool historical = false;
};

// Verifies with the generated verifier (depth 16, 4,096 tables) on an aligned copy, then reads. Code::header_malformed.
Result<MessageHeader> parse_header(ByteView bytes);
Bytes encode_header(const MessageHeader& header);

// --- section plaintext -----------------------------------------------------------------------------------------------

struct SectionPlain {
  ByteView body;             // FlatBuffer of the type's table
  ByteView attachments;      // FlatBuffer AttachmentList, or empty
};
Result<SectionPlain> split_plain(ByteView plaintext);
Bytes join_plain(ByteView body, ByteView attachments);

}  // namespace lianxi::codec
