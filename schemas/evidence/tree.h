// The Merkle tree of RFC 6962 over leaf hashes, with C2SP tlog tiles (height 8, 256 hashes).
//
// Two trees have this shape: the log's (leaves = entries) and an entry's batch tree (leaves = message hashes as they are).
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "schemas/base/bytes.h"
#include "schemas/base/result.h"

namespace lianxi::evidence {

Hash node_hash(const Hash& left, const Hash& right);  // SHA-256(0x01 ‖ left ‖ right)

// Root of a list of leaf hashes; of none: SHA-256 of nothing.
Hash root_of(std::span<const Hash> leaves);

// Roots that proofs lead to (RFC 9162, 2.1.3.2 and 2.1.4.2). False if the proof does not hold or has the wrong length.
bool verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size, std::span<const Hash> path, const Hash& root);
bool verify_consistency(std::uint64_t old_size, const Hash& old_root, std::uint64_t new_size, const Hash& new_root,
                        std::span<const Hash> path);

// A full tile: the 256 hashes at tile level `level` (tree level 8*level), tile number `index`.
struct Tile {
  std::uint8_t level = 0;
  std::uint64_t index = 0;
  Bytes hashes;  // 256 * 32
};

// The growing tree: the right edge (partial tile of each level) in memory, full tiles handed out to be stored, recent ones
// kept in a bounded cache. Proofs for any size up to size().
// Threads: one.
class Tree {
 public:
  // Reads a full tile that was handed out before; Code::not_found if it is lost.
  using TileReader = std::function<Result<Bytes>(std::uint8_t level, std::uint64_t index)>;
  explicit Tree(TileReader reader);

  std::uint64_t size() const;
  // Appends a leaf hash. Full tiles that this completes are added to `full`.
  void append(const Hash& leaf, std::vector<Tile>& full);
  Hash root() const;                                     // Of the current size, from the edge.
  Result<Hash> root_at(std::uint64_t size) const;        // Recomputed from hashes, by a path of its own.
  Result<std::vector<Hash>> inclusion(std::uint64_t index, std::uint64_t size) const;
  Result<std::vector<Hash>> consistency(std::uint64_t old_size, std::uint64_t new_size) const;
  // Drops leaves from the end: an append whose write never happened. `size` >= the largest multiple of 256 that is stored.
  Bytes save_edge() const;                               // size u64 ‖ partial tiles; with the applied batch.
  static Result<Tree> load_edge(ByteView saved, TileReader reader);

 private:
  Result<Hash> hash_at(std::uint8_t level, std::uint64_t index) const;  // Of a complete subtree.
  TileReader reader_;
  std::uint64_t size_ = 0;
  std::vector<Bytes> edge_;                              // Partial tile of each level, n * 32.
  mutable std::map<std::pair<std::uint8_t, std::uint64_t>, Bytes> cache_;  // Full tiles; bounded.
};

}  // namespace lianxi::evidence
