#include "agents/http/document.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace lianxi::agent {
namespace {

class DocumentTest : public testing::Test {
 protected:
  Document read(std::string_view text) {
    faults_.clear();
    const auto parsed = parse_json(text, faults_);
    return parsed ? read_document(*parsed, faults_) : Document{};
  }
  bool has_fault(std::string_view path, Code code) const {
    for (const auto& fault : faults_) {
      if (fault.path == path && fault.code == code && !fault.zh.empty() && !fault.en.empty()) return true;
    }
    return false;
  }
  std::vector<codec::Fault> faults_;
};

TEST_F(DocumentTest, EveryMemberIsRead) {
  const auto document =
      read(R"({"type": 203, "seat": "ENFORCE", "to": ["430922-POLICE/LANDSQ", {"agency": "430922-PROC"}], "cc": "430922-OFFICE",
    "ids": {"referral": "R-1", "spot": ["S-1", "S-2"]}, "event_time": "2025-03-04T16:30:00+08:00", "in_reply_to": "430922-LAND.1.42",
    "body": {"area": 6.2, "text": "采砂"}, "attachments": [{"code": "DOC_REFERRAL_LETTER", "group": "C3",
    "id": "00000000000000000000000000000000000000000000000000000000000000ff"}]})");
  EXPECT_TRUE(faults_.empty()) << faults_.front().path << " " << faults_.front().en;
  EXPECT_EQ(document.type, "203");
  ASSERT_EQ(document.to.size(), 3u);
  EXPECT_EQ(document.to[0].seat, "LANDSQ");
  EXPECT_EQ(document.to[2].role, codec::Role::cc);
  ASSERT_EQ(document.ids.size(), 3u);
  EXPECT_EQ(document.ids[2], (codec::ObjectId{"spot", "S-2"}));
  EXPECT_EQ(document.event_time, 1741077000000);
  EXPECT_EQ(to_string(*document.in_reply_to), "430922-LAND.1.42");
  EXPECT_EQ(document.attachments[0].group, codec::Group::c3);
  EXPECT_EQ(document.attachments[0].id[31], 0xff);
  EXPECT_EQ(nlohmann::json::parse(document.body_json)["text"], "采砂");
}

TEST_F(DocumentTest, AllFaultsAreFoundInOnePass) {
  read(R"({"to": [7], "ids": {"referral": 1}, "event_time": "yesterday", "in_reply_to": "x", "seat": 1, "body": [],
    "attachments": [{"group": "C99", "id": "ff", "cod": "x"}], "subjekt": 1})");
  EXPECT_TRUE(has_fault("/type", Code::field_missing));
  EXPECT_TRUE(has_fault("/to/0", Code::field_invalid));
  EXPECT_TRUE(has_fault("/ids/referral", Code::field_invalid));
  EXPECT_TRUE(has_fault("/event_time", Code::field_invalid));
  EXPECT_TRUE(has_fault("/in_reply_to", Code::field_invalid));
  EXPECT_TRUE(has_fault("/seat", Code::field_invalid));
  EXPECT_TRUE(has_fault("/body", Code::field_invalid));
  EXPECT_TRUE(has_fault("/attachments/0/group", Code::field_invalid));
  EXPECT_TRUE(has_fault("/attachments/0/id", Code::field_invalid));
  EXPECT_TRUE(has_fault("/attachments/0/cod", Code::field_unknown));
  EXPECT_TRUE(has_fault("/attachments/0/code", Code::field_missing));
  EXPECT_TRUE(has_fault("/subjekt", Code::field_unknown));
}

TEST_F(DocumentTest, NoInputMakesAnExceptionLeave) {
  for (const std::string text : {"", "nul", "\"\xff\"", "{\"type\":\"\\ud800\"}", "[1e999]", "{\"a\":1}x"}) {
    read(text);
    EXPECT_FALSE(faults_.empty()) << text;
  }
  read(std::string(1'000'000, '['));
  ASSERT_EQ(faults_.size(), 1u);
  EXPECT_EQ(faults_[0].en, "the JSON is nested too deep");
  read(R"({"type": "x", "body": {"text": ")" + std::string(500, '[') + "\"}}");
  EXPECT_TRUE(faults_.empty());
}

}  // namespace
}  // namespace lianxi::agent
