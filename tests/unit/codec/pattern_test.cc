#include "schemas/codec/pattern.h"

#include <gtest/gtest.h>

#include <random>
#include <regex>

namespace lianxi::codec {
namespace {

TEST(PatternTest, MatchesTheWholeText) {
  const auto pattern = Pattern::compile("[0-9]{3}");
  ASSERT_TRUE(pattern);
  EXPECT_TRUE(pattern->matches("123"));
  EXPECT_FALSE(pattern->matches("12"));
  EXPECT_FALSE(pattern->matches("1234"));
  EXPECT_FALSE(pattern->matches(""));
}

TEST(PatternTest, ObjectIdsAreToldFromOtherText) {
  const auto pattern = Pattern::compile("[0-9]{6}-[A-Z]-[0-9A-Z]+(-[0-9]{3,5})?");
  ASSERT_TRUE(pattern);
  EXPECT_TRUE(pattern->matches("430922-M-00042"));
  EXPECT_TRUE(pattern->matches("430922-R-2025LAND-00001"));
  EXPECT_FALSE(pattern->matches("430922-R-2025LAND-01"));
  EXPECT_FALSE(pattern->matches("430922-R--00001"));
  EXPECT_FALSE(pattern->matches("430922-m-00042"));
  EXPECT_FALSE(pattern->matches("430922-M-00042\n"));
  EXPECT_FALSE(pattern->matches("号"));
}

TEST(PatternTest, WhatTheMatcherDoesNotKnowDoesNotCompile) {
  for (const char* text : {"(", "(a(b))", "[a-", "a{3", "a{5,3}", "a|b", "*a", "\\", "a{999}", "号"}) {
    EXPECT_FALSE(Pattern::compile(text)) << text;
  }
}

TEST(PatternTest, AgreesWithTheStandardLibrary) {
  std::mt19937 random(3);
  for (const char* text : {"a?b*c+", "(ab)?a{0,2}b", "[ab]{1,3}c?(ca)?", "a*a?a", "(a)?(b)?(c)?", "b{2,}", "[^a]?b", "\\.?a"}) {
    const auto pattern = Pattern::compile(text);
    ASSERT_TRUE(pattern) << text;
    // [^a] is no negation here: ^ stands for itself.
    const std::regex other(std::string(text) == "[^a]?b" ? "[\\^a]?b" : text);
    for (int round = 0; round < 400; ++round) {
      std::string word;
      for (std::size_t i = random() % 6; i > 0; --i) word += "abc^."[random() % 5];
      EXPECT_EQ(pattern->matches(word), std::regex_match(word, other)) << text << " on " << word;
    }
  }
}

TEST(PatternTest, LongTextTakesTimeInProportion) {
  const auto pattern = Pattern::compile("a*a*a*a*a*a*a*a*b");
  ASSERT_TRUE(pattern);
  EXPECT_FALSE(pattern->matches(std::string(200'000, 'a')));
}

}  // namespace
}  // namespace lianxi::codec
