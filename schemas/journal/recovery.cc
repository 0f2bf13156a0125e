#include "schemas/journal/recovery.h"

#include <algorithm>

#include "schemas/journal/journal.h"

namespace lianxi::journal {
namespace {

std::string at(const std::string& prefix, std::uint32_t segment, std::uint64_t offset) {
  return prefix + ": segment " + std::to_string(segment) + ", offset " + std::to_string(offset);
}

std::vector<SegmentScan> runs_by_lap(const std::vector<SegmentScan>& scans) {
  std::vector<SegmentScan> runs;
  std::copy_if(scans.begin(), scans.end(), std::back_inserter(runs), [](const SegmentScan& s) { return s.run.has_value(); });
  std::sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) { return a.run->lap < b.run->lap; });
  return runs;
}

std::uint64_t greatest_lap(const std::vector<SegmentScan>& scans) {
  std::uint64_t lap = 0;
  for (const auto& scan : scans) {
    if (scan.run) lap = std::max(lap, scan.run->lap);
    if (scan.stray) lap = std::max(lap, scan.stray->place.lap);
  }
  return lap;
}

bool links(const Run& before, const Run& after, bool entries_so_far) {
  if (after.lap != before.lap + 1 || after.first_previous != before.last_check) return false;
  return after.first == before.next || (!entries_so_far && after.first > before.next);
}

// The oldest segment may have been torn by the write that began to reuse it: then it was released, and the chain begins in
// the next one. Returns how many runs to leave out.
Result<std::size_t> beginning(const std::vector<SegmentScan>& runs, const std::vector<SegmentScan>& scans,
                              const Expected& expected, const std::string& prefix) {
  const Run& oldest = *runs.front().run;
  const bool reused = greatest_lap(scans) + 1 >= expected.segments_made;
  if (oldest.lap == 0 && oldest.first_previous != Check{}) {
    return fail(Code::corrupt, at(prefix, runs.front().segment, kBlockBytes) + ": the first record has a predecessor");
  }
  if (!reused && oldest.lap != 0) return fail(Code::corrupt, prefix + ": the journal's beginning is missing");
  if (!reused || runs.size() == 1) return std::size_t{0};
  const Run& second = *runs[1].run;
  if (second.lap != oldest.lap + 1) {
    return fail(Code::corrupt, prefix + ": lap " + std::to_string(oldest.lap + 1) + " is missing");
  }
  return std::size_t{links(oldest, second, oldest.covers_entries) ? 0u : 1u};
}

// At most one segment can be neither blank nor readable from its beginning: the one that a torn write was beginning.
Result<void> check_unreadable(const std::vector<SegmentScan>& scans, std::size_t left_out, const std::string& prefix) {
  std::size_t unreadable = left_out;
  for (const auto& scan : scans) {
    if (scan.blank || scan.run) continue;
    if (++unreadable > 1) return fail(Code::corrupt, at(prefix, scan.segment, kBlockBytes) + ": no record can be read");
  }
  return {};
}

// What stands behind the accepted tail: nothing, an older lap, or the one record whose write was torn. Anything else proves
// that a record before it is bad.
Result<void> check_strays(const std::vector<SegmentScan>& scans, const Place& last, std::uint64_t end,
                          std::uint32_t tail_segment, const Check& tail_check, Chain& chain, const std::string& prefix) {
  for (const auto& scan : scans) {
    if (!scan.stray || scan.stray->place <= last) continue;
    const Stray& stray = *scan.stray;
    const bool in_place = (scan.segment == tail_segment && stray.place == Place{last.lap, end}) ||
                          (!scan.run && stray.place == Place{last.lap + 1, kBlockBytes});
    if (!in_place || stray.previous != tail_check || stray.payload_holds) {
      return fail(Code::corrupt, at(prefix, tail_segment, end) + ": bad record, but a later one stands in segment " +
                                     std::to_string(scan.segment) + " at " + std::to_string(stray.place.offset));
    }
    if (scan.segment != tail_segment) chain.torn.push_back(scan.segment);
  }
  return {};
}

