#include "schemas/journal/journal.h"

#include <sodium.h>

#include <algorithm>
#include <mutex>

#include "schemas/base/aligned.h"
#include "schemas/base/check.h"
#include "schemas/journal/journal_files.h"
#include "schemas/journal/recovery.h"

namespace lianxi::journal {
namespace {

// What the owner's decisions need to know of one segment.
struct Segment {
  bool written = false;
  std::uint64_t lap = 0;
  std::uint64_t next = 0;  // First + count of its last record: all in it lies below.
};

struct Tail {
  std::uint32_t segment = 0;  // 0: no record yet.
  std::uint64_t lap = 0;
  std::uint64_t offset = 0;   // Where the next record would stand.
  Check check{};
};

// Lends one buffer to whoever reads whole segments, and gives the memory back when recovery is over.
class SegmentReader {
 public:
  explicit SegmentReader(JournalFiles& files) : files_(files) {}
  Result<ByteView> read(std::uint32_t segment) {
    const auto file = files_.open_segment(segment);
    if (!file) return file.error();
    const auto size = static_cast<std::size_t>(files_.header().segment_bytes);
    buffer_.reserve(size);
    if (auto done = (*file)->read(0, {buffer_.data(), size}); !done) return done.error();
    return ByteView(buffer_.data(), size);
  }

 private:
  JournalFiles& files_;  // Not owned.
  AlignedBuffer buffer_;
};

class DiskJournal final : public Journal {
 public:
  DiskJournal(JournalFiles files, std::uint32_t segments_max, const Chain& chain)
      : files_(std::move(files)),
        segment_bytes_(files_.header().segment_bytes),
        segments_max_(std::max(segments_max, files_.segments())),
        segments_(files_.segments()),
        direct_(files_.direct()),
        next_(chain.next),
        covers_entries_(chain.covers_entries) {
    for (const auto& scan : chain.live) segments_[scan.segment - 1] = {true, scan.run->lap, scan.run->next};
    if (!chain.live.empty()) {
      const auto& last = chain.live.back();
      tail_ = {last.segment, last.run->lap, last.run->end, last.run->last_check};
    }
  }

  bool has_room(std::size_t payload_bytes) const override {
    const std::lock_guard lock(mutex_);
    return payload_bytes <= payload_bytes_max() && fits(payload_bytes, true);
  }
  std::size_t payload_bytes_max() const override {
    return static_cast<std::size_t>(segment_bytes_) - kBlockBytes - kRecordHeaderBytes;
  }
  void release(std::uint64_t first_needed) override {
    const std::lock_guard lock(mutex_);
    released_ = std::max(released_, first_needed);
  }
  std::uint32_t segments_in_use() const override {
    const std::lock_guard lock(mutex_);
    const auto in_use = [this](const Segment& s) { return s.written && s.next > released_; };
    return static_cast<std::uint32_t>(std::count_if(segments_.begin(), segments_.end(), in_use));
  }
  std::uint64_t next() const override {
    const std::lock_guard lock(mutex_);
    return next_;
  }
  bool direct() const override {
    const std::lock_guard lock(mutex_);
    return direct_;
  }

  Result<void> append(const Record& record) override;
  Result<void> write_mark(std::uint64_t entries, const Hash& root) override;

  // The last two steps of recovery: the last record accepted is durable, and behind it is nothing.
  Result<void> settle_tail(const Chain& chain);

 private:
  bool fits(std::uint64_t payload, bool keep_control_room) const;
  // The segment to begin next, or 0: one never written, else the oldest released one.
  std::uint32_t next_segment() const;
  Result<void> admit(const Record& record, std::uint64_t payload);
  Result<void> place(std::uint64_t bytes);
  Result<void> begin_segment(std::uint32_t segment);
  void assemble(const Record& record, std::uint64_t payload);
  void appended(const Record& record, std::uint64_t bytes);
  Result<void> zero(File& file, std::uint64_t offset);

  JournalFiles files_;
  const std::uint64_t segment_bytes_;
  const std::uint32_t segments_max_;

  mutable std::mutex mutex_;       // Never held while the disk works.
  std::vector<Segment> segments_;  // Guarded by mutex_, like the five below.
  Tail tail_;
  bool direct_;
  std::uint64_t next_;
  bool covers_entries_;
  std::uint64_t released_ = 0;

