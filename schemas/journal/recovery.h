// Decides from the scans of all segments what the journal's records are, or why it must be refused (DESIGN 8, P10).
//
// Pure. Threads: values only.
#pragma once

#include <string>
#include <vector>

#include "schemas/base/result.h"
#include "schemas/journal/segment_scan.h"

namespace lianxi::journal {

struct Expected {
  std::uint32_t segments_made = 0;  // When the journal was made; until all were begun once, none was ever reused.
  std::uint64_t begin = 0;
  std::uint64_t mark_entries = 0;   // What the mark proves: the journal reaches this entry …
  Hash mark_root{};                 // … with this root (zeros: unknown).
  std::optional<std::uint64_t> needed_from;
};

struct Chain {
  std::vector<SegmentScan> live;    // By lap, each with a run that continues the one before.
  std::uint64_t first = 0;          // The oldest entry still there; == next if none.
  std::uint64_t next = 0;
  bool covers_entries = false;
  std::vector<std::uint32_t> torn;  // Segments whose records were cut off whole: to be zeroed.
};

// `scans`: one for each segment, by segment number. `prefix` only names files in errors.
Result<Chain> link_chain(const std::vector<SegmentScan>& scans, const Expected& expected, const std::string& prefix);

}  // namespace lianxi::journal
