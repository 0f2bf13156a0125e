#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/codec/golden.h"

namespace lianxi::codec {
namespace {

using Json = nlohmann::ordered_json;

class FaultTest : public testing::Test {
 protected:
  void load(const std::string& file) {
    const Golden document = golden(file);
    code_ = document.code;
    json_ = Json::parse(document.json);
  }
  std::vector<Fault> faults() const { return faults_of(json_.dump()); }
  std::vector<Fault> faults_of(const std::string& json) const {
    const auto& catalogue = Catalogue::instance();
    std::vector<Fault> out;
    const auto sections = catalogue.split(*catalogue.by_code(code_), json, {}, out);
    EXPECT_EQ(sections.empty(), !out.empty());
    return out;
  }
  void expect_fault(const std::string& path, Code code) const {
    const auto found = faults();
    ASSERT_EQ(found.size(), 1u) << (found.empty() ? "" : found.front().path + " " + found.back().path);
    EXPECT_EQ(found[0].path, path);
    EXPECT_EQ(found[0].code, code);
    EXPECT_FALSE(found[0].zh.empty());
    EXPECT_FALSE(found[0].en.empty());
  }

  std::uint16_t code_ = 0;
  Json json_;
};

TEST_F(FaultTest, AllFaultsAreNamedAtOnce) {
  load("203-criminal-referral");
  json_.erase("facts");
  json_["docno"] = "x";
  json_["parties"][0]["id_no"] = "430999198502290018";
  json_["location"]["crs"] = "GCJ02";
  json_["reported_at"] = "yesterday";
  json_["handlers"].erase(1);
  std::vector<std::pair<std::string, Code>> found;
  for (const Fault& fault : faults()) found.emplace_back(fault.path, fault.code);
  EXPECT_EQ(found.size(), 7u);
  for (const auto& expected : std::vector<std::pair<std::string, Code>>{{"/facts", Code::field_missing},
                                                                        {"/docno", Code::field_unknown},
                                                                        {"/parties/0/id_no", Code::check_digit},
                                                                        {"/location/crs", Code::crs_refused},
                                                                        {"/reported_at", Code::field_invalid},
                                                                        {"/handlers", Code::field_invalid},
                                                                        {"/handler_count", Code::field_invalid}}) {
    EXPECT_NE(std::find(found.begin(), found.end(), expected), found.end()) << expected.first;
  }
}

TEST_F(FaultTest, UnknownFieldIsToldTheNearestKnownName) {
  load("213-filing-decision");
  json_["decison"] = "filed";
  expect_fault("/decison", Code::field_unknown);
  EXPECT_NE(faults()[0].en.find("decision"), std::string::npos);
}

TEST_F(FaultTest, ShiftedCoordinatesAreRefused) {
  load("301-power-cut-request");
  json_["location"]["crs"] = "BD09";
  expect_fault("/location/crs", Code::crs_refused);
}

TEST_F(FaultTest, PositionMayBeAbsentWithAReason) {
  load("301-power-cut-request");
  for (const char* field : {"lon", "lat", "crs"}) json_["location"].erase(field);
  EXPECT_EQ(faults().size(), 3u);
  json_["location"]["no_position_reason"] = "井口已填实，现场无卫星信号";
  EXPECT_TRUE(faults().empty());
}

TEST_F(FaultTest, UrgencyNeedsAReason) {
  load("301-power-cut-request");
  json_["urgent"] = true;
  EXPECT_EQ(faults().size(), 2u);
  json_["urgent_cause"] = "FLOODING";
  json_["urgent_reason"] = "透水险情（演示数据）";
  EXPECT_TRUE(faults().empty());
}

TEST_F(FaultTest, ResidentialSupplyIsAlwaysExcluded) {
  load("301-power-cut-request");
  json_["exclude_residential"] = false;
  expect_fault("/exclude_residential", Code::field_invalid);
}

TEST_F(FaultTest, CrimeDecidesWhichFactsAreNeeded) {
  load("203-criminal-referral");
  json_["primary_crime"] = "CL338";
  expect_fault("/pollution", Code::field_missing);
}

TEST_F(FaultTest, UnknownPartiesNeedAReason) {
  load("203-criminal-referral");
  json_.erase("parties");
  json_.erase("party_count");
  expect_fault("/parties", Code::field_missing);
  json_["parties_unknown"] = true;
  expect_fault("/parties_unknown_reason", Code::field_missing);
}

TEST_F(FaultTest, NonFilingNeedsReasonsAndTheFile) {
  load("213-filing-decision-not-filed");
  json_.erase("reason");
  json_.erase("reason_text");
  EXPECT_EQ(faults().size(), 2u);
  json_["decision"] = "filed";
  EXPECT_TRUE(faults().empty());
}

TEST_F(FaultTest, CountMustBeThatOfTheList) {
  load("203-criminal-referral");
  json_["party_count"] = 3;
  expect_fault("/party_count", Code::field_invalid);
  json_.erase("party_count");
  EXPECT_TRUE(faults().empty());
}

TEST_F(FaultTest, MaskedFormGivenByHandMustBeTheDerivedOne) {
  load("301-power-cut-request");
  json_["operator_name_masked"] = "张某某";
  EXPECT_TRUE(faults().empty());
  json_["operator_name_masked"] = "张虚某";
  expect_fault("/operator_name_masked", Code::field_invalid);
}

TEST_F(FaultTest, OtherIdsThanCitizensHaveNoCheckDigit) {
  load("203-criminal-referral");
  json_["parties"][0]["id_no"] = "E00000000";
  expect_fault("/parties/0/id_no", Code::check_digit);
  json_["parties"][0]["id_type"] = "PASSPORT";
  EXPECT_TRUE(faults().empty());
}

TEST_F(FaultTest, CreditCodeThatFailsItsCheckIsAWarningOnly) {
  load("203-criminal-referral");
  const auto& catalogue = Catalogue::instance();
  EXPECT_TRUE(catalogue.warnings(*catalogue.by_code(203), json_.dump()).empty());
  json_["parties"][1]["uscc"] = "91430999MA0000001X";
  EXPECT_TRUE(faults().empty());
  const auto warnings = catalogue.warnings(*catalogue.by_code(203), json_.dump());
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].path, "/parties/1/uscc");
}

