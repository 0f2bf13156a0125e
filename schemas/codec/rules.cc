#include "schemas/codec/rules.h"

#include <algorithm>

#include "schemas/codec/check_digit.h"

namespace lianxi::codec {

namespace {

constexpr std::int64_t kTextMax = 4000;

std::string shown(const Field& field, const Value& value) {
  switch (field.shape) {
    case Shape::boolean: return value.number != 0 ? "true" : "false";
    case Shape::integer: return std::to_string(value.number);
    case Shape::enumeration: {
      const EnumValue* found = field.enumeration->by_value(value.number);
      return found == nullptr ? std::string() : found->name;
    }
    default: return value.text;
  }
}

class Checker {
 public:
  Checker(std::optional<Group> only, std::vector<Fault>& faults) : only_(only), faults_(faults) {}

  void table(const TableModel& model, const Value& value, const std::string& path) {
    for (std::size_t i = 0; i < model.fields.size(); ++i) {
      const Field& field = model.fields[i];
      if (!visible(field)) continue;
      const Value& item = value.items[i];
      const std::string at = path + "/" + field.name;
      if (!item.present) {
        if (field.must || holds(model, value, field.must_if)) missing(field, at);
        continue;
      }
      if (field.list) list(field, item, at);
      else single(field, item, at);
      if (field.check == Check::citizen_id) citizen_id(model, value, field, item, at);
      if (!only_) across(model, value, field, item, at);
    }
  }

 private:
  bool visible(const Field& field) const { return !only_ || field.groups.has(*only_); }

  // False too if the condition's field lies in another section: the whole document is checked by its sender and its readers.
  bool holds(const TableModel& model, const Value& value, const Condition& condition) const {
    if (!condition.set()) return false;
    const Field& field = model.fields[condition.field];
    if (!visible(field)) return false;
    const Value& item = value.items[condition.field];
    if (!item.present) return condition.absent;
    return std::find(condition.values.begin(), condition.values.end(), shown(field, item)) != condition.values.end();
  }

  void add(const std::string& path, Code code, std::string zh, std::string en) {
    faults_.push_back({path, code, std::move(zh), std::move(en)});
  }
  void invalid(const Field& field, const std::string& path, const std::string& zh, const std::string& en) {
    add(path, Code::field_invalid, "“" + field.zh + "”" + zh, "\"" + field.en + "\" " + en);
  }
  void missing(const Field& field, const std::string& path) {
    add(path, Code::field_missing, "缺少必填项“" + field.zh + "”", "required field \"" + field.en + "\" is missing");
  }

  void list(const Field& field, const Value& value, const std::string& path) {
    const std::size_t size = value.items.size();
    if (size < field.min_items) {
      const std::string n = std::to_string(field.min_items);
      invalid(field, path, "至少应有 " + n + " 项", "needs at least " + n + " items");
    }
    if (size > field.max_items) {
      const std::string n = std::to_string(field.max_items);
      invalid(field, path, "最多 " + n + " 项", "takes at most " + n + " items");
    }
    for (std::size_t i = 0; i < size; ++i) single(field, value.items[i], path + "/" + std::to_string(i));
  }

  void single(const Field& field, const Value& value, const std::string& path) {
    switch (field.shape) {
      case Shape::table: return table(*field.table, value, path);
      case Shape::text: return text(field, value, path);
      case Shape::bytes: return length(field, static_cast<std::int64_t>(value.text.size()), path, "字节", "bytes", kTextMax);
      case Shape::enumeration: return enumeration(field, value, path);
      case Shape::integer:
      case Shape::boolean: return number(field, value, path);
    }
  }

  void text(const Field& field, const Value& value, const std::string& path) {
    const auto count = characters(value.text);
    if (!count) return invalid(field, path, "不是有效的文本", "is not valid text");
    length(field, static_cast<std::int64_t>(*count), path, "字", "characters", kTextMax);
    if (field.pattern && !field.pattern->matches(value.text)) {
      invalid(field, path, "格式不符，应为 " + field.pattern->text(), "does not match " + field.pattern->text());
    }
  }

  void length(const Field& field, std::int64_t size, const std::string& path, const std::string& zh, const std::string& en,
              std::int64_t default_max) {
    const std::int64_t max = field.max.value_or(default_max);
    if (size > max) {
      invalid(field, path, "过长，最多 " + std::to_string(max) + " " + zh, "is too long, at most " + std::to_string(max) + " " + en);
    }
    if (field.min && size < *field.min) {
      invalid(field, path, "过短，至少 " + std::to_string(*field.min) + " " + zh,
              "is too short, at least " + std::to_string(*field.min) + " " + en);
    }
  }

