// What a checker of proofs needs: no tree, only hashes.
#include <bit>

#include "schemas/evidence/suite.h"
#include "schemas/evidence/tree.h"

namespace lianxi::evidence {

Hash root_of(std::span<const Hash> leaves) {
  if (leaves.empty()) return sha256(ByteView{});
  if (leaves.size() == 1) return leaves[0];
  const std::size_t middle = std::bit_floor(leaves.size() - 1);
  return node_hash(root_of(leaves.first(middle)), root_of(leaves.subspan(middle)));
}

bool verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size, std::span<const Hash> path, const Hash& root) {
  if (index >= size) return false;
  std::uint64_t node = index;
  std::uint64_t last = size - 1;
  Hash hash = leaf;
  for (const auto& sibling : path) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      hash = node_hash(sibling, hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

bool verify_consistency(std::uint64_t old_size, const Hash& old_root, std::uint64_t new_size, const Hash& new_root,
                        std::span<const Hash> path) {
  if (old_size > new_size) return false;
  if (old_size == new_size) return path.empty() && old_root == new_root;
  if (old_size == 0) return path.empty() && old_root == root_of({});
  if (path.empty() && !std::has_single_bit(old_size)) return false;
  // An old tree that is a complete subtree of the new one begins the path itself.
  const bool whole = std::has_single_bit(old_size);
  const Hash& first = whole ? old_root : path[0];
  std::uint64_t node = old_size - 1;
  std::uint64_t last = new_size - 1;
  while ((node & 1) != 0) {
    node >>= 1;
    last >>= 1;
  }
  Hash old_hash = first;
  Hash new_hash = first;
  for (const auto& step : path.subspan(whole ? 0 : 1)) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      old_hash = node_hash(step, old_hash);
      new_hash = node_hash(step, new_hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      new_hash = node_hash(new_hash, step);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == old_root && new_hash == new_root;
}

}  // namespace lianxi::evidence
