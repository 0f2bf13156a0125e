#include "tests/unit/codec/golden.h"

#include <gtest/gtest.h>

#include <random>

#include <nlohmann/json.hpp>

namespace lianxi::codec {
namespace {

using Json = nlohmann::ordered_json;

const Catalogue& catalogue() { return Catalogue::instance(); }

class GoldenTest : public testing::Test {
 protected:
  struct Case {
    Golden document;
    const TypeInfo* type;
    std::vector<PlainSection> sections;
  };
  static std::vector<Case> cases() {
    std::vector<Case> out;
    for (const Golden& document : goldens(golden_directory())) {
      if (!std::filesystem::exists(sections_path(document))) continue;
      out.push_back({document, catalogue().by_code(document.code), parse_sections(read_text(sections_path(document)))});
    }
    return out;
  }
};

TEST_F(GoldenTest, EveryTypeHasAnEncodedExample) {
  const auto all = cases();
  for (const TypeInfo& info : catalogue().types()) {
    EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const Case& c) { return c.document.code == info.code; })) << info.name;
  }
}

TEST_F(GoldenTest, WhatWasOnceEncodedStillDecodes) {
  for (const Case& c : cases()) {
    ASSERT_NE(c.type, nullptr) << c.document.path;
    const auto merged = catalogue().merge(*c.type, c.sections);
    ASSERT_TRUE(merged) << c.document.path << to_string(merged.error());
    EXPECT_EQ(Json::parse(*merged).dump(2), Json::parse(c.document.json).dump(2)) << c.document.path;
  }
}

TEST_F(GoldenTest, WhatWasOnceEncodedIsStillValid) {
  for (const Case& c : cases()) {
    for (const PlainSection& section : c.sections) {
      std::vector<Fault> faults;
      catalogue().validate(*c.type, section.group, section.plaintext, faults);
      EXPECT_TRUE(faults.empty()) << c.document.path << " " << name(section.group);
    }
  }
}

TEST_F(GoldenTest, DocumentsGiveTheSameBytesAsEver) {
  for (const Case& c : cases()) {
    std::vector<Fault> faults;
    const auto sections = catalogue().split(*c.type, c.document.json, {}, faults);
    ASSERT_TRUE(faults.empty()) << c.document.path << faults.front().path;
    EXPECT_EQ(sections_text(sections), sections_text(c.sections)) << c.document.path;
  }
}

TEST_F(GoldenTest, TruncatedSectionsAreRefusedOrReadWithoutHarm) {
  for (const Case& c : cases()) {
    for (const PlainSection& section : c.sections) {
      for (std::size_t size = 0; size < section.plaintext.size(); size += 3) {
        const Bytes part(section.plaintext.begin(), section.plaintext.begin() + static_cast<std::ptrdiff_t>(size));
        std::vector<Fault> faults;
        catalogue().validate(*c.type, section.group, part, faults);
        EXPECT_FALSE(faults.empty());
      }
    }
  }
}

TEST_F(GoldenTest, FlippedBitsNeverCrashAndWhatMergesIsJson) {
  std::mt19937 random(5);
  for (const Case& c : cases()) {
    for (const PlainSection& section : c.sections) {
      for (int round = 0; round < 60; ++round) {
        PlainSection bad = section;
        for (int i = 0; i < 2; ++i) bad.plaintext[random() % bad.plaintext.size()] ^= static_cast<std::uint8_t>(1u << random() % 8);
        std::vector<Fault> faults;
        catalogue().validate(*c.type, bad.group, bad.plaintext, faults);
        catalogue().cross_check(*c.type, {bad}, faults);
        const auto merged = catalogue().merge(*c.type, {bad});
        EXPECT_TRUE(!merged || Json::accept(*merged)) << c.document.path << " " << name(bad.group);
      }
    }
  }
}

}  // namespace
}  // namespace lianxi::codec
