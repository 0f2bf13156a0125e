#include "schemas/codec/json_schema.h"

#include <nlohmann/json.hpp>

namespace lianxi::codec {

namespace {

using Json = nlohmann::ordered_json;

Json table_schema(const TableModel& table);

void add_bounds(const Field& field, Json& out) {
  const bool text = field.shape == Shape::text;
  if (field.shape == Shape::bytes) {
    out["pattern"] = "^([0-9a-f]{2})*$";
    if (field.min) out["minLength"] = 2 * *field.min;
    if (field.max) out["maxLength"] = 2 * *field.max;
    return;
  }
  if (text && field.pattern) out["pattern"] = "^(?:" + field.pattern->text() + ")$";
  if (!text && field.shape != Shape::integer) return;
  double scale = 1;
  for (int i = 0; i < field.decimals; ++i) scale *= 10;
  const auto bound = [&](std::int64_t value) {
    return field.decimals == 0 ? Json(value) : Json(static_cast<double>(value) / scale);
  };
  if (field.min) out[text ? "minLength" : "minimum"] = bound(*field.min);
  if (field.max) out[text ? "maxLength" : "maximum"] = bound(*field.max);
}

Json integer_schema(const Field& field) {
  switch (field.unit) {
    case Unit::instant: return {{"type", "string"}, {"format", "date-time"}};
    case Unit::date: return {{"type", "string"}, {"format", "date"}};
    case Unit::position: return {{"type", "string"}, {"pattern", "^[0-9]+\\.[0-9]+$"}};
    case Unit::decimal: return {{"type", {"number", "string"}}};
    case Unit::plain: break;
  }
  return {{"type", {"integer", "string"}}};
}

Json element_schema(const Field& field) {
  Json out;
  switch (field.shape) {
    case Shape::table: return table_schema(*field.table);
    case Shape::boolean:
      out["type"] = "boolean";
      if (field.min == 1) out["const"] = true;
      return out;
    case Shape::enumeration: {
      Json labels = Json::object();
      for (const EnumValue& value : field.enumeration->values) {
        out["enum"].push_back(value.name);
        labels[value.name] = {{"zh", value.zh}, {"en", value.en}};
      }
      out["x-labels"] = std::move(labels);
      return out;
    }
    case Shape::integer: out = integer_schema(field); break;
    case Shape::text:
    case Shape::bytes: out["type"] = "string"; break;
  }
  add_bounds(field, out);
  return out;
}

Json field_schema(const Field& field) {
  Json out = element_schema(field);
  if (field.list) {
    out = {{"type", "array"}, {"items", std::move(out)}, {"maxItems", field.max_items}};
    if (field.min_items > 0) out["minItems"] = field.min_items;
  }
  out["title"] = field.zh;
  out["description"] = field.en;
  for (const Group group : field.groups.list()) out["x-groups"].push_back(name(group));
  if (!field.unit_text.empty()) out["x-unit"] = field.unit_text;
  if (field.masks != kNoField || field.counts != kNoField) out["x-derived"] = true;
  return out;
}

Json condition_schema(const TableModel& table, const Condition& condition) {
  const Field& field = table.fields[condition.field];
  Json choices = Json::array();
  if (!condition.values.empty()) {
    Json values = Json::array();
    for (const std::string& value : condition.values) {
      values.push_back(field.shape == Shape::boolean ? Json(value == "true") : Json(value));
    }
    choices.push_back({{"properties", {{field.name, {{"enum", values}}}}}, {"required", {field.name}}});
  }
  if (condition.absent) choices.push_back({{"not", {{"required", {field.name}}}}});
  return choices.size() == 1 ? choices[0] : Json{{"anyOf", choices}};
}

Json table_schema(const TableModel& table) {
  Json out = {{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}};
  Json required = Json::array();
  Json rules = Json::array();
  for (const Field& field : table.fields) {
    out["properties"][field.name] = field_schema(field);
    if (field.must && field.counts == kNoField) required.push_back(field.name);
    if (field.must_if.set()) {
      rules.push_back({{"if", condition_schema(table, field.must_if)}, {"then", {{"required", {field.name}}}}});
    }
  }
  if (!required.empty()) out["required"] = std::move(required);
  if (!rules.empty()) out["allOf"] = std::move(rules);
  return out;
}

}  // namespace

std::string schema_text(const TypeModel& type) {
  Json out = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"$id", "urn:lianxi:message:" + std::to_string(type.info.code)},
              {"title", type.info.zh},
              {"description", type.info.en}};
  out.update(table_schema(type.root));
  return out.dump(1);
}

}  // namespace lianxi::codec
