#include "schemas/journal/journal_files.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "schemas/base/check.h"

namespace lianxi::journal {
namespace {

constexpr std::uint64_t kMarkFileBytes = 2 * kBlockBytes;

Result<Bytes> read_block(File& file, std::uint64_t offset) {
  Bytes block(kBlockBytes);
  if (auto done = file.read(offset, block); !done) return done.error();
  return block;
}

// The number in "<prefix>-000007.seg", or 0.
std::uint32_t segment_number(std::string_view name, std::string_view prefix) {
  const std::string_view suffix = ".seg";
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return 0;
  name.remove_prefix(prefix.size());
  if (!name.starts_with("-") || name.size() <= 1 + suffix.size()) return 0;
  const auto digits = name.substr(1, name.size() - 1 - suffix.size());
  std::uint32_t number = 0;
  const auto end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  return error == std::errc() && stop == end ? number : 0;
}

}  // namespace

std::string JournalFiles::segment_name(std::uint32_t segment) const {
  std::array<char, 24> digits{};
  std::snprintf(digits.data(), digits.size(), "-%06u.seg", segment);
  return prefix_ + digits.data();
}

Result<JournalFiles> JournalFiles::open(Disk& disk, Entropy& entropy, const Options& options) {
  JournalFiles files(disk, options);
  files.block_.reserve(kBlockBytes);
  bool has_mark = false;
  if (auto counted = files.count_segments(has_mark); !counted) return counted.error();
  bool marked = false;
  if (has_mark && files.segments_ > 0) {
    if (auto taken = files.take_header(options, entropy); !taken) return taken.error();
    auto read = files.read_mark();
    if (!read) return read.error();
    marked = *read;
  }
  if (!marked) {
    // The mark is made last: without it no record was ever written, or somebody removed it.
    if (has_mark && files.segments_ == 0) return fail(Code::store_short, files.prefix_ + ": all segments are missing");
    if (auto made = files.make(entropy, options); !made) return made.error();
    return files;
  }
  if (files.mark_.segments > files.segments_) {
    return fail(Code::store_short, files.segment_name(files.segments_ + 1) + ": missing");
  }
  for (std::uint32_t segment = 1; segment <= files.segments_; ++segment) {
    if (auto sound = files.check_header(segment, segment > files.mark_.segments); !sound) return sound.error();
  }
  return files;
}

Result<void> JournalFiles::count_segments(bool& has_mark) {
  const auto names = disk_->list();
  if (!names) return names.error();
  std::vector<std::uint32_t> numbers;
  for (const auto& name : *names) {
    if (const auto number = segment_number(name, prefix_); number > 0) numbers.push_back(number);
    if (name == mark_name()) has_mark = true;
  }
  std::sort(numbers.begin(), numbers.end());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto expected = static_cast<std::uint32_t>(i + 1);
    if (numbers[i] != expected) return fail(Code::store_short, segment_name(expected) + ": missing");
  }
  segments_ = static_cast<std::uint32_t>(numbers.size());
  return {};
}

Result<void> JournalFiles::take_header(const Options& options, Entropy& entropy) {
  const auto file = open_segment(1);
  if (!file) return file.error();
  const auto block = read_block(**file, 0);
  if (!block) return block.error();
  if (const auto header = decode_segment(*block)) {
    header_ = *header;
    return {};
  }
  if (!all_zero(*block)) return fail(Code::corrupt, segment_name(1) + ": header");
  header_ = {1, options.segments, options.segment_bytes, options.begin, entropy.array<16>(), entropy.array<32>()};
  return {};
}

Result<void> JournalFiles::make(Entropy& entropy, const Options& options) {
  if (options.needed_from && *options.needed_from != options.begin) {
    return fail(Code::store_short, prefix_ + ": is needed from entry " + std::to_string(*options.needed_from) +
                                       ", but there is no journal");
  }
  if (segments_ == 0) {
    header_ = {1, options.segments, options.segment_bytes, options.begin, entropy.array<16>(), entropy.array<32>()};
  } else if (auto taken = take_header(options, entropy); !taken) {
    return taken;
  }
  const std::uint32_t found = segments_;
  if (found > header_.segments) return fail(Code::corrupt, mark_name() + ": missing or empty");
  for (std::uint32_t segment = 1; segment <= found; ++segment) {
    if (auto blank = check_blank(segment); !blank) return blank;
  }
  for (std::uint32_t segment = 1; segment <= header_.segments; ++segment) {
    if (auto made = make_segment(segment, segment <= found); !made) return made;
  }
  segments_ = header_.segments;
  if (auto made = disk_->create(mark_name(), kMarkFileBytes); !made && made.error().code != Code::already_exists) return made;
  return put_mark({1, header_.begin, kZeroHash, segments_, header_.id});
}