  void enumeration(const Field& field, const Value& value, const std::string& path) {
    if (field.enumeration->by_value(value.number) != nullptr) return;
    if (field.check == Check::crs) {
      return add(path, Code::crs_refused, "坐标系只接受 CGCS2000 或 WGS84", "only CGCS2000 or WGS84 coordinates are accepted");
    }
    invalid(field, path, "不是已登记的取值", "is not a known value");
  }

  void number(const Field& field, const Value& value, const std::string& path) {
    const bool large = field.is_unsigned && value.number < 0;  // Above 2^63.
    if (field.min && !large && value.number < *field.min) invalid(field, path, "小于允许的最小值", "is below the minimum");
    if (field.max && (large || value.number > *field.max)) invalid(field, path, "大于允许的最大值", "is above the maximum");
    if (field.unit == Unit::date && (value.number < -719'162 || value.number > 2'932'896)) {
      invalid(field, path, "不是有效日期", "is not a valid date");
    }
    if (field.unit == Unit::instant && (value.number < -62'135'596'800'000 || value.number > 253'402'214'400'000)) {
      invalid(field, path, "不是有效时间", "is not a valid instant");
    }
  }

  void citizen_id(const TableModel& model, const Value& value, const Field& field, const Value& item, const std::string& path) {
    if (field.check_if.set() && !holds(model, value, field.check_if)) return;
    if (citizen_id_valid(item.text)) return;
    add(path, Code::check_digit, "“" + field.zh + "”不是有效的居民身份证号码（校验位或出生日期有误）",
        "\"" + field.en + "\" is not a valid citizen id (check digit or birth date)");
  }

  void across(const TableModel& model, const Value& value, const Field& field, const Value& item, const std::string& path) {
    if (field.counts != kNoField && value.items[field.counts].present &&
        item.number != static_cast<std::int64_t>(value.items[field.counts].items.size())) {
      invalid(field, path, "与清单的实际项数不符", "is not the number of items in the list");
    }
    if (field.masks != kNoField && value.items[field.masks].present &&
        item.text != masked(model.fields[field.masks].mask, value.items[field.masks].text)) {
      invalid(field, path, "与原文的掩码形式不符", "is not the masked form of its original");
    }
  }

  std::optional<Group> only_;
  std::vector<Fault>& faults_;
};

}  // namespace

void derive(const TableModel& table, Value& value) {
  for (std::size_t i = 0; i < table.fields.size(); ++i) {
    const Field& field = table.fields[i];
    Value& item = value.items[i];
    if (field.counts != kNoField && !item.present) {
      item.present = true;
      item.number = static_cast<std::int64_t>(value.items[field.counts].items.size());
    }
    if (field.masks != kNoField && !item.present && value.items[field.masks].present) {
      item.present = true;
      item.text = masked(table.fields[field.masks].mask, value.items[field.masks].text);
    }
    if (field.shape != Shape::table || !item.present) continue;
    if (!field.list) derive(*field.table, item);
    else for (Value& element : item.items) derive(*field.table, element);
  }
}

void check_rules(const TableModel& table, const Value& value, std::optional<Group> only, std::vector<Fault>& faults) {
  Checker(only, faults).table(table, value, "");
}

void find_warnings(const TableModel& table, const Value& value, const std::string& path, std::vector<Fault>& warnings) {
  for (std::size_t i = 0; i < table.fields.size(); ++i) {
    const Field& field = table.fields[i];
    const Value& item = value.items[i];
    if (!item.present) continue;
    const std::string at = path + "/" + field.name;
    if (field.check == Check::uscc && !uscc_valid(item.text)) {
      warnings.push_back({at, Code::check_digit, "“" + field.zh + "”校验位不符，请核对", "check digit of \"" + field.en + "\" fails, please check"});
    }
    if (field.shape != Shape::table) continue;
    if (!field.list) find_warnings(*field.table, item, at, warnings);
    for (std::size_t n = 0; field.list && n < item.items.size(); ++n) {
      find_warnings(*field.table, item.items[n], at + "/" + std::to_string(n), warnings);
    }
  }
}

}  // namespace lianxi::codec
