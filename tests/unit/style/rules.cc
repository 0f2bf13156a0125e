#include "tests/unit/style/rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>
#include <optional>

namespace lianxi::style {

namespace {

// --- the tables ---------------------------------------------------------------------------------------------------------

struct Arrow {
  std::string_view from;                // Files under this folder (the longest match decides) …
  std::vector<std::string_view> may;    // … may include from these folders of ours, and from their own.
};

// The floor first: schemas/ knows neither hub nor agents. Stages of the hub do not know one another; hub.cc wires them.
const std::vector<Arrow>& arrows() {
  static const std::vector<Arrow> table{
      {"schemas/base/", {}},
      {"schemas/messages/", {"schemas/base/"}},
      {"schemas/codec/", {"schemas/base/", "schemas/messages/"}},
      {"schemas/evidence/", {"schemas/base/", "schemas/codec/"}},
      {"schemas/journal/", {"schemas/base/"}},
      {"schemas/store/", {"schemas/base/"}},
      {"schemas/verifier/", {"schemas/base/"}},  // An independent reader: nothing of evidence/.
      {"schemas/config/", {"schemas/base/"}},
      {"schemas/policy/", {"schemas/base/", "schemas/messages/", "schemas/codec/", "schemas/evidence/"}},
      {"hub/session/", {"schemas/", "hub/log/", "hub/commit/commit.h"}},  // Makes receipts of a committed batch.
      {"hub/admission/", {"schemas/", "hub/log/"}},  // Reads what is recorded: last numbers, origins.
      {"hub/commit/", {"schemas/", "hub/log/", "hub/admission/admission.h"}},  // Writes the log; takes what was admitted.
      {"hub/delivery/", {"schemas/", "hub/log/", "hub/session/frames.h"}},     // Reads the log.
      {"hub/log/", {"schemas/"}},  // Knows none of its writers and readers.
      {"hub/transport/", {"schemas/"}},
      {"hub/admin/", {"schemas/", "hub/log/", "hub/files.h", "hub/hub_core.h", "hub/transport/transport.h"}},  // Asks all.
      {"hub/casework/", {"schemas/", "hub/log/"}},
      {"hub/snapshot/", {"schemas/", "hub/log/", "hub/casework/"}},
      {"hub/", {"schemas/", "hub/"}},  // main.cc, hub.cc and the commands: the wiring.
      {"agents/", {"schemas/", "agents/"}},
      {"benchmarks/", {"schemas/", "hub/", "agents/", "tests/"}},
      {"tests/", {"schemas/", "hub/", "agents/", "tests/"}},
  };
  return table;
}

struct Library {
  std::string_view name;
  std::vector<std::string_view> includes;  // Prefixes of its headers.
  std::vector<std::string_view> at_home;   // Prefixes of paths that may include it.
};

const std::vector<Library>& libraries() {
  static const std::vector<Library> table{
      {"ZeroMQ", {"zmq.h", "zmq.hpp", "zmq_addon.hpp"}, {"hub/transport/", "agents/link/"}},
      {"RocksDB", {"rocksdb/"}, {"schemas/store/"}},
      {"SQLite", {"sqlite3"}, {"hub/casework/", "hub/snapshot/", "agents/index/"}},
      {"Boost", {"boost/"}, {"schemas/base/http_server.cc"}},
      {"nettle", {"nettle/"}, {"schemas/verifier/"}},
      {"libsodium", {"sodium.h", "sodium/"}, {"schemas/evidence/", "schemas/journal/", "hub/transport/", "agents/runtime/"}},
  };
  return table;
}

// Costly to compile and nobody's interface: in sources only, where the product is concerned.
constexpr std::array<std::string_view, 2> kNotInHeaders{"nlohmann/", "toml++/"};
constexpr std::string_view kForward = "nlohmann/json_fwd.hpp";

constexpr std::string_view kClockHome = "schemas/base/clock.cc";
constexpr std::array<std::string_view, 5> kClockReads{"clock_gettime", "system_clock", "gettimeofday", "timespec_get", "time("};
constexpr std::array<std::string_view, 4> kSleeps{"sleep_for", "sleep_until", "usleep", "nanosleep"};
// Written in halves, for this file is read too.
const std::array<std::string, 2> kOutside{std::string("../") + "shared", std::string("/") + "work/"};

// --- reading ------------------------------------------------------------------------------------------------------------

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// `call` as a whole word; one that ends in "(" must not be a member or another function's tail.
bool names(std::string_view line, std::string_view call) {
  for (auto at = line.find(call); at != std::string_view::npos; at = line.find(call, at + 1)) {
    const bool head = at == 0 || !is_word(line[at - 1]);
    const auto end = at + call.size();
    if (call.back() != '(') {
      if (head && (end == line.size() || !is_word(line[end]))) return true;
      continue;
    }
    // "time(nullptr)", "std::time(" and "::time(" read the clock; "x.time(", "Kind::time(" and declarations do not.
    const auto before = line.substr(0, at);
    const bool scoped = before.ends_with("::") && before.size() > 2 && is_word(before[before.size() - 3]);
    const bool member = before.ends_with('.') || before.ends_with("->") || (scoped && !before.ends_with("std::"));
    const auto rest = line.substr(end);
    const bool argument = rest.starts_with("nullptr") || rest.starts_with("NULL") || rest.starts_with('0') || rest.starts_with('&');
    if (head && !member && argument) return true;
  }
  return false;
}

struct Include {
  std::string_view target;
  bool quoted = false;
};

std::optional<Include> include_of(std::string_view line) {
  const auto hash = line.find_first_not_of(" \t");
  if (hash == std::string_view::npos || line[hash] != '#') return std::nullopt;
  const auto word = line.find_first_not_of(" \t", hash + 1);
  if (word == std::string_view::npos || !line.substr(word).starts_with("include")) return std::nullopt;
  const auto open = line.find_first_of("<\"", word);
  if (open == std::string_view::npos) return std::nullopt;
  const auto close = line.find(line[open] == '<' ? '>' : '"', open + 1);
  if (close == std::string_view::npos) return std::nullopt;
  return Include{line.substr(open + 1, close - open - 1), line[open] == '"'};
}

std::string_view folder_of(std::string_view path) { return path.substr(0, path.rfind('/') + 1); }

bool starts_with_any(std::string_view text, const std::vector<std::string_view>& prefixes) {
  return std::ranges::any_of(prefixes, [&](std::string_view prefix) { return text.starts_with(prefix); });
}

bool is_ours(std::string_view include) {
  return starts_with_any(include, {"schemas/", "hub/", "agents/", "tests/", "benchmarks/", "deploy/"});
}

const Arrow* arrow_of(std::string_view path) {
  const Arrow* best = nullptr;
  for (const auto& arrow : arrows()) {
    if (path.starts_with(arrow.from) && (best == nullptr || arrow.from.size() > best->from.size())) best = &arrow;
  }
  return best;
}

class FileCheck {
 public:
  explicit FileCheck(std::string_view path) : path_(path) {}

