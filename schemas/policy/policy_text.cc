#include "schemas/policy/policy_text.h"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <span>

namespace lianxi::policy {

namespace {

using Keys = std::span<const std::string_view>;

std::string at(std::string_view file, const toml::source_region& source) {
  return std::string(file) + ":" + std::to_string(source.begin.line) + ":" + std::to_string(source.begin.column);
}

Error wrong(std::string_view file, const toml::source_region& source, const std::string& sentence) {
  return fail(Code::invalid_config, at(file, source) + ": " + sentence);
}

// Levenshtein distance, for "did you mean".
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

std::string_view nearest(std::string_view word, Keys known) {
  return *std::ranges::min_element(known, {}, [word](std::string_view key) { return distance(word, key); });
}

// One table of a file, read key by key; the first fault is kept and everything after it yields empty values.
class TableReader {
 public:
  TableReader(std::string_view file, const toml::table& table, Keys known) : file_(file), table_(table) {
    for (const auto& [key, value] : table) {
      if (std::ranges::find(known, key.str()) != known.end()) continue;
      const auto hint = nearest(key.str(), known);
      blame(key.source(), "unknown key \"" + std::string(key.str()) + "\"; did you mean \"" + std::string(hint) + "\"?");
      return;
    }
  }

  const toml::node* node(std::string_view key, bool needed = true) {
    const auto* found = table_.get(key);
    if (found == nullptr && needed) blame(table_.source(), "the key \"" + std::string(key) + "\" is missing");
    return found;
  }

  std::string string(std::string_view key, bool needed = true) {
    const auto* found = node(key, needed);
    if (found == nullptr) return {};
    if (const auto value = found->value_exact<std::string>()) return *value;
    blame(found->source(), "\"" + std::string(key) + "\" must be a text");
    return {};
  }

  std::vector<std::string> strings(std::string_view key, bool needed) {
    const auto* found = node(key, needed);
    if (found == nullptr) return {};
    std::vector<std::string> out;
    const auto* list = found->as_array();
    if (list == nullptr) {
      blame(found->source(), "\"" + std::string(key) + "\" must be a list of roles");
      return {};
    }
    for (const auto& item : *list) {
      if (const auto value = item.value_exact<std::string>()) {
        out.push_back(*value);
      } else {
        blame(item.source(), "a role must be a text");
      }
    }
    return out;
  }

  void blame_key(std::string_view key, const std::string& sentence) {
    const auto* found = table_.get(key);
    blame(found == nullptr ? table_.source() : found->source(), sentence);
  }
  void blame(const toml::source_region& source, const std::string& sentence) {
    if (error_.code == Code::ok) error_ = wrong(file_, source, sentence);
  }
  const Error& error() const { return error_; }
  std::string where() const { return at(file_, table_.source()); }

