#include "schemas/evidence/tree.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "schemas/base/check.h"
#include "schemas/evidence/suite.h"

namespace lianxi::evidence {
namespace {

constexpr std::size_t kTileHashes = 256;
constexpr std::size_t kTileLevelsMax = 7;  // 256^7 > Tree::kSizeMax.

Bytes flat(const std::vector<Hash>& hashes) {
  Bytes out;
  out.reserve(hashes.size() * 32);
  for (const auto& hash : hashes) out.insert(out.end(), hash.begin(), hash.end());
  return out;
}

std::size_t partial(std::uint64_t size, std::size_t level) { return static_cast<std::size_t>(size >> (8 * level)) % kTileHashes; }

// The hashes of a saved edge, one list a tile level.
struct Edge {
  std::uint64_t size = 0;
  std::vector<std::vector<Hash>> levels;
};

Result<Edge> parse_edge(ByteView saved) {
  Reader in(saved);
  Edge edge;
  edge.size = in.u64();
  if (!in.ok() || edge.size > Tree::kSizeMax) return fail(Code::corrupt, "tree: edge without a size");
  for (std::size_t level = 0; edge.size >> (8 * level) > 0 && level < kTileLevelsMax; ++level) {
    auto& hashes = edge.levels.emplace_back();
    for (std::size_t i = 0; i < partial(edge.size, level) && in.ok(); ++i) hashes.push_back(in.hash());
  }
  if (!in.done()) return fail(Code::corrupt, "tree: edge has the wrong length");
  return edge;
}

// The root over tile levels: what is left over on a level stands as one more, last subtree on the next.
Hash fold_levels(std::span<const std::vector<Hash>> levels) {
  std::vector<Hash> list;
  for (const auto& level : levels) {
    std::vector<Hash> next = level;
    if (!list.empty()) next.push_back(root_of(list));
    list = std::move(next);
  }
  return root_of(list);
}

}  // namespace

Result<Hash> recompute_root(ByteView saved_edge, std::span<const Hash> appended) {
  auto edge = parse_edge(saved_edge);
  if (!edge) return edge.error();
  std::vector<Hash> carry(appended.begin(), appended.end());
  for (std::size_t level = 0; level < edge->levels.size() || !carry.empty(); ++level) {
    if (level == edge->levels.size()) edge->levels.emplace_back();
    auto& hashes = edge->levels[level];
    hashes.insert(hashes.end(), carry.begin(), carry.end());
    carry.clear();
    const std::size_t whole = hashes.size() / kTileHashes * kTileHashes;
    for (std::size_t at = 0; at < whole; at += kTileHashes) {
      carry.push_back(root_of(std::span(hashes).subspan(at, kTileHashes)));
    }
    hashes.erase(hashes.begin(), hashes.begin() + static_cast<std::ptrdiff_t>(whole));
  }
  return fold_levels(edge->levels);
}

Tree::Tree(TileReader reader) : reader_(std::move(reader)) {}

void Tree::Nodes::push(const Hash& hash) {
  at[0].push_back(hash);
  for (std::size_t r = 0; r < 8 && at[r].size() % 2 == 0; ++r) {
    at[r + 1].push_back(node_hash(at[r][at[r].size() - 2], at[r].back()));
  }
}

void Tree::append(const Hash& leaf, std::vector<Tile>& full) {
  check(size_ < kSizeMax, "tree: full");
  Hash hash = leaf;
  for (std::size_t level = 0;; ++level) {
    if (level == edge_.size()) edge_.emplace_back();
    Nodes& nodes = edge_[level];
    nodes.push(hash);
    if (nodes.at[0].size() < kTileHashes) break;
    const std::uint64_t index = size_ >> (8 * (level + 1));
    hash = nodes.at[8][0];
    full.push_back({static_cast<std::uint8_t>(level), index, flat(nodes.at[0])});
    keep({static_cast<std::uint8_t>(level), index}, std::exchange(nodes, Nodes{}));
  }
  ++size_;
}

Hash Tree::root() const {
  std::optional<Hash> root;
  for (unsigned level = 0; size_ >> level > 0; ++level) {
    if ((size_ >> level & 1) == 0) continue;
    const Hash& peak = edge_[level / 8].at[level % 8].back();
    root = root ? node_hash(peak, *root) : peak;
  }
  return root ? *root : sha256(ByteView{});
}

const Tree::Nodes* Tree::keep(Key key, Nodes nodes) const {
  if (cache_.size() >= kCachedTilesMax) {
    cache_.erase(std::min_element(cache_.begin(), cache_.end(),
                                  [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
  }
  auto& place = cache_[key];
  place = {std::move(nodes), ++uses_};
  return &place.nodes;
}

Result<const Tree::Nodes*> Tree::tile(std::uint8_t level, std::uint64_t index) const {
  const std::uint64_t full_tiles = size_ >> (8 * (level + 1u));
  if (index == full_tiles && level < edge_.size()) return &edge_[level];
  check(index < full_tiles, "tree: asked for a tile beyond the edge");
  if (const auto found = cache_.find({level, index}); found != cache_.end()) {
    found->second.used = ++uses_;
    return &found->second.nodes;
  }
  if (!reader_) return fail(Code::not_found, "tree: no reader of tiles");
  const auto bytes = reader_(level, index);
  if (!bytes) return bytes.error();
  if (bytes->size() != kTileHashes * 32) return fail(Code::corrupt, "tree: a tile has the wrong length");
  Nodes nodes;
  Reader in(*bytes);
  for (std::size_t i = 0; i < kTileHashes; ++i) nodes.push(in.hash());
  return keep({level, index}, std::move(nodes));
}

Result<Hash> Tree::root_at(std::uint64_t size) const {
  if (size > size_) return fail(Code::invalid_argument, "tree: size beyond the end");
  std::vector<std::vector<Hash>> levels;
  for (std::size_t level = 0; size >> (8 * level) > 0; ++level) {
    auto& hashes = levels.emplace_back();
    const std::size_t count = partial(size, level);
    if (count == 0) continue;
    const auto nodes = tile(static_cast<std::uint8_t>(level), size >> (8 * (level + 1)));
    if (!nodes) return nodes.error();
    const auto& all = (*nodes)->at[0];
    check(all.size() >= count, "tree: a tile is shorter than the tree");
    hashes.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return fold_levels(levels);
}

Result<Hash> Tree::hash_at(unsigned level, std::uint64_t index) const {
  const unsigned inside = level % 8;
  const std::uint64_t first = index << inside;
  const auto nodes = tile(static_cast<std::uint8_t>(level / 8), first / kTileHashes);
  if (!nodes) return nodes.error();
  const auto& hashes = (*nodes)->at[inside];
  const std::size_t at = static_cast<std::size_t>(first % kTileHashes) >> inside;
  check(at < hashes.size(), "tree: asked for an incomplete subtree");
  return hashes[at];
}

Result<Hash> Tree::range(std::uint64_t from, std::uint64_t to) const {
  std::vector<Hash> peaks;
  while (from < to) {
    const auto level = static_cast<unsigned>(std::bit_width(to - from) - 1);
    auto peak = hash_at(level, from >> level);
    if (!peak) return peak;
    peaks.push_back(*peak);
    from += std::uint64_t{1} << level;
  }
  Hash root = peaks.back();
  for (std::size_t i = peaks.size() - 1; i > 0; --i) root = node_hash(peaks[i - 1], root);
  return root;
}

Result<std::vector<Hash>> Tree::inclusion(std::uint64_t index, std::uint64_t size) const {
  if (size > size_ || index >= size) return fail(Code::invalid_argument, "tree: no such leaf at this size");
  std::vector<Hash> path;
  std::uint64_t from = 0;
  std::uint64_t to = size;
  while (to - from > 1) {
    const std::uint64_t middle = from + std::bit_floor(to - from - 1);
    const bool left = index < middle;
    const auto sibling = left ? range(middle, to) : range(from, middle);
    if (!sibling) return sibling.error();
    path.push_back(*sibling);
    (left ? to : from) = middle;
  }
  std::reverse(path.begin(), path.end());
  return path;
}

Result<std::vector<Hash>> Tree::consistency(std::uint64_t old_size, std::uint64_t new_size) const {
  if (new_size > size_ || old_size > new_size) return fail(Code::invalid_argument, "tree: no such sizes");
  std::vector<Hash> path;
  if (old_size == 0 || old_size == new_size) return path;
  std::uint64_t from = 0;
  std::uint64_t to = new_size;
  while (old_size != to) {
    const std::uint64_t middle = from + std::bit_floor(to - from - 1);
    const bool left = old_size <= middle;
    const auto other = left ? range(middle, to) : range(from, middle);
    if (!other) return other.error();
    path.push_back(*other);
    (left ? to : from) = middle;
  }
  if (from != 0) {
    const auto rest = range(from, to);
    if (!rest) return rest.error();
    path.push_back(*rest);
  }
  std::reverse(path.begin(), path.end());
  return path;
}

Bytes Tree::save_edge() const {
  Bytes saved;
  Writer out(saved);
  out.u64(size_);
  for (std::size_t level = 0; size_ >> (8 * level) > 0; ++level) {
    for (const auto& hash : edge_[level].at[0]) out.bytes(hash);
  }
  return saved;
}

Result<Tree> Tree::load_edge(ByteView saved, TileReader reader) {
  const auto edge = parse_edge(saved);
  if (!edge) return edge.error();
  Tree tree(std::move(reader));
  tree.size_ = edge->size;
  for (const auto& hashes : edge->levels) {
    auto& nodes = tree.edge_.emplace_back();
    for (const auto& hash : hashes) nodes.push(hash);
  }
  return tree;
}

}  // namespace lianxi::evidence
