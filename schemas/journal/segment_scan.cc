#include "schemas/journal/segment_scan.h"

#include "schemas/journal/journal.h"

namespace lianxi::journal {
namespace {

bool continues(const Run& run, const CheckedHeader& next) {
  const RecordHeader& header = next.header;
  if (header.lap != run.lap || header.previous != run.last_check) return false;
  return header.first == run.next || (run.leads_with_control && header.count > 0 && header.first > run.next);
}

Run begin_run(const CheckedHeader& checked) {
  const RecordHeader& header = checked.header;
  Run run;
  run.lap = header.lap;
  run.first_previous = header.previous;
  run.first = header.first;
  run.next = header.first;
  run.leads_with_control = header.count == 0;
  return run;
}

void extend(Run& run, const CheckedHeader& checked) {
  const RecordHeader& header = checked.header;
  if (header.count > 0) {
    if (!run.covers_entries) run.first = header.first;
    run.covers_entries = true;
    run.leads_with_control = false;
  }
  ++run.records;
  run.next = header.first + header.count;
  run.last_offset = header.offset;
  run.end = header.offset + record_bytes(header.length);
  run.last_check = checked.check;
}

}  // namespace

std::optional<FoundRecord> record_at(ByteView segment_bytes, std::uint64_t offset, std::uint32_t segment,
                                     const JournalId& id, const JournalKey& key) {
  const ByteView rest = segment_bytes.subspan(static_cast<std::size_t>(offset));
  const auto checked = decode_record(rest, id, key);
  if (!checked || checked->header.segment != segment || checked->header.offset != offset) return std::nullopt;
  FoundRecord found{*checked, false, {}};
  const std::size_t length = checked->header.length;
  if (length > rest.size() - kRecordHeaderBytes) return found;
  const ByteView payload = rest.subspan(kRecordHeaderBytes, length);
  found.payload_holds = crc32c(payload) == checked->header.payload_crc;
  if (found.payload_holds) found.payload = payload;
  return found;
}

SegmentScan scan_segment(ByteView bytes, std::uint32_t segment, const JournalId& id, const JournalKey& key,
                         std::uint64_t entries) {
  SegmentScan scan;
  scan.segment = segment;
  scan.blank = true;
  bool running = true;
  // Every block is looked at, also inside a record: a stale header that a lost write left behind must not hide a later one.
  for (std::uint64_t offset = kBlockBytes; offset < bytes.size(); offset += kBlockBytes) {
    if (scan.blank) scan.blank = all_zero(bytes.subspan(static_cast<std::size_t>(offset), kBlockBytes));
    const auto found = record_at(bytes, offset, segment, id, key);
    if (!found) continue;
    const RecordHeader& header = found->checked.header;
    const std::uint64_t expected = scan.run ? scan.run->end : kBlockBytes;
    if (running && offset == expected) {
      const bool accepted = found->payload_holds && (!scan.run || continues(*scan.run, found->checked));
      if (accepted) {
        if (!scan.run) scan.run = begin_run(found->checked);
        extend(*scan.run, found->checked);
        if (header.count > 0 && scan.run->next == entries) scan.root_at = header.root;
        continue;
      }
    }
    if (running && offset >= expected) running = false;
    const Place place{header.lap, offset};
    if (!scan.stray || place > scan.stray->place) {
      scan.stray = Stray{place, header.previous, found->payload_holds};
    }
  }
  return scan;
}

}  // namespace lianxi::journal
