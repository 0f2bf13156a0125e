// What a client checks of a receipt or a delivered entry: its leaf and path at once, the checkpoint's signature off the path, every
// 100 ms and once at the end.
// Threads: one.
#pragma once

#include "benchmarks/clock_ns.h"
#include "schemas/evidence/entry.h"
#include "schemas/evidence/key_file.h"

namespace lianxi::bench {

inline constexpr Nanos kNoteCheckEvery = 100 * kMilli;

class EntryCheck {
 public:
  explicit EntryCheck(const evidence::HubCard& hub) : hub_(hub) {}

  // Whether the entry's leaf leads to the root of `note` at its size.
  Result<void> entry(ByteView entry_header, const Signature& signature, ByteView hub_part, std::uint64_t number,
                     std::uint64_t size, std::span<const Hash> path, std::string_view note, Nanos now);
  // The newest note's signature, whatever the time.
  Result<void> finish();
  std::uint64_t notes_checked() const { return notes_checked_; }

 private:
  evidence::HubCard hub_;
  std::string note_;
  evidence::Checkpoint checkpoint_;
  Nanos checked_at_ = 0;
  std::uint64_t notes_checked_ = 0;
};

}  // namespace lianxi::bench
