// Routes and need to know, as data: who may send what to whom, who must get a copy, and which sections each agency may see.
// The texts are deploy/policy/routes.toml and need_to_know.toml; the genesis entry carries them as bytes and a later operators'
// act may replace them, so hub and agents decide by the same version.
//
// Everything is denied that no row allows. Threads: immutable after loading.
#pragma once

#include <bitset>
#include <map>
#include <string>
#include <vector>

#include "schemas/codec/catalogue.h"

namespace lianxi::policy {

using Groups = std::bitset<codec::kGroupsMax + 1>;  // Index = Group number.

inline bool has(const Groups& groups, codec::Group group) { return groups[static_cast<std::size_t>(group)]; }
inline void give(Groups& groups, codec::Group group) { groups.set(static_cast<std::size_t>(group)); }

// The role of an agency id: "430922-POLICE" -> "POLICE", "430922113-TOWN" -> "TOWN".
std::string role_of(const AgencyId& agency);
// The county of an agency id: its first six characters.
std::string_view county_of(const AgencyId& agency);

struct RouteRow;  // policy_text.h
struct CellRow;

class Policy {
 public:
  // Errors name file, line and column: "routes.toml:14:3: …".
  static Result<Policy> load(std::string_view routes_toml, std::string_view need_to_know_toml);

  bool may_send(const AgencyId& sender, std::uint16_t type) const;
  bool may_receive(const AgencyId& sender, const AgencyId& recipient, std::uint16_t type) const;
  // Copies that are missing from `header` (agency ids of the sender's county; see the `copy` of the route). Where several
  // agencies could stand, as in "TOWN|ZONE", the bare role is returned ("TOWN"): a person must say which.
  std::vector<AgencyId> missing_copies(const codec::MessageHeader& header) const;
  // Roles that get this type without being named in it.
  std::vector<std::string> observers(std::uint16_t type) const;
  // The groups of this message that `agency` may see: the sender all; the named by the matrix; observers C0 (`meta`) or the
  // matrix's clear groups (`matrix`: nobody seals for an observer); others none.
  Groups entitled(const codec::MessageHeader& header, const AgencyId& agency) const;
  // Whether a grant of this group to `agency` may be accepted (115).
  bool may_be_granted(const AgencyId& agency, codec::Group group) const;
  // Whether `agency` (enrolled) gets this message delivered at all: addressee, observer, or broadcast type. Its own never.
  bool delivered_to(const codec::MessageHeader& header, const AgencyId& agency) const;
  // 108, 112, 113, 114, 117: to every agency, from entry 0 on.
  static bool is_broadcast(std::uint16_t type);
  // Types that have a route, ascending.
  std::vector<std::uint16_t> types() const;

 private:
  // A role is an index into roles_; 0 stands for every role that no row names.
  static constexpr std::size_t kRolesMax = 64;
  using Roles = std::bitset<kRolesMax>;
  struct Copy {
    Roles any_of;
    std::string role;          // What missing_copies() names.
    bool several = false;      // "A|B"
  };
  struct Route {
    Roles from, to, meta_to;
    std::vector<Copy> copies;  // Enforced ones only.
    Roles observe_meta, observe_matrix;
  };
  struct Cells {               // What one role may see, by the reason for which it got the message.
    Groups received, addressed, granted;
  };

  Result<void> add_routes(const std::vector<RouteRow>& rows);
  Result<void> add_cells(const std::vector<CellRow>& rows);
  Result<std::size_t> intern(const std::string& role);
  Result<void> add_role(Roles& roles, const std::string& role);
  std::size_t role_index(const AgencyId& agency) const;
  const Route* route(std::uint16_t type) const;

  std::map<std::string, std::size_t, std::less<>> roles_;
  std::map<std::uint16_t, Route> routes_;
  std::vector<Cells> cells_;   // By role index.
};

}  // namespace lianxi::policy
