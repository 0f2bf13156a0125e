// The chained, preallocated journal (P10) that the hub's log and the agents' outbox write: a record is one aligned write and
// one sync that touches no metadata.
//
// Ring mode (hub): `segments` files of `segment_bytes`, overwritten in place, lap by lap; a segment is reused only after
// release() covers it. Grow mode (outbox): segments are added up to `segments_max` and released ones are reused.
// A record starts on 4 KiB, never crosses a segment, and carries the keyed chain over record headers, so that a payload that
// looks like a record, or one of the lap before, decides nothing.
//
// Pure: no thread of its own. append() and write_mark() block on the disk and are called one at a time, by one thread at a
// time (hub: the journal loop); they need nothing but what they are given, which stays valid until they return. The other
// methods never block on the disk and may be called from any thread, also while append() runs.
// Bytes on disk: docs/formats/journal.md.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "schemas/base/disk.h"
#include "schemas/base/entropy.h"

namespace lianxi::journal {

inline constexpr std::size_t kBlockBytes = 4096;

struct Options {
  std::string prefix = "journal";        // Files: <prefix>-000001.seg …, <prefix>.mark
  std::uint64_t segment_bytes = 16 << 20;  // A multiple of 4 KiB, at least 12 KiB. Ignored if the journal exists.
  std::uint32_t segments = 8;            // Made at first opening.
  std::uint32_t segments_max = 8;        // > segments: grow mode.
  std::uint64_t begin = 0;               // next() of a journal just made. Ignored if the journal exists.
  // The first entry that the owner does not have elsewhere. If set: Code::store_short unless the journal reaches back to it
  // and up to it (a journal is then also not made unless begin covers it); segments that end below it are not replayed.
  // Without it the owner compares by itself, for replay() starts at the oldest record not yet overwritten.
  std::optional<std::uint64_t> needed_from;
};

// One record as the caller sees it. `first`/`count`: the entry (hub) or outbox sequence (agent) range it covers, gapless and
// ascending over the journal: first == next(), except that the first range ever may start above `begin`.
// count = 0: a control record; it covers nothing, its `first` is ignored and read back as next().
struct Record {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  Hash root{};                           // Hub: tree root after it. Outbox: zeros.
  std::uint64_t highest_durable = 0;     // Highest entry known durable when it was written.
  ByteView payload{};                    // Up to payload_bytes_max().
  std::span<const ByteView> parts{};     // append(): follow `payload`, each copied once into the write. replay(): empty.
};

class Journal {
 public:
  // Recovery: reads all segments, finds the records that continue the chain, calls `replay` for each in order, then rewrites and
  // syncs the last one it accepted and zeroes the blocks behind the tail, before it returns: reading is not durability.
  // Refuses (Code::store_short / Code::corrupt, naming segment and offset): a *later* record behind a bad one, a missing segment,
  // a log that ends below the mark. A refused journal has not been changed. An error of `replay` is returned as it is; a
  // record's payload is valid only during its call.
  static Result<std::unique_ptr<Journal>> open(Disk& disk, Entropy& entropy, Options options,
                                               const std::function<Result<void>(const Record&)>& replay);
  virtual ~Journal() = default;

  // Whether a record of `payload_bytes` fits now, with room for one control record kept; false means: wait for release().
  virtual bool has_room(std::size_t payload_bytes) const = 0;
  virtual std::size_t payload_bytes_max() const = 0;
  // Writes and syncs one record. After Code::io the journal refuses everything: the process must end, and whether the record
  // is there only the next opening can tell. Nothing was written and the journal goes on after Code::overloaded (no room),
  // Code::invalid_argument (too large, or not next()) and, in grow mode, Code::disk_full (no space for another segment).
  virtual Result<void> append(const Record& record) = 0;
  // Everything below `first_needed` may be overwritten (hub: after a flush control record; outbox: receipts stored).
  virtual void release(std::uint64_t first_needed) = 0;
  // Segments that hold records not released: the owner asks for a flush at three.
  virtual std::uint32_t segments_in_use() const = 0;
  // The idle mark: two alternating 4 KiB slots in <prefix>.mark {entry count, root, journal id}. Outside the latency path.
  virtual Result<void> write_mark(std::uint64_t entries, const Hash& root) = 0;
  virtual std::uint64_t next() const = 0;                 // first + count of the last record with count > 0.
  virtual bool direct() const = 0;                        // O_DIRECT is in use.
};

}  // namespace lianxi::journal
