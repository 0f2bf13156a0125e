#include "schemas/base/strong_id.h"

#include <charconv>

namespace lianxi {

namespace {

template <class T>
bool whole(std::string_view text, T& out) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return false;
  const auto end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, out);
  return error == std::errc() && at == end;
}

}  // namespace

std::string to_string(const MessageId& id) {
  return id.agency.value() + "." + std::to_string(id.epoch.value()) + "." + std::to_string(id.number.value());
}

bool parse(const std::string& text, MessageId& out) {
  const auto last = text.rfind('.');
  if (last == std::string::npos || last == 0) return false;
  const auto first = text.rfind('.', last - 1);
  if (first == std::string::npos || first == 0) return false;
  std::uint32_t epoch = 0;
  std::uint64_t number = 0;
  if (!whole(std::string_view(text).substr(first + 1, last - first - 1), epoch)) return false;
  if (!whole(std::string_view(text).substr(last + 1), number) || epoch == 0 || number == 0) return false;
  out = {AgencyId(text.substr(0, first)), Epoch(epoch), Number(number)};
  return true;
}

std::string to_string(const Position& position) {
  return std::to_string(position.entry) + "." + std::to_string(position.index);
}

bool parse(const std::string& text, Position& out) {
  const auto dot = text.find('.');
  if (dot == std::string::npos) return false;
  Position position;
  if (!whole(std::string_view(text).substr(0, dot), position.entry)) return false;
  if (!whole(std::string_view(text).substr(dot + 1), position.index) || position.entry >> 48 != 0) return false;
  out = position;
  return true;
}

}  // namespace lianxi
