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

// The role of an agency id: "430922-POLICE" -> "POLICE", "430922113-TOWN" -> "TOWN".
std::string role_of(const AgencyId& agency);

class Policy {
 public:
  // Errors name file, line and column: "routes.toml:14:3: …".
  static Result<Policy> load(std::string_view routes_toml, std::string_view need_to_know_toml);

  bool may_send(const AgencyId& sender, std::uint16_t type) const;
  bool may_receive(const AgencyId& sender, const AgencyId& recipient, std::uint16_t type) const;
  // Copies that are missing from `header` (agency ids of this county; see the `copy` of the route).
  std::vector<AgencyId> missing_copies(const codec::MessageHeader& header) const;
  // Roles that observe this type beyond the addressees, with the groups that they may see ({C0} for `meta`).
  std::vector<std::string> observers(std::uint16_t type) const;
  // The groups of this message that `agency` may see: sender all; addressees and observers by the matrix; others none.
  Groups entitled(const codec::MessageHeader& header, const AgencyId& agency) const;
  // Whether `agency` (enrolled) gets this message delivered at all: addressee, observer, or broadcast type.
  bool delivered_to(const codec::MessageHeader& header, const AgencyId& agency) const;
  // 108, 112, 113, 114, 117: to every agency, from entry 0 on.
  static bool is_broadcast(std::uint16_t type);

 private:
  struct Route {
    std::uint16_t type = 0;
    std::vector<std::string> from, to, copy, observe;
  };
  struct Cell {
    codec::Group group{};
    std::string agency;   // Role, or "*".
    std::string when;     // "", "party", "addressed", "sender", "granted", ...
    bool give = false;
  };
  std::map<std::uint16_t, Route> routes_;
  std::vector<Cell> cells_;
};

}  // namespace lianxi::policy
