// The store on RocksDB: the hub's log and indexes, the agent's inbox.
//
// RocksDB alone cannot keep our promise (a missing log or a short MANIFEST opens "OK", shorter): the owner inspect()s first,
// compares with its journal and marks, and opens for writing only then. Whatever RocksDB itself does not open without a
// complaint is refused and left as it is.
#pragma once

#include <memory>

#include "schemas/store/store.h"

namespace lianxi {

class RocksStore final : public Store {
 public:
  // levelled: values are large and keys ascend, so files move instead of merging. universal: small rows.
  enum class Shape { levelled, universal };
  struct FamilyOptions {
    std::string name;
    Shape shape = Shape::universal;
  };
  // hub: no log of its own (the journal holds what no flush covers), all families flushed at one point. agent: a log of its
  // own, synced by Durability::synced.
  enum class Mode { hub, agent };
  struct Options {
    std::string directory;               // Holds nothing but the store. Its parent exists.
    std::vector<FamilyOptions> families;  // Family 0, 1, …; one may be added at the end later, none taken away.
    Mode mode = Mode::hub;
    std::size_t write_buffer_bytes = 32 << 20;  // Twice this in memory: one being filled, one being flushed.
  };

  // Whether there is a store at all: only then may its absence be a first start.
  static bool exists(const std::string& directory);
  // Opens for reading only and writes nothing. Code::not_found if there is none.
  static Result<std::unique_ptr<const Store>> inspect(Options options);
  // Opens, or makes a store if the directory is missing or empty (under another name until it is complete). Code::corrupt and
  // Code::io: refused, nothing was repaired; Code::unsupported: it has families that `options` does not name.
  static Result<std::unique_ptr<RocksStore>> open(Options options);
  ~RocksStore() override;  // Hub: flushes what is buffered, unless a write or flush has failed.

  // buffered in hub mode: memory only. synced in hub mode: waits for a flush of everything (for a stop, not for the path).
  Result<void> write(const std::vector<StoreWrite>& batch, Durability durability) override;
  Result<std::optional<std::string>> get(Family family, std::string_view key) const override;
  Result<std::optional<std::pair<std::string, std::string>>> at_or_before(Family family,
                                                                          std::string_view key) const override;
  Result<void> scan(Family family, std::string_view from, std::string_view to,
                    const std::function<bool(std::string_view key, std::string_view value)>& row) const override;
  Result<void> start_flush() override;
  Flush poll_flush() override;
  std::uint64_t unflushed_bytes() const override;
  // Reads every block of every file and checks its checksum: the weekly scrub. Any thread; slow.
  Result<void> verify() const;

 private:
  struct Impl;
  explicit RocksStore(std::unique_ptr<Impl> impl);
  static Result<std::unique_ptr<RocksStore>> open_database(const Options& options, const std::string& directory,
                                                           bool read_only, bool make);
  static Result<void> make_store(const Options& options);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lianxi
