#include <sodium.h>

#include "schemas/evidence/sealing.h"

namespace lianxi::evidence {
namespace {

constexpr std::size_t kSealedChunkBytes = kChunkPlainBytes + kChunkSealBytes;
static_assert(kChunkSealBytes == crypto_aead_xchacha20poly1305_ietf_ABYTES);

struct ChunkPlace {
  std::array<std::uint8_t, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES> nonce{};
  Bytes context;
};

ChunkPlace place_of(std::uint64_t index, bool last) {
  ChunkPlace place;
  Writer out(place.context);
  out.label("lianxi/chunk/v1");
  out.u64(index);
  out.u8(last ? 1 : 0);
  // Zeros, then index and last: the nine bytes that end the context.
  std::memcpy(place.nonce.data() + place.nonce.size() - 9, place.context.data() + place.context.size() - 9, 9);
  return place;
}

}  // namespace

Bytes seal_chunk(const Hash& file_key, std::uint64_t index, bool last, ByteView plain) {
  const auto place = place_of(index, last);
  Bytes out(plain.size() + kChunkSealBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data(), nullptr, plain.data(), plain.size(), place.context.data(),
                                             place.context.size(), nullptr, place.nonce.data(), file_key.data());
  return out;
}

Result<Bytes> open_chunk(const Hash& file_key, std::uint64_t index, bool last, ByteView sealed) {
  if (sealed.size() < kChunkSealBytes || sealed.size() > kSealedChunkBytes) {
    return fail(Code::verification_failed, "attachment: a chunk has the wrong length");
  }
  const auto place = place_of(index, last);
  Bytes out(sealed.size() - kChunkSealBytes);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, sealed.data(), sealed.size(), place.context.data(),
                                                 place.context.size(), place.nonce.data(), file_key.data()) != 0) {
    return fail(Code::verification_failed, "attachment: chunk " + std::to_string(index) + " does not open");
  }
  return out;
}

Bytes encode(const Manifest& manifest) {
  Bytes bytes;
  Writer out(bytes);
  out.label("lianxi/attachment/v1");
  out.u64(manifest.bytes);
  out.u32(static_cast<std::uint32_t>(manifest.chunks.size()));
  for (const auto& chunk : manifest.chunks) out.bytes(chunk);
  return bytes;
}

Result<Manifest> parse_manifest(ByteView bytes) {
  const auto malformed = [] { return fail(Code::section_malformed, "attachment: malformed manifest"); };
  Reader in(bytes);
  Manifest manifest;
  in.label("lianxi/attachment/v1");
  manifest.bytes = in.u64();
  const std::size_t count = in.u32();
  if (!in.ok() || count == 0 || count > kChunksMax || in.left() != count * 32) return malformed();
  const std::uint64_t before_last = (count - 1) * kSealedChunkBytes;
  if (manifest.bytes < before_last + kChunkSealBytes || manifest.bytes > before_last + kSealedChunkBytes) return malformed();
  manifest.chunks.reserve(count);
  for (std::size_t i = 0; i < count; ++i) manifest.chunks.push_back(in.hash());
  return manifest;
}

}  // namespace lianxi::evidence
