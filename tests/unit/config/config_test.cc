#include "schemas/config/config.h"

#include <gtest/gtest.h>

namespace lianxi::config {
namespace {

TEST(ConfigTest, ValuesReplaceDefaultsAndExplainNamesTheSource) {
  auto document = Document::parse("[limits]\nmessage = \"1MiB\"\nwait = \"6h\"\n[listen]\nhttp = \"127.0.0.1:0\"\n", "hub.toml");
  std::uint64_t message = 7;
  std::int64_t wait = 1, poll = 500;
  std::string http = "x", submit = "tcp://0.0.0.0:7710";
  document.root().table("limits").size("message", message).duration("wait", wait).duration("poll", poll);
  document.root().table("listen").text("http", http).text("submit", submit);
  ASSERT_TRUE(document.finish());
  EXPECT_EQ(message, 1u << 20);
  EXPECT_EQ(wait, 6 * 3'600'000);
  EXPECT_EQ(http, "127.0.0.1:0");
  EXPECT_EQ(submit, "tcp://0.0.0.0:7710");
  ASSERT_EQ(document.explain().size(), 5u);
  EXPECT_EQ(document.explain()[0].source, "hub.toml:2");
  EXPECT_EQ(document.explain()[0].value, "\"1MiB\"");
  EXPECT_EQ(document.explain()[2].source, "default");
  EXPECT_EQ(document.explain()[2].value, "\"500ms\"");
}

TEST(ConfigTest, AnUnknownKeyIsAFaultThatNamesTheNearestKnownOne) {
  auto document = Document::parse("[log]\n  fsnc = true\n", "hub.toml");
  bool fsync = true;
  document.root().table("log").flag("fsync", fsync);
  ASSERT_FALSE(document.finish());
  ASSERT_EQ(document.faults().size(), 1u);
  EXPECT_EQ(to_string(document.faults()[0], true), "hub.toml:2:3 错误 CONFIG_UNKNOWN_KEY 未知的键 \"fsnc\"；是不是 \"fsync\"？");
  EXPECT_EQ(to_string(document.faults()[0], false),
            "hub.toml:2:3 error CONFIG_UNKNOWN_KEY unknown key \"fsnc\"; did you mean \"fsync\"?");
}

TEST(ConfigTest, AnUnknownSectionIsAFault) {
  auto document = Document::parse("[listenn]\nhttp = \"x\"\n", "hub.toml");
  std::string http;
  document.root().table("listen").text("http", http);
  ASSERT_FALSE(document.finish());
  EXPECT_EQ(document.faults()[0].code, "CONFIG_UNKNOWN_KEY");
  EXPECT_NE(document.faults()[0].en.find("\"listen\""), std::string::npos);
}

TEST(ConfigTest, EveryFaultIsReportedAtOnceInOrderOfLines) {
  auto document = Document::parse("[limits]\nmessage = 12\nwait = \"10 parsecs\"\nmode = \"lunar\"\n", "a.toml");
  std::uint64_t message = 0;
  std::int64_t wait = 0;
  std::string mode = "system", key;
  document.root()
      .table("limits")
      .choice("mode", mode, {"system", "scenario"})
      .duration("wait", wait)
      .size("message", message)
      .text("key", key, Need::required);
  ASSERT_FALSE(document.finish());
  ASSERT_EQ(document.faults().size(), 4u);
  EXPECT_EQ(document.faults()[0].code, "CONFIG_MISSING");
  EXPECT_EQ(document.faults()[1].line, 2u);
  EXPECT_EQ(document.faults()[2].line, 3u);
  EXPECT_EQ(document.faults()[3].line, 4u);
  EXPECT_EQ(mode, "system");
}

TEST(ConfigTest, ASyntaxErrorHasLineAndColumnAndNothingElseIsReportedMissing) {
  auto document = Document::parse("[hub\n", "hub.toml");
  std::string data_dir;
  document.root().table("hub").text("data_dir", data_dir, Need::required);
  ASSERT_FALSE(document.finish());
  ASSERT_EQ(document.faults().size(), 1u);
  EXPECT_EQ(document.faults()[0].code, "CONFIG_SYNTAX");
  EXPECT_EQ(document.faults()[0].line, 1u);
}

TEST(ConfigTest, RepeatedSectionsAreReadInTheirOrder) {
  auto document = Document::parse("[[agency]]\nkey = \"a\"\n[[agency]]\nkey = \"b\"\nkeey = \"c\"\n", "agent.toml");
  std::vector<std::string> keys;
  for (auto& agency : document.root().tables("agency")) agency.text("key", keys.emplace_back());
  EXPECT_EQ(keys, (std::vector<std::string>{"a", "b"}));
  ASSERT_FALSE(document.finish());
  EXPECT_EQ(document.faults()[0].line, 5u);
}

TEST(ConfigTest, AMissingFileIsAFaultAndNoCrash) {
  auto document = Document::load("/nonexistent/hub.toml");
  std::string text;
  document.root().table("hub").text("data_dir", text, Need::required);
  ASSERT_FALSE(document.finish());
  EXPECT_EQ(document.faults()[0].code, "CONFIG_FILE");
}

TEST(ConfigTest, QuantitiesNeedAUnitAndMayNotOverflow) {
  EXPECT_EQ(parse_size("64MiB"), 64u << 20);
  EXPECT_EQ(parse_size("2 GB"), 2'000'000'000u);
  EXPECT_EQ(parse_size("64"), std::nullopt);
  EXPECT_EQ(parse_size("MiB"), std::nullopt);
  EXPECT_EQ(parse_size("-1B"), std::nullopt);
  EXPECT_EQ(parse_size("99999999999TiB"), std::nullopt);
  EXPECT_EQ(parse_duration("7d"), 7 * 86'400'000);
  EXPECT_EQ(parse_duration("1.5s"), std::nullopt);
}

TEST(ConfigTest, NearestForgivesSlipsButDoesNotGuessWildly) {
  const std::vector<std::string> known{"listen", "limits", "clock"};
  EXPECT_EQ(nearest("lisetn", known), "listen");
  EXPECT_EQ(nearest("clok", known), "clock");
  EXPECT_EQ(nearest("database", known), std::nullopt);
}

}  // namespace
}  // namespace lianxi::config
