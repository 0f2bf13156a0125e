#include "schemas/journal/journal.h"

#include <gtest/gtest.h>

#include "tests/unit/journal/journal_world.h"

namespace lianxi::journal::test {
namespace {

TEST(JournalTest, RecordsComeBackInOrderWithEveryField) {
  World world(1);
  world.must_open();
  world.must_append(3, 10);
  world.must_append(0, 20);
  world.must_append(1, 5000);
  world.disk.process_end();
  world.must_open();
  EXPECT_EQ(world.replayed, world.acked);
  EXPECT_EQ(world.replayed.size(), 3u);
  EXPECT_EQ(world.journal->next(), 4u);
}

TEST(JournalTest, PartsReadBackAsOnePayload) {
  World world(1);
  world.must_open();
  const Bytes a{1, 2}, b{3}, c{4, 5, 6};
  const std::array<ByteView, 2> parts{b, c};
  ASSERT_TRUE(world.journal->append({.first = 0, .count = 1, .payload = a, .parts = parts}));
  world.must_open();
  ASSERT_EQ(world.replayed.size(), 1u);
  EXPECT_EQ(world.replayed[0].payload, (Bytes{1, 2, 3, 4, 5, 6}));
}

TEST(JournalTest, OneAppendIsOneWriteAndOneSync) {
  World world(1);
  world.must_open();
  world.must_append();
  const auto operations = world.disk.operations();
  world.must_append(1, 6000);
  EXPECT_EQ(world.disk.operations(), operations + 2);
}

TEST(JournalTest, LargestPayloadFitsAndOneByteMoreIsRefused) {
  World world(1);
  world.must_open();
  const auto most = world.journal->payload_bytes_max();
  EXPECT_EQ(most, world.options.segment_bytes - 4096 - 128);
  EXPECT_EQ(world.append(1, most + 1).error().code, Code::invalid_argument);
  world.must_append(1, most);
  world.must_open();
  EXPECT_EQ(world.replayed, world.acked);
}

TEST(JournalTest, RecordMustContinueTheRange) {
  World world(1);
  world.must_open();
  world.must_append(2);
  EXPECT_EQ(world.journal->append({.first = 1, .count = 1}).error().code, Code::invalid_argument);
  EXPECT_EQ(world.journal->append({.first = 3, .count = 1}).error().code, Code::invalid_argument);
  EXPECT_TRUE(world.journal->append({.first = 2, .count = 1}));
}

TEST(JournalTest, FirstRangeMayBeginAboveZero) {
  World world(1);
  world.must_open();
  ASSERT_TRUE(world.journal->append({.count = 0}));
  ASSERT_TRUE(world.journal->append({.first = 7, .count = 1}));
  world.must_open();
  EXPECT_EQ(world.journal->next(), 8u);
  EXPECT_EQ(world.replayed.size(), 2u);
}

TEST(JournalTest, NewJournalBeginsWhereItWasTold) {
  World world(1);
  world.options.begin = 40;
  world.must_open();
  EXPECT_EQ(world.journal->next(), 40u);
  EXPECT_EQ(world.journal->append({.first = 39, .count = 1}).error().code, Code::invalid_argument);
  world.options.begin = 0;
  world.must_open();
  EXPECT_EQ(world.journal->next(), 40u) << "the files say it, not the options";
}

TEST(JournalTest, SegmentIsReusedOnlyAfterRelease) {
  World world(1);
  world.must_open();
  while (world.journal->has_room(100)) world.must_append();
  EXPECT_EQ(world.acked.size(), 8u) << "nine blocks, one kept for a control record";
  EXPECT_EQ(world.journal->segments_in_use(), 3u);
  EXPECT_EQ(world.append().error().code, Code::overloaded);
  world.journal->release(2);
  EXPECT_FALSE(world.journal->has_room(100)) << "entry 2 stands in the first segment";
  world.journal->release(3);
  EXPECT_EQ(world.journal->segments_in_use(), 2u);
  EXPECT_TRUE(world.journal->has_room(100));
  world.must_append();
}

TEST(JournalTest, FullJournalStillTakesOneControlRecord) {
  World world(1);
  world.must_open();
  while (world.journal->has_room(100)) world.must_append();
  EXPECT_TRUE(world.append(0, 100));
  EXPECT_EQ(world.append(0, 100).error().code, Code::overloaded);
  world.journal->release(world.journal->next());
  EXPECT_TRUE(world.append(1, 100));
}

TEST(JournalTest, RoomIsToldExactly) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    World world(seed);
    world.must_open();
    for (int i = 0; i < 60; ++i) {
      const auto bytes = world.random.below(world.journal->payload_bytes_max() + 1);
      const bool room = world.journal->has_room(bytes);
      const auto done = world.append(1, bytes);
      ASSERT_EQ(room, done.has_value()) << "seed " << seed;
      if (world.random.chance(0.3)) world.journal->release(world.random.below(world.journal->next() + 1));
    }
  }
}

