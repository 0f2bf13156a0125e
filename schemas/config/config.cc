#include "schemas/config/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <map>
#include <span>
#include <sstream>

namespace lianxi::config {

namespace {

constexpr std::size_t kFileBytesMax = 1 << 20;

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr Unit kSizes[] = {
    {"B", 1},      {"KiB", 1ull << 10}, {"MiB", 1ull << 20},   {"GiB", 1ull << 30},      {"TiB", 1ull << 40},
    {"KB", 1'000}, {"MB", 1'000'000},   {"GB", 1'000'000'000}, {"TB", 1'000'000'000'000}};
constexpr Unit kDurations[] = {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};

std::optional<std::uint64_t> quantity(std::string_view text, std::span<const Unit> units) {
  std::uint64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || after == text.data()) return std::nullopt;
  std::string_view unit(after, static_cast<std::size_t>(end - after));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  for (const auto& known : units) {
    if (unit != known.name) continue;
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / known.factor) return std::nullopt;
    return number * known.factor;
  }
  return std::nullopt;
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string joined(std::string_view path, std::string_view key) {
  return path.empty() ? std::string(key) : std::string(path) + "." + std::string(key);
}

std::string as_size(std::uint64_t bytes) {
  for (const auto* unit : {&kSizes[3], &kSizes[2], &kSizes[1]}) {
    if (bytes != 0 && bytes % unit->factor == 0) return quoted(std::to_string(bytes / unit->factor) + std::string(unit->name));
  }
  return quoted(std::to_string(bytes) + "B");
}

std::string as_duration(std::int64_t milliseconds) {
  for (int i = 4; i > 0; --i) {
    const auto factor = static_cast<std::int64_t>(kDurations[i].factor);
    if (milliseconds != 0 && milliseconds % factor == 0) {
      return quoted(std::to_string(milliseconds / factor) + std::string(kDurations[i].name));
    }
  }
  return quoted(std::to_string(milliseconds) + "ms");
}

std::string listed(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const auto& item : items) out += (out.size() > 1 ? ", " : "") + quoted(item);
  return out + "]";
}

}  // namespace

struct Document::Impl {
  std::string file;
  toml::table root;
  bool readable = false;  // False: there is no table to look into, so nothing is "missing".
  std::vector<Fault> faults;
  std::vector<Effective> effective;
  std::map<std::string, std::vector<std::string>> asked;  // Keys by path of their table.
  std::map<std::string, const toml::table*> visited;

  void fault(const toml::source_region& where, std::string code, std::string zh, std::string en) {
    faults.push_back({file, where.begin.line, where.begin.column, std::move(code), std::move(zh), std::move(en)});
  }
  void effective_value(std::string key, std::string value, const toml::node* from) {
    auto source = from == nullptr ? std::string("default") : file + ":" + std::to_string(from->source().begin.line);
    effective.push_back({std::move(key), std::move(value), std::move(source)});
  }
  void wrong_value(const toml::node& node, std::string_view key, const std::string& zh, const std::string& en) {
    fault(node.source(), "CONFIG_VALUE", quoted(key) + " 的值不正确：" + zh, "the value of " + quoted(key) + " is wrong: " + en);
  }
  void note_unknown_keys() {
    for (const auto& [path, table] : visited) {
      const auto& known = asked[path];
      for (const auto& [key, node] : *table) {
        if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
        const auto meant = nearest(key.str(), known);
        fault(key.source(), "CONFIG_UNKNOWN_KEY",
              "未知的键 " + quoted(key.str()) + (meant ? "；是不是 " + quoted(*meant) + "？" : ""),
              "unknown key " + quoted(key.str()) + (meant ? "; did you mean " + quoted(*meant) + "?" : ""));
      }
    }
  }
};

std::optional<std::uint64_t> parse_size(std::string_view text) { return quantity(text, kSizes); }