  // Only of the thread that appends.
  std::unique_ptr<File> file_;     // Of tail_.segment.
  AlignedBuffer buffer_;
  Check new_check_{};
  bool failed_ = false;
};

std::uint64_t payload_of(const Record& record) {
  std::uint64_t bytes = record.payload.size();
  for (const auto& part : record.parts) bytes += part.size();
  return bytes;
}

std::uint32_t DiskJournal::next_segment() const {
  std::uint32_t oldest = 0;
  for (std::uint32_t i = 0; i < segments_.size(); ++i) {
    const Segment& segment = segments_[i];
    if (!segment.written) return i + 1;
    if (i + 1 == tail_.segment || segment.next > released_) continue;
    if (oldest == 0 || segment.lap < segments_[oldest - 1].lap) oldest = i + 1;
  }
  return oldest;
}

bool DiskJournal::fits(std::uint64_t payload, bool keep_control_room) const {
  const std::uint64_t bytes = record_bytes(payload);
  const auto free = static_cast<std::uint64_t>(std::count_if(
      segments_.begin(), segments_.end(), [this](const Segment& s) {
        const bool current = tail_.segment != 0 && &s == &segments_[tail_.segment - 1];
        return !s.written || (!current && s.next <= released_);
      }));
  const std::uint64_t more = free + (segments_max_ - segments_.size());
  const bool here = tail_.segment != 0 && tail_.offset + bytes <= segment_bytes_;
  if (!here && more == 0) return false;
  if (!keep_control_room || more > (here ? 0u : 1u)) return true;
  const std::uint64_t end = (here ? tail_.offset : kBlockBytes) + bytes;
  return end + kBlockBytes <= segment_bytes_;
}

Result<void> DiskJournal::admit(const Record& record, std::uint64_t payload) {
  if (failed_) return fail(Code::io, "journal: refuses everything after a failed write");
  if (payload > payload_bytes_max()) return fail(Code::invalid_argument, "journal: record larger than a segment");
  if (record.count > 0 && record.first != next_ && (covers_entries_ || record.first < next_)) {
    return fail(Code::invalid_argument, "journal: record begins at " + std::to_string(record.first) + " instead of " +
                                            std::to_string(next_));
  }
  if (!fits(payload, record.count > 0)) return fail(Code::overloaded, "journal: no released segment");
  return {};
}

// Makes file_ and tail_ say where `bytes` go.
Result<void> DiskJournal::place(std::uint64_t bytes) {
  std::uint32_t segment = 0;
  bool grow = false;
  {
    const std::lock_guard lock(mutex_);
    const bool here = tail_.segment != 0 && tail_.offset + bytes <= segment_bytes_;
    segment = here ? tail_.segment : next_segment();
    grow = segment == 0;
    if (here) return {};
  }
  if (grow) {
    if (auto added = files_.add_segment(); !added) {
      failed_ = added.error().code != Code::disk_full;
      return added;
    }
    const std::lock_guard lock(mutex_);
    segments_.emplace_back();
    segment = static_cast<std::uint32_t>(segments_.size());
  }
  if (auto begun = begin_segment(segment); !begun) {
    failed_ = true;
    return begun;
  }
  const std::lock_guard lock(mutex_);
  tail_.lap = tail_.segment == 0 ? 0 : tail_.lap + 1;
  tail_.segment = segment;
  tail_.offset = kBlockBytes;
  return {};
}

Result<void> DiskJournal::begin_segment(std::uint32_t segment) {
  auto file = files_.open_segment(segment);
  if (!file) return file.error();
  file_ = std::move(*file);
  return {};
}

void DiskJournal::assemble(const Record& record, std::uint64_t payload) {
  const std::uint64_t bytes = record_bytes(payload);
  buffer_.reserve(static_cast<std::size_t>(bytes));
  std::uint8_t* out = buffer_.data() + kRecordHeaderBytes;
  std::uint32_t crc = crc32c(record.payload);
  out = std::copy(record.payload.begin(), record.payload.end(), out);
  for (const auto& part : record.parts) {
    crc = crc32c(part, crc);
    out = std::copy(part.begin(), part.end(), out);
  }
  std::fill(out, buffer_.data() + bytes, std::uint8_t{0});
  const RecordHeader header{tail_.lap,
                            tail_.segment,
                            tail_.offset,
                            record.count > 0 ? record.first : next_,
                            record.count,
                            static_cast<std::uint32_t>(payload),
                            crc,
                            record.root,
                            record.highest_durable,
                            tail_.check};
  new_check_ = encode(header, files_.header().id, files_.header().key, {buffer_.data(), kRecordHeaderBytes});
}

void DiskJournal::appended(const Record& record, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (record.count > 0) {
    next_ = record.first + record.count;
    covers_entries_ = true;
  }
  segments_[tail_.segment - 1] = {true, tail_.lap, next_};
  tail_.offset += bytes;
  tail_.check = new_check_;
  direct_ = files_.direct();
}

Result<void> DiskJournal::append(const Record& record) {
  const std::uint64_t payload = payload_of(record);
  {
    const std::lock_guard lock(mutex_);
    if (auto admitted = admit(record, payload); !admitted) return admitted;
  }
  const std::uint64_t bytes = record_bytes(payload);
  if (auto placed = place(bytes); !placed) return placed;
  assemble(record, payload);
  auto done = file_->write(tail_.offset, {buffer_.data(), static_cast<std::size_t>(bytes)});
  if (done) done = file_->sync();
  if (!done) {
    failed_ = true;
    return fail(Code::io, done.error().detail);
  }
  appended(record, bytes);
  return {};
}

Result<void> DiskJournal::write_mark(std::uint64_t entries, const Hash& root) {
  if (failed_) return fail(Code::io, "journal: refuses everything after a failed write");
  check(entries <= next(), "journal: mark beyond the last record");
  auto marked = files_.write_mark(entries, root);
  if (marked) return {};
  failed_ = true;
  return fail(Code::io, marked.error().detail);
}

Result<void> DiskJournal::settle_tail(const Chain& chain) {
  if (auto settled = files_.settle(); !settled) return settled;
  for (const auto segment : chain.torn) {
    auto file = files_.open_segment(segment);
    if (!file) return file.error();
    if (auto zeroed = zero(**file, kBlockBytes); !zeroed) return zeroed;
  }
  if (chain.live.empty()) return {};
  if (auto opened = begin_segment(tail_.segment); !opened) return opened;
  const std::uint64_t last = chain.live.back().run->last_offset;
  const auto bytes = static_cast<std::size_t>(tail_.offset - last);
  AlignedBuffer record;
  record.reserve(bytes);
  if (auto read = file_->read(last, {record.data(), bytes}); !read) return read;
  if (auto written = file_->write(last, {record.data(), bytes}); !written) return written;
  return zero(*file_, tail_.offset);
}

// From `offset` to the end of the segment, then syncs.
Result<void> DiskJournal::zero(File& file, std::uint64_t offset) {
  const auto chunk = static_cast<std::size_t>(std::min<std::uint64_t>(1 << 20, segment_bytes_ - offset));
  AlignedBuffer zeros;
  zeros.reserve(chunk);
  std::fill_n(zeros.data(), chunk, std::uint8_t{0});
  for (std::uint64_t at = offset; at < segment_bytes_; at += chunk) {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(chunk, segment_bytes_ - at));
    if (auto written = file.write(at, {zeros.data(), n}); !written) return written;
  }
  return file.sync();
}

Result<std::vector<SegmentScan>> scan_all(JournalFiles& files, SegmentReader& reader) {
  std::vector<SegmentScan> scans;
  for (std::uint32_t segment = 1; segment <= files.segments(); ++segment) {
    const auto bytes = reader.read(segment);
    if (!bytes) return bytes.error();
    scans.push_back(scan_segment(*bytes, segment, files.header().id, files.header().key, files.mark().entries));
  }
  return scans;
}

Result<void> replay_segment(ByteView bytes, const SegmentScan& scan, const SegmentHeader& journal,
                            const std::function<Result<void>(const Record&)>& replay) {
  for (std::uint64_t offset = kBlockBytes; offset < scan.run->end;) {
    const auto found = record_at(bytes, offset, scan.segment, journal.id, journal.key);
    if (!found || !found->payload_holds) {
      return fail(Code::corrupt, "journal: segment " + std::to_string(scan.segment) + " read differently a second time");
    }
    const RecordHeader& header = found->checked.header;
    const Record record{header.first, header.count, header.root, header.highest_durable, found->payload, {}};
    if (auto taken = replay(record); !taken) return taken;
    offset += record_bytes(header.length);
  }
  return {};
}

Result<void> replay_all(JournalFiles& files, SegmentReader& reader, const Chain& chain, const Options& options,
                        const std::function<Result<void>(const Record&)>& replay) {
  for (const auto& scan : chain.live) {
    if (options.needed_from && scan.run->next < *options.needed_from) continue;
    const auto bytes = reader.read(scan.segment);
    if (!bytes) return bytes.error();
    if (auto done = replay_segment(*bytes, scan, files.header(), replay); !done) return done;
  }
  return {};
}

bool sound(const Options& options) {
  return options.segment_bytes % kBlockBytes == 0 && options.segment_bytes >= 3 * kBlockBytes &&
         options.segment_bytes < (1ULL << 31) && options.segments >= 1 &&
         std::max(options.segments, options.segments_max) >= 2;
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(Disk& disk, Entropy& entropy, Options options,
                                               const std::function<Result<void>(const Record&)>& replay) {
  if (sodium_init() < 0) return fail(Code::io, "journal: libsodium does not start");
  if (!sound(options)) return fail(Code::invalid_argument, "journal: sizes");
  auto files = JournalFiles::open(disk, entropy, options);
  if (!files) return files.error();
  SegmentReader reader(*files);
  const auto scans = scan_all(*files, reader);
  if (!scans) return scans.error();
  const Expected expected{files->header().segments, files->header().begin, files->mark().entries, files->mark().root,
                          options.needed_from};
  const auto chain = link_chain(*scans, expected, options.prefix);
  if (!chain) return chain.error();
  if (auto replayed = replay_all(*files, reader, *chain, options, replay); !replayed) return replayed.error();
  auto journal = std::make_unique<DiskJournal>(std::move(*files), options.segments_max, *chain);
  if (auto settled = journal->settle_tail(*chain); !settled) return settled.error();
  return std::unique_ptr<Journal>(std::move(journal));
}

}  // namespace lianxi::journal
