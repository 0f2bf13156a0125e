#include "schemas/verifier/crypto.h"

#include <nettle/eddsa.h>
#include <nettle/sha2.h>

namespace lianxi::verifier {
namespace {

Hash parent(const Hash& left, const Hash& right) {
  static constexpr std::uint8_t kNode[] = {1};
  return digest({kNode, left, right});
}

std::uint64_t left_part(std::uint64_t size) {  // The largest power of two below `size`, which is at least 2.
  std::uint64_t k = 1;
  while (k < size - k) k *= 2;
  return k;
}

}  // namespace

Hash digest(std::initializer_list<ByteView> parts) {
  sha256_ctx context;
  sha256_init(&context);
  for (const auto part : parts) sha256_update(&context, part.size(), part.data());
  Hash out;
  sha256_digest(&context, out.size(), out.data());
  return out;
}

bool signed_by(const Key& key, ByteView message, ByteView signature) {
  if (signature.size() != ED25519_SIGNATURE_SIZE) return false;
  return ed25519_sha512_verify(key.data(), message.size(), message.data(), signature.data()) == 1;
}

Hash merkle_root(std::span<const Hash> leaves) {
  if (leaves.empty()) return digest({});
  if (leaves.size() == 1) return leaves[0];
  const auto k = static_cast<std::size_t>(left_part(leaves.size()));
  return parent(merkle_root(leaves.first(k)), merkle_root(leaves.subspan(k)));
}

// From the root down, as RFC 6962 defines the path: the last hash is the root's other child.
bool root_from_path(const Hash& leaf, std::uint64_t index, std::uint64_t size, std::span<const Hash> path, Hash& root) {
  if (index >= size) return false;
  if (size == 1) {
    root = leaf;
    return path.empty();
  }
  if (path.empty()) return false;
  const std::uint64_t k = left_part(size);
  const bool left = index < k;
  Hash inner;
  if (!root_from_path(leaf, left ? index : index - k, left ? k : size - k, path.first(path.size() - 1), inner)) return false;
  root = left ? parent(inner, path.back()) : parent(path.back(), inner);
  return true;
}

}  // namespace lianxi::verifier
