#include "schemas/codec/payload.h"

#include <gtest/gtest.h>

#include <random>

namespace lianxi::codec {
namespace {

class PayloadTest : public testing::Test {
 protected:
  static Bytes filled(std::size_t size, std::uint8_t value) { return Bytes(size, value); }
  static Bytes wrap(Group group, std::uint8_t reader) {
    Bytes out(kWrapBytes, reader);
    out[0] = static_cast<std::uint8_t>(group);
    return out;
  }
  static Bytes sample() {
    Bytes run;
    const std::vector<Section> sections = {
        {Group::c0, false, filled(40, 1)}, {Group::c3, false, filled(300, 2)}, {Group::c4, true, {}}, {Group::c5, false, {}}};
    const std::vector<Bytes> wraps = {wrap(Group::c3, 7), wrap(Group::c5, 8), wrap(Group::c3, 9)};
    append_message(run, filled(50, 9), sections, wraps);
    append_left_out(run, Hash{4, 5, 6});
    append_message(run, filled(1, 1), {}, {});
    return run;
  }
};

TEST_F(PayloadTest, RunIsReadBackAsItWasWritten) {
  const Bytes run = sample();
  const auto messages = parse_run(run);
  ASSERT_TRUE(messages);
  ASSERT_EQ(messages->size(), 3u);
  const MessageView& first = (*messages)[0];
  EXPECT_EQ(first.header.size(), 50u);
  ASSERT_EQ(first.sections.size(), 4u);
  EXPECT_EQ(first.sections[1].group, Group::c3);
  EXPECT_EQ(first.sections[1].bytes.size(), 300u);
  EXPECT_TRUE(first.sections[2].withheld);
  EXPECT_FALSE(first.sections[3].withheld);
  ASSERT_EQ(first.wraps.size(), 3u);
  EXPECT_EQ(first.wraps[1].group, Group::c5);
  EXPECT_EQ(first.wraps[2].reader[0], 9);
  EXPECT_TRUE((*messages)[1].left_out);
  EXPECT_EQ((*messages)[1].hash[2], 6);
  EXPECT_TRUE((*messages)[2].sections.empty());
  Bytes again;
  for (const MessageView& message : *messages) again.insert(again.end(), message.whole.begin(), message.whole.end());
  EXPECT_EQ(again, run);
}

TEST_F(PayloadTest, EmptyRunHasNoMessages) {
  const auto messages = parse_run({});
  ASSERT_TRUE(messages);
  EXPECT_TRUE(messages->empty());
}

TEST_F(PayloadTest, FilterWithholdsSectionAndItsWraps) {
  const Bytes run = sample();
  const auto messages = parse_run(run);
  ASSERT_TRUE(messages);
  std::vector<bool> keep(kGroupsMax + 1);
  keep[static_cast<std::size_t>(Group::c0)] = true;
  keep[static_cast<std::size_t>(Group::c5)] = true;
  Bytes out;
  append_filtered(out, (*messages)[0], keep);
  append_filtered(out, (*messages)[1], keep);
  const auto filtered = parse_run(out);
  ASSERT_TRUE(filtered);
  const MessageView& message = filtered->front();
  EXPECT_TRUE(equal(message.header, (*messages)[0].header));
  ASSERT_EQ(message.sections.size(), 4u);
  EXPECT_FALSE(message.sections[0].withheld);
  EXPECT_TRUE(message.sections[1].withheld);
  EXPECT_TRUE(message.sections[1].bytes.empty());
  EXPECT_FALSE(message.sections[3].withheld);
  ASSERT_EQ(message.wraps.size(), 1u);
  EXPECT_EQ(message.wraps[0].group, Group::c5);
  EXPECT_TRUE(filtered->back().left_out);
}

TEST_F(PayloadTest, CountOfWrapsIsNeverTakenForASection) {
  // 256 wraps a section: the count's first byte reaches its largest values and must stay below the last group.
  for (const std::size_t count : {255u, 256u, 511u, 512u, 768u, 1024u}) {
    std::vector<Section> sections = {{Group::c0, false, filled(3, 1)}};
    std::vector<Bytes> wraps;
    for (const Group group : all_groups()) {
      if (is_clear(group) || wraps.size() == count) continue;
      sections.push_back({group, false, filled(4, 2)});
      while (wraps.size() < count && wraps.size() < 256 * (sections.size() - 1)) wraps.push_back(wrap(group, 3));
    }
    Bytes run;
    append_message(run, filled(9, 1), sections, wraps);
    const auto messages = parse_run(run);
    ASSERT_TRUE(messages) << count;
    EXPECT_EQ(messages->front().sections.size(), sections.size());
    EXPECT_EQ(messages->front().wraps.size(), count);
  }
}

TEST_F(PayloadTest, SectionsOutOfOrderOrOfUnknownGroupAreRefused) {
  for (const auto& groups : std::vector<Bytes>{{5, 3}, {3, 3}, {15}, {200}}) {
    Bytes body;
    Writer writer(body);
    writer.u32(1);
    writer.u8(1);
    for (const auto group : groups) {
      writer.u8(group);
      writer.u32(0);
    }
    writer.u16(0);
    Bytes run;
    Writer(run).u32(static_cast<std::uint32_t>(body.size()));
    Writer(run).bytes(body);
    const auto messages = parse_run(run);
    ASSERT_FALSE(messages);
    EXPECT_EQ(messages.error().code, Code::bad_entry);
  }
}

TEST_F(PayloadTest, WrapOfAClearGroupIsRefused) {
  Bytes run;
  append_message(run, filled(5, 1), std::vector<Section>{{Group::c3, false, {}}}, std::vector<Bytes>{wrap(Group::c1, 1)});
  EXPECT_FALSE(parse_run(run));
}

TEST_F(PayloadTest, LimitsHoldOnBothSides) {
  Bytes run;
  const std::size_t rest = kMessageBytesMax - 4 - 4 - 1 - 5 - 2;
  append_message(run, filled(1, 1), std::vector<Section>{{Group::c0, false, filled(rest, 1)}}, {});
  ASSERT_EQ(run.size(), kMessageBytesMax);
  EXPECT_TRUE(parse_run(run));
  run.clear();
  append_message(run, filled(1, 1), std::vector<Section>{{Group::c0, false, filled(rest + 1, 1)}}, {});
  EXPECT_FALSE(parse_run(run));
  run.clear();
  for (std::size_t i = 0; i < kEntryMessagesMax; ++i) append_left_out(run, kZeroHash);
  EXPECT_TRUE(parse_run(run));
  append_left_out(run, kZeroHash);
  EXPECT_FALSE(parse_run(run));
}

TEST_F(PayloadTest, TruncatedRunIsReadOnlyAtMessageBorders) {
  const Bytes run = sample();
  std::size_t readable = 0;
  for (std::size_t size = 0; size < run.size(); ++size) {
    if (parse_run(ByteView(run).first(size))) ++readable;
  }
  EXPECT_EQ(readable, 3u);  // Nothing, one message, two messages.
}

TEST_F(PayloadTest, FlippedBitsNeverReadOutsideTheRun) {
  std::mt19937 random(7);
  const Bytes run = sample();
  for (int round = 0; round < 4000; ++round) {
    Bytes bad = run;
    for (int i = 0; i < 3; ++i) bad[random() % bad.size()] ^= static_cast<std::uint8_t>(1u << random() % 8);
    const auto messages = parse_run(bad);
    if (!messages) continue;
    std::size_t total = 0;
    for (const MessageView& message : *messages) total += message.whole.size();
    ASSERT_EQ(total, bad.size());
  }
}

TEST(PlainTest, BodyAndAttachmentsAreTakenApart) {
  const Bytes body = {1, 2, 3};
  const Bytes attachments = {4};
  const Bytes plain = join_plain(body, attachments);
  const auto parts = split_plain(plain);
  ASSERT_TRUE(parts);
  EXPECT_TRUE(equal(parts->body, body));
  EXPECT_TRUE(equal(parts->attachments, attachments));
  EXPECT_FALSE(split_plain(ByteView(plain).first(6)));
  EXPECT_FALSE(split_plain({}));
}

}  // namespace
}  // namespace lianxi::codec
