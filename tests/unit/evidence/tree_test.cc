#include "schemas/evidence/tree.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "schemas/evidence/suite.h"

namespace lianxi::evidence {
namespace {

// RFC 6962, section 2.1, as its words define it: the model that the tree is tried against.
namespace naive {

Hash root(std::span<const Hash> leaves) {
  if (leaves.empty()) return sha256(ByteView{});
  if (leaves.size() == 1) return leaves[0];
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  const std::uint8_t one = 1;
  return sha256({ByteView(&one, 1), root(leaves.first(k)), root(leaves.subspan(k))});
}

std::vector<Hash> path(std::size_t m, std::span<const Hash> leaves) {
  if (leaves.size() <= 1) return {};
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  auto out = m < k ? path(m, leaves.first(k)) : path(m - k, leaves.subspan(k));
  out.push_back(m < k ? root(leaves.subspan(k)) : root(leaves.first(k)));
  return out;
}

std::vector<Hash> subproof(std::size_t m, std::span<const Hash> leaves, bool known) {
  if (m == leaves.size()) return known ? std::vector<Hash>{} : std::vector<Hash>{root(leaves)};
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  auto out = m <= k ? subproof(m, leaves.first(k), known) : subproof(m - k, leaves.subspan(k), false);
  out.push_back(m <= k ? root(leaves.subspan(k)) : root(leaves.first(k)));
  return out;
}

}  // namespace naive

std::vector<Hash> some_leaves(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Hash> leaves(count);
  for (auto& leaf : leaves) {
    for (auto& byte : leaf) byte = static_cast<std::uint8_t>(random());
  }
  return leaves;
}

class TreeTest : public testing::Test {
 protected:
  void grow(std::span<const Hash> leaves) {
    std::vector<Tile> full;
    for (const auto& leaf : leaves) tree_.append(leaf, full);
    for (auto& tile : full) tiles_[{tile.level, tile.index}] = std::move(tile.hashes);
  }
  Tree::TileReader reader() {
    return [this](std::uint8_t level, std::uint64_t index) -> Result<Bytes> {
      ++reads_;
      const auto at = tiles_.find({level, index});
      if (at == tiles_.end()) return fail(Code::not_found, "tile");
      return at->second;
    };
  }

