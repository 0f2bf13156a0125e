// The Merkle tree of RFC 6962 over leaf hashes, with C2SP tlog tiles (height 8, 256 hashes).
//
// Two trees have this shape: the log's (leaves = entries) and an entry's batch tree (leaves = message hashes as they are).
#pragma once

#include <array>
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

// The root over the leaves of a saved edge (Tree::save_edge) followed by `appended`, from raw hashes and by code that shares
// nothing with Tree but node_hash: what is signed is computed twice. Pure; any thread.
Result<Hash> recompute_root(ByteView saved_edge, std::span<const Hash> appended);

// The growing tree: the right edge (partial tile of each level) in memory, full tiles handed out to be stored, recent ones
// kept in a bounded cache. Proofs for any size up to size(). Copies are independent (they share what the reader reads).
// Threads: one.
class Tree {
 public:
  // Reads a full tile that was handed out before; Code::not_found if it is lost. It is asked only for tiles that have left
  // the cache, which holds the newest kCachedTilesMax: a tile must be readable before that many more are full.
  using TileReader = std::function<Result<Bytes>(std::uint8_t level, std::uint64_t index)>;
  static constexpr std::size_t kCachedTilesMax = 256;
  static constexpr std::uint64_t kSizeMax = std::uint64_t{1} << 48;

  explicit Tree(TileReader reader);

  std::uint64_t size() const { return size_; }
  // Appends a leaf hash. Full tiles that this completes are added to `full`.
  void append(const Hash& leaf, std::vector<Tile>& full);
  Hash root() const;                               // Of the current size, from the edge.
  Result<Hash> root_at(std::uint64_t size) const;  // Recomputed from the tiles' own hashes, by a path of its own.
  // Code::invalid_argument if index >= size, old_size > new_size, or a size is larger than size().
  Result<std::vector<Hash>> inclusion(std::uint64_t index, std::uint64_t size) const;
  Result<std::vector<Hash>> consistency(std::uint64_t old_size, std::uint64_t new_size) const;
  // size u64 ‖ for each tile level from 0 while size >> 8*level > 0: its partial tile, (size >> 8*level) % 256 hashes.
  Bytes save_edge() const;  // Stored with the applied batch.
  static Result<Tree> load_edge(ByteView saved, TileReader reader);

 private:
  // A tile with the nodes inside it: at[0] its hashes (up to 256), at[r] the complete subtrees of 2^r of them.
  struct Nodes {
    std::array<std::vector<Hash>, 9> at;
    void push(const Hash& hash);
  };
  struct Cached {
    Nodes nodes;
    std::uint64_t used = 0;
  };
  using Key = std::pair<std::uint8_t, std::uint64_t>;

  Result<const Nodes*> tile(std::uint8_t level, std::uint64_t index) const;  // Valid until the next call.
  const Nodes* keep(Key key, Nodes nodes) const;
  Result<Hash> hash_at(unsigned level, std::uint64_t index) const;  // Of a complete subtree.
  Result<Hash> range(std::uint64_t from, std::uint64_t to) const;   // Of leaves [from, to), an RFC 6962 subtree.

  TileReader reader_;
  std::uint64_t size_ = 0;
  std::vector<Nodes> edge_;              // Partial tile of each level.
  mutable std::map<Key, Cached> cache_;  // Full tiles; bounded.
  mutable std::uint64_t uses_ = 0;
};

}  // namespace lianxi::evidence
