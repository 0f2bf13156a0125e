// The crypto suite as a seam. Suite 1: Ed25519 and sealing by libsodium, SHA-256 and HKDF by OpenSSL (each the faster of the
// two). The simulator has a cheap one with the same shape (tests/support). Hashing is not behind the seam.
//
// Threads: all calls are const and may run on any thread.
#pragma once

#include <initializer_list>
#include <optional>

#include "schemas/base/bytes.h"
#include "schemas/base/entropy.h"
#include "schemas/base/result.h"
#include "schemas/codec/payload.h"

namespace lianxi::evidence {

using PublicKey = std::array<std::uint8_t, 32>;
using SecretKey = std::array<std::uint8_t, 32>;  // Ed25519 seed, X25519 scalar.
using codec::KeyId;

// In key ids; never renumber. No key has two uses.
enum class KeyUse : std::uint8_t { transport = 1, signing = 2, sealing = 3, backup = 4, checkpoint = 5, operator_ = 6 };

class Suite {
 public:
  virtual ~Suite() = default;
  virtual std::uint8_t id() const = 0;
  virtual PublicKey signing_public(const SecretKey& secret) const = 0;
  virtual Signature sign(const SecretKey& secret, ByteView message) const = 0;
  virtual bool verify(const PublicKey& key, ByteView message, const Signature& signature) const = 0;
  virtual PublicKey sealing_public(const SecretKey& secret) const = 0;
  // X25519. nullopt for an all-zero shared secret.
  virtual std::optional<Hash> agree(const SecretKey& secret, const PublicKey& other) const = 0;
};

const Suite& suite1();

// SHA-256(L("lianxi/key/v1") ‖ suite u8 ‖ use u8 ‖ public key), first 8 bytes.
KeyId key_id(std::uint8_t suite, KeyUse use, const PublicKey& key);

Hash sha256(ByteView bytes);
Hash sha256(std::initializer_list<ByteView> parts);
// RFC 5869, extract and expand, 32 bytes of output.
Hash hkdf_sha256(ByteView secret, ByteView salt, ByteView info);

}  // namespace lianxi::evidence
