#include "schemas/codec/json.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <set>

#include <nlohmann/json.hpp>

#include "schemas/base/clock.h"
#include "schemas/base/strong_id.h"
#include "schemas/codec/check_digit.h"

namespace lianxi::codec {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kExactMax = std::int64_t{1} << 53;
constexpr std::int64_t kDecimalMax = std::int64_t{1} << 50;  // Below, a double holds every decimal of ours.
constexpr int kJsonDepthMax = 32;

std::int64_t power_of_ten(int exponent) {
  std::int64_t out = 1;
  while (exponent-- > 0) out *= 10;
  return out;
}

std::string pointer_part(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '~') out += "~0";
    else if (c == '/') out += "~1";
    else out += c;
  }
  return out;
}

// "-12.345" in units of 10^-decimals; further digits must be zeros unless they may be rounded off.
std::optional<std::int64_t> parse_decimal(std::string_view text, int decimals, bool round) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view part = point == std::string_view::npos ? std::string_view("0") : text.substr(point + 1);
  const auto digits = [](std::string_view s) { return !s.empty() && s.find_first_not_of("0123456789") == std::string_view::npos; };
  if (!digits(whole) || !digits(part) || whole.size() > 17) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : whole) value = value * 10 + (c - '0');
  for (int i = 0; i < decimals; ++i) {
    const auto at = static_cast<std::size_t>(i);
    value = value * 10 + (at < part.size() ? part[at] - '0' : 0);
    if (value > std::numeric_limits<std::int64_t>::max() / 16) return std::nullopt;
  }
  const auto used = static_cast<std::size_t>(decimals);
  if (part.size() > used && part.find_first_not_of('0', used) != std::string_view::npos) {
    if (!round) return std::nullopt;
    if (part[used] >= '5') ++value;
  }
  return negative ? -value : value;
}

class JsonReader {
 public:
  explicit JsonReader(std::vector<Fault>& faults) : faults_(faults) {}

  Value table(const TableModel& model, const Json& in, const std::string& path) {
    Value out;
    out.present = true;
    out.items.resize(model.fields.size());
    if (!in.is_object()) {
      add(path, Code::field_invalid, "应为对象", "must be an object");
      return out;
    }
    for (const auto& [key, value] : in.items()) {
      const Field* field = model.field(key);
      if (field == nullptr) {
        unknown(model, key, path);
      } else if (!value.is_null()) {
        out.items[static_cast<std::size_t>(field - model.fields.data())] = any(*field, value, path + "/" + key);
      }
    }
    return out;
  }

 private:
  void add(const std::string& path, Code code, std::string zh, std::string en) {
    faults_.push_back({path, code, std::move(zh), std::move(en)});
  }

  void unknown(const TableModel& model, const std::string& key, const std::string& path) {
    std::vector<std::string> names;
    for (const Field& field : model.fields) names.push_back(field.name);
    const std::string near = nearest(key, names);
    add(path + "/" + pointer_part(key), Code::field_unknown, near.empty() ? "没有这个字段" : "没有这个字段，是否为 " + near + "？",
        near.empty() ? "no such field" : "no such field; did you mean " + near + "?");
  }

