#include <gtest/gtest.h>

#include "tests/unit/journal/journal_world.h"

namespace lianxi::journal::test {
namespace {

class JournalRefusalTest : public testing::Test {
 protected:
  // Eight records in three segments: entries 0-2, 3-5, 6-7.
  void SetUp() override {
    world_.must_open();
    for (int i = 0; i < 8; ++i) world_.must_append();
  }
  void mark(std::uint64_t entries) { ASSERT_TRUE(world_.journal->write_mark(entries, root_after(entries))); }
  Code opened() {
    const auto done = world_.open();
    return done ? Code::ok : done.error().code;
  }
  // Flips a bit of the payload of the record in block `block` of `segment`.
  void spoil(const std::string& segment, std::uint64_t block) {
    world_.disk.flip(segment, (block * kBlockBytes + 140) * 8);
  }

  World world_{3};
};

TEST_F(JournalRefusalTest, LaterRecordBehindABadOneIsRefused) {
  spoil("journal-000002.seg", 2);
  EXPECT_EQ(opened(), Code::corrupt);
}

TEST_F(JournalRefusalTest, ErrorNamesSegmentAndOffset) {
  spoil("journal-000002.seg", 2);
  const auto done = world_.open();
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().detail.find("segment 2, offset 8192"), std::string::npos) << done.error().detail;
}

TEST_F(JournalRefusalTest, LaterControlRecordBehindABadOneIsRefused) {
  world_.must_append(0);
  spoil("journal-000003.seg", 2);
  EXPECT_EQ(opened(), Code::corrupt);
}

TEST_F(JournalRefusalTest, TornTailIsCutIfNothingProvesIt) {
  spoil("journal-000003.seg", 2);
  EXPECT_EQ(opened(), Code::ok);
  EXPECT_EQ(world_.journal->next(), 7u);
}

TEST_F(JournalRefusalTest, TornTailIsRefusedIfTheMarkProvesIt) {
  mark(8);
  spoil("journal-000003.seg", 2);
  EXPECT_EQ(opened(), Code::store_short);
}

TEST_F(JournalRefusalTest, MarkBelowTheTailProvesOnlyWhatItSays) {
  mark(7);
  spoil("journal-000003.seg", 2);
  EXPECT_EQ(opened(), Code::ok);
}

TEST_F(JournalRefusalTest, OtherRootThanTheMarksIsRefused) {
  ASSERT_TRUE(world_.journal->write_mark(5, root_after(6)));
  EXPECT_EQ(opened(), Code::corrupt);
}

TEST_F(JournalRefusalTest, OlderMarkServesWhenTheNewerSlotIsTorn) {
  mark(7);
  mark(8);
  // The mark made with the journal had sequence 1, so the last has 3 and stands in the second slot.
  world_.disk.flip("journal.mark", (kBlockBytes + 10) * 8);
  EXPECT_EQ(opened(), Code::ok);
  spoil("journal-000003.seg", 1);
  EXPECT_NE(opened(), Code::ok);
}

TEST_F(JournalRefusalTest, EachMissingSegmentIsRefused) {
  for (const auto* name : {"journal-000001.seg", "journal-000002.seg", "journal-000003.seg"}) {
    World copy(3);
    copy.disk = world_.disk;
    copy.disk.erase(name);
    EXPECT_EQ(copy.open().error().code, Code::store_short) << name;
  }
}

TEST_F(JournalRefusalTest, MissingSegmentThatWasAddedLaterIsRefused) {
  Options options = World::small();
  options.segments = 1;
  options.segments_max = 4;
  World world(5, options);
  world.must_open();
  for (int i = 0; i < 7; ++i) world.must_append();  // The last alone in the third segment.
  world.disk.erase("journal-000003.seg");
  EXPECT_EQ(world.open().error().code, Code::store_short);
}

TEST_F(JournalRefusalTest, MissingMarkIsRefused) {
  world_.disk.erase("journal.mark");
  EXPECT_EQ(opened(), Code::corrupt);
}

TEST_F(JournalRefusalTest, EmptiedMarkIsRefused) {
  mark(8);
  auto* bytes = world_.disk.bytes("journal.mark");
  std::fill(bytes->begin(), bytes->end(), std::uint8_t{0});
  EXPECT_EQ(opened(), Code::corrupt);
}

TEST_F(JournalRefusalTest, AllSegmentsMissingIsRefused) {
  for (const auto* name : {"journal-000001.seg", "journal-000002.seg", "journal-000003.seg"}) world_.disk.erase(name);
  EXPECT_EQ(opened(), Code::store_short);
}

TEST_F(JournalRefusalTest, SegmentOfAnotherJournalIsRefused) {
  World other(99);
  other.must_open();
  *world_.disk.bytes("journal-000002.seg") = *other.disk.bytes("journal-000002.seg");
  EXPECT_EQ(opened(), Code::corrupt);
}

TEST_F(JournalRefusalTest, EmptiedSegmentIsRefused) {
  auto* bytes = world_.disk.bytes("journal-000002.seg");
  std::fill(bytes->begin() + kBlockBytes, bytes->end(), std::uint8_t{0});
  EXPECT_EQ(opened(), Code::corrupt);
}

TEST_F(JournalRefusalTest, EmptiedFirstSegmentOfTheFirstLapIsRefused) {
  World world(4);
  world.must_open();
  for (int i = 0; i < 5; ++i) world.must_append();
  auto* bytes = world.disk.bytes("journal-000001.seg");
  std::fill(bytes->begin() + kBlockBytes, bytes->end(), std::uint8_t{0});
  EXPECT_EQ(world.open().error().code, Code::corrupt);
}

TEST_F(JournalRefusalTest, LostWriteThatLeftARecordOfTheLapBeforeIsRefused) {
  const Bytes old_block(world_.disk.bytes("journal-000001.seg")->begin() + kBlockBytes,
                        world_.disk.bytes("journal-000001.seg")->begin() + 2 * kBlockBytes);
  world_.journal->release(8);
  for (int i = 0; i < 3; ++i) world_.must_append();  // Entry 8 behind entry 7, then 9 and 10 in the first segment again.
  auto* bytes = world_.disk.bytes("journal-000001.seg");
  std::copy(old_block.begin(), old_block.end(), bytes->begin() + kBlockBytes);
  EXPECT_EQ(opened(), Code::corrupt);
}

TEST_F(JournalRefusalTest, PayloadThatIsACopyOfARecordDecidesNothing) {
  const auto* bytes = world_.disk.bytes("journal-000003.seg");
  // A copy of the newest record, placed so that it begins on a block: never taken for one, its offset is not its own.
  Bytes payload(kBlockBytes - 128, 0);
  payload.insert(payload.end(), bytes->begin() + 2 * kBlockBytes, bytes->begin() + 3 * kBlockBytes);
  world_.journal->release(8);
  ASSERT_TRUE(world_.journal->append({.first = 8, .count = 1, .payload = payload}));
  EXPECT_EQ(opened(), Code::ok);
  EXPECT_EQ(world_.replayed.back().payload, payload);
}

TEST_F(JournalRefusalTest, JournalThatDoesNotReachWhatIsNeededIsRefused) {
  world_.options.needed_from = 8;
  EXPECT_EQ(opened(), Code::ok);
  world_.options.needed_from = 9;
  EXPECT_EQ(opened(), Code::store_short);
}

TEST_F(JournalRefusalTest, JournalThatBeginsAboveWhatIsNeededIsRefused) {
  world_.journal->release(8);
  for (int i = 0; i < 3; ++i) world_.must_append();  // Overwrites entries 0-2.
  world_.options.needed_from = 3;
  EXPECT_EQ(opened(), Code::ok);
  world_.options.needed_from = 2;
  EXPECT_EQ(opened(), Code::store_short);
}

TEST_F(JournalRefusalTest, MissingJournalIsNotMadeAnewWhenOneIsNeeded) {
  World world(4);
  world.options.needed_from = 1;
  EXPECT_EQ(world.open().error().code, Code::store_short);
  EXPECT_TRUE(world.disk.list().value().empty());
}

TEST_F(JournalRefusalTest, RefusedJournalIsLeftAsItWas) {
  spoil("journal-000002.seg", 2);
  const auto operations = world_.disk.operations();
  EXPECT_EQ(opened(), Code::corrupt);
  EXPECT_EQ(world_.disk.operations(), operations);
}

}  // namespace
}  // namespace lianxi::journal::test
