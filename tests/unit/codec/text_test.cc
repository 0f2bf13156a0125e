#include "schemas/codec/text.h"

#include <gtest/gtest.h>

namespace lianxi::codec {
namespace {

TEST(TextTest, NamesKeepTheirSurname) {
  EXPECT_EQ(masked(Mask::name, "张三"), "张某");
  EXPECT_EQ(masked(Mask::name, "张三丰"), "张某某");
  EXPECT_EQ(masked(Mask::name, "欧阳锋"), "欧阳某");
  EXPECT_EQ(masked(Mask::name, "欧阳虚构"), "欧阳某某");
  EXPECT_EQ(masked(Mask::name, "阿依古丽"), "阿某某");
  EXPECT_EQ(masked(Mask::name, "张"), "某");
  EXPECT_EQ(masked(Mask::name, "桃江县虚构石料有限公司"), "桃某某公司");
  EXPECT_EQ(masked(Mask::name, "张三石料厂"), "张某某厂");
}

TEST(TextTest, PhonesKeepThreeAndFourDigits) {
  EXPECT_EQ(masked(Mask::phone, "19900001234"), "199****1234");
  EXPECT_EQ(masked(Mask::phone, "110"), "****");
}

TEST(TextTest, AddressesKeepTownAndVillage) {
  EXPECT_EQ(masked(Mask::address, "湖南省益阳市桃江县灰山港镇示范村虚构组12号"), "湖南省益阳市桃江县灰山港镇示范村");
  EXPECT_EQ(masked(Mask::address, "桃江县桃花江镇资江路8号"), "桃江县桃花江镇");
  EXPECT_EQ(masked(Mask::address, "某小区3栋"), "（略）");
}

TEST(TextTest, OnlyTextThatCanBeShownHasCharacters) {
  EXPECT_EQ(characters("矿a\n"), 3u);
  EXPECT_EQ(characters(""), 0u);
  EXPECT_FALSE(characters(std::string_view("a\0b", 3)));
  EXPECT_FALSE(characters("\x1b[2J"));
  EXPECT_FALSE(characters("\xc0\x80"));
  EXPECT_FALSE(characters("\xed\xa0\x80"));
  EXPECT_FALSE(characters("\xe7\x9f"));
  EXPECT_FALSE(characters("\xff"));
  EXPECT_EQ(characters("\xf0\x9f\x98\x80"), 1u);
}

TEST(TextTest, NearestNameIsOfferedOnlyIfItIsNear) {
  const std::vector<std::string> names = {"decision", "decided_on", "doc_no"};
  EXPECT_EQ(nearest("decison", names), "decision");
  EXPECT_EQ(nearest("docno", names), "doc_no");
  EXPECT_EQ(nearest("weather", names), "");
}

}  // namespace
}  // namespace lianxi::codec
