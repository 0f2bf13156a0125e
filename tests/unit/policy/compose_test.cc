#include "schemas/policy/compose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/support/county/county.h"
#include "tests/support/random.h"

namespace lianxi::policy {
namespace {

using codec::Group;
using nlohmann::json;
using test::cc;
using test::County;
using test::to;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

class ComposeTest : public testing::Test {
 protected:
  static json cut_request() {
    return json::parse(R"({
      "profile": "PC_SAFETY", "legal_basis": [{"law": "安全生产法", "article": "70"}], "scope": "PRODUCTION_ONLY",
      "exclude_residential": true, "window_from": "2025-03-05T09:00:00+08:00", "window_to": "2025-03-07T17:00:00+08:00",
      "urgent": false, "approved_by_head": true, "approved_at": "2025-03-04T10:00:00+08:00",
      "mine_id": "430922-M-00042", "neutral_name": "灰山港镇 M-00042 号矿点",
      "location": {"town9": "430922113", "address_text": "灰山港镇", "no_position_reason": "现场无信号"},
      "meters": [{"user_no": "4309220001"}],
      "power_letter": {"code": "DOC_POWER_LETTER", "issued_on": "2025-03-04", "issuer": "应急管理局", "sha256": ""},
      "mine_name": "张家老矿", "operator_name": "张三丰", "reason": "拒不执行停产决定",
      "approver": {"name": "王局长"}, "contact": {"name": "赵科长", "phone": "0737-8881234"}})");
  }
  Draft cut_draft() const {
    Draft draft;
    draft.ids = {{"powercut", "430922-P-2025-00001"}, {"mine", "430922-M-00042"}};
    return draft;
  }
  Result<Composed> compose_cut(json body = cut_request()) {
    body["power_letter"]["sha256"] = hex(Hash{7});
    return county_.compose("430922-SAFETY", 301, {to("430922-POWER"), cc("430922113-TOWN")}, body.dump(), cut_draft());
  }
  OpenedMessage opened(const std::string& agency, const Bytes& run) const {
    auto result = county_.open(agency, run);
    check(result.has_value(), "open");
    return std::move(*result);
  }
  // What the hub hands to `agency`: the sections it is entitled to.
  Bytes delivered(const std::string& agency, const Composed& message) const {
    const auto run = codec::parse_run(message.message);
    const auto groups = county_.registry().policy().entitled(*codec::parse_header(message.header), AgencyId(agency));
    std::vector<bool> keep(codec::kGroupsMax + 1);
    for (const auto group : codec::all_groups()) keep[static_cast<std::size_t>(group)] = has(groups, group);
    Bytes out;
    codec::append_filtered(out, run->front(), keep);
    return out;
  }
  std::vector<Code> codes() const {
    std::vector<Code> out;
    for (const auto& fault : county_.faults()) out.push_back(fault.code);
    return out;
  }

