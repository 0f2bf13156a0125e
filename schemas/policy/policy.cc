#include "schemas/policy/policy.h"

#include <algorithm>
#include <set>

#include "schemas/policy/policy_text.h"

namespace lianxi::policy {

namespace {

constexpr std::string_view kHub = "HUB";
constexpr std::string_view kLeadingGroup = "LEADGRP";

std::string_view role_text(const AgencyId& agency) {
  const std::string_view id = agency.value();
  const auto dash = id.rfind('-');
  return dash == std::string_view::npos ? id : id.substr(dash + 1);
}

Groups all_of_them() {
  Groups groups;
  for (const auto group : codec::all_groups()) give(groups, group);
  return groups;
}

Groups clear_ones(const Groups& groups) {
  Groups out;
  for (const auto group : codec::all_groups()) {
    if (codec::is_clear(group) && has(groups, group)) give(out, group);
  }
  return out;
}

Groups only_c0() {
  Groups groups;
  give(groups, codec::Group::c0);
  return groups;
}

bool names(const codec::MessageHeader& header, const AgencyId& agency) {
  return std::ranges::any_of(header.addressees, [&](const codec::Addressee& to) { return to.agency == agency; });
}

// "A|B" -> {A, B}
std::vector<std::string> alternatives(std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    const auto bar = text.find('|');
    out.emplace_back(text.substr(0, bar));
    if (bar == std::string_view::npos) return out;
    text.remove_prefix(bar + 1);
  }
}

}  // namespace

std::string role_of(const AgencyId& agency) { return std::string(role_text(agency)); }

std::string_view county_of(const AgencyId& agency) { return std::string_view(agency.value()).substr(0, 6); }

Result<Policy> Policy::load(std::string_view routes_toml, std::string_view need_to_know_toml) {
  auto routes = parse_routes(routes_toml);
  if (!routes) return routes.error();
  auto cells = parse_need_to_know(need_to_know_toml);
  if (!cells) return cells.error();
  Policy policy;
  for (const auto role : {kHub, kLeadingGroup}) {
    if (const auto known = policy.intern(std::string(role)); !known) return known.error();
  }
  if (const auto added = policy.add_routes(*routes); !added) return added.error();
  if (const auto added = policy.add_cells(*cells); !added) return added.error();
  return policy;
}

Result<std::size_t> Policy::intern(const std::string& role) {
  if (const auto known = roles_.find(role); known != roles_.end()) return known->second;
  const auto index = roles_.size() + 1;  // 0 stands for every role that no row names.
  if (index >= kRolesMax) return fail(Code::invalid_config, "more than 63 roles");
  roles_.emplace(role, index);
  return index;
}

Result<void> Policy::add_role(Roles& roles, const std::string& role) {
  if (role == "any") {
    const bool hub = roles.test(roles_.at(std::string(kHub)));
    const bool leading = roles.test(roles_.at(std::string(kLeadingGroup)));
    roles.set();
    roles[roles_.at(std::string(kHub))] = hub;
    roles[roles_.at(std::string(kLeadingGroup))] = leading;
    return {};
  }
  const auto index = intern(role);
  if (!index) return index.error();
  roles.set(*index);
  return {};
}

Result<void> Policy::add_routes(const std::vector<RouteRow>& rows) {
  for (const auto& row : rows) {
    if (routes_.contains(row.type)) {
      return fail(Code::invalid_config, row.where + ": type " + std::to_string(row.type) + " has a route already");
    }
    Route route;
    const auto add = [&](Roles& roles, const std::string& role) { return add_role(roles, role); };
    for (const auto& role : row.from) {
      if (const auto ok = add(route.from, role); !ok) return ok;
    }
    for (const auto& role : row.to) {
      if (const auto ok = add(route.to, role); !ok) return ok;
    }
    for (const auto& role : row.meta_to) {
      if (const auto ok = add(route.meta_to, role); !ok) return ok;
    }
    for (std::string_view text : row.copy) {
      const bool optional = text.ends_with('?');
      if (optional) text.remove_suffix(1);
      const auto roles = alternatives(text);
      Copy copy{{}, roles.front(), roles.size() > 1};
      for (const auto& role : roles) {
        if (const auto ok = add(copy.any_of, role); !ok) return ok;
      }
      route.to |= copy.any_of;
      if (!optional) route.copies.push_back(std::move(copy));
    }
    for (const auto& observer : row.observe) {
      Roles none;  // "counts": the role is known, and nothing is delivered.
      auto& roles = observer.give == "meta" ? route.observe_meta : observer.give == "matrix" ? route.observe_matrix : none;
      if (const auto ok = add(roles, observer.role); !ok) return ok;
    }
    routes_.emplace(row.type, std::move(route));
  }
  return {};
}

