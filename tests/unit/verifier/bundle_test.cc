#include <gtest/gtest.h>

#include <random>

#include "schemas/evidence/bundle.h"
#include "schemas/evidence/sealing.h"
#include "schemas/messages/header_generated.h"
#include "schemas/verifier/verifier.h"
#include "tests/unit/evidence/sample_log.h"

namespace lianxi::verifier {
namespace {

using codec::Group;
using evidence::sample::SampleLog;

struct Content {
  Group group;
  std::string name;
  Hash salt;
  std::string plaintext;
};

class BundleTest : public testing::Test {
 protected:
  BundleTest() {
    log_.grow_to(6);  // Entry 6 is the LAND agency's.
    const auto first = evidence::parse_entry_header(log_.receipt(4, 5).entry_header);
    number_ = first->first.value() + first->count;
    contents_ = {{Group::c0, "C0", Hash{1}, "公开内容"}, {Group::c3, "C3", Hash{2}, "当事人"}, {Group::c6, "C6", Hash{3}, ""}};
    headers_ = {message_header(number_), message_header(number_ + 1), message_header(number_ + 2)};
    log_.add(headers_, {{2, Code::copy_missing}});
    bundle_.receipt = log_.receipt(6, 7);
    bundle_.index = 1;
    bundle_.header = headers_[1];
    bundle_.others = {evidence::message_hash(headers_[0]), evidence::message_hash(headers_[2])};
    for (const auto& content : contents_) bundle_.sections.push_back({content.name, content.salt, copy(view(content.plaintext))});
  }

  Bytes message_header(std::uint64_t number) const {
    flatbuffers::FlatBufferBuilder builder;
    std::vector<flatbuffers::Offset<wire::SectionInfo>> sections;
    for (const auto& content : contents_) {
      const auto context =
          evidence::section_context(log_.hub().log_id, {AgencyId("430922-LAND"), Epoch(1), Number(number)}, content.group);
      const auto committed = evidence::commitment(context, content.salt, view(content.plaintext));
      const auto commitment = builder.CreateVector(committed.data(), committed.size());
      sections.push_back(wire::CreateSectionInfo(builder, static_cast<std::uint8_t>(content.group), commitment));
    }
    const auto list = builder.CreateVector(sections);
    const auto agency = builder.CreateString("430922-LAND");
    const auto seat = builder.CreateString("LANDSQ");
    wire::MessageHeaderBuilder header(builder);
    header.add_suite(1);
    header.add_type(203);
    header.add_agency(agency);
    header.add_seat(seat);
    header.add_epoch(1);
    header.add_number(number);
    header.add_event_time(1'741'000'000'000);
    header.add_sections(list);
    builder.Finish(header.Finish());
    return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
  }
  Report verify(const evidence::Bundle& bundle) const { return verify(evidence::to_json(bundle)); }
  Report verify(const std::string& json) const {
    const std::vector<std::string> cards{evidence::to_json(log_.agency_card(0))};
    return verify_evidence(json, evidence::to_json(log_.card()), cards);
  }
  static std::vector<std::string> failed(const Report& report) {
    std::vector<std::string> out;
    for (const auto& check : report.checks) {
      if (!check.passed) out.push_back(check.name);
    }
    return out;
  }

