#include "schemas/evidence/sealing.h"

#include <sodium.h>

#include "schemas/base/check.h"

namespace lianxi::evidence {
namespace {

constexpr std::size_t kPadTo = 256;
constexpr std::size_t kSaltBytes = 32;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
using Nonce = std::array<std::uint8_t, kNonceBytes>;

Bytes aead(const Hash& key, const Nonce& nonce, ByteView context, ByteView plain) {
  Bytes out(plain.size() + kTagBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data(), nullptr, plain.data(), plain.size(), context.data(), context.size(),
                                             nullptr, nonce.data(), key.data());
  return out;
}

std::optional<Bytes> aead_open(const Hash& key, const Nonce& nonce, ByteView context, ByteView sealed) {
  if (sealed.size() < kTagBytes) return std::nullopt;
  Bytes out(sealed.size() - kTagBytes);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, sealed.data(), sealed.size(), context.data(),
                                                 context.size(), nonce.data(), key.data()) != 0) {
    return std::nullopt;
  }
  return out;
}

// The key that seals one content key for one reader (P4).
Hash wrapping_key(const Hash& shared, const PublicKey& ephemeral, const ReaderKey& reader, ByteView context, WrapLabel label) {
  Bytes salt(ephemeral.begin(), ephemeral.end());
  salt.insert(salt.end(), reader.key.begin(), reader.key.end());
  Bytes info;
  Writer out(info);
  out.label(label == WrapLabel::message ? "lianxi/wrap/v1" : "lianxi/grant/v1");
  out.bytes(context);
  out.bytes(reader.id);
  return hkdf_sha256(shared, salt, info);
}

Bytes padded(const Hash& salt, ByteView plaintext) {
  const std::size_t whole = plaintext.size() / kPadTo * kPadTo + kPadTo;
  Bytes out(salt.begin(), salt.end());
  out.insert(out.end(), plaintext.begin(), plaintext.end());
  out.resize(kSaltBytes + whole);
  std::size_t length = 0;
  check(sodium_pad(&length, out.data() + kSaltBytes, plaintext.size(), kPadTo, whole) == 0 && length == whole,
        "sealing: padding failed");
  return out;
}

std::optional<Opened> unpadded(ByteView bytes) {
  if (bytes.size() < kSaltBytes + kPadTo || (bytes.size() - kSaltBytes) % kPadTo != 0) return std::nullopt;
  const auto body = bytes.subspan(kSaltBytes);
  std::size_t length = 0;
  if (sodium_unpad(&length, body.data(), body.size(), kPadTo) != 0) return std::nullopt;
  Opened out;
  std::memcpy(out.salt.data(), bytes.data(), kSaltBytes);
  out.plaintext = copy(body.first(length));
  return out;
}

std::optional<Opened> open_with(const Hash& content_key, ByteView context, ByteView stored) {
  if (stored.size() < kNonceBytes) return std::nullopt;
  Nonce nonce;
  std::memcpy(nonce.data(), stored.data(), nonce.size());
  auto plain = aead_open(content_key, nonce, context, stored.subspan(kNonceBytes));
  return plain ? unpadded(*plain) : std::nullopt;
}

}  // namespace

Bytes section_context(const Hash& log_id, const MessageId& id, codec::Group group) {
  Bytes context;
  context.reserve(128);
  Writer out(context);
  out.label("lianxi/section/v1");
  out.bytes(log_id);
  out.s8(id.agency.value());
  out.u32(id.epoch.value());
  out.u64(id.number.value());
  out.u8(static_cast<std::uint8_t>(group));
  return context;
}

Hash commitment(ByteView context, const Hash& salt, ByteView plaintext) {
  static constexpr std::uint8_t kPrefix[] = {2};
  return sha256({kPrefix, context, salt, plaintext});
}

Bytes clear_section(const Hash& salt, ByteView plaintext) {
  Bytes out(salt.begin(), salt.end());
  out.insert(out.end(), plaintext.begin(), plaintext.end());
  return out;
}

