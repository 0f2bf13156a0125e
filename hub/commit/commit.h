// Sequencing: gives admitted entries their place, time and leaf, makes one journal record of what waits, and after its sync hands
// out what was committed. One write is under way at most; what comes meanwhile is the next batch, so batching costs no delay.
//
// Pure: the write itself is the edge's (JournalWriter). Threads: the hub loop.
#pragma once

#include <deque>

#include "hub/admission/admission.h"
#include "schemas/journal/journal.h"

namespace lianxi::hub {

inline constexpr std::size_t kPendingBytesMax = 64 << 20;      // Admitted and not yet written, all agencies.
inline constexpr std::int64_t kClockStepMsMax = 60'000;        // A wall clock that moves more than this against the boot clock …
inline constexpr std::int64_t kStartStepMsMax = 5 * 60'000;    // … or at start against the last entry, stops commits.
inline constexpr std::uint32_t kSegmentsFlushAt = 3;
inline constexpr std::uint64_t kUnflushedBytesMax = 32ull << 20;

// What a batch became, after its sync.
struct CommittedBatch {
  std::vector<EntryPtr> entries;
  std::uint64_t size = 0;            // Tree size after it.
  Hash root{};
  std::string note;                  // The signed checkpoint of exactly that size.
};

// Where records go. start() returns at once; the outcome comes back as Commit::written(). The record's payload stays valid till then.
class JournalWriter {
 public:
  virtual ~JournalWriter() = default;
  virtual void start(const journal::Record& record) = 0;
};

class Commit {
 public:
  struct Keys {
    evidence::SecretKey checkpoint_secret{};
    evidence::PublicKey checkpoint_public{};
    std::string origin;
  };
  // All outlive the commit stage. `journal` is only asked while no write is under way.
  Commit(HubLog& log, Admission& admission, const evidence::Suite& suite, Store& store, journal::Journal& journal, JournalWriter& writer, Keys keys);

  // False: full, nothing was taken (the caller must not have admitted it: ask has_room() first).
  bool has_room(std::size_t bytes) const { return pending_bytes_ + bytes <= kPendingBytesMax; }
  void add(AdmittedEntry entry);
  // Starts a write if none is under way and something waits. Returns how many entries it took.
  std::size_t pump(Now now);
  // The write ended. On success the batch is folded and returned; on failure the process must end.
  Result<std::optional<CommittedBatch>> written(const Result<void>& outcome);
  // Flushes, control records, segment release. Called on every step.
  Result<void> maintain();

  bool writing() const { return writing_; }
  bool idle() const { return !writing_ && pending_.empty(); }
  std::uint64_t durable() const { return durable_; }           // Entries that are on disk.
  const CommittedBatch& newest() const { return newest_; }     // entries empty after a start; size, root, note valid.
  // True when commits are stopped because the clock stepped; only a ClockStep of the operators passes then.
  bool stopped_by_clock() const { return clock_stopped_; }
  std::size_t pending_bytes() const { return pending_bytes_; }
  // After recovery: everything in the log is durable.
  void recovered(Now now);
  std::string sign(std::uint64_t size, const Hash& root) const;

 private:
  void check_clock(Now now);
  bool bring_clock_step_forward();
  std::shared_ptr<CommittedEntry> place(AdmittedEntry& entry, Instant time);
  bool needs_flush() const;

  HubLog& log_;
  Admission& admission_;
  const evidence::Suite& suite_;
  Store& store_;
  journal::Journal& journal_;
  JournalWriter& writer_;
  Keys keys_;

  std::deque<AdmittedEntry> pending_;
  std::size_t pending_bytes_ = 0;
  bool writing_ = false;
  bool control_write_ = false;
  CommittedBatch batch_;             // Under way.
  Bytes record_;                     // Its journal payload.
  CommittedBatch newest_;
  std::uint64_t durable_ = 0;
  Instant last_time_ = 0;

  bool clock_known_ = false;
  bool clock_stopped_ = false;
  std::int64_t wall_minus_boot_ = 0;

  enum class FlushState { none, running, control_due };
  FlushState flush_ = FlushState::none;
  std::uint64_t flush_through_ = 0;
  Hash flush_root_{};
  Bytes control_;
};

// Payload of a control record: L("lianxi/flushed/v1") ‖ entries u64 ‖ root 32.
Bytes encode_flushed(std::uint64_t entries, const Hash& root);

}  // namespace lianxi::hub