  void include(int line, const Include& include) {
    if (is_ours(include.target)) return ours(line, include.target);
    // Includes run from the project root; a bare name would hide where it comes from.
    if (include.quoted) add(line, "arrow", std::string(include.target) + " is not a path from the project root");
    foreign(line, include.target);
  }

  void code(int line, std::string_view text) {
    for (const auto call : kSleeps) {
      if (names(text, call)) add(line, "sleep", std::string(call));
    }
    if (path_ == kClockHome || path_.starts_with("benchmarks/")) return;
    for (const auto call : kClockReads) {
      if (names(text, call)) add(line, "clock", std::string(call));
    }
  }

  void words(int line, std::string_view text) {
    for (const auto& word : kOutside) {
      if (text.find(word) != std::string_view::npos) add(line, "outside", word);
    }
  }

  std::vector<Violation> take() { return std::move(found_); }

 private:
  void ours(int line, std::string_view target) {
    const auto* arrow = arrow_of(path_);
    if (arrow == nullptr) return add(line, "arrow", "no row of the table covers " + path_);
    if (folder_of(target) == folder_of(path_) || target.starts_with(arrow->from)) return;
    if (!starts_with_any(target, arrow->may)) add(line, "arrow", path_ + " -> " + std::string(target));
  }

  void foreign(int line, std::string_view target) {
    const bool ships = starts_with_any(path_, {"schemas/", "hub/", "agents/"});
    for (const auto& library : libraries()) {
      if (!ships || !starts_with_any(target, library.includes) || starts_with_any(path_, library.at_home)) continue;
      add(line, "library", std::string(library.name) + " in " + path_);
    }
    if (!ships || !path_.ends_with(".h") || target == kForward) return;
    for (const auto prefix : kNotInHeaders) {
      if (target.starts_with(prefix)) add(line, "header", std::string(target));
    }
  }