  Value any(const Field& field, const Json& in, const std::string& path) {
    if (!field.list) return single(field, in, path);
    Value out;
    out.present = true;
    if (!in.is_array()) {
      add(path, Code::field_invalid, "“" + field.zh + "”应为列表", "\"" + field.en + "\" must be a list");
      return out;
    }
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (i > field.max_items) break;  // One more than allowed is enough to say so.
      out.items.push_back(single(field, in[i], path + "/" + std::to_string(i)));
    }
    return out;
  }

  Value single(const Field& field, const Json& in, const std::string& path) {
    if (field.shape == Shape::table) return table(*field.table, in, path);
    Value out;
    // Whatever could not be read still counts as given: otherwise it would be reported as missing too.
    out.present = true;
    const bool good = field.shape == Shape::text || field.shape == Shape::bytes ? text(field, in, out) : number(field, in, out);
    if (!good) wrong_kind(field, path);
    return out;
  }

  static bool text(const Field& field, const Json& in, Value& out) {
    if (!in.is_string()) return false;
    const auto& value = in.get_ref<const std::string&>();
    if (field.shape == Shape::text) {
      out.text = field.check == Check::citizen_id ? citizen_id_normalised(value) : value;
      return true;
    }
    const auto bytes = from_hex(value);
    if (bytes) out.text.assign(bytes->begin(), bytes->end());
    return bytes.has_value();
  }

  static bool number(const Field& field, const Json& in, Value& out) {
    if (field.shape == Shape::boolean) {
      out.number = in.is_boolean() && in.get<bool>() ? 1 : 0;
      return in.is_boolean();
    }
    if (field.shape == Shape::enumeration) return enumeration(field, in, out);
    switch (field.unit) {
      case Unit::instant: return in.is_string() && parse_rfc3339(in.get<std::string>(), out.number);
      case Unit::date: return date(in, out);
      case Unit::position: return position(in, out);
      case Unit::decimal: return decimal(field, in, out) && fits(field, out.number);
      case Unit::plain: break;
    }
    return integer(field, in, out);
  }

  static bool enumeration(const Field& field, const Json& in, Value& out) {
    if (!in.is_string()) return false;
    const EnumValue* found = field.enumeration->by_name(in.get_ref<const std::string&>());
    if (found != nullptr) out.number = found->value;
    return found != nullptr;
  }

  static bool date(const Json& in, Value& out) {
    std::int32_t days = 0;
    if (!in.is_string() || !parse_date(in.get<std::string>(), days)) return false;
    out.number = days;
    return true;
  }

  static bool position(const Json& in, Value& out) {
    Position at;
    if (!in.is_string() || !parse(in.get<std::string>(), at)) return false;
    out.number = static_cast<std::int64_t>(at.packed());
    return true;
  }

  // Degrees finer than 1e-7 are rounded; money, areas and readings finer than their unit are refused.
  static bool decimal(const Field& field, const Json& in, Value& out) {
    const bool round = field.decimals > 2;
    std::optional<std::int64_t> value;
    if (in.is_string()) {
      value = parse_decimal(in.get_ref<const std::string&>(), field.decimals, round);
    } else if (in.is_number()) {
      const double given = in.get<double>();
      const auto scale = static_cast<double>(power_of_ten(field.decimals));
      if (!(std::fabs(given) * scale < static_cast<double>(kExactMax))) return false;
      value = std::llround(given * scale);
      if (!round && static_cast<double>(*value) / scale != given) return false;
    }
    if (value) out.number = *value;
    return value.has_value();
  }

  static bool integer(const Field& field, const Json& in, Value& out) {
    if (in.is_string()) return integer_text(field, in.get_ref<const std::string&>(), out);
    if (!in.is_number_integer()) return false;
    if (in.is_number_unsigned()) {
      const auto value = in.get<std::uint64_t>();
      if (!field.is_unsigned && value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return false;
      out.number = static_cast<std::int64_t>(value);
      return field.is_unsigned && field.width == 8 ? true : value <= kInt63 && fits(field, out.number);
    }
    out.number = in.get<std::int64_t>();
    return fits(field, out.number);
  }

  static bool integer_text(const Field& field, const std::string& value, Value& out) {
    const char* end = value.data() + value.size();
    if (field.is_unsigned) {
      std::uint64_t number = 0;
      const auto [at, error] = std::from_chars(value.data(), end, number);
      out.number = static_cast<std::int64_t>(number);
      return error == std::errc() && at == end && (field.width == 8 || (number <= kInt63 && fits(field, out.number)));
    }
    const auto [at, error] = std::from_chars(value.data(), end, out.number);
    return error == std::errc() && at == end && fits(field, out.number);
  }

  static bool fits(const Field& field, std::int64_t value) {
    if (field.width == 8) return !field.is_unsigned || value >= 0;
    const int bits = static_cast<int>(field.width) * 8;
    if (field.is_unsigned) return value >= 0 && value < std::int64_t{1} << bits;
    return value >= -(std::int64_t{1} << (bits - 1)) && value < std::int64_t{1} << (bits - 1);
  }

  void wrong_kind(const Field& field, const std::string& path) {
    if (field.check == Check::crs) {
      return add(path, Code::crs_refused, "坐标系只接受 CGCS2000 或 WGS84", "only CGCS2000 or WGS84 coordinates are accepted");
    }
    std::string zh;
    std::string en;
    expected(field, zh, en);
    add(path, Code::field_invalid, "“" + field.zh + "”应为" + zh, "\"" + field.en + "\" must be " + en);
  }

  static void expected(const Field& field, std::string& zh, std::string& en) {
    switch (field.shape) {
      case Shape::text: zh = "文本", en = "a text"; return;
      case Shape::bytes: zh = "十六进制文本", en = "a text in lowercase hex"; return;
      case Shape::boolean: zh = " true 或 false", en = "true or false"; return;
      case Shape::enumeration: return expected_names(*field.enumeration, zh, en);
      default: break;
    }
    switch (field.unit) {
      case Unit::instant: zh = "带时区的时间，如 2025-03-04T16:30:00+08:00", en = "an RFC 3339 instant"; return;
      case Unit::date: zh = "日期，如 2025-03-04", en = "a date such as 2025-03-04"; return;
      case Unit::position: zh = "日志位置，如 \"4711.3\"", en = "a position such as \"4711.3\""; return;
      case Unit::decimal: {
        const std::string n = std::to_string(field.decimals);
        zh = "最多 " + n + " 位小数的数", en = "a number with at most " + n + " decimals";
        return;
      }
      case Unit::plain: zh = "允许范围内的整数", en = "an integer within bounds";
    }
  }

  static void expected_names(const EnumModel& model, std::string& zh, std::string& en) {
    zh = "下列之一：";
    en = "one of ";
    for (std::size_t i = 0; i < model.values.size(); ++i) {
      zh += (i == 0 ? "" : "、") + model.values[i].name;
      en += (i == 0 ? "" : ", ") + model.values[i].name;
    }
  }

  static constexpr std::uint64_t kInt63 = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

  std::vector<Fault>& faults_;
};

