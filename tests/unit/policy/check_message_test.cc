// One case per refusal code: a message that the hub admits, bent in one place.
#include <flatbuffers/flatbuffers.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tests/support/county/county.h"
#include "tests/support/random.h"

namespace lianxi::policy {
namespace {

using codec::Group;
using test::cc;
using test::County;
using test::to;

constexpr Instant kNow = 1741075200000;  // 2025-03-04T08:00:00Z
constexpr std::uint16_t kReferralReceipt = 204;

// A message taken apart: what a dishonest or mistaken agent could send.
struct Parts {
  codec::MessageHeader header;
  std::vector<codec::Section> sections;
  std::vector<Bytes> wraps;

  codec::SectionInfo& info(Group group) { return *std::ranges::find(header.sections, group, &codec::SectionInfo::group); }
  codec::Section& section(Group group) { return *std::ranges::find(sections, group, &codec::Section::group); }
};

class CheckMessage : public testing::Test {
 protected:
  Parts receipt() {
    Draft draft;
    draft.event_time = kNow;
    draft.ids = {{"referral", "430922-R-2025LAND-00001"}};
    draft.in_reply_to = MessageId{AgencyId("430922-LAND"), Epoch(1), Number(1)};
    const auto composed = county_.compose("430922-POLICE", kReferralReceipt, {to("430922-LAND"), cc("430922-PROC")},
                                          R"({"accepted_at":"2025-03-04T16:00:00+08:00","received_by":{"name":"李明"}})", draft);
    check(composed.has_value(), county_.faults().empty() ? "receipt" : county_.faults().front().en);
    return apart(*composed);
  }
  static Parts apart(const Composed& composed) {
    const auto run = codec::parse_run(composed.message);
    check(run.has_value(), "run");
    Parts parts{*codec::parse_header(composed.header), {}, {}};
    for (const auto& section : run->front().sections) parts.sections.push_back({section.group, section.withheld, copy(section.bytes)});
    for (const auto& wrap : run->front().wraps) parts.wraps.push_back(copy(wrap.bytes));
    return parts;
  }
  Code verdict(const Parts& parts) const {
    Bytes run;
    const auto header = codec::encode_header(parts.header);
    codec::append_message(run, header, parts.sections, parts.wraps);
    const auto messages = codec::parse_run(run);
    check(messages.has_value(), "run");
    const auto parsed = codec::parse_header(header);
    if (!parsed) return parsed.error().code;
    const auto verdict = check_message(county_.registry(), messages->front(), *parsed, kNow);
    EXPECT_EQ(verdict.code == Code::ok, verdict.detail.empty());
    return verdict.code;
  }
  Code bent(const std::function<void(Parts&)>& bend) {
    auto parts = receipt();
    bend(parts);
    return verdict(parts);
  }
  // Replaces a clear section's plaintext as its sender could: with a commitment that holds.
  void replace_clear(Parts& parts, Group group, ByteView plaintext) const {
    const Hash salt{9};
    const auto context = evidence::section_context(county_.log_id(), parts.header.id, group);
    parts.section(group).bytes = evidence::clear_section(salt, plaintext);
    parts.info(group).commitment = evidence::commitment(context, salt, plaintext);
  }

