// OpenSSL 3's one-shot SHA256() fetches the algorithm on every call, which costs more than hashing a tree node. The
// low-level calls have no such cost; they are deprecated, not gone.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "schemas/base/check.h"
#include "schemas/evidence/suite.h"
#include "schemas/evidence/tree.h"

namespace lianxi::evidence {
namespace {

Hash hmac_sha256(ByteView key, ByteView message) {
  static constexpr std::uint8_t kNothing = 0;
  Hash out{};
  unsigned length = 0;
  const auto* made = HMAC(EVP_sha256(), key.empty() ? &kNothing : key.data(), static_cast<int>(key.size()), message.data(),
                          message.size(), out.data(), &length);
  check(made != nullptr && length == out.size(), "hash: HMAC failed");
  return out;
}

}  // namespace

Hash sha256(ByteView bytes) {
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, bytes.data(), bytes.size());
  Hash out;
  SHA256_Final(out.data(), &context);
  return out;
}

Hash sha256(std::initializer_list<ByteView> parts) {
  SHA256_CTX context;
  SHA256_Init(&context);
  for (const auto part : parts) SHA256_Update(&context, part.data(), part.size());
  Hash out;
  SHA256_Final(out.data(), &context);
  return out;
}

Hash node_hash(const Hash& left, const Hash& right) {
  std::array<std::uint8_t, 65> node;
  node[0] = 1;
  std::memcpy(node.data() + 1, left.data(), 32);
  std::memcpy(node.data() + 33, right.data(), 32);
  return sha256(ByteView(node));
}

Hash hkdf_sha256(ByteView secret, ByteView salt, ByteView info) {
  const Hash extracted = hmac_sha256(salt, secret);
  Bytes block = copy(info);
  block.push_back(1);
  return hmac_sha256(extracted, block);
}

}  // namespace lianxi::evidence