Result<Chain> empty_chain(const std::vector<SegmentScan>& scans, const Expected& expected, const std::string& prefix) {
  Chain chain;
  chain.first = chain.next = expected.begin;
  for (const auto& scan : scans) {
    const bool torn_first = scan.segment == 1 && (!scan.stray || (scan.stray->place == Place{0, kBlockBytes} &&
                                                                  scan.stray->previous == Check{} &&
                                                                  !scan.stray->payload_holds));
    if (scan.blank) continue;
    if (!torn_first) return fail(Code::corrupt, at(prefix, scan.segment, kBlockBytes) + ": records without a beginning");
    chain.torn.push_back(scan.segment);
  }
  return chain;
}

Result<Chain> full_chain(std::vector<SegmentScan> runs, const std::vector<SegmentScan>& scans, const Expected& expected,
                         const std::string& prefix) {
  const auto left_out = beginning(runs, scans, expected, prefix);
  if (!left_out) return left_out.error();
  if (auto sound = check_unreadable(scans, *left_out, prefix); !sound) return sound.error();
  runs.erase(runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(*left_out));
  Chain chain;
  chain.live = std::move(runs);
  chain.covers_entries = chain.live.front().run->covers_entries;
  chain.first = chain.live.front().run->first;
  for (std::size_t i = 1; i < chain.live.size(); ++i) {
    const auto& before = chain.live[i - 1];
    const Run& run = *chain.live[i].run;
    if (!links(*before.run, run, chain.covers_entries)) {
      return fail(Code::corrupt, at(prefix, before.segment, before.run->end) +
                                     ": bad record, but later ones stand in segment " +
                                     std::to_string(chain.live[i].segment));
    }
    if (!chain.covers_entries && run.covers_entries) chain.first = run.first;
    chain.covers_entries = chain.covers_entries || run.covers_entries;
  }
  const auto& tail = chain.live.back();
  chain.next = tail.run->next;
  if (!chain.covers_entries) chain.first = chain.next;
  if (auto sound = check_strays(scans, tail.run->last(), tail.run->end, tail.segment, tail.run->last_check, chain, prefix);
      !sound) {
    return sound.error();
  }
  return chain;
}

Result<void> check_reach(const Chain& chain, const Expected& expected, const std::string& prefix) {
  if (expected.mark_entries > chain.next) {
    return fail(Code::store_short, prefix + ": ends at entry " + std::to_string(chain.next) + ", but the mark says " +
                                       std::to_string(expected.mark_entries) + " were durable");
  }
  for (const auto& scan : chain.live) {
    if (scan.root_at && expected.mark_root != kZeroHash && *scan.root_at != expected.mark_root) {
      return fail(Code::corrupt, prefix + ": the root at entry " + std::to_string(expected.mark_entries) +
                                     " is not the mark's");
    }
  }
  if (!expected.needed_from) return {};
  const std::uint64_t needed = *expected.needed_from;
  if (needed > chain.next || needed < chain.first) {
    return fail(Code::store_short, prefix + ": holds entries " + std::to_string(chain.first) + " to below " +
                                       std::to_string(chain.next) + ", but is needed from " + std::to_string(needed));
  }
  return {};
}

}  // namespace

Result<Chain> link_chain(const std::vector<SegmentScan>& scans, const Expected& expected, const std::string& prefix) {
  auto runs = runs_by_lap(scans);
  auto chain = runs.empty() ? empty_chain(scans, expected, prefix)
                            : full_chain(std::move(runs), scans, expected, prefix);
  if (!chain) return chain;
  if (auto reaches = check_reach(*chain, expected, prefix); !reaches) return reaches.error();
  return chain;
}

}  // namespace lianxi::journal
