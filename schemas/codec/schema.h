// The schemas as the codec works with them: per message type a tree of tables and fields with effective groups and compiled rules,
// built once by reflection from the binary schema. Inside schemas/codec only.
//
// Effective group of a leaf: its `group` attribute; if a field on the way down carries `group` and the table it refers to has
// `main`, leaves of that main group move to it. A table or list of tables stands in every group that one of its leaves has.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "schemas/codec/catalogue.h"
#include "schemas/codec/pattern.h"
#include "schemas/codec/text.h"

namespace lianxi::codec {

class GroupSet {
 public:
  void add(Group group) { bits_ |= 1u << static_cast<unsigned>(group); }
  void add(GroupSet other) { bits_ |= other.bits_; }
  bool has(Group group) const { return (bits_ >> static_cast<unsigned>(group) & 1u) != 0; }
  bool empty() const { return bits_ == 0; }
  std::vector<Group> list() const;

 private:
  std::uint32_t bits_ = 0;
};

struct EnumValue {
  std::int64_t value = 0;
  std::string name;
  std::string zh;
  std::string en;
};
struct EnumModel {
  std::string name;
  std::vector<EnumValue> values;
  const EnumValue* by_name(std::string_view name) const;
  const EnumValue* by_value(std::int64_t value) const;
};

enum class Shape { boolean, integer, enumeration, text, bytes, table };
enum class Unit { plain, instant, date, position, decimal };
enum class Check { none, uscc, citizen_id, crs };

inline constexpr std::size_t kNoField = static_cast<std::size_t>(-1);

// "field=a|b": holds if the sibling has one of the values; "" among them means that it may be absent.
struct Condition {
  std::size_t field = kNoField;
  std::vector<std::string> values;
  bool absent = false;
  bool set() const { return field != kNoField; }
};

struct TableModel;

struct Field {
  std::string name;
  std::string zh;
  std::string en;
  std::uint16_t slot = 0;            // Offset in the vtable.
  Shape shape{};                     // Of the field, or of the list's elements.
  bool list = false;
  std::size_t width = 0;             // Bytes of a scalar.
  bool is_unsigned = false;
  std::shared_ptr<const EnumModel> enumeration;
  std::unique_ptr<TableModel> table;
  GroupSet groups;
  bool must = false;
  Condition must_if;
  Unit unit = Unit::plain;
  int decimals = 0;
  std::string unit_text;
  std::optional<Pattern> pattern;
  std::optional<std::int64_t> min;   // Of a number, of a text's characters, of bytes.
  std::optional<std::int64_t> max;
  std::size_t min_items = 0;
  std::size_t max_items = 1024;
  Mask mask = Mask::none;
  std::size_t masked_by = kNoField;  // The field that takes the masked form.
  std::size_t masks = kNoField;      // In the masked field: where it comes from.
  std::size_t counts = kNoField;     // The sibling list whose length this is.
  Check check = Check::none;
  Condition check_if;
  bool scalar() const { return shape == Shape::boolean || shape == Shape::integer || shape == Shape::enumeration; }
};

struct TableModel {
  std::string name;
  std::string zh;
  std::string en;
  std::vector<Field> fields;         // By slot: field i has slot 4 + 2 * i.
  GroupSet groups;
  const Field* field(std::string_view name) const;
};

struct TypeModel {
  TypeInfo info;
  TableModel root;
  std::uint8_t union_value = 0;      // In AnyMessage.
};

// All types, ascending code. check()s the whole schema: an attribute used wrongly is our own fault.
std::vector<TypeModel> load_types();

}  // namespace lianxi::codec
