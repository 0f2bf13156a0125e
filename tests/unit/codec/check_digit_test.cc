#include "schemas/codec/check_digit.h"

#include <gtest/gtest.h>

namespace lianxi::codec {
namespace {

TEST(CheckDigitTest, CreditCodesOfTheStandardAndOfTheDemoAreValid) {
  for (const char* code : {"91350100M000100Y43", "91440300708461136T", "91430999MA0000001W", "91430999MA00000020",
                           "91430999MA00000033", "91430999MA00000046", "92430999MA00000030", "92430999MA0000022Y"}) {
    EXPECT_TRUE(uscc_valid(code)) << code;
  }
}

TEST(CheckDigitTest, CreditCodeWithOneSymbolChangedIsInvalid) {
  const std::string good = "91430999MA0000001W";
  ASSERT_TRUE(uscc_valid(good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == '7' ? '8' : '7';
    EXPECT_FALSE(uscc_valid(bad)) << bad;
  }
  EXPECT_FALSE(uscc_valid("91430999MA000000IW"));
  EXPECT_FALSE(uscc_valid(""));
}

TEST(CheckDigitTest, CitizenIdsOfTheStandardAndOfTheDemoAreValid) {
  for (const char* id : {"11010519491231002X", "43099919700101001X", "430999198803150027", "430999197206300037",
                         "430999196609090041", "430999199107200056", "11010519491231002x"}) {
    EXPECT_TRUE(citizen_id_valid(id)) << id;
  }
  EXPECT_EQ(citizen_id_normalised("11010519491231002x"), "11010519491231002X");
}

TEST(CheckDigitTest, CitizenIdWithABirthDateThatDoesNotExistIsInvalid) {
  EXPECT_FALSE(citizen_id_valid("430999198502290018"));
  EXPECT_FALSE(citizen_id_valid("110105194912310021"));
  EXPECT_FALSE(citizen_id_valid("11010519491231002"));
  EXPECT_FALSE(citizen_id_valid("1101051949123100AX"));
}

}  // namespace
}  // namespace lianxi::codec