  void add(int line, std::string rule, std::string detail) { found_.push_back({path_, line, std::move(rule), std::move(detail)}); }

  std::string path_;
  std::vector<Violation> found_;
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// Blanks one file character by character. Raw strings are followed to their own delimiter.
class Blanker {
 public:
  Blanker(std::string_view text, bool blank_strings) : text_(text), out_(text), blank_strings_(blank_strings) {}

  std::string run() {
    while (at_ < text_.size()) {
      if (starts("//")) {
        blank_to(text_.find('\n', at_));
      } else if (starts("/*")) {
        const auto end = text_.find("*/", at_ + 2);
        blank_to(end == std::string_view::npos ? end : end + 2);
      } else if (starts("R\"") && (at_ == 0 || !is_word(text_[at_ - 1]))) {
        raw_string();
      } else if (text_[at_] == '"') {
        quoted('"');
      } else if (text_[at_] == '\'' && (at_ == 0 || !is_word(text_[at_ - 1]))) {  // Not a digit separator.
        quoted('\'');
      } else {
        ++at_;
      }
    }
    return std::move(out_);
  }

 private:
  bool starts(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  void blank_to(std::size_t end) {
    for (end = std::min(end, text_.size()); at_ < end; ++at_) {
      if (out_[at_] != '\n') out_[at_] = ' ';
    }
  }

  void raw_string() {
    const auto open = text_.find('(', at_);
    if (open == std::string_view::npos) return void(++at_);
    const auto end = ")" + std::string(text_.substr(at_ + 2, open - at_ - 2)) + "\"";
    inside(open + 1, text_.find(end, open));
    at_ = std::min(at_ + end.size(), text_.size());
  }

  void quoted(char quote) {
    auto end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n') end += text_[end] == '\\' ? 2U : 1U;
    inside(at_ + 1, end);
    ++at_;
  }

  void inside(std::size_t begin, std::size_t end) {
    end = std::min(end, text_.size());
    at_ = std::min(begin, end);
    if (blank_strings_) blank_to(end);
    at_ = end;
  }

  std::string_view text_;
  std::string out_;
  bool blank_strings_;
  std::size_t at_ = 0;
};

}  // namespace

std::string without_comments(std::string_view text, bool blank_strings) { return Blanker(text, blank_strings).run(); }

std::vector<Violation> check_file(std::string_view path, std::string_view text) {
  FileCheck check(path);
  const auto raw = lines_of(text);
  for (std::size_t n = 0; n < raw.size(); ++n) check.words(static_cast<int>(n + 1), raw[n]);
  if (!path.ends_with(".h") && !path.ends_with(".cc")) return check.take();

  const auto bare = without_comments(text, false);
  const auto code = without_comments(text, true);
  const auto bare_lines = lines_of(bare);
  const auto code_lines = lines_of(code);
  for (std::size_t n = 0; n < code_lines.size(); ++n) {
    if (const auto include = include_of(bare_lines[n])) {
      check.include(static_cast<int>(n + 1), *include);
    } else {
      check.code(static_cast<int>(n + 1), code_lines[n]);
    }
  }
  auto found = check.take();
  std::ranges::stable_sort(found, {}, &Violation::line);
  return found;
}

}  // namespace lianxi::style
