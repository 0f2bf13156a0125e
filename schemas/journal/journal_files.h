// The journal's files: making them, finding them again, their headers and the mark. Knows nothing of records.
//
// Threads: one at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "schemas/base/aligned.h"
#include "schemas/base/disk.h"
#include "schemas/base/entropy.h"
#include "schemas/journal/format.h"
#include "schemas/journal/journal.h"

namespace lianxi::journal {

class JournalFiles {
 public:
  // Finds the journal's files, or makes them. A making that was cut off is finished if no record can have been written; else
  // Code::corrupt. `disk` must outlive this.
  static Result<JournalFiles> open(Disk& disk, Entropy& entropy, const Options& options);

  const SegmentHeader& header() const { return header_; }  // Of segment 1: what all have in common.
  std::uint32_t segments() const { return segments_; }
  const MarkSlot& mark() const { return mark_; }           // The newest whole slot.
  bool direct() const { return direct_; }

  Result<std::unique_ptr<File>> open_segment(std::uint32_t segment);
  // Makes segment segments() + 1. Code::disk_full leaves everything as it was.
  Result<void> add_segment();
  Result<void> write_mark(std::uint64_t entries, const Hash& root);
  // Once recovery has accepted what it read: finishes a segment whose adding was cut off, and writes the mark again, for one
  // that was only read may be gone after the next power cut.
  Result<void> settle();

 private:
  JournalFiles(Disk& disk, const Options& options) : disk_(&disk), prefix_(options.prefix) {}
  std::string segment_name(std::uint32_t segment) const;
  std::string mark_name() const { return prefix_ + ".mark"; }

  Result<void> count_segments(bool& has_mark);
  Result<void> make(Entropy& entropy, const Options& options);
  Result<void> take_header(const Options& options, Entropy& entropy);
  Result<void> check_header(std::uint32_t segment, bool may_be_blank);
  Result<void> check_blank(std::uint32_t segment);
  Result<void> make_segment(std::uint32_t segment, bool exists);
  Result<bool> read_mark();  // False: both slots are zeros.
  Result<void> put_mark(const MarkSlot& slot);

  Disk* disk_;  // Not owned.
  std::string prefix_;
  SegmentHeader header_;
  std::uint32_t segments_ = 0;
  MarkSlot mark_;
  std::unique_ptr<File> mark_file_;
  AlignedBuffer block_;
  bool direct_ = true;
};

}  // namespace lianxi::journal
