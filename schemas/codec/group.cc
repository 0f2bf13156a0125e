#include "schemas/codec/group.h"

#include <algorithm>
#include <array>

namespace lianxi::codec {

namespace {

constexpr std::array<Group, kGroupsMax> kGroups = {Group::c0,  Group::cp,  Group::c1, Group::c2, Group::c2x, Group::c3, Group::c3m,
                                                   Group::c3r, Group::c3d, Group::c4, Group::c5, Group::c5x, Group::c6, Group::c7};
constexpr std::array<std::string_view, kGroupsMax> kNames = {"C0",  "CP",  "C1", "C2", "C2X", "C3", "C3M",
                                                             "C3R", "C3D", "C4", "C5", "C5X", "C6", "C7"};

}  // namespace

std::string_view name(Group group) {
  const auto index = static_cast<std::size_t>(group);
  return index >= 1 && index <= kGroupsMax ? kNames[index - 1] : std::string_view("?");
}

std::optional<Group> group_named(std::string_view text) {
  const auto found = std::find(kNames.begin(), kNames.end(), text);
  if (found == kNames.end()) return std::nullopt;
  return kGroups[static_cast<std::size_t>(found - kNames.begin())];
}

std::optional<Group> group_numbered(std::uint8_t number) {
  if (number < 1 || number > kGroupsMax) return std::nullopt;
  return static_cast<Group>(number);
}

std::span<const Group> all_groups() { return kGroups; }

}  // namespace lianxi::codec
