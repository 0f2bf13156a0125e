// Ids are types: a value that compares with its own kind only and has no way back but `.value()`.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace lianxi {

template <class Tag, class T>
class Strong {
 public:
  Strong() = default;
  explicit Strong(T value) : value_(std::move(value)) {}
  const T& value() const { return value_; }
  auto operator<=>(const Strong&) const = default;
  bool operator==(const Strong&) const = default;

 private:
  T value_{};
};

using AgencyId = Strong<struct AgencyIdTag, std::string>;  // "430922-POLICE", at most 64 bytes of ASCII.
using Epoch = Strong<struct EpochTag, std::uint32_t>;      // From 1.
using Number = Strong<struct NumberTag, std::uint64_t>;    // From 1, gapless within an epoch; 0 = none.
using EntryNumber = Strong<struct EntryNumberTag, std::uint64_t>;  // Leaf index, dense from 0, never reused.

// What a message is called for ever: (agency, epoch, number), as its sender numbered it.
struct MessageId {
  AgencyId agency;
  Epoch epoch;
  Number number;
  auto operator<=>(const MessageId&) const = default;
  bool operator==(const MessageId&) const = default;
};

std::string to_string(const MessageId& id);               // "430922-LAND.1.42"
bool parse(const std::string& text, MessageId& out);      // The whole text or nothing.

// Where a message stands in the log: entry number and index in the entry. One u64: entry << 16 | index.
struct Position {
  std::uint64_t entry = 0;
  std::uint16_t index = 0;
  auto operator<=>(const Position&) const = default;
  bool operator==(const Position&) const = default;
  std::uint64_t packed() const { return entry << 16 | index; }
  static Position unpack(std::uint64_t v) { return {v >> 16, static_cast<std::uint16_t>(v & 0xffff)}; }
};

std::string to_string(const Position& position);          // "4711.3"
bool parse(const std::string& text, Position& out);

}  // namespace lianxi

template <class Tag, class T>
struct std::hash<lianxi::Strong<Tag, T>> {
  std::size_t operator()(const lianxi::Strong<Tag, T>& id) const { return std::hash<T>()(id.value()); }
};