TEST_F(FaultTest, ReadingsFinerThanTheirUnitAreRefused) {
  load("306-meter-snapshot");
  json_["reading_kwh"] = "1284.50";
  EXPECT_TRUE(faults().empty());
  json_["reading_kwh"] = 1284.505;
  expect_fault("/reading_kwh", Code::field_invalid);
  json_["reading_kwh"] = "1284.505";
  expect_fault("/reading_kwh", Code::field_invalid);
  json_["reading_kwh"] = -1;
  expect_fault("/reading_kwh", Code::field_invalid);
}

TEST_F(FaultTest, NumbersMayBeTextAndMustFitTheirField) {
  load("102-delivered");
  json_["count"] = "18446744073709551615";
  EXPECT_TRUE(faults().empty());
  json_["generation"] = 4294967296;
  expect_fault("/generation", Code::field_invalid);
  json_["generation"] = -1;
  expect_fault("/generation", Code::field_invalid);
  json_["generation"] = 1.5;
  expect_fault("/generation", Code::field_invalid);
}

TEST_F(FaultTest, TextThatIsNoJsonObjectIsOneFault) {
  load("110-acknowledgement");
  for (const char* text : {"", "[]", "{", "12", "{\"status\":\"accepted\"} x", "{\"status\":\"\xff\"}"}) {
    const auto found = faults_of(text);
    ASSERT_EQ(found.size(), 1u) << text;
    EXPECT_EQ(found[0].path, "");
  }
  EXPECT_EQ(faults_of(std::string(100'000, '[')).size(), 1u);
}

TEST_F(FaultTest, FieldGivenTwiceIsAFault) {
  load("110-acknowledgement");
  const auto found = faults_of(R"({"status":"accepted","status":"refused"})");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].code, Code::field_invalid);
}

TEST_F(FaultTest, ControlCharactersAreRefused) {
  load("110-acknowledgement");
  json_["note"] = std::string("a\0b", 3);
  expect_fault("/note", Code::field_invalid);
  json_["note"] = std::string("一") + "\n" + "二";
  EXPECT_TRUE(faults().empty());
}

TEST_F(FaultTest, TextIsMeasuredInCharacters) {
  load("110-acknowledgement");
  std::string note;
  for (int i = 0; i < 1000; ++i) note += "矿";
  json_["note"] = note;
  EXPECT_TRUE(faults().empty());
  json_["note"] = note + "矿";
  expect_fault("/note", Code::field_invalid);
}

}  // namespace
}  // namespace lianxi::codec
