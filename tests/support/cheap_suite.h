// A crypto suite with suite 1's shape at a hundredth of its cost, for the simulator: keyed hashes instead of curves. It keeps
// what the code relies on (who does not have the secret cannot be taken for who has, agreement is mutual) and nothing else.
// Threads: any.
#pragma once

#include "schemas/evidence/suite.h"

namespace lianxi::test {

class CheapSuite final : public evidence::Suite {
 public:
  std::uint8_t id() const override { return 1; }
  evidence::PublicKey signing_public(const evidence::SecretKey& secret) const override { return evidence::sha256({view("sign"), secret}); }
  Signature sign(const evidence::SecretKey& secret, ByteView message) const override { return mac(signing_public(secret), message); }
  bool verify(const evidence::PublicKey& key, ByteView message, const Signature& signature) const override {
    return mac(key, message) == signature;
  }
  evidence::PublicKey sealing_public(const evidence::SecretKey& secret) const override { return evidence::sha256({view("seal"), secret}); }
  std::optional<Hash> agree(const evidence::SecretKey& secret, const evidence::PublicKey& other) const override {
    const auto own = sealing_public(secret);
    return own < other ? evidence::sha256({view("agree"), own, other}) : evidence::sha256({view("agree"), other, own});
  }

 private:
  static Signature mac(const evidence::PublicKey& key, ByteView message) {
    const auto first = evidence::sha256({view("mac"), key, message});
    const auto second = evidence::sha256({view("again"), first});
    Signature out;
    std::copy(first.begin(), first.end(), out.begin());
    std::copy(second.begin(), second.end(), out.begin() + 32);
    return out;
  }
};

}  // namespace lianxi::test