// Nothing if the text is no JSON object, or is nested too deep. Names given twice are reported: which one counts is open.
std::optional<Json> parse(std::string_view json, std::vector<Fault>& faults) {
  std::vector<std::set<std::string>> names;
  std::set<std::string> twice;
  bool deep = false;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kJsonDepthMax) deep = true;
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end) names.pop_back();
    if (event == Json::parse_event_t::key && !names.back().insert(parsed.get<std::string>()).second) {
      twice.insert(parsed.get<std::string>());
    }
    return !deep;
  };
  Json out = Json::parse(json.begin(), json.end(), watch, false);
  for (const std::string& name : twice) {
    faults.push_back({"", Code::field_invalid, "字段 " + name + " 出现两次", "field " + name + " is given twice"});
  }
  if (out.is_discarded() || deep || !out.is_object()) return std::nullopt;
  return out;
}

// --- values -> JSON ---------------------------------------------------------------------------------------------------

Json scalar_json(const Field& field, const Value& value) {
  switch (field.shape) {
    case Shape::text: return characters(value.text) ? Json(value.text) : Json(hex(view(value.text)));
    case Shape::bytes: return hex(view(value.text));
    case Shape::boolean: return value.number != 0;
    case Shape::enumeration: {
      const EnumValue* found = field.enumeration->by_value(value.number);
      return found == nullptr ? Json(value.number) : Json(found->name);
    }
    default: break;
  }
  const bool exact = value.number >= -kExactMax && value.number <= kExactMax && !(field.is_unsigned && value.number < 0);
  switch (field.unit) {
    case Unit::instant: return to_rfc3339(value.number);
    case Unit::date: return date_text(static_cast<std::int32_t>(value.number));
    case Unit::position: return to_string(Position::unpack(static_cast<std::uint64_t>(value.number)));
    case Unit::decimal: {
      const std::int64_t scale = power_of_ten(field.decimals);
      const bool small = value.number > -kDecimalMax && value.number < kDecimalMax;
      if (value.number % scale == 0 && small) return value.number / scale;
      if (small) return static_cast<double>(value.number) / static_cast<double>(scale);
      const std::uint64_t size = value.number < 0 ? 0 - static_cast<std::uint64_t>(value.number) : static_cast<std::uint64_t>(value.number);
      const auto unit = static_cast<std::uint64_t>(scale);
      std::string part = std::to_string(size % unit);
      part.insert(0, static_cast<std::size_t>(field.decimals) - part.size(), '0');
      return (value.number < 0 ? "-" : "") + std::to_string(size / unit) + "." + part;
    }
    case Unit::plain: break;
  }
  if (exact) return value.number;
  return field.is_unsigned ? std::to_string(static_cast<std::uint64_t>(value.number)) : std::to_string(value.number);
}

Json table_json(const TableModel& table, const Value& value);

Json single_json(const Field& field, const Value& value) {
  return field.shape == Shape::table ? table_json(*field.table, value) : scalar_json(field, value);
}

bool says_no_more(const TableModel& table, const Value& value, const Field& field, const Value& item) {
  if (field.masks == kNoField || !value.items[field.masks].present) return false;
  return item.text == masked(table.fields[field.masks].mask, value.items[field.masks].text);
}

Json table_json(const TableModel& table, const Value& value) {
  Json out = Json::object();
  for (std::size_t i = 0; i < table.fields.size(); ++i) {
    const Field& field = table.fields[i];
    const Value& item = value.items[i];
    if (!item.present || says_no_more(table, value, field, item)) continue;
    if (!field.list) {
      out[field.name] = single_json(field, item);
      continue;
    }
    Json list = Json::array();
    for (const Value& element : item.items) list.push_back(single_json(field, element));
    out[field.name] = std::move(list);
  }
  return out;
}

}  // namespace

Value parse_json(const TableModel& table, std::string_view json, std::vector<Fault>& faults) {
  Value none;
  none.items.resize(table.fields.size());
  if (json.size() > kJsonBytesMax) {
    faults.push_back({"", Code::message_too_large, "文本过大", "the text is too large"});
    return none;
  }
  const auto parsed = parse(json, faults);
  if (!parsed) {
    faults.push_back({"", Code::field_invalid, "不是有效的 JSON 对象", "is no valid JSON object"});
    return none;
  }
  return JsonReader(faults).table(table, *parsed, "");
}

std::string to_json(const TableModel& table, const Value& value) {
  return table_json(table, value).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace lianxi::codec
