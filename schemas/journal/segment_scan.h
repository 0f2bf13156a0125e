// What one segment holds, told without believing anything that its record headers' checks do not prove.
//
// Pure. Threads: values only.
#pragma once

#include <optional>

#include "schemas/journal/format.h"

namespace lianxi::journal {

// Where a record whose header check holds stands.
struct Place {
  std::uint64_t lap = 0;
  std::uint64_t offset = 0;
  auto operator<=>(const Place&) const = default;
};

// A record that is not part of its segment's run: torn, of an older lap, or proof that something before it is bad.
struct Stray {
  Place place;
  Check previous{};
  bool payload_holds = false;
};

// The unbroken chain of whole records from a segment's beginning.
struct Run {
  std::uint64_t lap = 0;
  Check first_previous{};
  std::uint64_t first = 0;          // First entry of the first record.
  std::uint64_t next = 0;           // First + count of the last one.
  std::uint64_t records = 0;
  bool covers_entries = false;      // Some record has count > 0.
  bool leads_with_control = false;  // Only control records before the first range, which may then lie above them.
  std::uint64_t last_offset = 0;
  std::uint64_t end = 0;            // Offset behind the last record.
  Check last_check{};
  Place last() const { return {lap, last_offset}; }
};

struct SegmentScan {
  std::uint32_t segment = 0;
  bool blank = false;               // Nothing but zeros behind the segment header.
  std::optional<Run> run;
  std::optional<Stray> stray;       // The greatest by (lap, offset).
  std::optional<Hash> root_at;      // Root of the record that ends at the entry asked for.
};

// `bytes` is the whole segment. `entries`: whose root is wanted (the mark's).
SegmentScan scan_segment(ByteView bytes, std::uint32_t segment, const JournalId& id, const JournalKey& key,
                         std::uint64_t entries);

// The record at `offset` of a segment, if its header holds and names this place; `payload` is empty unless it holds too.
struct FoundRecord {
  CheckedHeader checked;
  bool payload_holds = false;
  ByteView payload;
};
std::optional<FoundRecord> record_at(ByteView segment_bytes, std::uint64_t offset, std::uint32_t segment,
                                     const JournalId& id, const JournalKey& key);

}  // namespace lianxi::journal
