#include "schemas/evidence/suite.h"

#include <sodium.h>

#include <optional>

#include "schemas/base/check.h"

namespace lianxi::evidence {
namespace {

class Suite1 final : public Suite {
 public:
  Suite1() { check(sodium_init() >= 0, "suite: libsodium does not start"); }

  std::uint8_t id() const override { return 1; }

  PublicKey signing_public(const SecretKey& secret) const override { return Pair(secret).open; }

  Signature sign(const SecretKey& secret, ByteView message) const override {
    // Expanding a seed costs as much as a signature; a thread signs with the same key again and again.
    thread_local SecretKey seed{};
    thread_local std::optional<Pair> pair;
    if (!pair || seed != secret) {
      pair.emplace(secret);
      seed = secret;
    }
    Signature out;
    crypto_sign_detached(out.data(), nullptr, message.data(), message.size(), pair->secret.data());
    return out;
  }

  bool verify(const PublicKey& key, ByteView message, const Signature& signature) const override {
    return crypto_sign_verify_detached(signature.data(), message.data(), message.size(), key.data()) == 0;
  }

  PublicKey sealing_public(const SecretKey& secret) const override {
    PublicKey out;
    crypto_scalarmult_base(out.data(), secret.data());
    return out;
  }

  std::optional<Hash> agree(const SecretKey& secret, const PublicKey& other) const override {
    Hash out;
    if (crypto_scalarmult(out.data(), secret.data(), other.data()) != 0) return std::nullopt;
    if (sodium_is_zero(out.data(), out.size()) != 0) return std::nullopt;
    return out;
  }

 private:
  struct Pair {
    explicit Pair(const SecretKey& seed) { crypto_sign_seed_keypair(open.data(), secret.data(), seed.data()); }
    ~Pair() { sodium_memzero(secret.data(), secret.size()); }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;
    PublicKey open;
    std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret;
  };
};

}  // namespace

const Suite& suite1() {
  static const Suite1 suite;
  return suite;
}

KeyId key_id(std::uint8_t suite, KeyUse use, const PublicKey& key) {
  Bytes named;
  Writer out(named);
  out.label("lianxi/key/v1");
  out.u8(suite);
  out.u8(static_cast<std::uint8_t>(use));
  out.bytes(key);
  const Hash digest = sha256(named);
  KeyId id;
  std::memcpy(id.data(), digest.data(), id.size());
  return id;
}

}  // namespace lianxi::evidence
