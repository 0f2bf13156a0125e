// An ordered key-value store with families and atomic batches: what the hub's log and the agent's store need of RocksDB.
// RocksStore (rocks_store.h) is the machine's; MemoryStore (tests/support) is the simulator's, with its own notion of
// what survives a crash.
//
// Families are fixed at opening. Keys and values are byte strings, keys ordered bytewise.
// Threads: one writer; reads from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/base/result.h"

namespace lianxi {

using Family = std::uint8_t;  // Index into the names given at opening.

struct StoreWrite {
  Family family = 0;
  std::string key;
  std::optional<std::string> value;  // nullopt: delete the key.
};

// `buffered`: atomic, in order, but durable only after a flush covers it (hub: the journal holds it meanwhile).
// `synced`: durable when the call returns (agent).
enum class Durability { buffered, synced };

class Store {
 public:
  virtual ~Store() = default;
  // All or nothing. On an error the store must be closed and the process ends: no retry.
  virtual Result<void> write(const std::vector<StoreWrite>& batch, Durability durability) = 0;
  virtual Result<std::optional<std::string>> get(Family family, std::string_view key) const = 0;
  // The row with the greatest key <= `key`.
  virtual Result<std::optional<std::pair<std::string, std::string>>> at_or_before(Family family, std::string_view key) const = 0;
  // Rows from <= key < to in ascending order until `row` returns false. An empty `to` means the end of the family.
  virtual Result<void> scan(Family family, std::string_view from, std::string_view to,
                            const std::function<bool(std::string_view key, std::string_view value)>& row) const = 0;
  // Asks for a flush of all families at one point (atomic); returns at once. One at a time.
  virtual Result<void> start_flush() = 0;
  // Whether the flush asked for last has ended, and how. Polled by the owning loop.
  enum class Flush { none, running, done, failed };
  virtual Flush poll_flush() = 0;
  // Bytes in memtables not yet flushed; the owner asks for a flush when it passes its bound.
  virtual std::uint64_t unflushed_bytes() const = 0;
};

// Big-endian key parts, so that byte order is number order.
std::string key_u64(std::uint64_t v);
void append_u64(std::string& key, std::uint64_t v);
void append_u32(std::string& key, std::uint32_t v);
void append_u16(std::string& key, std::uint16_t v);
std::uint64_t read_u64(std::string_view key, std::size_t offset);

}  // namespace lianxi