  std::map<std::pair<std::uint8_t, std::uint64_t>, Bytes> tiles_;
  std::size_t reads_ = 0;
  Tree tree_{reader()};
};

TEST_F(TreeTest, RootsOfTheReferenceLeavesAreThoseOfCertificateTransparency) {
  const std::vector<std::string> data = {
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  const std::vector<std::string> roots = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                          "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                          "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                          "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                          "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                          "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                          "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  EXPECT_EQ(hex(tree_.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::uint8_t zero = 0;
    grow(std::vector<Hash>{sha256({ByteView(&zero, 1), *from_hex(data[i])})});
    EXPECT_EQ(hex(tree_.root()), roots[i]) << "size " << i + 1;
  }
}

TEST_F(TreeTest, EveryRootAndInclusionUpTo300LeavesIsTheModels) {
  const auto leaves = some_leaves(300, 1);
  grow(leaves);
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    const auto part = std::span(leaves).first(size);
    const Hash root = naive::root(part);
    ASSERT_EQ(*tree_.root_at(size), root) << size;
    ASSERT_EQ(root_of(part), root) << size;
    for (std::size_t index = 0; index < size; ++index) {
      const auto path = tree_.inclusion(index, size);
      ASSERT_TRUE(path);
      ASSERT_TRUE(verify_inclusion(leaves[index], index, size, *path, root)) << index << " of " << size;
    }
    const std::size_t chosen = size * 5 / 7;
    ASSERT_EQ(*tree_.inclusion(chosen, size), naive::path(chosen, part));
    ASSERT_EQ(*tree_.inclusion(size - 1, size), naive::path(size - 1, part));
  }
}

TEST_F(TreeTest, EveryInclusionPathAt300LeavesIsTheModels) {
  const auto leaves = some_leaves(300, 2);
  grow(leaves);
  for (std::size_t index = 0; index < leaves.size(); ++index) {
    ASSERT_EQ(*tree_.inclusion(index, 300), naive::path(index, leaves)) << index;
  }
}

TEST_F(TreeTest, EveryConsistencyProofUpTo300LeavesIsTheModels) {
  const auto leaves = some_leaves(300, 3);
  grow(leaves);
  std::vector<Hash> roots;
  for (std::size_t size = 0; size <= leaves.size(); ++size) roots.push_back(naive::root(std::span(leaves).first(size)));
  for (std::size_t to = 0; to <= leaves.size(); ++to) {
    for (std::size_t from = 0; from <= to; ++from) {
      const auto path = tree_.consistency(from, to);
      ASSERT_TRUE(path);
      ASSERT_TRUE(verify_consistency(from, roots[from], to, roots[to], *path)) << from << " to " << to;
      if (from > 0 && to % 13 == 0) {
        ASSERT_EQ(*path, naive::subproof(from, std::span(leaves).first(to), true)) << from << " to " << to;
      }
    }
  }
}

TEST_F(TreeTest, LargeTreesProveThroughTilesOfSeveralLevels) {
  const auto leaves = some_leaves(70'000, 4);
  grow(leaves);
  EXPECT_EQ(tiles_.count({1, 0}), 1u);
  std::mt19937_64 random(5);
  for (int round = 0; round < 20; ++round) {
    const std::uint64_t size = 1 + random() % leaves.size();
    const Hash root = naive::root(std::span(leaves).first(size));
    ASSERT_EQ(*tree_.root_at(size), root) << size;
    for (int i = 0; i < 20; ++i) {
      const std::uint64_t index = random() % size;
      ASSERT_TRUE(verify_inclusion(leaves[index], index, size, *tree_.inclusion(index, size), root)) << index << " of " << size;
      const std::uint64_t older = 1 + random() % size;
      ASSERT_TRUE(verify_consistency(older, *tree_.root_at(older), size, root, *tree_.consistency(older, size)));
    }
  }
}

TEST_F(TreeTest, AProofWithOneBitChangedOrAHashTooManyOrTooFewDoesNotHold) {
  const auto leaves = some_leaves(300, 6);
  grow(leaves);
  const Hash root = tree_.root();
  for (const std::uint64_t index : {0u, 1u, 255u, 256u, 299u}) {
    const auto path = *tree_.inclusion(index, 300);
    for (std::size_t bit = 0; bit < path.size() * 256; ++bit) {
      auto bad = path;
      bad[bit / 256][bit % 256 / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      ASSERT_FALSE(verify_inclusion(leaves[index], index, 300, bad, root));
    }
    auto longer = path;
    longer.push_back(Hash{});
    EXPECT_FALSE(verify_inclusion(leaves[index], index, 300, longer, root));
    EXPECT_FALSE(verify_inclusion(leaves[index], index, 300, std::span(path).first(path.size() - 1), root));
    EXPECT_FALSE(verify_inclusion(leaves[index], index + 1, 300, path, root));
    EXPECT_FALSE(verify_inclusion(leaves[index], 300, 300, path, root));
  }
  const auto path = *tree_.consistency(100, 300);
  for (std::size_t i = 0; i < path.size(); ++i) {
    auto bad = path;
    bad[i][0] ^= 1;
    EXPECT_FALSE(verify_consistency(100, *tree_.root_at(100), 300, root, bad));
  }
  EXPECT_FALSE(verify_consistency(100, *tree_.root_at(101), 300, root, path));
  EXPECT_FALSE(verify_consistency(300, root, 100, *tree_.root_at(100), path));
  EXPECT_FALSE(verify_consistency(0, Hash{}, 300, root, {}));
}

TEST_F(TreeTest, AFullTileIsHandedOutOnceWithItsHashes) {
  const auto leaves = some_leaves(256 * 256, 7);
  std::vector<Tile> full;
  for (const auto& leaf : leaves) tree_.append(leaf, full);
  ASSERT_EQ(full.size(), 257u);
  EXPECT_EQ(full[3].index, 3u);
  EXPECT_TRUE(equal(ByteView(full[3].hashes).first(32), leaves[768]));
  EXPECT_EQ(full.back().level, 1);
  EXPECT_TRUE(equal(ByteView(full.back().hashes).first(32), root_of(std::span(leaves).first(256))));
}

TEST_F(TreeTest, AReloadedEdgeGrowsAndProvesLikeTheTreeItWasSavedFrom) {
  const auto leaves = some_leaves(1500, 8);
  for (const std::size_t at : {0u, 1u, 255u, 256u, 257u, 511u, 512u, 1000u}) {
    tiles_.clear();
    tree_ = Tree(reader());
    grow(std::span(leaves).first(at));
    auto loaded = Tree::load_edge(tree_.save_edge(), reader());
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->root(), tree_.root());
    tree_ = *std::move(loaded);
    grow(std::span(leaves).subspan(at));
    EXPECT_EQ(tree_.root(), naive::root(leaves));
    for (std::uint64_t index = 0; index < 1500; index += 37) {
      ASSERT_TRUE(verify_inclusion(leaves[index], index, 1500, *tree_.inclusion(index, 1500), tree_.root()));
    }
  }
}

TEST_F(TreeTest, ADamagedEdgeIsRefused) {
  grow(some_leaves(300, 9));
  auto saved = tree_.save_edge();
  EXPECT_EQ(saved.size(), 8u + 44 * 32 + 32);
  EXPECT_EQ(Tree::load_edge(ByteView(saved).first(saved.size() - 1), nullptr).error().code, Code::corrupt);
  saved.push_back(0);
  EXPECT_EQ(Tree::load_edge(saved, nullptr).error().code, Code::corrupt);
  EXPECT_EQ(Tree::load_edge(Bytes(8, 0xff), nullptr).error().code, Code::corrupt);
}

TEST_F(TreeTest, TheSecondComputationOfARootAgreesForEveryCut) {
  const auto leaves = some_leaves(900, 10);
  for (const std::size_t before : {0u, 1u, 200u, 256u, 300u, 511u}) {
    for (const std::size_t more : {0u, 1u, 55u, 56u, 57u, 300u, 389u}) {
      tree_ = Tree(reader());
      grow(std::span(leaves).first(before));
      const auto edge = tree_.save_edge();
      const auto appended = std::span(leaves).subspan(before, more);
      EXPECT_EQ(*recompute_root(edge, appended), naive::root(std::span(leaves).first(before + more))) << before << '+' << more;
    }
  }
}

TEST_F(TreeTest, ALostTileIsAnErrorAndNotAWrongProof) {
  grow(some_leaves(600, 11));
  auto loaded =
      *Tree::load_edge(tree_.save_edge(), [](std::uint8_t, std::uint64_t) -> Result<Bytes> { return fail(Code::not_found); });
  EXPECT_EQ(loaded.inclusion(3, 600).error().code, Code::not_found);
  EXPECT_EQ(loaded.root_at(100).error().code, Code::not_found);
  EXPECT_EQ(loaded.root(), tree_.root());
}

TEST_F(TreeTest, TilesAreReadAgainOnlyWhenTheyHaveLeftTheCache) {
  grow(some_leaves(256 * 300, 12));
  for (int round = 0; round < 5; ++round) ASSERT_TRUE(tree_.inclusion(256 * 299, 256 * 300));
  EXPECT_EQ(reads_, 0u);
  for (int round = 0; round < 5; ++round) ASSERT_TRUE(tree_.inclusion(0, 256 * 300));
  EXPECT_GE(reads_, 1u);
  EXPECT_LE(reads_, 2u);
}

TEST_F(TreeTest, ProofsBeyondTheEndAreRefused) {
  grow(some_leaves(10, 13));
  EXPECT_EQ(tree_.inclusion(10, 10).error().code, Code::invalid_argument);
  EXPECT_EQ(tree_.inclusion(0, 11).error().code, Code::invalid_argument);
  EXPECT_EQ(tree_.consistency(5, 11).error().code, Code::invalid_argument);
  EXPECT_EQ(tree_.consistency(6, 5).error().code, Code::invalid_argument);
  EXPECT_EQ(tree_.root_at(11).error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace lianxi::evidence
