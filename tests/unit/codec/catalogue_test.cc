#include "schemas/codec/catalogue.h"

#include <gtest/gtest.h>

#include <set>

#include <nlohmann/json.hpp>

#include "tests/unit/codec/golden.h"

namespace lianxi::codec {
namespace {

using Json = nlohmann::ordered_json;

const Catalogue& catalogue() { return Catalogue::instance(); }
const TypeInfo& type(std::uint16_t code) { return *catalogue().by_code(code); }

std::vector<PlainSection> split(const std::string& file, const std::vector<AttachmentKey>& attachments = {}) {
  const Golden document = golden(file);
  std::vector<Fault> faults;
  auto sections = catalogue().split(type(document.code), document.json, attachments, faults);
  EXPECT_TRUE(faults.empty()) << file << faults.front().path << ": " << faults.front().en;
  return sections;
}

std::vector<PlainSection> only(const std::vector<PlainSection>& sections, const std::set<Group>& groups) {
  std::vector<PlainSection> out;
  for (const PlainSection& section : sections) {
    if (groups.contains(section.group)) out.push_back(section);
  }
  return out;
}

TEST(CatalogueTest, TypesAreFoundByCodeAndName) {
  ASSERT_NE(catalogue().by_code(203), nullptr);
  EXPECT_EQ(catalogue().by_code(203)->name, "CriminalReferral");
  EXPECT_EQ(catalogue().by_name("PowerCutRequest")->code, 301);
  EXPECT_EQ(catalogue().by_code(999), nullptr);
  EXPECT_EQ(catalogue().by_name("Nothing"), nullptr);
  EXPECT_EQ(type(203).ids, (std::vector<std::string>{"referral", "case"}));
  EXPECT_TRUE(type(204).reply);
  EXPECT_FALSE(type(203).reply);
  EXPECT_TRUE(type(301).starts_clock);
  EXPECT_FALSE(type(306).starts_clock);
}

TEST(CatalogueTest, SectionListIsTheTypesAndNotTheMessages) {
  using enum Group;
  EXPECT_EQ(type(301).groups, (std::vector<Group>{c0, cp, c1, c3, c3m, c3d}));
  EXPECT_EQ(type(203).groups, (std::vector<Group>{c0, c1, c3, c3m, c3d, c4, c5}));
  EXPECT_EQ(type(114).groups, std::vector<Group>{c0});
  const auto sections = split("305-power-cut-execution-failed");
  ASSERT_EQ(sections.size(), type(305).groups.size());
  for (std::size_t i = 0; i < sections.size(); ++i) EXPECT_EQ(sections[i].group, type(305).groups[i]);
}

TEST(CatalogueTest, EveryTypeHasAnOpenSection) {
  for (const TypeInfo& info : catalogue().types()) EXPECT_EQ(info.groups.front(), Group::c0) << info.name;
}

TEST(CatalogueTest, SameDocumentGivesSameBytes) {
  EXPECT_EQ(sections_text(split("203-criminal-referral")), sections_text(split("203-criminal-referral")));
}

TEST(CatalogueTest, PartiesAreMaskedForThoseWhoMaySeeNoMore) {
  const auto sections = split("203-criminal-referral");
  const auto merged = catalogue().merge(type(203), only(sections, {Group::c3m}));
  ASSERT_TRUE(merged);
  const auto json = Json::parse(*merged);
  EXPECT_EQ(json.size(), 1u);
  EXPECT_EQ(json["parties"][0]["name_masked"], "欧阳某某");
  EXPECT_EQ(json["parties"][0]["phone_masked"], "199****1234");
  EXPECT_EQ(json["parties"][0]["address_masked"], "湖南省益阳市桃江县灰山港镇示范村");
  EXPECT_FALSE(json["parties"][0].contains("name"));
  EXPECT_EQ(json["parties"].size(), 2u);
}

TEST(CatalogueTest, ListsAreMergedByIndex) {
  const auto sections = split("203-criminal-referral");
  const auto merged = catalogue().merge(type(203), only(sections, {Group::c4, Group::c3}));
  ASSERT_TRUE(merged);
  const auto json = Json::parse(*merged);
  EXPECT_EQ(json["parties"][0]["name"], "欧阳虚构");
  EXPECT_EQ(json["parties"][0]["id_no"], "43099919700101001X");
  EXPECT_FALSE(json["parties"][1].contains("id_no"));
}

TEST(CatalogueTest, ListsOfDifferentLengthDoNotMerge) {
  auto shorter = Json::parse(golden("203-criminal-referral").json);
  shorter["parties"].erase(1);
  shorter["party_count"] = 1;
  std::vector<Fault> faults;
  const auto other = catalogue().split(type(203), shorter.dump(), {}, faults);
  ASSERT_TRUE(faults.empty());
  auto mixed = only(split("203-criminal-referral"), {Group::c3});
  mixed.push_back(only(other, {Group::c4}).front());
  const auto merged = catalogue().merge(type(203), mixed);
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().code, Code::section_malformed);
}

TEST(CatalogueTest, ReadersNoticeACountThatIsNotItsLists) {
  auto fewer = Json::parse(golden("203-criminal-referral").json);
  fewer["parties"].erase(1);
  fewer["party_count"] = 1;
  std::vector<Fault> faults;
  const auto other = catalogue().split(type(203), fewer.dump(), {}, faults);
  auto mixed = only(split("203-criminal-referral"), {Group::c3, Group::c3m});
  mixed.push_back(only(other, {Group::c0}).front());
  catalogue().cross_check(type(203), mixed, faults);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].path, "/party_count");
  faults.clear();
  catalogue().cross_check(type(203), split("203-criminal-referral"), faults);
  EXPECT_TRUE(faults.empty());
}