  test::SimEntropy entropy_{11};
  County county_{entropy_,
                 evidence::suite1(),
                 {.agencies = {"430922-LAND", "430922-POLICE", "430922-PROC", "430922-POWER", "430922-OFFICE"},
                  .seats = {{"430922-POLICE", {"LANDSQ"}}, {"430922-LAND", {"BRIGADE"}}}}};
};

TEST_F(CheckMessage, WhatWasComposedIsAdmitted) { EXPECT_EQ(bent([](Parts&) {}), Code::ok); }

TEST_F(CheckMessage, ATypeThatNoSchemaKnowsIsRefused) {
  EXPECT_EQ(bent([](Parts& p) { p.header.type = 999; }), Code::unknown_type);
}

TEST_F(CheckMessage, AnotherSchemaVersionIsRefused) {
  EXPECT_EQ(bent([](Parts& p) { p.header.schema_version = 2; }), Code::schema_version);
}

TEST_F(CheckMessage, ASenderWithoutTheRightIsRefused) {
  EXPECT_EQ(bent([](Parts& p) { p.header.id.agency = AgencyId("430922-LAND"); }), Code::type_not_allowed);
}

TEST_F(CheckMessage, NobodyCorrectsAnothersMessage) {
  const MessageId others{AgencyId("430922-LAND"), Epoch(1), Number(1)};
  EXPECT_EQ(bent([&](Parts& p) { p.header.corrects = others; }), Code::type_not_allowed);
  EXPECT_EQ(bent([&](Parts& p) { p.header.withdraws = others; }), Code::type_not_allowed);
}

TEST_F(CheckMessage, AnAgencyThatIsNotEnrolledIsRefused) {
  EXPECT_EQ(bent([](Parts& p) { p.header.addressees[0].agency = AgencyId("430922-ENV"); }), Code::unknown_agency);
  EXPECT_EQ(bent([](Parts& p) { p.header.id.agency = AgencyId("430921-POLICE"); }), Code::unknown_agency);
}

TEST_F(CheckMessage, ASeatThatDoesNotExistIsRefused) {
  EXPECT_EQ(bent([](Parts& p) { p.header.addressees[0].seat = "NOWHERE"; }), Code::unknown_seat);
  EXPECT_EQ(bent([](Parts& p) { p.header.seat = "NOWHERE"; }), Code::unknown_seat);
}

TEST_F(CheckMessage, ARecipientThatNoRouteNamesIsRefused) {
  EXPECT_EQ(bent([](Parts& p) { p.header.addressees.push_back({AgencyId("430922-POWER"), "", codec::Role::cc, 0}); }),
            Code::recipient_not_allowed);
  EXPECT_EQ(bent([](Parts& p) { p.header.addressees.clear(); }), Code::recipient_not_allowed);
}

TEST_F(CheckMessage, AMissingCopyIsRefused) { EXPECT_EQ(bent([](Parts& p) { p.header.addressees.pop_back(); }), Code::copy_missing); }

TEST_F(CheckMessage, TheSectionListIsTheTypes) {
  EXPECT_EQ(bent([](Parts& p) {
              p.header.sections.pop_back();
              p.sections.pop_back();
            }),
            Code::section_list);
  EXPECT_EQ(bent([](Parts& p) {
              p.header.sections.erase(p.header.sections.begin());
              p.sections.erase(p.sections.begin());
            }),
            Code::section_list);
  EXPECT_EQ(bent([](Parts& p) { p.sections[1] = {p.sections[1].group, true, {}}; }), Code::section_list) << "withheld";
  EXPECT_EQ(bent([](Parts& p) { p.header.attachments.push_back({Hash{1}, 10, Group::c7}); }), Code::section_list);
}

TEST_F(CheckMessage, ASectionThatDiffersFromTheHeaderIsRefused) {
  EXPECT_EQ(bent([](Parts& p) { p.info(Group::c0).commitment[0] ^= 1; }), Code::section_mismatch);
  EXPECT_EQ(bent([](Parts& p) { p.section(Group::c1).bytes.back() ^= 1; }), Code::section_mismatch);
  EXPECT_EQ(bent([](Parts& p) { p.info(Group::c0).ciphertext = Hash{1}; }), Code::section_mismatch) << "a digest on a clear section";
  EXPECT_EQ(bent([](Parts& p) { p.info(Group::c5).ciphertext = kZeroHash; }), Code::section_mismatch) << "none on a sealed one";
  EXPECT_EQ(bent([](Parts& p) { p.section(Group::c5).bytes.back() ^= 1; }), Code::section_mismatch);
  EXPECT_EQ(bent([](Parts& p) { p.wraps.back().back() ^= 1; }), Code::section_mismatch);
  EXPECT_EQ(bent([](Parts& p) { p.wraps.pop_back(); }), Code::section_mismatch);
}

TEST_F(CheckMessage, ASectionOfAnotherMessageIsRefused) {
  const auto other = receipt();
  EXPECT_EQ(bent([&](Parts& p) {
              p.section(Group::c0) = other.sections.front();
              p.info(Group::c0) = other.header.sections.front();
            }),
            Code::section_mismatch);
}

TEST_F(CheckMessage, AClearSectionThatIsNoSectionIsRefused) {
  EXPECT_EQ(bent([&](Parts& p) { replace_clear(p, Group::c0, view("not a section at all")); }), Code::section_malformed);
  EXPECT_EQ(bent([](Parts& p) { p.section(Group::c0).bytes.resize(8); }), Code::section_malformed);
}

TEST_F(CheckMessage, AnEmptyOpenSectionLacksItsFields) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(flatbuffers::Offset<void>(builder.EndTable(builder.StartTable())));
  const auto plaintext = codec::join_plain({builder.GetBufferPointer(), builder.GetSize()}, {});
  EXPECT_EQ(bent([&](Parts& p) { replace_clear(p, Group::c0, plaintext); }), Code::field_missing);
}

TEST_F(CheckMessage, AMarkedStateSecretIsRefusedByTheHubToo) {
  const auto* type = codec::Catalogue::instance().by_code(kReferralReceipt);
  std::vector<codec::Fault> faults;
  const auto plains = codec::Catalogue::instance().split(
      *type, R"({"accepted_at":"2025-03-04T16:00:00+08:00","police_case_no":"机密★一年","received_by":{"name":"李明"}})", {}, faults);
  ASSERT_TRUE(faults.empty());
  const auto c1 = std::ranges::find(plains, Group::c1, &codec::PlainSection::group);
  EXPECT_EQ(bent([&](Parts& p) { replace_clear(p, Group::c1, c1->plaintext); }), Code::classified);
}

TEST_F(CheckMessage, WhoeverMayReadASealedSectionNeedsAWrapForItsCurrentKey) {
  const auto wraps_of_group = [](Parts& p, Group group) {
    auto& digests = p.info(group).wraps;
    std::erase_if(p.wraps, [&](const Bytes& wrap) { return wrap[0] == static_cast<std::uint8_t>(group); });
    digests.clear();
  };
  EXPECT_EQ(bent([&](Parts& p) { wraps_of_group(p, Group::c5); }), Code::wrap_missing);
  EXPECT_EQ(bent([](Parts& p) { p.header.addressees[0].seat = "BRIGADE"; }), Code::wrap_missing) << "sealed to another seat";
}

TEST_F(CheckMessage, AnAddresseeWithoutASealingKeyIsRefused) {
  const auto act = county_.act(108, R"({"kind":"revoke","agency":"430922-LAND","revoked_key":")" +
                                        hex(county_.registry().agency(AgencyId("430922-LAND"))->seat("")->id) + R"("})");
  auto parts = receipt();
  ASSERT_TRUE(act.has_value() && county_.apply(*act).has_value());
  EXPECT_EQ(verdict(parts), Code::unknown_seat);
}

