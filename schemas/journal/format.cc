#include "schemas/journal/format.h"

#include <sodium.h>

#include <algorithm>

#include "schemas/base/check.h"

namespace lianxi::journal {
namespace {

// On disk: never change.
constexpr std::string_view kSegmentMagic = "LXJSEG01";
constexpr std::string_view kRecordMagic = "LXJR";
constexpr std::string_view kMarkMagic = "LXJMARK1";
constexpr std::size_t kCheckedBytes = 96;  // Of a record header, after the magic.

// Writes into a fixed place: the hot path allocates nothing.
class Put {
 public:
  explicit Put(std::span<std::uint8_t> out) : out_(out) {}
  void number(std::uint64_t v, int width) {
    for (int i = width - 1; i >= 0; --i) out_[at_++] = static_cast<std::uint8_t>(v >> (8 * i));
  }
  void bytes(ByteView v) {
    std::copy(v.begin(), v.end(), out_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ += v.size();
  }
  std::size_t size() const { return at_; }

 private:
  std::span<std::uint8_t> out_;
  std::size_t at_ = 0;
};

Check keyed_check(const JournalKey& key, ByteView first, ByteView second) {
  crypto_generichash_state state;
  Check out;
  crypto_generichash_init(&state, key.data(), key.size(), out.size());
  crypto_generichash_update(&state, first.data(), first.size());
  crypto_generichash_update(&state, second.data(), second.size());
  crypto_generichash_final(&state, out.data(), out.size());
  return out;
}

}  // namespace

Bytes encode(const SegmentHeader& header) {
  Bytes out;
  Writer writer(out);
  writer.bytes(kSegmentMagic);
  writer.u32(header.segment);
  writer.u32(header.segments);
  writer.u64(header.segment_bytes);
  writer.u64(header.begin);
  writer.bytes(header.id);
  writer.bytes(header.key);
  writer.u32(crc32c(out));
  check(out.size() == kSegmentHeaderBytes, "journal: segment header has another size");
  return out;
}

std::optional<SegmentHeader> decode_segment(ByteView block) {
  if (block.size() < kSegmentHeaderBytes) return std::nullopt;
  Reader reader(block.first(kSegmentHeaderBytes));
  if (text(reader.bytes(kSegmentMagic.size())) != kSegmentMagic) return std::nullopt;
  SegmentHeader header;
  header.segment = reader.u32();
  header.segments = reader.u32();
  header.segment_bytes = reader.u64();
  header.begin = reader.u64();
  header.id = reader.array<16>();
  header.key = reader.array<32>();
  const auto covered = block.first(reader.offset());
  if (reader.u32() != crc32c(covered)) return std::nullopt;
  return header;
}

Check encode(const RecordHeader& header, const JournalId& id, const JournalKey& key, std::span<std::uint8_t> out) {
  Put put(out.first(kRecordHeaderBytes));
  put.bytes(view(kRecordMagic));
  put.number(header.lap, 8);
  put.number(header.segment, 4);
  put.number(header.offset, 8);
  put.number(header.first, 8);
  put.number(header.count, 4);
  put.number(header.length, 4);
  put.number(header.payload_crc, 4);
  put.bytes(header.root);
  put.number(header.highest_durable, 8);
  put.bytes(header.previous);
  check(put.size() == kRecordMagic.size() + kCheckedBytes, "journal: record header has another size");
  const Check sum = keyed_check(key, id, ByteView(out).subspan(kRecordMagic.size(), kCheckedBytes));
  put.bytes(sum);
  // Up to 128, so that the payload is aligned for whoever reads it in place.
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(put.size()), out.begin() + kRecordHeaderBytes, std::uint8_t{0});
  return sum;
}

std::optional<CheckedHeader> decode_record(ByteView block, const JournalId& id, const JournalKey& key) {
  if (block.size() < kRecordHeaderBytes) return std::nullopt;
  Reader reader(block.first(kRecordHeaderBytes));
  if (text(reader.bytes(kRecordMagic.size())) != kRecordMagic) return std::nullopt;
  CheckedHeader out;
  RecordHeader& header = out.header;
  header.lap = reader.u64();
  header.segment = reader.u32();
  header.offset = reader.u64();
  header.first = reader.u64();
  header.count = reader.u32();
  header.length = reader.u32();
  header.payload_crc = reader.u32();
  header.root = reader.hash();
  header.highest_durable = reader.u64();
  header.previous = reader.array<16>();
  out.check = reader.array<16>();
  if (out.check != keyed_check(key, id, block.subspan(kRecordMagic.size(), kCheckedBytes))) return std::nullopt;
  return out;
}

Bytes encode(const MarkSlot& slot, const JournalKey& key) {
  Bytes out;
  Writer writer(out);
  writer.bytes(kMarkMagic);
  writer.u64(slot.sequence);
  writer.u64(slot.entries);
  writer.bytes(slot.root);
  writer.u32(slot.segments);
  writer.bytes(slot.id);
  writer.bytes(keyed_check(key, out, {}));
  check(out.size() == kMarkSlotBytes, "journal: mark slot has another size");
  return out;
}

std::optional<MarkSlot> decode_mark(ByteView block, const JournalId& id, const JournalKey& key) {
  if (block.size() < kMarkSlotBytes) return std::nullopt;
  Reader reader(block.first(kMarkSlotBytes));
  if (text(reader.bytes(kMarkMagic.size())) != kMarkMagic) return std::nullopt;
  MarkSlot slot;
  slot.sequence = reader.u64();
  slot.entries = reader.u64();
  slot.root = reader.hash();
  slot.segments = reader.u32();
  slot.id = reader.array<16>();
  const auto covered = block.first(reader.offset());
  if (reader.array<16>() != keyed_check(key, covered, {})) return std::nullopt;
  if (slot.id != id) return std::nullopt;
  return slot;
}

bool all_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

}  // namespace lianxi::journal