Result<void> Policy::add_cells(const std::vector<CellRow>& rows) {
  // Which roles have a row of their own in a group: for them "*" does not speak.
  std::set<std::pair<codec::Group, std::string>> own;
  std::set<std::tuple<codec::Group, std::string, std::string>> seen;
  for (const auto& row : rows) {
    for (const auto& role : row.roles) {
      if (role != "*") {
        if (const auto index = intern(role); !index) return index.error();
        own.emplace(row.group, role);
      }
      if (!seen.emplace(row.group, role, row.when).second) {
        return fail(Code::invalid_config, row.where + ": " + std::string(codec::name(row.group)) + " has two rows for " + role);
      }
    }
  }
  cells_.assign(roles_.size() + 1, Cells{});
  const auto add = [&](std::size_t index, const CellRow& row) {
    auto& cells = cells_[index];
    if (row.when.empty()) give(cells.received, row.group);
    if (row.when.empty() || row.when == "addressed") give(cells.addressed, row.group);
    if (row.when == "granted") give(cells.granted, row.group);
  };
  for (const auto& row : rows) {
    if (!row.give) continue;
    for (const auto& name : row.roles) {
      if (name != "*") {
        add(roles_.at(name), row);
        continue;
      }
      add(0, row);
      for (const auto& [role, index] : roles_) {
        if (!own.contains({row.group, role})) add(index, row);
      }
    }
  }
  return {};
}

std::size_t Policy::role_index(const AgencyId& agency) const {
  const auto known = roles_.find(role_text(agency));
  return known == roles_.end() ? 0 : known->second;
}

const Policy::Route* Policy::route(std::uint16_t type) const {
  const auto found = routes_.find(type);
  return found == routes_.end() ? nullptr : &found->second;
}

bool Policy::may_send(const AgencyId& sender, std::uint16_t type) const {
  const auto* row = route(type);
  return row != nullptr && row->from[role_index(sender)];
}

bool Policy::may_receive(const AgencyId& sender, const AgencyId& recipient, std::uint16_t type) const {
  const auto* row = route(type);
  if (row == nullptr || !row->from[role_index(sender)]) return false;
  const auto role = role_index(recipient);
  return row->to[role] || row->meta_to[role];
}

std::vector<AgencyId> Policy::missing_copies(const codec::MessageHeader& header) const {
  std::vector<AgencyId> missing;
  const auto* row = route(header.type);
  if (row == nullptr || row->copies.empty()) return missing;
  const auto& sender = header.id.agency;
  const auto own = role_index(sender);
  for (const auto& copy : row->copies) {
    if (copy.any_of[own]) continue;
    const bool there = std::ranges::any_of(header.addressees, [&](const codec::Addressee& to) {
      return copy.any_of[role_index(to.agency)] && county_of(to.agency) == county_of(sender);
    });
    if (there) continue;
    missing.emplace_back(copy.several ? copy.role : std::string(county_of(sender)) + "-" + copy.role);
  }
  return missing;
}

std::vector<std::string> Policy::observers(std::uint16_t type) const {
  std::vector<std::string> out;
  const auto* row = route(type);
  if (row == nullptr) return out;
  for (const auto& [role, index] : roles_) {
    if (row->observe_meta[index] || row->observe_matrix[index]) out.push_back(role);
  }
  return out;
}

Groups Policy::entitled(const codec::MessageHeader& header, const AgencyId& agency) const {
  static const Groups all = all_of_them();
  static const Groups c0 = only_c0();
  if (agency == header.id.agency) return all;
  const auto role = role_index(agency);
  const auto* row = route(header.type);
  if (names(header, agency)) {
    if (row != nullptr && row->meta_to[role] && !row->to[role]) return c0;
    return cells_[role].addressed;
  }
  if (is_broadcast(header.type)) return c0;
  if (row == nullptr) return {};
  if (row->observe_matrix[role]) return clear_ones(cells_[role].received);
  return row->observe_meta[role] ? c0 : Groups{};
}

bool Policy::may_be_granted(const AgencyId& agency, codec::Group group) const {
  return has(cells_[role_index(agency)].granted, group);
}

bool Policy::delivered_to(const codec::MessageHeader& header, const AgencyId& agency) const {
  if (agency == header.id.agency) return false;
  if (is_broadcast(header.type) || names(header, agency)) return true;
  const auto* row = route(header.type);
  if (row == nullptr) return false;
  const auto role = role_index(agency);
  return row->observe_meta[role] || row->observe_matrix[role];
}

bool Policy::is_broadcast(std::uint16_t type) {
  return type == 108 || type == 112 || type == 113 || type == 114 || type == 117;
}

std::vector<std::uint16_t> Policy::types() const {
  std::vector<std::uint16_t> out;
  for (const auto& [type, row] : routes_) out.push_back(type);
  return out;
}

}  // namespace lianxi::policy
