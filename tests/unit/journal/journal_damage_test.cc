#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/journal/journal_world.h"

namespace lianxi::journal::test {
namespace {

// Every bit of the headers, and one bit of every eighth byte elsewhere: payloads and padding have one rule for all their bits.
std::vector<std::uint64_t> bits_of(const Bytes& file) {
  std::vector<std::uint64_t> bits;
  for (std::uint64_t byte = 0; byte < file.size(); ++byte) {
    if (byte % kBlockBytes < 136) {
      for (std::uint64_t bit = 0; bit < 8; ++bit) bits.push_back(byte * 8 + bit);
    } else if (byte % 8 == 0) {
      bits.push_back(byte * 8 + byte / 8 % 8);
    }
  }
  return bits;
}

// What a damaged journal may do: refuse, or replay the truth down to `needed` and up to `proven` entries.
struct Tally {
  int harmless = 0;
  int refused = 0;
};

Tally flip_each(World& world, std::uint64_t needed, std::uint64_t proven) {
  Tally tally;
  const SimDisk sound = world.disk;
  SimDisk damaged;
  world.options.needed_from = needed;
  const auto names = world.disk.list().value();
  for (const auto& name : names) {
    for (const auto bit : bits_of(*world.disk.bytes(name))) {
      damaged = sound;
      damaged.flip(name, bit);
      if (!world.open_on(damaged)) {
        ++tally.refused;
        continue;
      }
      ++tally.harmless;
      EXPECT_GE(world.journal->next(), proven) << name << " bit " << bit;
      std::uint64_t covered = needed;
      for (const auto& record : world.replayed) {
        const auto written = std::find(world.acked.begin(), world.acked.end(), record);
        EXPECT_NE(written, world.acked.end()) << name << " bit " << bit << ": a record that was never written";
        if (record.first <= covered) covered = std::max(covered, record.first + record.count);
      }
      EXPECT_GE(covered, proven) << name << " bit " << bit << ": silently shorter";
      if (testing::Test::HasFailure()) return tally;
    }
  }
  return tally;
}

TEST(JournalDamageTest, NoBitInTheFirstLapMakesItShorterThanTheMark) {
  World world(1);
  world.must_open();
  for (int i = 0; i < 5; ++i) world.must_append(1, i == 3 ? 5000 : 100);
  ASSERT_TRUE(world.journal->write_mark(5, root_after(5)));
  const Tally tally = flip_each(world, 0, 5);
  EXPECT_GT(tally.refused, 1000);
  EXPECT_GT(tally.harmless, 1000);
}

TEST(JournalDamageTest, NoBitAfterManyLapsMakesItShorterThanTheMark) {
  World world(2);
  world.must_open();
  for (int i = 0; i < 40; ++i) {
    world.must_append(1, world.random.below(5000));
    if (i < 36) world.journal->release(world.journal->next());
  }
  ASSERT_TRUE(world.journal->write_mark(40, root_after(40)));
  flip_each(world, 36, 40);
}

TEST(JournalDamageTest, WithoutAMarkNoBitCostsMoreThanTheLastRecord) {
  World world(3);
  world.must_open();
  for (int i = 0; i < 30; ++i) {
    world.must_append(1, world.random.below(3000));
    if (i < 27) world.journal->release(world.journal->next());
  }
  flip_each(world, 27, 29);
}

}  // namespace
}  // namespace lianxi::journal::test
