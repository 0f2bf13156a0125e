#include "tests/unit/reference/codes_page.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "schemas/base/code.h"

namespace lianxi {
namespace {

TEST(CodesPageTest, TheStoredPageIsWhatTheTableSays) {
  std::ifstream in(std::string(LIANXI_SOURCE_DIR) + "/docs/reference/codes.md", std::ios::binary);
  std::stringstream stored;
  stored << in.rdbuf();
  EXPECT_EQ(stored.str(), codes_page()) << "run ./dev codes";
}

TEST(CodesPageTest, EveryCodeStandsOnThePageOnce) {
  const auto page = codes_page();
  for (const auto& code : all_codes()) {
    const auto cell = "`" + std::string(code.name) + "`";
    const auto at = page.find(cell);
    ASSERT_NE(at, std::string::npos) << cell;
    EXPECT_EQ(page.find(cell, at + 1), std::string::npos) << cell;
  }
}

TEST(CodesPageTest, NumbersAndNamesAreUnique) {
  std::set<std::uint16_t> numbers;
  std::set<std::string_view> names;
  for (const auto& code : all_codes()) {
    EXPECT_TRUE(numbers.insert(static_cast<std::uint16_t>(code.code)).second) << code.name;
    EXPECT_TRUE(names.insert(code.name).second) << code.name;
  }
}

TEST(CodesPageTest, EveryCodeHasBothSentencesAndBothNextSteps) {
  for (const auto& code : all_codes()) {
    EXPECT_FALSE(code.zh.empty() || code.en.empty() || code.next_zh.empty() || code.next_en.empty()) << code.name;
  }
}

}  // namespace
}  // namespace lianxi
