#include <gtest/gtest.h>

#include "tests/unit/journal/journal_world.h"

namespace lianxi::journal::test {
namespace {

// An owner that appends, releases and marks at random until the disk fails, crashes, and opens again; over and over.
class CrashingOwner {
 public:
  CrashingOwner(std::uint64_t seed, Options options) : world_(seed, options), random_(seed * 7 + 3) {}

  // One life: ends with a crash. Recovery itself may crash up to `recoveries` times before it completes.
  testing::AssertionResult live(int recoveries) {
    for (int i = 0; i < recoveries; ++i) {
      world_.disk.fail_after(random_.below(12), Code::io);
      const auto opened = world_.open();
      if (!opened && opened.error().code != Code::io) return refused(opened.error());
      if (!opened) {
        crash();
        continue;
      }
      world_.disk.heal();
      return work();
    }
    const auto opened = world_.open();
    return opened ? work() : refused(opened.error());
  }

 private:
  static testing::AssertionResult refused(const Error& error) {
    return testing::AssertionFailure() << "refused: " << to_string(error);
  }

  testing::AssertionResult work() {
    if (auto held = world_.replay_is_true(released_); !held) return held;
    world_.settle();
    world_.journal->release(released_);
    world_.disk.fail_after(random_.below(40), Code::io);
    while (!world_.disk.failed()) step();
    crash();
    return testing::AssertionSuccess();
  }

  void step() {
    Journal& journal = *world_.journal;
    const bool control = random_.chance(0.2);
    const std::size_t bytes = random_.below(random_.chance(0.5) ? 200 : journal.payload_bytes_max());
    const auto count = control ? 0u : 1 + static_cast<std::uint32_t>(random_.below(5));
    if (!journal.has_room(bytes) || random_.chance(0.3)) {
      released_ = random_.between(released_, acked_entries());
      if (!journal.has_room(bytes)) released_ = acked_entries();
      journal.release(released_);
    }
    if (journal.has_room(bytes)) {
      const auto done = world_.append(count, bytes);
      if (!done) return;
    }
    if (random_.chance(0.1)) {
      const auto marked = journal.write_mark(acked_entries(), root_after(acked_entries()));
      if (!marked) return;
    }
  }

  std::uint64_t acked_entries() const {
    return world_.acked.empty() ? 0 : world_.acked.back().first + world_.acked.back().count;
  }

  void crash() {
    if (random_.chance(0.3)) {
      world_.disk.process_end();
    } else {
      world_.disk.power_cut(random_);
    }
  }

  World world_;
  Random random_;
  std::uint64_t released_ = 0;
};

TEST(JournalCrashTest, WhatWasAcknowledgedIsReplayedAfterACrashAtAnyMoment) {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    CrashingOwner owner(seed, World::small());
    for (int life = 0; life < 12; ++life) ASSERT_TRUE(owner.live(0)) << "seed " << seed << ", life " << life;
  }
}

TEST(JournalCrashTest, TenCrashesInARowDuringRecoveryLoseNothing) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CrashingOwner owner(seed, World::small());
    for (int life = 0; life < 8; ++life) ASSERT_TRUE(owner.live(10)) << "seed " << seed << ", life " << life;
  }
}

TEST(JournalCrashTest, GrowingJournalKeepsItsWordToo) {
  Options options = World::small();
  options.segments = 1;
  options.segments_max = 7;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CrashingOwner owner(seed, options);
    for (int life = 0; life < 10; ++life) ASSERT_TRUE(owner.live(3)) << "seed " << seed << ", life " << life;
  }
}

TEST(JournalCrashTest, CrashAtEachStepOfMakingIsFinishedNextTime) {
  World whole(1);
  whole.must_open();
  const auto steps = whole.disk.operations();
  ASSERT_GT(steps, 8u);
  for (std::uint64_t step = 0; step < steps; ++step) {
    World world(step + 2);
    world.disk.fail_after(step, Code::io);
    ASSERT_FALSE(world.open());
    world.disk.power_cut(world.random);
    world.must_open();
    world.must_append();
    world.must_open();
    EXPECT_EQ(world.replayed, world.acked) << "step " << step;
  }
}

// Reading is not durability: a record that was only written, then read by a restarted process, must survive a power cut.
TEST(JournalCrashTest, RecordReadAfterAProcessEndSurvivesThePowerCutThatFollows) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    World world(seed);
    world.must_open();
    world.must_append();
    world.disk.fail_after(1, Code::io);  // The write is done, the sync is not.
    ASSERT_FALSE(world.append(1, 9000));
    world.disk.process_end();
    world.must_open();
    ASSERT_EQ(world.replayed.size(), 2u);
    world.disk.power_cut(world.random);
    world.must_open();
    ASSERT_EQ(world.replayed.size(), 2u) << "seed " << seed;
  }
}

// A record torn in the next segment must not stand as "later" behind a shorter one that now fits in the segment before.
TEST(JournalCrashTest, TornRecordInTheNextSegmentIsForgottenForGood) {
  World world(1);
  world.must_open();
  world.must_append();
  world.must_append();
  world.disk.fail_after(1, Code::io);
  ASSERT_FALSE(world.append(1, 8000));  // Needs the second segment.
  world.disk.process_end();
  world.disk.flip("journal-000002.seg", (kBlockBytes + 5000) * 8);
  world.must_open();
  ASSERT_EQ(world.replayed.size(), 2u);
  world.must_append(1, 100);  // Fits in the first.
  world.must_open();
  EXPECT_EQ(world.replayed, world.acked);
}

}  // namespace
}  // namespace lianxi::journal::test
