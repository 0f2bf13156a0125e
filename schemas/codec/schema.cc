#include "schemas/codec/schema.h"

#include <algorithm>
#include <charconv>

#include <flatbuffers/reflection.h>

#include "schemas/base/check.h"
#include "schemas/messages/any_bfbs_generated.h"

namespace lianxi::codec {

namespace {

constexpr std::size_t kNestingMax = 8;

using Attributes = flatbuffers::Vector<flatbuffers::Offset<reflection::KeyValue>>;
using Lines = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>;

std::optional<std::string> attribute(const Attributes* attributes, std::string_view key) {
  if (attributes == nullptr) return std::nullopt;
  for (const auto* item : *attributes) {
    if (item->key()->string_view() == key) return item->value() == nullptr ? std::string() : item->value()->str();
  }
  return std::nullopt;
}

std::int64_t integer(const std::string& text) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  check(error == std::errc() && end == text.data() + text.size(), "schema: attribute is no integer");
  return out;
}

std::string trimmed(const flatbuffers::String* line) {
  const std::string text = line->str();
  const std::size_t from = text.find_first_not_of(' ');
  return from == std::string::npos ? std::string() : text.substr(from, text.find_last_not_of(' ') - from + 1);
}

// First line Chinese, the others English.
void read_comments(const Lines* lines, std::string& zh, std::string& en) {
  if (lines == nullptr || lines->size() == 0) return;
  zh = trimmed(lines->Get(0));
  for (flatbuffers::uoffset_t i = 1; i < lines->size(); ++i) en += (i == 1 ? "" : " ") + trimmed(lines->Get(i));
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out;
  std::size_t from = 0;
  for (std::size_t at = text.find(separator); at != std::string::npos; at = text.find(separator, from)) {
    out.push_back(text.substr(from, at - from));
    from = at + 1;
  }
  out.push_back(text.substr(from));
  return out;
}

std::string last_name(const flatbuffers::String* full) {
  const std::string text = full->str();
  return text.substr(text.rfind('.') + 1);
}

struct Move {  // Leaves of group `from` go to `to`.
  std::optional<Group> from;
  Group to{};
};

class Loader {
 public:
  explicit Loader(const reflection::Schema& schema) : schema_(schema) {
    for (const auto* item : *schema.enums()) {
      auto model = std::make_shared<EnumModel>();
      model->name = last_name(item->name());
      for (const auto* value : *item->values()) {
        EnumValue out{value->value(), value->name()->str(), {}, {}};
        read_comments(value->documentation(), out.zh, out.en);
        model->values.push_back(std::move(out));
      }
      enums_.push_back(std::move(model));
    }
  }

  std::vector<TypeModel> types() const {
    const reflection::Enum* any = nullptr;
    for (const auto* item : *schema_.enums()) {
      if (item->is_union()) any = item;
    }
    check(any != nullptr, "schema: no union of all types");
    std::vector<TypeModel> out;
    for (const auto* value : *any->values()) {
      if (value->value() == 0) continue;
      out.push_back(type(*schema_.objects()->Get(static_cast<flatbuffers::uoffset_t>(value->union_type()->index()))));
      out.back().union_value = static_cast<std::uint8_t>(value->value());
    }
    std::sort(out.begin(), out.end(), [](const TypeModel& a, const TypeModel& b) { return a.info.code < b.info.code; });
    for (std::size_t i = 1; i < out.size(); ++i) {
      check(out[i - 1].info.code != out[i].info.code, "schema: two types have one code");
    }
    return out;
  }

 private:
  TypeModel type(const reflection::Object& object) const {
    TypeModel out;
    const auto* attributes = object.attributes();
    const auto code = attribute(attributes, "code");
    check(code.has_value(), "schema: a type has no code");
    out.info.code = static_cast<std::uint16_t>(integer(*code));
    out.info.name = last_name(object.name());
    out.info.zh = attribute(attributes, "zh").value_or("");
    out.info.en = attribute(attributes, "en").value_or("");
    check(!out.info.zh.empty() && !out.info.en.empty(), "schema: a type has no name");
    if (const auto ids = attribute(attributes, "ids")) out.info.ids = split(*ids, ',');
    out.info.reply = attribute(attributes, "reply").has_value();
    out.info.starts_clock = attribute(attributes, "starts_clock").has_value() || any_field_starts_clock(object);
    out.root = table(object, {}, 0);
    out.info.groups = out.root.groups.list();
    return out;
  }