  SampleLog log_;
  std::uint64_t number_ = 0;
  std::vector<Content> contents_;
  std::vector<Bytes> headers_;
  evidence::Bundle bundle_;
};

TEST_F(BundleTest, AFullCopyVerifiesAndSaysWhatItIs) {
  const auto report = verify(bundle_);
  ASSERT_TRUE(report.ok) << to_text(report);
  ASSERT_TRUE(report.message);
  EXPECT_EQ(report.message->id, "430922-LAND.1." + std::to_string(number_ + 1));
  EXPECT_EQ(report.message->position, "6.1");
  EXPECT_EQ(report.message->type, 203);
  EXPECT_FALSE(report.message->refused);
  for (const auto& section : report.message->sections) EXPECT_TRUE(section.shown) << section.group;
}

TEST_F(BundleTest, ARedactedCopyVerifiesAndSaysWhatIsWithheld) {
  bundle_.sections.erase(bundle_.sections.begin() + 1, bundle_.sections.end());
  const auto report = verify(bundle_);
  ASSERT_TRUE(report.ok) << to_text(report);
  ASSERT_EQ(report.message->sections.size(), 3u);
  EXPECT_TRUE(report.message->sections[0].shown);
  EXPECT_FALSE(report.message->sections[1].shown);
  EXPECT_EQ(report.message->sections[1].group, "C3");
  EXPECT_NE(to_text(report).find("已出示的节：C0；未出示的节：C3 C6"), std::string::npos) << to_text(report);
}

TEST_F(BundleTest, ACopyWithNoSectionAtAllStillProvesTheMessage) {
  bundle_.sections.clear();
  EXPECT_TRUE(verify(bundle_).ok);
}

TEST_F(BundleTest, AChangedSectionIsNamed) {
  bundle_.sections[1].plaintext[0] ^= 1;
  EXPECT_EQ(failed(verify(bundle_)), std::vector<std::string>{"section_C3"});
}

TEST_F(BundleTest, ASectionShownUnderAnotherGroupIsRefused) {
  bundle_.sections[1].group = "C6";
  bundle_.sections.pop_back();
  EXPECT_EQ(failed(verify(bundle_)), std::vector<std::string>{"section_C6"});
  bundle_.sections[1].group = "C5";
  EXPECT_EQ(failed(verify(bundle_)), std::vector<std::string>{"section_C5"}) << "not in the header's list";
}

TEST_F(BundleTest, AnotherSaltIsRefused) {
  bundle_.sections[0].salt[5] ^= 1;
  EXPECT_EQ(failed(verify(bundle_)), std::vector<std::string>{"section_C0"});
}

TEST_F(BundleTest, AMessageThatIsNotTheEntrysIsRefused) {
  bundle_.header = message_header(number_ + 9);
  EXPECT_EQ(failed(verify(bundle_)), std::vector<std::string>{"message"});
}

TEST_F(BundleTest, AMessageAtAnotherIndexIsRefused) {
  bundle_.index = 0;
  EXPECT_EQ(failed(verify(bundle_)), std::vector<std::string>{"message"});
  bundle_.index = 3;
  EXPECT_EQ(failed(verify(bundle_)), std::vector<std::string>{"message"});
}

TEST_F(BundleTest, AHeaderWhoseNumberIsNotItsPlaceIsRefused) {
  // A sender may sign anything into its batch; the number must still be the place.
  log_.add({Bytes{1}});  // Entry 7 is the other agency's.
  const auto wrong = message_header(number_ + 100);
  log_.add({wrong});
  bundle_.receipt = log_.receipt(8, 9);
  bundle_.index = 0;
  bundle_.header = wrong;
  bundle_.others.clear();
  EXPECT_EQ(failed(verify(bundle_)), std::vector<std::string>{"message_id"});
}

TEST_F(BundleTest, AHeaderThatIsNoFlatBufferIsRefused) {
  log_.add({Bytes{1}});
  log_.add({Bytes(40, 0xff)});
  bundle_.receipt = log_.receipt(8, 9);
  bundle_.index = 0;
  bundle_.header = Bytes(40, 0xff);
  bundle_.others.clear();
  EXPECT_EQ(failed(verify(bundle_)), std::vector<std::string>{"message_id"});
}

TEST_F(BundleTest, TheHubsRefusalOfTheMessageIsSaid) {
  bundle_.index = 2;
  bundle_.header = headers_[2];
  bundle_.others = {evidence::message_hash(headers_[0]), evidence::message_hash(headers_[1])};
  bundle_.sections.clear();
  const auto report = verify(bundle_);
  EXPECT_TRUE(report.ok);
  EXPECT_EQ(report.message->refused, 304);
  EXPECT_NE(to_text(report).find("未受理"), std::string::npos);
}

TEST_F(BundleTest, ABundleThatIsMalformedIsRefusedWithASentence) {
  const auto good = evidence::to_json(bundle_);
  for (std::size_t n = 0; n < good.size() - 2; n += 7) EXPECT_FALSE(verify(good.substr(0, n)).ok) << n;
  for (const auto* bad : {"", "[]", "{}", "{\"format\":\"lianxi-evidence/v1\"}", "{\"format\":7}"}) {
    EXPECT_EQ(failed(verify(std::string(bad))), std::vector<std::string>{"bundle_form"}) << bad;
  }
  EXPECT_EQ(failed(verify(std::string(kBundleBytesMax + 1, ' '))), std::vector<std::string>{"bundle_form"});
}

TEST_F(BundleTest, AnyHeaderBytesInAGenuineEntryAreReadWithoutHarm) {
  // Random damage to a genuine header, each put into a genuine entry, so that the reader is reached.
  std::mt19937_64 random(7);
  for (int round = 0; round < 300; ++round) {
    SampleLog log(3);
    auto header = headers_[0];
    for (int i = 0; i < 1 + round % 4; ++i) {
      header[random() % header.size()] = static_cast<std::uint8_t>(random() % 4 == 0 ? 0xff : random());
    }
    if (round % 5 == 0) header.resize(random() % header.size());
    log.add({header});
    evidence::Bundle bundle{log.receipt(0, 1), 0, header, {}, {{"C0", Hash{1}, {}}}};
    const std::vector<std::string> cards{evidence::to_json(log.agency_card(0))};
    const auto report = verify_evidence(evidence::to_json(bundle), evidence::to_json(log.card()), cards);
    EXPECT_FALSE(report.ok) << "round " << round << ": the log is another, so no commitment can hold";
  }
}

}  // namespace
}  // namespace lianxi::verifier
