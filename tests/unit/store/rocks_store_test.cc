#include <gtest/gtest.h>

#include <fstream>

#include "tests/unit/store/store_directory.h"

namespace lianxi {
namespace {

using Mode = RocksStore::Mode;
using Rows = std::vector<std::pair<std::string, std::string>>;

class RocksStoreTest : public StoreDirectoryTest {};

Rows scanned(const Store& store, std::string_view from, std::string_view to) {
  Rows rows;
  EXPECT_TRUE(store.scan(0, from, to, [&](std::string_view key, std::string_view value) {
    rows.emplace_back(key, value);
    return true;
  }));
  return rows;
}

TEST_F(RocksStoreTest, KeysAreFoundExactlyAndByTheOneBefore) {
  auto store = open();
  ASSERT_TRUE(store->write({{0, "b", "1"}, {0, "d", "2"}, {1, "c", "other family"}}, Durability::buffered));
  EXPECT_EQ(store->get(0, "b").value(), "1");
  EXPECT_EQ(store->get(0, "c").value(), std::nullopt);
  EXPECT_EQ(store->at_or_before(0, "c").value()->first, "b");
  EXPECT_EQ(store->at_or_before(0, "d").value()->second, "2");
  EXPECT_FALSE(store->at_or_before(0, "a").value());
}

TEST_F(RocksStoreTest, ScanIsAscendingHalfOpenAndStopsWhenTold) {
  auto store = open();
  ASSERT_TRUE(store->write({{0, "c", "3"}, {0, "a", "1"}, {0, "b", "2"}}, Durability::buffered));
  EXPECT_EQ(scanned(*store, "a", "c"), (Rows{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(scanned(*store, "b", ""), (Rows{{"b", "2"}, {"c", "3"}}));
  int seen = 0;
  ASSERT_TRUE(store->scan(0, "", "", [&](auto, auto) { return ++seen < 2; }));
  EXPECT_EQ(seen, 2);
}

TEST_F(RocksStoreTest, DeletedKeyIsGoneAndTheRestOfTheBatchStands) {
  auto store = open();
  ASSERT_TRUE(store->write({{0, "a", "1"}}, Durability::buffered));
  ASSERT_TRUE(store->write({{0, "a", std::nullopt}, {0, "b", "2"}}, Durability::buffered));
  EXPECT_EQ(scanned(*store, "", ""), (Rows{{"b", "2"}}));
}

TEST_F(RocksStoreTest, OrderlyCloseKeepsBufferedWrites) {
  open()->write(batch(1), Durability::buffered).value();
  EXPECT_EQ(applied(*open()), 1u);
}

TEST_F(RocksStoreTest, FlushEndsByItselfAndEmptiesTheMemtables) {
  auto store = open();
  EXPECT_EQ(store->poll_flush(), Store::Flush::none);
  for (std::uint64_t n = 1; n <= 200; ++n) ASSERT_TRUE(store->write(batch(n, 2000), Durability::buffered));
  const auto before = store->unflushed_bytes();
  EXPECT_GT(before, 200u * 2000);
  ASSERT_TRUE(store->start_flush());
  EXPECT_EQ(wait_for_flush(*store), Store::Flush::done);
  EXPECT_LT(store->unflushed_bytes(), before / 10);
  EXPECT_EQ(store->poll_flush(), Store::Flush::done);
  ASSERT_TRUE(store->start_flush()) << "an empty flush ends too";
  EXPECT_EQ(wait_for_flush(*store), Store::Flush::done);
}

TEST_F(RocksStoreTest, InspectionReadsWithoutWriting) {
  EXPECT_EQ(RocksStore::inspect(options()).error().code, Code::not_found);
  open()->write(batch(7), Durability::buffered).value();
  const auto count = [&] { return files("").size(); };
  const auto before = count();
  {
    const auto store = RocksStore::inspect(options());
    ASSERT_TRUE(store) << to_string(store.error());
    EXPECT_EQ(applied(**store), 7u);
  }
  EXPECT_EQ(count(), before);
}

TEST_F(RocksStoreTest, DirectoryWithoutCurrentIsRefusedAndLeftAlone) {
  open()->write(batch(1), Durability::buffered).value();
  const auto before = files("").size();
  std::filesystem::remove(base_ + "/store/CURRENT");
  EXPECT_EQ(RocksStore::open(options()).error().code, Code::corrupt);
  EXPECT_EQ(RocksStore::inspect(options()).error().code, Code::corrupt);
  EXPECT_EQ(files("").size(), before - 1);
}

TEST_F(RocksStoreTest, MissingTableFileIsRefused) {
  open()->write(batch(1), Durability::buffered).value();
  ASSERT_FALSE(files(".sst").empty());
  std::filesystem::remove(files(".sst").front());
  EXPECT_FALSE(RocksStore::open(options()));
}

TEST_F(RocksStoreTest, FlippedByteInATableIsNeverServed) {
  open()->write({{0, "key", std::string(5000, 'x')}}, Durability::synced).value();
  for (const auto& path : files(".sst")) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(20);
    file.put('\x55');
  }
  const auto store = RocksStore::open(options());
  if (!store) return;  // Refused at once: as good.
  EXPECT_EQ((*store)->get(0, "key").error().code, Code::corrupt);
  EXPECT_FALSE((*store)->verify());
}

TEST_F(RocksStoreTest, FamilyMayBeAddedButNotForgotten) {
  open()->write(batch(1), Durability::buffered).value();
  auto more = options();
  more.families.push_back({"wraps"});
  ASSERT_TRUE(RocksStore::open(more).value()->write({{2, "w", "1"}}, Durability::synced));
  EXPECT_EQ(RocksStore::open(options()).error().code, Code::unsupported);
  EXPECT_EQ(applied(*RocksStore::open(more).value()), 1u);
}

TEST_F(RocksStoreTest, MakingThatWasCutOffLeavesNoStore) {
  std::filesystem::create_directories(base_ + "/store.making");
  std::ofstream(base_ + "/store.making/CURRENT") << "half";
  EXPECT_FALSE(RocksStore::exists(base_ + "/store"));
  ASSERT_TRUE(open()->write(batch(1), Durability::synced));
  EXPECT_FALSE(std::filesystem::exists(base_ + "/store.making"));
}

TEST(StoreKeyTest, BigEndianKeysSortAsNumbers) {
  EXPECT_LT(key_u64(255), key_u64(256));
  std::string key = "x";
  append_u64(key, 0x0102030405060708);
  append_u32(key, 9);
  append_u16(key, 10);
  EXPECT_EQ(key.size(), 15u);
  EXPECT_EQ(read_u64(key, 1), 0x0102030405060708u);
}

}  // namespace
}  // namespace lianxi