  static bool any_field_starts_clock(const reflection::Object& object) {
    return std::any_of(object.fields()->begin(), object.fields()->end(),
                       [](const auto* field) { return attribute(field->attributes(), "starts_clock").has_value(); });
  }

  TableModel table(const reflection::Object& object, const Move& move, std::size_t depth) const {
    check(depth < kNestingMax && !object.is_struct(), "schema: nested too deep, or a struct");
    TableModel out;
    out.name = last_name(object.name());
    read_comments(object.documentation(), out.zh, out.en);
    std::vector<const reflection::Field*> fields(object.fields()->begin(), object.fields()->end());
    std::sort(fields.begin(), fields.end(), [](const auto* a, const auto* b) { return a->id() < b->id(); });
    for (const auto* item : fields) {
      check(item->id() == out.fields.size() && !item->deprecated(), "schema: field ids are not dense");
      out.fields.push_back(field(*item, move, depth));
      out.groups.add(out.fields.back().groups);
    }
    for (std::size_t i = 0; i < fields.size(); ++i) link(out, i, *fields[i]);
    return out;
  }

  Field field(const reflection::Field& in, const Move& move, std::size_t depth) const {
    Field out;
    out.name = in.name()->str();
    out.slot = in.offset();
    read_comments(in.documentation(), out.zh, out.en);
    check(!out.zh.empty() && !out.en.empty(), "schema: a field has no comment in both languages");
    read_shape(in, out);
    read_rules(in.attributes(), out);
    const auto named = attribute(in.attributes(), "group");
    const auto group = named ? group_named(*named) : std::nullopt;
    check(named.has_value() == group.has_value(), "schema: unknown group");
    if (out.shape == Shape::table) {
      const auto& object = *schema_.objects()->Get(static_cast<flatbuffers::uoffset_t>(in.type()->index()));
      out.table = std::make_unique<TableModel>(table(object, moved(object, group, move), depth + 1));
      out.groups = out.table->groups;
    } else {
      check(group.has_value(), "schema: a field has no group");
      out.groups.add(move.from == *group ? move.to : *group);
    }
    return out;
  }

  static Move moved(const reflection::Object& object, std::optional<Group> group, const Move& outer) {
    if (!group) return outer;
    const auto main = attribute(object.attributes(), "main");
    check(main.has_value() && group_named(*main).has_value(), "schema: group on a table without main");
    return {group_named(*main), outer.from == *group ? outer.to : *group};
  }

  void read_shape(const reflection::Field& in, Field& out) const {
    auto base = in.type()->base_type();
    out.list = base == reflection::Vector;
    if (out.list) base = in.type()->element();
    const int index = in.type()->index();
    switch (base) {
      case reflection::Bool: out.shape = Shape::boolean; break;
      case reflection::String: out.shape = Shape::text; break;
      case reflection::Obj: out.shape = Shape::table; break;
      case reflection::Byte: case reflection::UByte: case reflection::Short: case reflection::UShort:
      case reflection::Int: case reflection::UInt: case reflection::Long: case reflection::ULong:
        out.shape = index >= 0 ? Shape::enumeration : Shape::integer;
        break;
      default: check(false, "schema: a field has a type that the codec does not know");
    }
    if (out.list && base == reflection::UByte && index < 0) {
      out.shape = Shape::bytes;
      out.list = false;
    }
    if (out.scalar()) out.width = flatbuffers::GetTypeSize(base);
    out.is_unsigned = base == reflection::UByte || base == reflection::UShort || base == reflection::UInt || base == reflection::ULong;
    if (out.shape == Shape::enumeration) out.enumeration = enums_[static_cast<std::size_t>(index)];
  }