TEST(JournalTest, RingWrapsManyLaps) {
  World world(5);
  world.must_open();
  for (int i = 0; i < 500; ++i) {
    world.must_append(1 + static_cast<std::uint32_t>(world.random.below(4)), world.random.below(9000));
    world.journal->release(world.journal->next());
  }
  world.disk.power_cut(world.random);
  world.must_open();
  EXPECT_TRUE(world.replay_is_true(world.acked.back().first));
  EXPECT_GT(world.replayed.size(), 1u);
  EXPECT_EQ(world.disk.list().value().size(), 4u) << "three segments and the mark, for ever";
}

TEST(JournalTest, GrowingJournalAddsSegmentsAndReusesReleasedOnes) {
  Options options = World::small();
  options.segments = 1;
  options.segments_max = 5;
  World world(6, options);
  world.must_open();
  while (world.journal->has_room(100)) world.must_append();
  EXPECT_EQ(world.acked.size(), 14u);
  EXPECT_EQ(world.disk.list().value().size(), 6u);
  world.must_open();
  EXPECT_EQ(world.replayed, world.acked);
  world.journal->release(9);
  for (int i = 0; i < 9; ++i) world.must_append();
  EXPECT_EQ(world.disk.list().value().size(), 6u);
  world.must_open();
  EXPECT_TRUE(world.replay_is_true(9));
}

TEST(JournalTest, FullDiskRefusesASegmentAndTheJournalGoesOnAfterwards) {
  Options options = World::small();
  options.segments = 1;
  options.segments_max = 5;
  World world(6, options);
  world.must_open();
  for (int i = 0; i < 3; ++i) world.must_append();
  world.disk.fail_after(0, Code::disk_full);
  EXPECT_EQ(world.append().error().code, Code::disk_full);
  world.disk.heal();
  world.must_append();
  world.must_open();
  EXPECT_EQ(world.replayed, world.acked);
}

TEST(JournalTest, AfterAFailedWriteEverythingIsRefused) {
  for (const std::uint64_t at : {0u, 1u}) {  // The write, the sync.
    World world(7);
    world.must_open();
    world.must_append();
    world.disk.fail_after(at, Code::io);
    EXPECT_EQ(world.append().error().code, Code::io);
    world.disk.heal();
    EXPECT_EQ(world.append().error().code, Code::io);
    EXPECT_EQ(world.journal->write_mark(1, root_after(1)).error().code, Code::io);
  }
}

TEST(JournalTest, ReplayErrorEndsTheOpeningAndChangesNothing) {
  World world(8);
  world.must_open();
  world.must_append();
  const auto operations = world.disk.operations();
  const auto opened = Journal::open(world.disk, world.entropy, world.options,
                                    [](const Record&) -> Result<void> { return fail(Code::verification_failed); });
  EXPECT_EQ(opened.error().code, Code::verification_failed);
  EXPECT_EQ(world.disk.operations(), operations);
}

TEST(JournalTest, SegmentsBelowWhatIsNeededAreNotReplayed) {
  World world(9);
  world.must_open();
  for (int i = 0; i < 8; ++i) world.must_append();
  world.options.needed_from = 7;
  world.must_open();
  ASSERT_FALSE(world.replayed.empty());
  EXPECT_EQ(world.replayed.front().first, 6u) << "the third segment begins with entry 6";
  EXPECT_EQ(world.replayed.back().first, 7u);
}

}  // namespace
}  // namespace lianxi::journal::test