 private:
  std::string_view file_;
  const toml::table& table_;
  Error error_;
};

bool is_role(std::string_view text) {
  if (text.empty() || text.size() > 32 || text.front() < 'A' || text.front() > 'Z') return false;
  return std::ranges::all_of(text, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

// "A|B?" -> A, B
bool are_copy_roles(std::string_view text) {
  if (text.ends_with('?')) text.remove_suffix(1);
  while (true) {
    const auto bar = text.find('|');
    if (!is_role(text.substr(0, bar))) return false;
    if (bar == std::string_view::npos) return true;
    text.remove_prefix(bar + 1);
  }
}

void check_roles(TableReader& reader, std::string_view key, const std::vector<std::string>& roles, std::string_view wildcard) {
  for (const auto& role : roles) {
    if (role != wildcard && !is_role(role)) reader.blame_key(key, "\"" + role + "\" is no role");
  }
}

constexpr std::array<std::string_view, 7> kRouteKeys{"type", "name", "from", "to", "meta_to", "copy", "observe"};
constexpr std::array<std::string_view, 4> kCellKeys{"group", "agency", "when", "give"};
constexpr std::array<std::string_view, 2> kObserveKeys{"agency", "give"};
constexpr std::array<std::string_view, 3> kObserveGives{"meta", "matrix", "counts"};
constexpr std::array<std::string_view, 4> kWhens{"", "addressed", "sender", "granted"};

Result<std::vector<Observer>> parse_observers(const toml::node* node) {
  std::vector<Observer> out;
  if (node == nullptr) return out;
  const auto* list = node->as_array();
  if (list == nullptr) return wrong(kRoutesName, node->source(), "\"observe\" must be a list of { agency, give }");
  for (const auto& item : *list) {
    const auto* table = item.as_table();
    if (table == nullptr) return wrong(kRoutesName, item.source(), "an observer must be { agency, give }");
    TableReader reader(kRoutesName, *table, kObserveKeys);
    Observer observer{reader.string("agency"), reader.string("give")};
    check_roles(reader, "agency", {observer.role}, {});
    if (std::ranges::find(kObserveGives, observer.give) == kObserveGives.end()) {
      reader.blame_key("give", "\"give\" must be \"meta\", \"matrix\" or \"counts\"");
    }
    if (reader.error().code != Code::ok) return reader.error();
    out.push_back(std::move(observer));
  }
  return out;
}

Result<RouteRow> parse_route(const toml::table& table) {
  TableReader reader(kRoutesName, table, kRouteKeys);
  RouteRow row;
  row.where = reader.where();
  if (const auto* type = reader.node("type")) {
    const auto value = type->value_exact<std::int64_t>().value_or(0);
    if (value < 100 || value > 999) reader.blame(type->source(), "\"type\" must be a message code from 100 to 999");
    row.type = static_cast<std::uint16_t>(std::clamp<std::int64_t>(value, 0, 999));
  }
  row.name = reader.string("name", false);
  row.from = reader.strings("from", true);
  row.to = reader.strings("to", true);
  row.meta_to = reader.strings("meta_to", false);
  row.copy = reader.strings("copy", false);
  check_roles(reader, "from", row.from, "any");
  check_roles(reader, "to", row.to, "any");
  check_roles(reader, "meta_to", row.meta_to, "any");
  for (const auto& copy : row.copy) {
    if (!are_copy_roles(copy)) reader.blame_key("copy", "\"" + copy + "\" is no role, \"A|B\" or \"A?\"");
  }
  if (reader.error().code != Code::ok) return reader.error();
  auto observe = parse_observers(table.get("observe"));
  if (!observe) return observe.error();
  row.observe = std::move(*observe);
  return row;
}

Result<CellRow> parse_cell(const toml::table& table) {
  TableReader reader(kNeedToKnowName, table, kCellKeys);
  CellRow row;
  row.where = reader.where();
  const auto group = reader.string("group");
  if (const auto known = codec::group_named(group)) {
    row.group = *known;
  } else {
    reader.blame_key("group", "\"" + group + "\" is no disclosure group");
  }
  const auto* agency = reader.node("agency");
  if (agency != nullptr && agency->is_array()) {
    row.roles = reader.strings("agency", true);
  } else {
    row.roles = {reader.string("agency")};
  }
  check_roles(reader, "agency", row.roles, "*");
  row.when = reader.string("when");
  if (std::ranges::find(kWhens, row.when) == kWhens.end()) {
    reader.blame_key("when", "\"when\" must be \"\", \"addressed\", \"sender\" or \"granted\"");
  }
  if (const auto* give = reader.node("give")) {
    if (!give->is_boolean()) reader.blame(give->source(), "\"give\" must be true or false");
    row.give = give->value_exact<bool>().value_or(false);
  }
  if (reader.error().code != Code::ok) return reader.error();
  return row;
}

Result<toml::table> parse_toml(std::string_view file, std::string_view text) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    return wrong(file, error.source(), std::string(error.description()));
  }
}

// A file is a list of [[name]] tables and nothing else.
template <class Row>
Result<std::vector<Row>> parse_file(std::string_view file, std::string_view text, std::string_view name,
                                    Result<Row> (*parse_row)(const toml::table&)) {
  const auto parsed = parse_toml(file, text);
  if (!parsed) return parsed.error();
  const std::array<std::string_view, 1> known{name};
  TableReader top(file, *parsed, known);
  const auto* rows = top.node(name);
  if (top.error().code != Code::ok) return top.error();
  const auto* list = rows->as_array();
  if (list == nullptr) return wrong(file, rows->source(), "\"" + std::string(name) + "\" must be a list: [[" + std::string(name) + "]]");
  std::vector<Row> out;
  for (const auto& item : *list) {
    const auto* table = item.as_table();
    if (table == nullptr) return wrong(file, item.source(), "a row must be a [[" + std::string(name) + "]] table");
    auto row = parse_row(*table);
    if (!row) return row.error();
    out.push_back(std::move(*row));
  }
  return out;
}

}  // namespace

Result<std::vector<RouteRow>> parse_routes(std::string_view text) {
  return parse_file<RouteRow>(kRoutesName, text, "route", parse_route);
}

Result<std::vector<CellRow>> parse_need_to_know(std::string_view text) {
  return parse_file<CellRow>(kNeedToKnowName, text, "cell", parse_cell);
}

}  // namespace lianxi::policy