TEST_F(CheckMessage, AMissingObjectIdIsRefused) { EXPECT_EQ(bent([](Parts& p) { p.header.ids.clear(); }), Code::id_missing); }

TEST_F(CheckMessage, AReplyNamesWhatItAnswers) {
  EXPECT_EQ(bent([](Parts& p) { p.header.in_reply_to.reset(); }), Code::reply_missing);
}

TEST_F(CheckMessage, AnEventMayLieFiveMinutesAheadAndNoMore) {
  EXPECT_EQ(bent([](Parts& p) { p.header.event_time = kNow + 5 * 60 * 1000; }), Code::ok);
  EXPECT_EQ(bent([](Parts& p) { p.header.event_time = kNow + 5 * 60 * 1000 + 1; }), Code::time_in_future);
}

TEST_F(CheckMessage, AHeaderThatMakesNoSenseIsRefused) {
  EXPECT_EQ(bent([](Parts& p) { p.header.addressees.push_back(p.header.addressees[0]); }), Code::header_malformed);
  EXPECT_EQ(bent([](Parts& p) { p.header.serial = 1; }), Code::header_malformed);
  EXPECT_EQ(bent([](Parts& p) { p.header.suite = 2; }), Code::header_malformed);
  EXPECT_EQ(bent([](Parts& p) { p.header.ids[0].value.clear(); }), Code::header_malformed);
}

TEST_F(CheckMessage, AnActNeedsItsOperatorsAndItsSerial) {
  const auto act = county_.act(114, R"({"last_entry":3,"last_time":"2025-03-04T16:00:00+08:00","boot_delta_ms":1000,
                                        "confirmed":"2025-03-04T16:00:01+08:00"})");
  ASSERT_TRUE(act.has_value()) << county_.faults().front().en;
  auto parts = apart(*act);
  EXPECT_EQ(verdict(parts), Code::ok);
  parts.header.operators.pop_back();
  EXPECT_EQ(verdict(parts), Code::operator_signature);
  parts.header.serial += 1;
  EXPECT_EQ(verdict(parts), Code::registry_serial);
}

TEST_F(CheckMessage, ALogThatHasNotBegunAdmitsAGenesisOnly) {
  const Registry fresh(evidence::suite1());
  const auto judge = [&](const Composed& composed) {
    const auto run = codec::parse_run(composed.message);
    return check_message(fresh, run->front(), *codec::parse_header(composed.header), kNow).code;
  };
  EXPECT_EQ(judge(county_.genesis()), Code::ok);
  EXPECT_EQ(judge(county_.enrolments().front()), Code::type_not_allowed);
  EXPECT_EQ(verdict(apart(county_.genesis())), Code::registry_serial) << "and never a second one";
}

}  // namespace
}  // namespace lianxi::policy
