// A process that ends without a word: what is left must be what store.h promises.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "tests/unit/store/store_directory.h"

namespace lianxi {
namespace {

using Mode = RocksStore::Mode;

class RocksCrashTest : public StoreDirectoryTest {
 protected:
  static void ended(bool ok) { ::_exit(ok ? 7 : 1); }
};

TEST_F(RocksCrashTest, HubKeepsExactlyWhatAFlushCovered) {
  EXPECT_EXIT(
      {
        auto store = open();
        bool ok = true;
        for (std::uint64_t n = 1; n <= 50; ++n) ok = ok && store->write(batch(n), Durability::buffered);
        ok = ok && store->start_flush() && wait_for_flush(*store) == Store::Flush::done;
        for (std::uint64_t n = 51; n <= 80; ++n) ok = ok && store->write(batch(n), Durability::buffered);
        ended(ok);
      },
      testing::ExitedWithCode(7), "");
  const auto store = open();
  EXPECT_EQ(applied(*store), 50u);
  EXPECT_EQ(rows(*store), 50u);
}

TEST_F(RocksCrashTest, FamiliesAgreeWhereverTheProcessEnds) {
  EXPECT_EXIT(
      {
        auto store = open();  // Small write buffers: flushes begin by themselves in the middle.
        bool ok = true;
        for (std::uint64_t n = 1; n <= 3000; ++n) ok = ok && store->write(batch(n, 1500), Durability::buffered);
        ended(ok);
      },
      testing::ExitedWithCode(7), "");
  const auto store = open();
  EXPECT_GT(applied(*store), 0u);
  EXPECT_LT(applied(*store), 3000u);
  EXPECT_EQ(rows(*store), applied(*store));
}

TEST_F(RocksCrashTest, AgentKeepsEverySyncedWrite) {
  EXPECT_EXIT(
      {
        auto store = open(Mode::agent);
        bool ok = true;
        for (std::uint64_t n = 1; n <= 40; ++n) ok = ok && store->write(batch(n), Durability::synced);
        ended(ok);
      },
      testing::ExitedWithCode(7), "");
  const auto inspected = RocksStore::inspect(options(Mode::agent));
  ASSERT_TRUE(inspected) << to_string(inspected.error());
  EXPECT_EQ(applied(**inspected), 40u);
  const auto store = open(Mode::agent);
  EXPECT_EQ(applied(*store), 40u);
  EXPECT_EQ(rows(*store), 40u);
}

TEST_F(RocksCrashTest, FlippedBitInTheMiddleOfTheAgentsLogIsRefused) {
  EXPECT_EXIT(
      {
        auto store = open(Mode::agent);
        bool ok = true;
        for (std::uint64_t n = 1; n <= 40; ++n) ok = ok && store->write(batch(n), Durability::synced);
        ended(ok);
      },
      testing::ExitedWithCode(7), "");
  auto logs = files(".log");
  ASSERT_FALSE(logs.empty());
  std::sort(logs.begin(), logs.end());
  const auto size = std::filesystem::file_size(logs.back());
  ASSERT_GT(size, 4000u);
  {
    std::fstream file(logs.back(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(size / 2));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(size / 2));
    file.put(static_cast<char>(byte ^ 4));
  }
  EXPECT_FALSE(RocksStore::open(options(Mode::agent)));
  EXPECT_EQ(std::filesystem::file_size(logs.back()), size) << "left as it was";
}

}  // namespace
}  // namespace lianxi
