#include <gtest/gtest.h>

#include <random>

#include "schemas/codec/payload.h"

namespace lianxi::codec {
namespace {

MessageId id(const std::string& agency, std::uint32_t epoch, std::uint64_t number) {
  return {AgencyId(agency), Epoch(epoch), Number(number)};
}

MessageHeader sample() {
  MessageHeader header;
  header.type = 203;
  header.id = id("430922-LAND", 1, 42);
  header.seat = "BRIGADE";
  header.addressees = {{AgencyId("430922-POLICE"), "LANDSQ", Role::to, 41}, {AgencyId("430922-PROC"), "", Role::cc, 0}};
  header.ids = {{"referral", "430922-R-2025LAND-00001"}, {"case", "430922-C-2025-00001"}};
  header.event_time = 1741077000000;
  header.in_reply_to = id("430922-PROC", 2, 7);
  header.sections = {{Group::c0, Hash{1}, kZeroHash, {}}, {Group::c3, Hash{2}, Hash{3}, {Hash{4}, Hash{5}}}};
  header.attachments = {{Hash{6}, 12345, Group::c3}};
  header.random = Hash{9, 8, 7};
  header.serial = 3;
  header.operators = {{KeyId{1, 2}, Signature{3, 4}}};
  header.historical = true;
  return header;
}

TEST(HeaderTest, HeaderIsReadBackAsItWasWritten) {
  const Bytes bytes = encode_header(sample());
  const auto header = parse_header(bytes);
  ASSERT_TRUE(header) << to_string(header.error());
  EXPECT_EQ(header->id, sample().id);
  EXPECT_EQ(header->seat, "BRIGADE");
  EXPECT_EQ(header->addressees, sample().addressees);
  EXPECT_EQ(header->ids, sample().ids);
  EXPECT_EQ(header->event_time, sample().event_time);
  EXPECT_EQ(header->in_reply_to, sample().in_reply_to);
  EXPECT_FALSE(header->corrects);
  ASSERT_EQ(header->sections.size(), 2u);
  EXPECT_EQ(header->sections[1].wraps, sample().sections[1].wraps);
  EXPECT_EQ(header->sections[1].ciphertext, Hash{3});
  EXPECT_EQ(header->attachments[0].bytes, 12345u);
  EXPECT_EQ(header->random, sample().random);
  EXPECT_EQ(header->operators[0].signature, (Signature{3, 4}));
  EXPECT_TRUE(header->historical);
  EXPECT_EQ(encode_header(*header), bytes);
}

TEST(HeaderTest, HeaderAtAnOddAddressIsReadAlike) {
  const Bytes bytes = encode_header(sample());
  Bytes shifted(1);
  shifted.insert(shifted.end(), bytes.begin(), bytes.end());
  const auto header = parse_header(ByteView(shifted).subspan(1));
  ASSERT_TRUE(header);
  EXPECT_EQ(encode_header(*header), bytes);
}

class BrokenHeaderTest : public testing::Test {
 protected:
  static void expect_refused(const MessageHeader& header) {
    const auto parsed = parse_header(encode_header(header));
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, Code::header_malformed);
  }
  MessageHeader header_ = sample();
};

TEST_F(BrokenHeaderTest, NumberZeroIsRefused) {
  header_.id.number = Number(0);
  expect_refused(header_);
}

TEST_F(BrokenHeaderTest, EmptyAgencyIsRefused) {
  header_.id.agency = AgencyId("");
  expect_refused(header_);
}

TEST_F(BrokenHeaderTest, TextOtherThanVisibleAsciiIsRefused) {
  header_.ids[0].value = "430922-R\n";
  expect_refused(header_);
}

TEST_F(BrokenHeaderTest, SectionsOutOfOrderAreRefused) {
  std::swap(header_.sections[0], header_.sections[1]);
  expect_refused(header_);
}

TEST_F(BrokenHeaderTest, WrapsHaveALimit) {
  header_.sections[1].wraps.assign(256, Hash{1});
  EXPECT_TRUE(parse_header(encode_header(header_)));
  header_.sections[1].wraps.assign(257, Hash{1});
  expect_refused(header_);
}

TEST_F(BrokenHeaderTest, UnknownGroupIsRefused) {
  header_.sections[1].group = static_cast<Group>(15);
  expect_refused(header_);
}

TEST(HeaderTest, TruncatedAndFlippedHeadersNeverCrash) {
  const Bytes bytes = encode_header(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Bytes part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const auto header = parse_header(part);
    EXPECT_TRUE(header || header.error().code == Code::header_malformed);
  }
  std::mt19937 random(11);
  std::size_t refused = 0;
  for (int round = 0; round < 4000; ++round) {
    Bytes bad = bytes;
    for (int i = 0; i < 2; ++i) bad[random() % bad.size()] ^= static_cast<std::uint8_t>(1u << random() % 8);
    if (!parse_header(bad)) ++refused;
  }
  EXPECT_GT(refused, 500u);
}

}  // namespace
}  // namespace lianxi::codec
