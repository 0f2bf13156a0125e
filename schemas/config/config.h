// Configuration files: TOML, read by asking for what is known. What was never asked for is an unknown key and a fault.
//
//   auto document = config::Document::load("hub.toml");        // or parse(text, name)
//   auto hub = document.root().table("hub");
//   hub.text("data_dir", options.data_dir, config::Need::required)
//      .choice("language", options.language, {"zh-CN", "en"});
//   auto limits = document.root().table("limits");
//   limits.size("message", options.message_bytes_max).duration("ack_timeout", options.ack_timeout_ms);
//   for (auto& agency : document.root().tables("agency")) agency.text("key", ...);
//   if (auto ok = document.finish(); !ok) ...                   // All faults at once: document.faults()
//
// A value that is absent keeps what the variable held: that is the default, and explain() shows it as such. Sizes and
// durations are texts with a unit: "64MiB", "512KiB", "2GB"; "500ms", "10s", "5m", "6h", "7d".
// Threads: one. A Table borrows its Document, which must neither move nor go away while it is used.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/base/result.h"

namespace lianxi::config {

struct Fault {
  std::string file;
  std::uint32_t line = 0;  // From 1; 0 = the file as a whole.
  std::uint32_t column = 0;
  std::string code;  // CONFIG_SYNTAX, CONFIG_UNKNOWN_KEY, CONFIG_MISSING, CONFIG_VALUE, CONFIG_FILE
  std::string zh;
  std::string en;
};

// "hub.toml:14:9 错误 CONFIG_UNKNOWN_KEY 未知的键 "fsnc"；是不是 "fsync"？"
std::string to_string(const Fault& fault, bool chinese);

// One row of explain(): what is in force, and where it comes from ("default" or "file:line").
struct Effective {
  std::string key;    // "listen.submit", "agency[0].key"
  std::string value;  // As it would be written.
  std::string source;
};

enum class Need { optional, required };

class Document;

class Table {
 public:
  bool present() const { return node_ != nullptr; }
  Table& text(std::string_view key, std::string& value, Need need = Need::optional);
  Table& texts(std::string_view key, std::vector<std::string>& value);
  Table& choice(std::string_view key, std::string& value, std::initializer_list<std::string_view> allowed,
                Need need = Need::optional);
  Table& integer(std::string_view key, std::int64_t& value, std::int64_t min, std::int64_t max);
  Table& flag(std::string_view key, bool& value);
  Table& size(std::string_view key, std::uint64_t& bytes);
  Table& duration(std::string_view key, std::int64_t& milliseconds);
  Table table(std::string_view key);                // [key]; not present() if the file lacks it: defaults still apply.
  std::vector<Table> tables(std::string_view key);  // [[key]], none if absent.
  // A fault of the reader's own at `key` of this table (or at the table, if the key is absent).
  void fault(std::string_view key, std::string zh, std::string en);

 private:
  friend class Document;
  Table(Document& document, const void* node, std::string path) : document_(&document), node_(node), path_(std::move(path)) {}
  const void* find(std::string_view key, Need need);

  Document* document_;  // Not owned.
  const void* node_;    // toml::table, or null; toml++ stays out of this header.
  std::string path_;    // "" for the root, else "listen" or "agency[0]".
};

class Document {
 public:
  static Document load(const std::string& path);  // A file that cannot be read is a fault, too.
  static Document parse(std::string_view text, const std::string& name);
  Document(Document&&) noexcept;
  ~Document();

  Table root();
  // Notes every key that nobody asked for, with the nearest one that was; then Code::invalid_config if there is any fault.
  Result<void> finish();
  const std::vector<Fault>& faults() const;
  const std::vector<Effective>& explain() const;  // In the order asked.

 private:
  friend class Table;
  struct Impl;
  explicit Document(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// "64MiB" -> 67108864; nullopt if it is not a size. Units: B, KiB, MiB, GiB, TiB, KB, MB, GB, TB.
std::optional<std::uint64_t> parse_size(std::string_view text);
// "10s" -> 10000; nullopt if it is not a duration. Units: ms, s, m, h, d.
std::optional<std::int64_t> parse_duration(std::string_view text);

// The candidate with the smallest edit distance, if it is close enough to be meant (at most a third of the word, and 3).
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace lianxi::config
