// Disclosure groups: the rows of the need-to-know matrix. A section is all fields of a message in one group, delivered or
// withheld as a whole. Numbers are hashed and on the wire: never renumber.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace lianxi::codec {

enum class Group : std::uint8_t {
  c0 = 1,    // open: state, clocks, routing read it
  cp = 2,    // place and object
  c1 = 3,    // case facts
  c2 = 4,    // utility and production quantities
  c2x = 5,   // explosives quantities
  c3 = 6,    // parties
  c3m = 7,   // parties, masked by the sender's agent
  c3r = 8,   // roster persons
  c3d = 9,   // people on duty
  c4 = 10,   // ids, bank data, recognisable photographs
  c5 = 11,   // investigation and procuratorial content
  c5x = 12,  // explosives storage
  c6 = 13,   // informants, petitioners
  c7 = 14,   // discipline
};

inline constexpr std::size_t kGroupsMax = 14;

std::string_view name(Group group);                 // "C3M"
std::optional<Group> group_named(std::string_view name);
std::optional<Group> group_numbered(std::uint8_t number);
// C0, CP, C1, C2 travel in clear; every other group is sealed to reader seats.
constexpr bool is_clear(Group group) { return group <= Group::c2; }
std::span<const Group> all_groups();

}  // namespace lianxi::codec