  test::SimEntropy entropy_{3};
  County county_{entropy_,
                 evidence::suite1(),
                 {.agencies = {"430922-LAND", "430922-POLICE", "430922-PROC", "430922-POWER", "430922-SAFETY", "430922113-TOWN"}}};
};

TEST_F(ComposeTest, ThePowerCompanyReadsWhatToCutAndWhomToCallAndNoNames) {
  const auto message = compose_cut();
  ASSERT_TRUE(message.has_value()) << county_.faults().front().path << county_.faults().front().en;
  const auto seen = opened("430922-POWER", delivered("430922-POWER", *message));
  EXPECT_THAT(seen.faults, IsEmpty());
  const auto body = json::parse(seen.body_json);
  EXPECT_EQ(body["neutral_name"], "灰山港镇 M-00042 号矿点");
  EXPECT_EQ(body["contact"]["name"], "赵科长");
  EXPECT_EQ(body["meters"][0]["user_no"], "4309220001");
  EXPECT_FALSE(body.contains("mine_name"));
  EXPECT_FALSE(body.contains("operator_name"));
  EXPECT_FALSE(body.contains("operator_name_masked"));
  EXPECT_THAT(seen.shown, Not(Contains(Group::c3)));
  EXPECT_THAT(seen.withheld, Contains(Group::c3));
}

TEST_F(ComposeTest, TheTownshipReadsMaskedNames) {
  const auto message = compose_cut();
  ASSERT_TRUE(message.has_value());
  const auto body = json::parse(opened("430922113-TOWN", delivered("430922113-TOWN", *message)).body_json);
  EXPECT_EQ(body["operator_name_masked"], "张某某");
  EXPECT_FALSE(body.contains("operator_name"));
}

TEST_F(ComposeTest, TheSenderReadsAllOfItsOwnMessage) {
  const auto message = compose_cut();
  ASSERT_TRUE(message.has_value());
  const auto own = opened("430922-SAFETY", message->message);
  EXPECT_THAT(own.withheld, IsEmpty());
  EXPECT_THAT(own.faults, IsEmpty());
  EXPECT_EQ(json::parse(own.body_json)["operator_name"], "张三丰");
}

TEST_F(ComposeTest, NobodyElseOpensASealedSectionEvenWithAllBytes) {
  const auto message = compose_cut();
  ASSERT_TRUE(message.has_value());
  const auto seen = opened("430922-PROC", message->message);
  EXPECT_FALSE(json::parse(seen.body_json).contains("operator_name"));
  EXPECT_FALSE(json::parse(seen.body_json).contains("contact"));
  EXPECT_THAT(seen.faults, IsEmpty());
}

TEST_F(ComposeTest, AWithheldSectionThatIsMineIsReported) {
  const auto message = compose_cut();
  ASSERT_TRUE(message.has_value());
  const auto seen = opened("430922113-TOWN", delivered("430922-POWER", *message));
  ASSERT_FALSE(seen.faults.empty());
  EXPECT_TRUE(std::ranges::any_of(seen.faults, [](const SectionFault& f) { return f.group == Group::c3m && f.code == Code::not_found; }));
}

TEST_F(ComposeTest, ASectionThatWasChangedOnTheWayIsTheHubsFault) {
  auto message = compose_cut();
  ASSERT_TRUE(message.has_value());
  const auto run = codec::parse_run(message->message);
  const auto& c3d = *std::ranges::find(run->front().sections, Group::c3d, &codec::SectionView::group);
  const auto at = static_cast<std::size_t>(c3d.bytes.data() - message->message.data()) + 40;
  message->message[at] ^= 1;
  const auto seen = opened("430922-POWER", message->message);
  ASSERT_EQ(seen.faults.size(), 1u);
  EXPECT_EQ(seen.faults[0].group, Group::c3d);
  EXPECT_EQ(seen.faults[0].code, Code::corrupt);
}

TEST_F(ComposeTest, AWrapThatDoesNotOpenIsTheSendersFaultIfItsDigestHolds) {
  const auto message = compose_cut();
  ASSERT_TRUE(message.has_value());
  const auto run = codec::parse_run(message->message);
  auto header = *codec::parse_header(message->header);
  std::vector<codec::Section> sections;
  for (const auto& section : run->front().sections) sections.push_back({section.group, false, copy(section.bytes)});
  std::vector<Bytes> wraps;
  for (const auto& wrap : run->front().wraps) wraps.push_back(copy(wrap.bytes));
  const auto power = county_.registry().agency(AgencyId("430922-POWER"))->seat("")->id;
  for (auto& info : header.sections) {
    std::size_t at = 0;
    for (auto& wrap : wraps) {
      if (wrap[0] != static_cast<std::uint8_t>(info.group)) continue;
      if (std::equal(power.begin(), power.end(), wrap.begin() + 1)) wrap.back() ^= 1;
      info.wraps[at++] = evidence::sha256(wrap);
    }
  }
  Bytes bent;
  codec::append_message(bent, codec::encode_header(header), sections, wraps);
  const auto seen = opened("430922-POWER", bent);
  ASSERT_EQ(seen.faults.size(), 1u);
  EXPECT_EQ(seen.faults[0].code, Code::verification_failed);
}

TEST_F(ComposeTest, AListThatIsNotAsLongAsItsCountSaysIsShownAsAContradiction) {
  const auto message = compose_cut();
  ASSERT_TRUE(message.has_value());
  auto two_meters = cut_request();
  two_meters["power_letter"]["sha256"] = hex(Hash{7});
  two_meters["meters"].push_back({{"user_no", "4309220002"}});
  const auto& catalogue = codec::Catalogue::instance();
  std::vector<codec::Fault> faults;
  const auto plains = catalogue.split(*catalogue.by_code(301), two_meters.dump(), {}, faults);
  ASSERT_THAT(faults, IsEmpty());
  const auto longer = std::ranges::find(plains, Group::cp, &codec::PlainSection::group)->plaintext;

  const auto run = codec::parse_run(message->message);
  auto header = *codec::parse_header(message->header);
  const auto context = evidence::section_context(county_.log_id(), header.id, Group::cp);
  std::ranges::find(header.sections, Group::cp, &codec::SectionInfo::group)->commitment =
      evidence::commitment(context, Hash{1}, longer);
  std::vector<codec::Section> sections;
  for (const auto& section : run->front().sections) {
    const bool replaced = section.group == Group::cp;
    sections.push_back({section.group, false, replaced ? evidence::clear_section(Hash{1}, longer) : copy(section.bytes)});
  }
  std::vector<Bytes> wraps;
  for (const auto& wrap : run->front().wraps) wraps.push_back(copy(wrap.bytes));
  Bytes bent;
  codec::append_message(bent, codec::encode_header(header), sections, wraps);

  const auto seen = opened("430922-POWER", bent);
  EXPECT_THAT(seen.faults, IsEmpty());
  ASSERT_EQ(seen.contradictions.size(), 1u);
  EXPECT_EQ(seen.contradictions[0].path, "/meter_count");
  EXPECT_THAT(opened("430922-POWER", message->message).contradictions, IsEmpty());
}

TEST_F(ComposeTest, AMessageIsSealedToTheSeatThatIsNamed) {
  test::SimEntropy entropy(5);
  County county(entropy, evidence::suite1(),
                {.agencies = {"430922-LAND", "430922-POLICE"}, .seats = {{"430922-POLICE", {"LANDSQ"}}}});
  Draft draft;
  draft.in_reply_to = MessageId{AgencyId("430922-POLICE"), Epoch(1), Number(1)};
  const auto message = county.compose("430922-LAND", 110, {to("430922-POLICE", "LANDSQ")}, R"({"status":"accepted","note":"收到"})", draft);
  ASSERT_TRUE(message.has_value()) << county.faults().front().en;
  const auto run = codec::parse_run(message->message);
  const auto& police = *county.registry().agency(AgencyId("430922-POLICE"));
  std::vector<KeyId> readers;
  for (const auto& wrap : run->front().wraps) readers.push_back(wrap.reader);
  const auto& land = *county.registry().agency(AgencyId("430922-LAND"));
  EXPECT_THAT(readers, ElementsAre(land.seat("")->id, police.seat("LANDSQ")->id));
}

TEST_F(ComposeTest, EveryFaultOfABodyIsNamedAtOnce) {
  auto body = cut_request();
  body.erase("mine_id");
  body["exclude_residential"] = false;
  EXPECT_FALSE(compose_cut(body).has_value());
  EXPECT_GE(county_.faults().size(), 2u);
  EXPECT_THAT(codes(), Contains(Code::field_missing));
}

TEST_F(ComposeTest, AVerdictOfTheHubsRulesIsAFaultInBothLanguages) {
  auto body = cut_request();
  body["power_letter"]["sha256"] = hex(Hash{7});
  EXPECT_FALSE(county_.compose("430922-SAFETY", 301, {to("430922-POWER")}, body.dump(), cut_draft()).has_value());
  EXPECT_THAT(codes(), ElementsAre(Code::copy_missing));
  EXPECT_FALSE(county_.faults()[0].zh.empty());
  EXPECT_FALSE(county_.faults()[0].en.empty());
}

TEST_F(ComposeTest, MoreThanAHeaderHoldsIsAFaultAndNotACrash) {
  auto draft = cut_draft();
  std::vector<codec::Addressee> crowd(65, to("430922-POWER"));
  EXPECT_FALSE(county_.compose("430922-SAFETY", 301, crowd, cut_request().dump(), draft).has_value());
  EXPECT_THAT(codes(), Contains(Code::header_malformed));
  draft.ids.resize(33, draft.ids[0]);
  EXPECT_FALSE(county_.compose("430922-SAFETY", 301, {to("430922-POWER")}, cut_request().dump(), draft).has_value());
  EXPECT_THAT(codes(), Contains(Code::header_malformed));
}

TEST_F(ComposeTest, AMessageOverTheLimitIsRefusedByItsSize) {
  const std::string routes = "# " + std::string(150'000, 'x') + "\n[[route]]\ntype = 203\nfrom = [\"LAND\"]\nto = [\"POLICE\"]\n";
  const std::string cells = "# " + std::string(150'000, 'x') + "\n" + test::shipped_need_to_know();
  EXPECT_FALSE(county_.act(108, json{{"kind", "policy"}, {"routes", routes}, {"need_to_know", cells}}.dump()).has_value());
  EXPECT_THAT(codes(), ElementsAre(Code::message_too_large));
}

TEST_F(ComposeTest, AnAgencyThatNobodyEnrolledIsAFaultAndNotACrash) {
  EXPECT_FALSE(county_.compose("430922-SAFETY", 301, {to("430922-WEATHER")}, cut_request().dump(), cut_draft()).has_value());
  EXPECT_FALSE(county_.compose("430922-WEATHER", 301, {to("430922-POWER")}, cut_request().dump(), cut_draft()).has_value());
  EXPECT_THAT(codes(), Not(IsEmpty()));
}

TEST_F(ComposeTest, AStateSecretIsRefusedBeforeItIsSealed) {
  auto body = cut_request();
  body["reason"] = "见秘密★十年文件";
  EXPECT_FALSE(compose_cut(body).has_value());
  EXPECT_THAT(codes(), Contains(Code::classified));
  body = cut_request();
  body["classification"] = "SECRET";
  EXPECT_FALSE(compose_cut(body).has_value());
  EXPECT_THAT(codes(), Contains(Code::classified));
}

TEST_F(ComposeTest, AnEventInTheFutureIsRefusedWhenTheClockIsKnown) {
  std::vector<codec::Fault> faults;
  Draft draft;
  draft.sender = AgencyId("430922-LAND");
  draft.type = 110;
  draft.addressees = {to("430922-POLICE")};
  draft.in_reply_to = MessageId{AgencyId("430922-POLICE"), Epoch(1), Number(1)};
  draft.body_json = R"({"status":"done"})";
  draft.event_time = 1741075200000;
  const MessageId id{draft.sender, Epoch(1), Number(1)};
  EXPECT_TRUE(compose(county_.registry(), evidence::suite1(), entropy_, draft, id, faults, draft.event_time).has_value());
  const auto early = compose(county_.registry(), evidence::suite1(), entropy_, draft, id, faults, draft.event_time - 600'000);
  ASSERT_FALSE(early.has_value());
  EXPECT_EQ(early.error().code, Code::time_in_future);
}

TEST_F(ComposeTest, TwoMessagesWithTheSameWordsShareNoBytesThatCouldBeCompared) {
  const auto first = compose_cut();
  const auto second = compose_cut();
  ASSERT_TRUE(first.has_value() && second.has_value());
  const auto a = *codec::parse_header(first->header);
  const auto b = *codec::parse_header(second->header);
  EXPECT_NE(a.random, b.random);
  for (std::size_t i = 0; i < a.sections.size(); ++i) EXPECT_NE(a.sections[i].commitment, b.sections[i].commitment);
}

TEST_F(ComposeTest, TheSameSeedMakesTheSameBytes) {
  const auto once = [] {
    test::SimEntropy entropy(21);
    County county(entropy, evidence::suite1(), {.agencies = {"430922-LAND"}});
    return county.enrolments().front().message;
  };
  EXPECT_EQ(once(), once());
}

TEST_F(ComposeTest, ATestCountySignsEntriesThatVerify) {
  const auto message = compose_cut();
  ASSERT_TRUE(message.has_value());
  const auto entry = county_.entry("430922-SAFETY", {&*message, 1});
  const auto header = evidence::parse_entry_header(entry.header);
  ASSERT_TRUE(header.has_value());
  const auto key = county_.registry().signing_key(header->agency, header->key_id);
  ASSERT_TRUE(key.has_value());
  EXPECT_TRUE(evidence::suite1().verify(*key, entry.header, entry.signature));
  EXPECT_EQ(header->batch_root, message->hash);
}

}  // namespace
}  // namespace lianxi::policy