  static void read_rules(const Attributes* attributes, Field& out) {
    out.must = attribute(attributes, "must").has_value();
    read_unit(attribute(attributes, "unit").value_or(""), out);
    if (const auto text = attribute(attributes, "pattern")) {
      out.pattern = Pattern::compile(*text);
      check(out.pattern.has_value(), "schema: pattern does not compile");
    }
    if (const auto text = attribute(attributes, "min")) out.min = integer(*text);
    if (const auto text = attribute(attributes, "max")) out.max = integer(*text);
    if (const auto text = attribute(attributes, "min_items")) out.min_items = static_cast<std::size_t>(integer(*text));
    if (const auto text = attribute(attributes, "max_items")) out.max_items = static_cast<std::size_t>(integer(*text));
    const auto mask = attribute(attributes, "mask");
    if (mask == "name") out.mask = Mask::name;
    if (mask == "phone") out.mask = Mask::phone;
    if (mask == "address") out.mask = Mask::address;
    check(!mask || out.mask != Mask::none, "schema: unknown mask");
    const auto checked = attribute(attributes, "check");
    if (checked == "uscc") out.check = Check::uscc;
    if (checked == "citizen_id") out.check = Check::citizen_id;
    if (checked == "crs") out.check = Check::crs;
    check(!checked || out.check != Check::none, "schema: unknown check");
  }

  static void read_unit(const std::string& text, Field& out) {
    out.unit_text = text;
    if (text == "ms") out.unit = Unit::instant;
    if (text == "date") out.unit = Unit::date;
    if (text == "position") out.unit = Unit::position;
    if (text.starts_with("0.01 ")) out.decimals = 2;
    if (text.starts_with("1e-7 ")) out.decimals = 7;
    if (out.decimals != 0) out.unit = Unit::decimal;
  }

  static std::size_t sibling(const TableModel& table, std::string_view name) {
    for (std::size_t i = 0; i < table.fields.size(); ++i) {
      if (table.fields[i].name == name) return i;
    }
    check(false, "schema: an attribute names no sibling");
    return kNoField;
  }

  static Condition condition(const TableModel& table, const std::optional<std::string>& text) {
    Condition out;
    if (!text) return out;
    const std::size_t equals = text->find('=');
    check(equals != std::string::npos, "schema: condition without =");
    out.field = sibling(table, std::string_view(*text).substr(0, equals));
    for (std::string& value : split(text->substr(equals + 1), '|')) {
      if (value.empty()) out.absent = true;
      else out.values.push_back(std::move(value));
    }
    return out;
  }

  static void link(TableModel& table, std::size_t index, const reflection::Field& in) {
    Field& field = table.fields[index];
    field.must_if = condition(table, attribute(in.attributes(), "must_if"));
    field.check_if = condition(table, attribute(in.attributes(), "check_if"));
    if (const auto counted = attribute(in.attributes(), "counts")) {
      field.counts = sibling(table, *counted);
      check(table.fields[field.counts].list, "schema: counts names no list");
    }
    if (field.mask == Mask::none) return;
    field.masked_by = sibling(table, field.name + "_masked");
    Field& target = table.fields[field.masked_by];
    target.masks = index;
    check(field.groups.has(Group::c3) && target.groups.has(Group::c3m), "schema: only C3 is masked, into C3M");
  }

  const reflection::Schema& schema_;
  std::vector<std::shared_ptr<const EnumModel>> enums_;
};

}  // namespace

std::vector<Group> GroupSet::list() const {
  std::vector<Group> out;
  for (const Group group : all_groups()) {
    if (has(group)) out.push_back(group);
  }
  return out;
}

const EnumValue* EnumModel::by_name(std::string_view wanted) const {
  const auto found = std::find_if(values.begin(), values.end(), [&](const EnumValue& v) { return v.name == wanted; });
  return found == values.end() ? nullptr : &*found;
}

const EnumValue* EnumModel::by_value(std::int64_t wanted) const {
  const auto found = std::find_if(values.begin(), values.end(), [&](const EnumValue& v) { return v.value == wanted; });
  return found == values.end() ? nullptr : &*found;
}

const Field* TableModel::field(std::string_view wanted) const {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == wanted; });
  return found == fields.end() ? nullptr : &*found;
}

std::vector<TypeModel> load_types() {
  const auto* data = msg::AnyBinarySchema::data();
  flatbuffers::Verifier verifier(data, msg::AnyBinarySchema::size());
  check(reflection::VerifySchemaBuffer(verifier), "schema: the binary schema does not verify");
  return Loader(*reflection::GetSchema(data)).types();
}

}  // namespace lianxi::codec