TEST(CatalogueTest, PowerSeesNoTextOfAParty) {
  const auto sections = split("301-power-cut-request");
  const auto document = Json::parse(golden("301-power-cut-request").json);
  std::string visible;
  for (const PlainSection& section : only(sections, {Group::c0, Group::cp, Group::c2, Group::c3d})) {
    visible += text(section.plaintext);
  }
  for (const char* field : {"mine_name", "operator_name", "operator_phone", "reason"}) {
    const auto secret = document[field].get<std::string>();
    ASSERT_FALSE(secret.empty());
    EXPECT_EQ(visible.find(secret), std::string::npos) << field;
  }
  EXPECT_EQ(visible.find("张"), std::string::npos);
  for (const char* field : {"neutral_name", "mine_id", "instrument_doc_no"}) {
    EXPECT_NE(visible.find(document[field].get<std::string>()), std::string::npos) << field;
  }
}

TEST(CatalogueTest, PowerSeesWhatItMustActOn) {
  using enum Group;
  const auto merged = catalogue().merge(type(301), only(split("301-power-cut-request"), {c0, cp, c2, c3d}));
  ASSERT_TRUE(merged);
  const auto json = Json::parse(*merged);
  for (const char* field : {"profile", "window_from", "window_to", "urgent", "exclusions", "meters", "location", "neutral_name",
                            "power_letter", "instrument_sha256", "contact", "approver"}) {
    EXPECT_TRUE(json.contains(field)) << field;
  }
  EXPECT_EQ(json["meters"][0]["user_no"], "4309990001");
  EXPECT_EQ(json["location"]["town9"], "430922113");
  EXPECT_FALSE(json.contains("mine_name"));
}

TEST(CatalogueTest, SectionThatHoldsAnotherGroupsFieldIsRefused) {
  const auto sections = split("301-power-cut-request");
  for (const PlainSection& section : sections) {
    std::vector<Fault> faults;
    catalogue().validate(type(301), section.group, section.plaintext, faults);
    EXPECT_TRUE(faults.empty()) << name(section.group);
    for (const Group other : type(301).groups) {
      if (other == section.group) continue;
      faults.clear();
      catalogue().validate(type(301), other, section.plaintext, faults);
      ASSERT_FALSE(faults.empty()) << name(section.group) << " as " << name(other);
      EXPECT_EQ(faults[0].code, Code::section_malformed);
    }
  }
}

TEST(CatalogueTest, ZeroIsToldFromAbsent) {
  const auto merged = catalogue().merge(type(303), split("303-safety-clearance"));
  ASSERT_TRUE(merged);
  const auto json = Json::parse(*merged);
  EXPECT_EQ(json["underground_people"], 0);
  EXPECT_EQ(json["safety_hold"], false);
  auto document = Json::parse(golden("303-safety-clearance").json);
  document.erase("safety_hold");
  std::vector<Fault> faults;
  const auto without = catalogue().merge(type(303), catalogue().split(type(303), document.dump(), {}, faults));
  ASSERT_TRUE(without);
  EXPECT_FALSE(Json::parse(*without).contains("safety_hold"));
}

TEST(CatalogueTest, AttachmentKeysLieInTheSectionOfTheirGroup) {
  AttachmentKey key{0, Group::c5, "DOC_INVESTIGATION_REPORT", "调查报告.pdf", "application/pdf", Hash{1, 2}, Hash{3, 4}, 77};
  const auto sections = split("203-criminal-referral", {key});
  std::vector<AttachmentKey> found;
  ASSERT_TRUE(catalogue().merge(type(203), sections, &found));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].name, key.name);
  EXPECT_EQ(found[0].file_key, key.file_key);
  EXPECT_EQ(found[0].sha256, key.sha256);
  EXPECT_EQ(found[0].bytes, 77u);
  EXPECT_EQ(found[0].group, Group::c5);
  found.clear();
  ASSERT_TRUE(catalogue().merge(type(203), only(sections, {Group::c0, Group::c3}), &found));
  EXPECT_TRUE(found.empty());
}

TEST(CatalogueTest, AttachmentOfAGroupThatTheTypeLacksIsAFault) {
  const AttachmentKey key{0, Group::c7, "DOC_OTHER", "a", "b", {}, {}, 1};
  std::vector<Fault> faults;
  EXPECT_TRUE(catalogue().split(type(203), golden("203-criminal-referral").json, {key}, faults).empty());
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].path, "/attachments/0");
}

TEST(CatalogueTest, JsonSchemaNamesFieldsGroupsAndRules) {
  const auto schema = Json::parse(catalogue().json_schema(type(301)));
  EXPECT_EQ(schema["title"], "停止供电通知（函）");
  const auto& properties = schema["properties"];
  EXPECT_EQ(properties["mine_name"]["x-groups"], Json::array({"C3"}));
  EXPECT_EQ(properties["location"]["properties"]["town9"]["x-groups"], Json::array({"CP"}));
  EXPECT_EQ(properties["profile"]["enum"][1], "PC_CLOSURE");
  EXPECT_EQ(properties["operator_name_masked"]["x-derived"], true);
  const auto& required = schema["required"];
  EXPECT_NE(std::find(required.begin(), required.end(), "mine_id"), required.end());
  EXPECT_FALSE(schema["allOf"].empty());
}

}  // namespace
}  // namespace lianxi::codec
