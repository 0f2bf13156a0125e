// Laws that hold for every document: splitting and merging is the identity, every section is valid by itself.
#include <gtest/gtest.h>

#include <random>

#include "schemas/codec/json.h"
#include "schemas/codec/schema.h"

namespace lianxi::codec {
namespace {

// Some text that a pattern of the schemas takes: of each class its first letter, of each count the least.
std::string sample_of(const std::string& pattern) {
  std::string out;
  for (std::size_t at = 0; at < pattern.size();) {
    char letter = pattern[at];
    if (letter == '(') {
      at = pattern.find(')', at) + 2;  // Our groups are all optional.
      continue;
    }
    if (letter == '[') {
      letter = pattern[at + 1];
      at = pattern.find(']', at) + 1;
    } else {
      ++at;
    }
    std::size_t count = 1;
    if (at < pattern.size() && pattern[at] == '{') {
      count = std::stoul(pattern.substr(at + 1));
      at = pattern.find('}', at) + 1;
    } else if (at < pattern.size() && pattern[at] == '+') {
      ++at;
    }
    out.append(count, letter);
  }
  return out;
}

class Author {
 public:
  explicit Author(std::uint32_t seed) : random_(seed) {}

  Value table(const TableModel& model) {
    Value out;
    out.present = true;
    out.items.resize(model.fields.size());
    for (std::size_t i = 0; i < model.fields.size(); ++i) {
      const Field& field = model.fields[i];
      const bool needed = field.must || field.must_if.set() || field.check_if.set();
      if (field.masks != kNoField || field.counts != kNoField || (!needed && chance(3))) continue;
      out.items[i] = field.list ? list(field) : single(field);
    }
    for (std::size_t i = 0; i < model.fields.size(); ++i) {
      if (model.fields[i].counts == kNoField) continue;
      Value& listed = out.items[model.fields[i].counts];
      out.items[i].present = true;
      out.items[i].number = static_cast<std::int64_t>(listed.items.size());
    }
    return out;
  }

 private:
  bool chance(std::uint32_t n) { return random_() % n == 0; }

  Value list(const Field& field) {
    Value out;
    out.present = true;
    const std::size_t least = std::max<std::size_t>(field.min_items, field.must || field.must_if.set() ? 2 : 0);
    const std::size_t size = std::min(field.max_items, least + random_() % 4);
    for (std::size_t i = 0; i < size; ++i) out.items.push_back(single(field));
    return out;
  }

  Value single(const Field& field) {
    if (field.shape == Shape::table) return table(*field.table);
    Value out;
    out.present = true;
    switch (field.shape) {
      case Shape::boolean: out.number = field.min == 1 || chance(2) ? 1 : 0; break;
      case Shape::enumeration: out.number = field.enumeration->values[random_() % field.enumeration->values.size()].value; break;
      case Shape::bytes: out.text = bytes(field); break;
      case Shape::text: out.text = words(field); break;
      default: out.number = number(field);
    }
    return out;
  }

  std::string bytes(const Field& field) {
    std::string out;
    const auto size = static_cast<std::size_t>(field.min.value_or(static_cast<std::int64_t>(random_() % 20)));
    for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(random_() % 256);
    return out;
  }

  std::string words(const Field& field) {
    static const char* const kWords[] = {"矿", "a", "𠮷", "\"", "\n", "/", "é"};
    if (field.check == Check::citizen_id) return "43099919700101001X";
    if (field.pattern) return sample_of(field.pattern->text());
    std::string out;
    const std::size_t size = 1 + random_() % 12;
    for (std::size_t i = 0; i < size; ++i) out += kWords[random_() % std::size(kWords)];
    return out;
  }

  std::int64_t number(const Field& field) {
    std::int64_t low = field.is_unsigned ? 0 : -100'000;
    std::int64_t high = field.width == 1 ? 100 : field.width == 2 ? 60'000 : 2'000'000'000;
    if (field.width == 8) high = std::int64_t{1} << (chance(2) ? 40 : 61);
    if (field.unit == Unit::decimal && field.width == 8) high = std::int64_t{1} << 55;
    if (field.unit == Unit::date) low = 0, high = 40'000;
    if (field.unit == Unit::instant) low = 0, high = 4'000'000'000'000;
    if (field.min) low = *field.min;
    if (field.max) high = *field.max;
    if (chance(4)) return chance(2) ? low : high;
    const auto wide = static_cast<std::uint64_t>(random_()) << 32 | random_();
    return low + static_cast<std::int64_t>(wide % static_cast<std::uint64_t>(high - low + 1));
  }

  std::mt19937 random_;
};

TEST(RandomDocumentTest, SplittingAndMergingIsTheIdentity) {
  const auto& catalogue = Catalogue::instance();
  for (const TypeModel& model : load_types()) {
    const TypeInfo& type = *catalogue.by_code(model.info.code);
    for (std::uint32_t seed = 0; seed < 60; ++seed) {
      const std::string json = to_json(model.root, Author(seed).table(model.root));
      std::vector<Fault> faults;
      const auto sections = catalogue.split(type, json, {}, faults);
      ASSERT_TRUE(faults.empty()) << type.name << " seed " << seed << " " << faults[0].path << ": " << faults[0].en << "\n" << json;
      const auto merged = catalogue.merge(type, sections);
      ASSERT_TRUE(merged) << type.name << " seed " << seed;
      ASSERT_EQ(*merged, json) << type.name << " seed " << seed;
      for (const PlainSection& section : sections) {
        catalogue.validate(type, section.group, section.plaintext, faults);
        ASSERT_TRUE(faults.empty()) << type.name << " seed " << seed << " " << name(section.group) << faults[0].path << faults[0].en;
      }
    }
  }
}

TEST(RandomDocumentTest, SplittingWhatWasMergedGivesTheSameBytes) {
  const auto& catalogue = Catalogue::instance();
  for (const TypeModel& model : load_types()) {
    const TypeInfo& type = *catalogue.by_code(model.info.code);
    std::vector<Fault> faults;
    const auto first = catalogue.split(type, to_json(model.root, Author(99).table(model.root)), {}, faults);
    ASSERT_TRUE(faults.empty()) << type.name;
    const auto merged = catalogue.merge(type, first);
    ASSERT_TRUE(merged);
    const auto second = catalogue.split(type, *merged, {}, faults);
    ASSERT_EQ(first.size(), second.size());
    for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(first[i].plaintext, second[i].plaintext) << type.name;
  }
}

}  // namespace
}  // namespace lianxi::codec
