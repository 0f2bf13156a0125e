// The journal's bytes: segment header, record header, mark slot (docs/formats/journal.md). All integers big-endian.
//
// Pure. Threads: values only.
#pragma once

#include <optional>

#include "schemas/base/bytes.h"

namespace lianxi::journal {

using JournalId = std::array<std::uint8_t, 16>;
using JournalKey = std::array<std::uint8_t, 32>;  // Stays in the journal's files: who has it can forge a chain.
using Check = std::array<std::uint8_t, 16>;       // BLAKE2b-128 with the journal's key.

inline constexpr std::size_t kSegmentHeaderBytes = 84;
inline constexpr std::size_t kRecordHeaderBytes = 128;  // Payload begins here.
inline constexpr std::size_t kMarkSlotBytes = 92;

struct SegmentHeader {
  std::uint32_t segment = 0;   // From 1.
  std::uint32_t segments = 0;  // As the journal was made, before it grew.
  std::uint64_t segment_bytes = 0;
  std::uint64_t begin = 0;
  JournalId id{};
  JournalKey key{};
};

struct RecordHeader {
  std::uint64_t lap = 0;  // How many times a segment had been begun before, over the whole journal: later is larger.
  std::uint32_t segment = 0;
  std::uint64_t offset = 0;
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  std::uint32_t length = 0;  // Of the payload.
  std::uint32_t payload_crc = 0;
  Hash root{};
  std::uint64_t highest_durable = 0;
  Check previous{};  // Check of the record before; zeros for the first.
};

struct MarkSlot {
  std::uint64_t sequence = 0;  // From 1; the slot is sequence % 2.
  std::uint64_t entries = 0;
  Hash root{};
  std::uint32_t segments = 0;  // That exist and may hold records.
  JournalId id{};
};

// Bytes that a record with this payload takes on disk.
constexpr std::uint64_t record_bytes(std::uint64_t payload) { return (kRecordHeaderBytes + payload + 4095) / 4096 * 4096; }

Bytes encode(const SegmentHeader& header);
std::optional<SegmentHeader> decode_segment(ByteView block);

// Writes kRecordHeaderBytes to `out` and returns the check.
Check encode(const RecordHeader& header, const JournalId& id, const JournalKey& key, std::span<std::uint8_t> out);
struct CheckedHeader {
  RecordHeader header;
  Check check{};
};
// nullopt unless `block` begins with a record header whose check holds.
std::optional<CheckedHeader> decode_record(ByteView block, const JournalId& id, const JournalKey& key);

Bytes encode(const MarkSlot& slot, const JournalKey& key);
std::optional<MarkSlot> decode_mark(ByteView block, const JournalId& id, const JournalKey& key);

bool all_zero(ByteView bytes);

}  // namespace lianxi::journal