Result<Opened> open_clear(ByteView stored) {
  Reader in(stored);
  Opened out;
  out.salt = in.hash();
  if (!in.ok()) return fail(Code::section_malformed, "clear section is shorter than its salt");
  out.plaintext = copy(in.bytes(in.left()));
  return out;
}

Result<Bytes> wrap_key(const Suite& suite, ByteView context, codec::Group group, const Hash& content_key, const ReaderKey& reader,
                       const SecretKey& ephemeral_secret, WrapLabel label) {
  const auto shared = suite.agree(ephemeral_secret, reader.key);
  if (!shared) return fail(Code::invalid_argument, "sealing: reader key " + hex(reader.id) + " gives no shared secret");
  const PublicKey ephemeral = suite.sealing_public(ephemeral_secret);
  Bytes wrap;
  wrap.reserve(codec::kWrapBytes);
  Writer out(wrap);
  out.u8(static_cast<std::uint8_t>(group));
  out.bytes(reader.id);
  out.bytes(ephemeral);
  out.bytes(aead(wrapping_key(*shared, ephemeral, reader, context, label), Nonce{}, context, content_key));
  return wrap;
}

Result<Hash> unwrap_key(const Suite& suite, ByteView context, ByteView wrap, codec::Group group, const KeyId& reader,
                        const SecretKey& secret) {
  const auto refused = [] { return fail(Code::verification_failed, "sealing: the wrap does not open"); };
  Reader in(wrap);
  const std::uint8_t of_group = in.u8();
  const auto of_reader = in.array<8>();
  const PublicKey ephemeral = in.array<32>();
  const ByteView sealed = in.bytes(32 + kTagBytes);
  if (!in.done() || of_group != static_cast<std::uint8_t>(group) || of_reader != reader) return refused();
  const auto shared = suite.agree(secret, ephemeral);
  if (!shared) return refused();
  const ReaderKey own{reader, suite.sealing_public(secret)};
  for (const auto label : {WrapLabel::message, WrapLabel::grant}) {
    const auto key = aead_open(wrapping_key(*shared, ephemeral, own, context, label), Nonce{}, context, sealed);
    if (key) return *array_from<32>(*key);
  }
  return refused();
}

Result<Sealed> seal(const Suite& suite, ByteView context, codec::Group group, const Hash& salt, ByteView plaintext,
                    std::span<const ReaderKey> readers, const SecretKey& ephemeral_secret, Entropy& entropy) {
  auto content_key = entropy.array<32>();
  const auto nonce = entropy.array<kNonceBytes>();
  Bytes plain = padded(salt, plaintext);
  Sealed out;
  out.stored.assign(nonce.begin(), nonce.end());
  const Bytes ciphertext = aead(content_key, nonce, context, plain);
  out.stored.insert(out.stored.end(), ciphertext.begin(), ciphertext.end());
  sodium_memzero(plain.data(), plain.size());
  for (const auto& reader : readers) {
    auto wrap = wrap_key(suite, context, group, content_key, reader, ephemeral_secret, WrapLabel::message);
    if (!wrap) return wrap.error();
    out.wraps.push_back(*std::move(wrap));
  }
  sodium_memzero(content_key.data(), content_key.size());
  return out;
}

Result<Opened> open_sealed(const Suite& suite, ByteView context, ByteView stored, std::span<const codec::WrapView> wraps,
                           codec::Group group, const KeyId& reader, const SecretKey& secret) {
  bool found = false;
  for (const auto& wrap : wraps) {
    if (wrap.group != group || wrap.reader != reader) continue;
    found = true;
    const auto content_key = unwrap_key(suite, context, wrap.bytes, group, reader, secret);
    if (!content_key) continue;
    if (auto opened = open_with(*content_key, context, stored)) return *std::move(opened);
  }
  if (!found) return fail(Code::not_found, "sealing: no wrap for reader " + hex(reader));
  return fail(Code::verification_failed, "sealing: the section does not open");
}

}  // namespace lianxi::evidence
