#include "tests/support/memory_store.h"

#include <gtest/gtest.h>

#include <map>

namespace lianxi::test {
namespace {

TEST(MemoryStoreTest, CrashTakesBackWhatNoFlushCovered) {
  MemoryStore store(1);
  ASSERT_TRUE(store.write({{0, "a", "1"}, {0, "b", "1"}}, Durability::buffered));
  ASSERT_TRUE(store.start_flush());
  EXPECT_EQ(store.poll_flush(), Store::Flush::done);
  ASSERT_TRUE(store.write({{0, "a", "2"}, {0, "b", std::nullopt}, {0, "c", "2"}}, Durability::buffered));
  store.crash();
  EXPECT_EQ(store.get(0, "a").value(), "1");
  EXPECT_EQ(store.get(0, "b").value(), "1");
  EXPECT_EQ(store.get(0, "c").value(), std::nullopt);
  EXPECT_EQ(store.unflushed_bytes(), 0u);
}

TEST(MemoryStoreTest, FlushCoversOnlyWhatWasWrittenBeforeItWasAskedFor) {
  MemoryStore store(1);
  store.flush_takes(MemoryStore::kNever);
  ASSERT_TRUE(store.write({{0, "a", "1"}}, Durability::buffered));
  ASSERT_TRUE(store.start_flush());
  ASSERT_TRUE(store.write({{0, "b", "1"}}, Durability::buffered));
  EXPECT_EQ(store.poll_flush(), Store::Flush::running);
  store.finish_flush();
  store.crash();
  EXPECT_EQ(store.get(0, "a").value(), "1");
  EXPECT_EQ(store.get(0, "b").value(), std::nullopt);
}

TEST(MemoryStoreTest, FlushEndsAtThePollChosen) {
  MemoryStore store(1);
  store.flush_takes(3);
  ASSERT_TRUE(store.start_flush());
  EXPECT_EQ(store.poll_flush(), Store::Flush::running);
  EXPECT_EQ(store.poll_flush(), Store::Flush::running);
  EXPECT_EQ(store.poll_flush(), Store::Flush::done);
}

TEST(MemoryStoreTest, CopyIsIndependent) {
  MemoryStore store(1);
  ASSERT_TRUE(store.write({{0, "a", "1"}}, Durability::synced));
  const MemoryStore copy = store;
  ASSERT_TRUE(store.write({{0, "a", "2"}}, Durability::synced));
  EXPECT_EQ(copy.get(0, "a").value(), "1");
}

TEST(MemoryStoreTest, InjectedFaultFailsTheRunningFlushAndWrites) {
  MemoryStore store(1);
  store.flush_takes(2);
  ASSERT_TRUE(store.start_flush());
  store.fail_with(Code::io);
  EXPECT_EQ(store.poll_flush(), Store::Flush::failed);
  EXPECT_EQ(store.write({{0, "a", "1"}}, Durability::synced).error().code, Code::io);
}

// Against a model that keeps a whole copy at each point of durability.
TEST(MemoryStoreTest, AfterAnyCrashItIsTheStateOfTheLastDurablePoint) {
  using Model = std::map<std::string, std::string>;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    MemoryStore store(1);
    store.flush_takes(MemoryStore::kNever);
    Model now, durable, flushing;
    bool running = false;
    for (int i = 0; i < 200; ++i) {
      const auto dice = random.below(20);
      if (dice < 14) {
        std::vector<StoreWrite> batch;
        for (std::uint64_t k = random.below(4); k > 0; --k) {
          const std::string key(1, static_cast<char>('a' + random.below(12)));
          if (random.chance(0.3)) {
            batch.push_back({0, key, std::nullopt});
            now.erase(key);
          } else {
            batch.push_back({0, key, std::to_string(i)});
            now[key] = std::to_string(i);
          }
        }
        const bool synced = random.chance(0.1);
        ASSERT_TRUE(store.write(batch, synced ? Durability::synced : Durability::buffered));
        if (synced) durable = flushing = now;
      } else if (dice < 16 && !running) {
        ASSERT_TRUE(store.start_flush());
        flushing = now;
        running = true;
      } else if (dice < 18 && running) {
        store.finish_flush();
        durable = flushing;
        running = false;
      } else if (dice == 19) {
        store.crash();
        now = durable;
        running = false;
      }
      Model seen;
      ASSERT_TRUE(store.scan(0, "", "", [&](auto key, auto value) {
        seen.emplace(key, value);
        return true;
      }));
      ASSERT_EQ(seen, now) << "seed " << seed << ", step " << i;
    }
  }
}

}  // namespace
}  // namespace lianxi::test
