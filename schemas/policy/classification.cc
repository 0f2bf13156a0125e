#include "schemas/policy/classification.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace lianxi::policy {

namespace {

constexpr std::array<std::string_view, 3> kMarkings{"绝密★", "机密★", "秘密★"};
constexpr std::array<std::string_view, 3> kAllowed{"PUBLIC", "INTERNAL", "SENSITIVE"};

bool any_secret(const nlohmann::json& value) {
  if (value.is_object()) {
    for (const auto& [key, field] : value.items()) {
      if (key != "classification" && key != "密级") {
        if (any_secret(field)) return true;
        continue;
      }
      const auto* text = field.get_ptr<const std::string*>();
      if (text == nullptr || std::ranges::find(kAllowed, *text) == kAllowed.end()) return true;
    }
  }
  return value.is_array() && std::ranges::any_of(value, any_secret);
}

}  // namespace

bool has_secrecy_marking(ByteView bytes) {
  const auto all = text(bytes);
  return std::ranges::any_of(kMarkings, [&](std::string_view marking) { return all.find(marking) != std::string_view::npos; });
}

bool declares_secret(std::string_view json) {
  // Deeply nested text is refused by the codec; here it must only not exhaust the stack.
  int depth = 0;
  const auto shallow = [&depth](int, nlohmann::json::parse_event_t event, nlohmann::json&) {
    if (event == nlohmann::json::parse_event_t::object_start || event == nlohmann::json::parse_event_t::array_start) ++depth;
    if (event == nlohmann::json::parse_event_t::object_end || event == nlohmann::json::parse_event_t::array_end) --depth;
    return depth < 64;
  };
  const auto value = nlohmann::json::parse(json, shallow, false);
  return !value.is_discarded() && any_secret(value);
}

}  // namespace lianxi::policy
