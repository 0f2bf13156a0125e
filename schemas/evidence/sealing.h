// Commitments, sealing, wraps, grants, attachment chunks (P3, P4).
#pragma once

#include "schemas/codec/group.h"
#include "schemas/evidence/entry.h"

namespace lianxi::evidence {

// M = L("lianxi/section/v1") ‖ log id ‖ s8 agency ‖ epoch u32 ‖ number u64 ‖ group u8: AAD and context of one section.
Bytes section_context(const Hash& log_id, const MessageId& id, codec::Group group);
// SHA-256(0x02 ‖ M ‖ salt ‖ unpadded plaintext)
Hash commitment(ByteView context, const Hash& salt, ByteView plaintext);

struct ReaderKey {
  KeyId id{};
  PublicKey key{};
};

// Clear: salt 32 ‖ plaintext.
Bytes clear_section(const Hash& salt, ByteView plaintext);
struct Opened {
  Hash salt{};
  Bytes plaintext;
};
Result<Opened> open_clear(ByteView stored);

struct Sealed {
  Bytes stored;              // nonce 24 ‖ XChaCha20-Poly1305(salt 32 ‖ sodium_pad(plaintext, 256)), AAD = M
  std::vector<Bytes> wraps;  // One per reader, 89 bytes: group ‖ reader key id ‖ ephemeral public ‖ AEAD(content key)
};
// One content key per section; `ephemeral_secret` is made once per message by the caller and forgotten.
Result<Sealed> seal(const Suite& suite, ByteView context, codec::Group group, const Hash& salt, ByteView plaintext,
                    std::span<const ReaderKey> readers, const SecretKey& ephemeral_secret, Entropy& entropy);
// Finds the wrap of `reader` (a message's or a grant's), opens it and the section. Code::not_found without a wrap for this reader,
// Code::verification_failed if it does not open.
Result<Opened> open_sealed(const Suite& suite, ByteView context, ByteView stored, std::span<const codec::WrapView> wraps,
                           codec::Group group, const KeyId& reader, const SecretKey& secret);

// One wrap, 89 bytes (P4). A grant, made later for one more reader, is the same under its own label and ephemeral key.
enum class WrapLabel { message, grant };
Result<Bytes> wrap_key(const Suite& suite, ByteView context, codec::Group group, const Hash& content_key, const ReaderKey& reader,
                       const SecretKey& ephemeral_secret, WrapLabel label);
// The content key in a wrap, whichever its label: what a grant is made from. Code::verification_failed if it does not open.
Result<Hash> unwrap_key(const Suite& suite, ByteView context, ByteView wrap, codec::Group group, const KeyId& reader,
                        const SecretKey& secret);

// --- attachments: 1 MiB chunks, sealed with the file key; manifest = L("lianxi/attachment/v1") ‖ ciphertext bytes u64 ‖
// count u32 ‖ count × SHA-256(chunk ciphertext); the attachment's digest = SHA-256(manifest). --------------------------
inline constexpr std::size_t kChunkPlainBytes = 1 << 20;
inline constexpr std::size_t kChunksMax = 1 << 16;
// The nonce is (index, last): a file key is fresh for each attachment and used for nothing else. Sealed = plain + 16 bytes.
inline constexpr std::size_t kChunkSealBytes = 16;
Bytes seal_chunk(const Hash& file_key, std::uint64_t index, bool last,
                 ByteView plain);  // AAD = L("lianxi/chunk/v1") ‖ index u64 ‖ last u8
Result<Bytes> open_chunk(const Hash& file_key, std::uint64_t index, bool last, ByteView sealed);
struct Manifest {  // Every chunk but the last is full; an empty file has one empty chunk.
  std::uint64_t bytes = 0;
  std::vector<Hash> chunks;
};
Bytes encode(const Manifest& manifest);
Result<Manifest> parse_manifest(ByteView bytes);

}  // namespace lianxi::evidence