std::optional<std::int64_t> parse_duration(std::string_view text) {
  const auto value = quantity(text, kDurations);
  if (!value) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

std::string to_string(const Fault& fault, bool chinese) {
  std::string where = fault.file;
  if (fault.line != 0) where += ":" + std::to_string(fault.line) + ":" + std::to_string(fault.column);
  return where + (chinese ? " 错误 " : " error ") + fault.code + " " + (chinese ? fault.zh : fault.en);
}

Document::Document(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Document::Document(Document&&) noexcept = default;
Document::~Document() = default;

Document Document::parse(std::string_view text, const std::string& name) {
  auto impl = std::make_unique<Impl>();
  impl->file = name;
  try {
    impl->root = toml::parse(text, name);
    impl->readable = true;
  } catch (const toml::parse_error& error) {
    impl->fault(error.source(), "CONFIG_SYNTAX", "TOML 语法错误：" + std::string(error.description()),
                "TOML syntax: " + std::string(error.description()));
  }
  return Document(std::move(impl));
}

Document Document::load(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (in && text.view().size() <= kFileBytesMax) return parse(text.view(), path);
  // An empty file sets failbit on the ostream only; an unreadable one never opened.
  if (in.is_open() && text.view().empty()) return parse("", path);
  auto impl = std::make_unique<Impl>();
  impl->file = path;
  impl->faults.push_back(
      {path, 0, 0, "CONFIG_FILE", "读不到配置文件，或文件超过 1 MiB", "the file cannot be read or is larger than 1 MiB"});
  return Document(std::move(impl));
}

Table Document::root() {
  impl_->visited[""] = &impl_->root;
  return Table(*this, &impl_->root, "");
}

Result<void> Document::finish() {
  impl_->note_unknown_keys();
  impl_->visited.clear();
  std::stable_sort(impl_->faults.begin(), impl_->faults.end(), [](const Fault& a, const Fault& b) { return a.line < b.line; });
  if (impl_->faults.empty()) return {};
  return fail(Code::invalid_config, to_string(impl_->faults.front(), false));
}

const std::vector<Fault>& Document::faults() const { return impl_->faults; }
const std::vector<Effective>& Document::explain() const { return impl_->effective; }

// The node at `key`, or null. Remembers that the key is known.
const void* Table::find(std::string_view key, Need need) {
  auto& document = *document_->impl_;
  document.asked[path_].emplace_back(key);
  const auto* table = static_cast<const toml::table*>(node_);
  const auto* node = table == nullptr ? nullptr : table->get(key);
  if (node == nullptr && need == Need::required && document.readable) {
    const auto where = table == nullptr || path_.empty() ? toml::source_region{} : table->source();
    document.fault(where, "CONFIG_MISSING", "缺少 " + quoted(joined(path_, key)), quoted(joined(path_, key)) + " is missing");
  }
  return node;
}

Table& Table::text(std::string_view key, std::string& value, Need need) {
  const auto* node = static_cast<const toml::node*>(find(key, need));
  if (node != nullptr) {
    if (const auto read = node->value_exact<std::string>()) {
      value = *read;
    } else {
      document_->impl_->wrong_value(*node, key, "应为加引号的文本", "a quoted text is expected");
    }
  }
  document_->impl_->effective_value(joined(path_, key), quoted(value), node);
  return *this;
}

Table& Table::texts(std::string_view key, std::vector<std::string>& value) {
  const auto* node = static_cast<const toml::node*>(find(key, Need::optional));
  if (node != nullptr) {
    std::vector<std::string> items;
    const auto* array = node->as_array();
    bool all = array != nullptr;
    if (all) {
      for (const auto& item : *array) {
        const auto read = item.value_exact<std::string>();
        all = all && read.has_value();
        if (read) items.push_back(*read);
      }
    }
    if (all) {
      value = std::move(items);
    } else {
      document_->impl_->wrong_value(*node, key, "应为文本的列表，如 [\"a\", \"b\"]",
                                    "a list of texts is expected: [\"a\", \"b\"]");
    }
  }
  document_->impl_->effective_value(joined(path_, key), listed(value), node);
  return *this;
}

Table& Table::choice(std::string_view key, std::string& value, std::initializer_list<std::string_view> allowed, Need need) {
  const auto* node = static_cast<const toml::node*>(find(key, need));
  if (node != nullptr) {
    const auto read = node->value_exact<std::string>();
    if (read && std::find(allowed.begin(), allowed.end(), *read) != allowed.end()) {
      value = *read;
    } else {
      const std::vector<std::string> names(allowed.begin(), allowed.end());
      document_->impl_->wrong_value(*node, key, "只能是 " + listed(names) + " 之一", "one of " + listed(names) + " is expected");
    }
  }
  document_->impl_->effective_value(joined(path_, key), quoted(value), node);
  return *this;
}

Table& Table::integer(std::string_view key, std::int64_t& value, std::int64_t min, std::int64_t max) {
  const auto* node = static_cast<const toml::node*>(find(key, Need::optional));
  if (node != nullptr) {
    const auto read = node->value_exact<std::int64_t>();
    if (read && *read >= min && *read <= max) {
      value = *read;
    } else {
      const auto range = std::to_string(min) + ".." + std::to_string(max);
      document_->impl_->wrong_value(*node, key, "应为 " + range + " 之间的整数", "a whole number in " + range + " is expected");
    }
  }
  document_->impl_->effective_value(joined(path_, key), std::to_string(value), node);
  return *this;
}

Table& Table::flag(std::string_view key, bool& value) {
  const auto* node = static_cast<const toml::node*>(find(key, Need::optional));
  if (node != nullptr) {
    if (const auto read = node->value_exact<bool>()) {
      value = *read;
    } else {
      document_->impl_->wrong_value(*node, key, "应为 true 或 false", "true or false is expected");
    }
  }
  document_->impl_->effective_value(joined(path_, key), value ? "true" : "false", node);
  return *this;
}

Table& Table::size(std::string_view key, std::uint64_t& bytes) {
  const auto* node = static_cast<const toml::node*>(find(key, Need::optional));
  if (node != nullptr) {
    const auto read = node->value_exact<std::string>();
    if (const auto parsed = read ? parse_size(*read) : std::nullopt) {
      bytes = *parsed;
    } else {
      document_->impl_->wrong_value(*node, key, "应为带单位的大小，如 \"64MiB\"", "a size with a unit is expected: \"64MiB\"");
    }
  }
  document_->impl_->effective_value(joined(path_, key), as_size(bytes), node);
  return *this;
}

Table& Table::duration(std::string_view key, std::int64_t& milliseconds) {
  const auto* node = static_cast<const toml::node*>(find(key, Need::optional));
  if (node != nullptr) {
    const auto read = node->value_exact<std::string>();
    if (const auto parsed = read ? parse_duration(*read) : std::nullopt) {
      milliseconds = *parsed;
    } else {
      document_->impl_->wrong_value(*node, key, "应为带单位的时长，如 \"10s\"", "a duration with a unit is expected: \"10s\"");
    }
  }
  document_->impl_->effective_value(joined(path_, key), as_duration(milliseconds), node);
  return *this;
}

Table Table::table(std::string_view key) {
  const auto* node = static_cast<const toml::node*>(find(key, Need::optional));
  const auto* found = node == nullptr ? nullptr : node->as_table();
  if (node != nullptr && found == nullptr) {
    document_->impl_->wrong_value(*node, key, "应为 [" + std::string(key) + "] 一节",
                                  "a section [" + std::string(key) + "] is expected");
  }
  auto path = joined(path_, key);
  if (found != nullptr) document_->impl_->visited[path] = found;
  return Table(*document_, found, std::move(path));
}

std::vector<Table> Table::tables(std::string_view key) {
  const auto* node = static_cast<const toml::node*>(find(key, Need::optional));
  std::vector<Table> out;
  if (node == nullptr) return out;
  if (!node->is_array_of_tables()) {
    document_->impl_->wrong_value(*node, key, "应为 [[" + std::string(key) + "]] 一节",
                                  "sections [[" + std::string(key) + "]] are expected");
    return out;
  }
  for (const auto& item : *node->as_array()) {
    auto path = joined(path_, key) + "[" + std::to_string(out.size()) + "]";
    document_->impl_->visited[path] = item.as_table();
    out.push_back(Table(*document_, item.as_table(), std::move(path)));
  }
  return out;
}

void Table::fault(std::string_view key, std::string zh, std::string en) {
  const auto* table = static_cast<const toml::table*>(node_);
  const auto* node = table == nullptr ? nullptr : table->get(key);
  const toml::source_region where = node != nullptr ? node->source() : table != nullptr ? table->source() : toml::source_region{};
  document_->impl_->fault(where, "CONFIG_VALUE", std::move(zh), std::move(en));
}

}  // namespace lianxi::config