Result<void> JournalFiles::check_blank(std::uint32_t segment) {
  const auto file = open_segment(segment);
  if (!file) return file.error();
  Bytes block(static_cast<std::size_t>(std::min<std::uint64_t>((*file)->size(), 1 << 20)));
  for (std::uint64_t at = kBlockBytes; at < (*file)->size();) {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), (*file)->size() - at));
    if (auto read = (*file)->read(at, std::span(block).first(n)); !read) return read;
    if (!all_zero(ByteView(block).first(n))) {
      return fail(Code::corrupt, mark_name() + ": missing or empty, but " + segment_name(segment) + " holds records");
    }
    at += n;
  }
  return {};
}

Result<void> JournalFiles::make_segment(std::uint32_t segment, bool exists) {
  if (!exists) {
    if (auto made = disk_->create(segment_name(segment), header_.segment_bytes); !made) return made;
  }
  auto file = open_segment(segment);
  if (!file) return file.error();
  SegmentHeader header = header_;
  header.segment = segment;
  const Bytes encoded = encode(header);
  std::fill_n(block_.data(), kBlockBytes, std::uint8_t{0});
  std::copy(encoded.begin(), encoded.end(), block_.data());
  if (auto written = (*file)->write(0, {block_.data(), kBlockBytes}); !written) return written;
  return (*file)->sync();
}

Result<void> JournalFiles::check_header(std::uint32_t segment, bool may_be_blank) {
  auto file = open_segment(segment);
  if (!file) return file.error();
  const auto block = read_block(**file, 0);
  if (!block) return block.error();
  if (may_be_blank && all_zero(*block)) return {};
  const auto header = decode_segment(*block);
  const bool sound = header && header->segment == segment && header->id == header_.id && header->key == header_.key &&
                     header->segment_bytes == header_.segment_bytes && (*file)->size() == header_.segment_bytes;
  if (!sound) return fail(Code::corrupt, segment_name(segment) + ": header or size");
  return {};
}

Result<std::unique_ptr<File>> JournalFiles::open_segment(std::uint32_t segment) {
  bool direct = false;
  auto file = disk_->open(segment_name(segment), Disk::Mode::direct, &direct);
  if (file && !direct) direct_ = false;
  return file;
}

Result<void> JournalFiles::add_segment() {
  const std::uint32_t segment = segments_ + 1;
  if (auto made = disk_->create(segment_name(segment), header_.segment_bytes); !made) return made;
  if (auto made = make_segment(segment, true); !made) return fail(Code::io, made.error().detail);
  segments_ = segment;
  // The mark knows of it before it holds a record, so that its loss would show.
  if (auto marked = write_mark(mark_.entries, mark_.root); !marked) return fail(Code::io, marked.error().detail);
  return {};
}

Result<void> JournalFiles::settle() {
  for (std::uint32_t segment = mark_.segments + 1; segment <= segments_; ++segment) {
    if (auto made = make_segment(segment, true); !made) return made;
  }
  return write_mark(mark_.entries, mark_.root);
}

Result<bool> JournalFiles::read_mark() {
  auto file = disk_->open(mark_name(), Disk::Mode::direct);
  if (!file) return file.error();
  mark_file_ = std::move(*file);
  bool blank = true;
  for (std::uint64_t slot = 0; slot < 2; ++slot) {
    const auto block = read_block(*mark_file_, slot * kBlockBytes);
    if (!block) return block.error();
    blank = blank && all_zero(*block);
    const auto read = decode_mark(*block, header_.id, header_.key);
    if (read && read->sequence > mark_.sequence) mark_ = *read;
  }
  if (mark_.sequence == 0 && !blank) return fail(Code::corrupt, mark_name() + ": no slot holds");
  return mark_.sequence > 0;
}

Result<void> JournalFiles::write_mark(std::uint64_t entries, const Hash& root) {
  return put_mark({mark_.sequence + 1, entries, root, segments_, header_.id});
}

Result<void> JournalFiles::put_mark(const MarkSlot& slot) {
  if (!mark_file_) {
    auto file = disk_->open(mark_name(), Disk::Mode::direct);
    if (!file) return file.error();
    mark_file_ = std::move(*file);
  }
  const Bytes encoded = encode(slot, header_.key);
  std::fill_n(block_.data(), kBlockBytes, std::uint8_t{0});
  std::copy(encoded.begin(), encoded.end(), block_.data());
  const std::uint64_t offset = slot.sequence % 2 * kBlockBytes;
  if (auto written = mark_file_->write(offset, {block_.data(), kBlockBytes}); !written) return written;
  if (auto synced = mark_file_->sync(); !synced) return synced;
  mark_ = slot;
  return {};
}

}  // namespace lianxi::journal
