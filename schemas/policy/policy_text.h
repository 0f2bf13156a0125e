// The two policy texts as rows, with the line each stands on. The rows say what was written; policy.cc says what follows from it.
//
// Every error is one sentence behind "file:line:column: ", and an unknown key names the nearest known one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schemas/base/result.h"
#include "schemas/codec/group.h"

namespace lianxi::policy {

inline constexpr std::string_view kRoutesName = "routes.toml";
inline constexpr std::string_view kNeedToKnowName = "need_to_know.toml";

struct Observer {
  std::string role;
  std::string give;                     // "meta", "matrix", "counts"
};

struct RouteRow {
  std::uint16_t type = 0;
  std::string name;                     // For people.
  std::vector<std::string> from, to, meta_to, copy;
  std::vector<Observer> observe;
  std::string where;                    // "routes.toml:14:1"
};

struct CellRow {
  codec::Group group{};
  std::vector<std::string> roles;       // "*" = every role without a row of its own in this group.
  std::string when;                     // "", "addressed", "sender", "granted"
  bool give = false;
  std::string where;
};

Result<std::vector<RouteRow>> parse_routes(std::string_view text);
Result<std::vector<CellRow>> parse_need_to_know(std::string_view text);

}  // namespace lianxi::policy
