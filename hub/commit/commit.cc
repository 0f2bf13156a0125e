#include "hub/commit/commit.h"

#include <algorithm>
#include <cstdlib>

namespace lianxi::hub {

namespace {

constexpr std::uint16_t kClockStep = 114;
constexpr std::size_t kBatchBytesMax = 4 << 20;
constexpr std::size_t kBatchEntriesMax = 4096;
constexpr std::size_t kStoredOverhead = 2048;  // Upper bound of what an entry adds to its run, without its refused list.

bool is_clock_step(const AdmittedEntry& entry) {
  return entry.messages.size() == 1 && entry.messages.front().header.type == kClockStep && entry.messages.front().refused == Code::ok;
}

bool holds_act(const CommittedEntry& entry) {
  return std::any_of(entry.messages.begin(), entry.messages.end(), [](const CommittedMessage& message) {
    return message.refused == Code::ok && policy::Policy::is_broadcast(message.header.type);
  });
}

}  // namespace

Bytes encode_flushed(std::uint64_t entries, const Hash& root) {
  Bytes out;
  Writer w(out);
  w.label("lianxi/flushed/v1");
  w.u64(entries);
  w.bytes(root);
  return out;
}

Commit::Commit(HubLog& log, Admission& admission, const evidence::Suite& suite, Store& store, journal::Journal& journal,
               JournalWriter& writer, Keys keys)
    : log_(log), admission_(admission), suite_(suite), store_(store), journal_(journal), writer_(writer), keys_(std::move(keys)) {}

void Commit::recovered(Now now) {
  durable_ = log_.applied();
  check(log_.tree().size() == durable_, "commit: tree and log differ after recovery");
  last_time_ = log_.last_time();
  newest_.size = durable_;
  newest_.root = log_.tree().root();
  if (durable_ > 0) newest_.note = sign(newest_.size, newest_.root);
  clock_known_ = true;
  wall_minus_boot_ = now.wall - now.boot;
  // The hub may have been off for long: only a clock that lies before the last entry is suspicious on its own.
  clock_stopped_ = durable_ > 0 && last_time_ - now.wall > kStartStepMsMax;
}

std::string Commit::sign(std::uint64_t size, const Hash& root) const {
  auto note = evidence::sign_checkpoint(suite_, keys_.checkpoint_secret, {keys_.origin, size, root});
  // A flipped bit between hashing and signing cannot be mended later: what is published was checked.
  const auto opened = evidence::open_checkpoint(suite_, keys_.checkpoint_public, note);
  check(opened.has_value() && opened->size == size && opened->root == root, "commit: own checkpoint does not verify");
  return note;
}

void Commit::add(AdmittedEntry entry) {
  pending_bytes_ += entry.run.size();
  pending_.push_back(std::move(entry));
}

void Commit::check_clock(Now now) {
  if (!clock_known_) {
    clock_known_ = true;
    wall_minus_boot_ = now.wall - now.boot;
  }
  const std::int64_t step = (now.wall - now.boot) - wall_minus_boot_;
  if (std::abs(step) > kClockStepMsMax) clock_stopped_ = true;
  else if (!clock_stopped_) wall_minus_boot_ += step;  // Slow drift is the clock being disciplined.
}

std::shared_ptr<CommittedEntry> Commit::place(AdmittedEntry& entry, Instant time) {
  auto committed = std::make_shared<CommittedEntry>();
  committed->number = log_.tree().size();
  committed->header = entry.header;
  auto& part = committed->part;
  part.generation = log_.generation();
  part.entry = committed->number;
  part.time = time;
  part.registry_serial = entry.registry_serial;

  Bytes filtered;
  const Bytes* run = &entry.run;
  for (std::uint16_t i = 0; i < entry.messages.size(); ++i) {
    if (entry.messages[i].refused != Code::ok) part.refused.push_back({i, entry.messages[i].refused});
  }
  if (!part.refused.empty()) {
    for (const auto& message : entry.messages) {
      if (message.refused != Code::ok) {
        codec::append_left_out(filtered, message.hash);
      } else {
        const auto bytes = ByteView(entry.run).subspan(message.offset, message.bytes);
        filtered.insert(filtered.end(), bytes.begin(), bytes.end());
      }
    }
    run = &filtered;
  }
  const auto hub_part = evidence::encode(part);
  committed->leaf = evidence::leaf_hash(entry.entry_header, entry.signature, hub_part);
  codec::append_stored_entry(committed->stored, entry.entry_header, entry.signature, hub_part, *run);
  std::size_t offset = 0;
  for (auto& message : entry.messages) {
    CommittedMessage out;
    out.header = std::move(message.header);
    out.hash = message.hash;
    out.refused = message.refused;
    out.offset = offset;
    out.bytes = message.refused == Code::ok ? message.bytes : 36;
    offset += out.bytes;
    committed->messages.push_back(std::move(out));
  }
  log_.route(*committed);
  return committed;
}

// Stopped: only the operators' word about the time passes. It is HUB's, whose own entries before it keep their order.
bool Commit::bring_clock_step_forward() {
  const auto at = std::find_if(pending_.begin(), pending_.end(), is_clock_step);
  if (at == pending_.end()) return false;
  const AgencyId hub = at->header.agency;
  const auto end = at + 1;
  std::stable_partition(pending_.begin(), end, [&](const AdmittedEntry& entry) { return entry.header.agency == hub; });
  return true;
}

std::size_t Commit::pump(Now now) {
  if (writing_ || pending_.empty()) return 0;
  check_clock(now);
  if (clock_stopped_ && !bring_clock_step_forward()) return 0;
  const bool step = clock_stopped_;
  const std::size_t room = std::min(kBatchBytesMax, journal_.payload_bytes_max());
  batch_ = {};
  record_.clear();
  const std::uint64_t first = log_.tree().size();
  while (!pending_.empty() && batch_.entries.size() < kBatchEntriesMax) {
    auto& entry = pending_.front();
    const std::size_t bound = entry.run.size() + kStoredOverhead + 4 * entry.messages.size();
    if (!batch_.entries.empty() && record_.size() + bound > room) break;
    if (!journal_.has_room(record_.size() + bound)) break;
    admission_.decide_again(entry, now);
    const bool confirms = is_clock_step(entry);
    if (!step || confirms) last_time_ = std::max(last_time_, now.wall);
    pending_bytes_ -= entry.run.size();
    auto placed = place(entry, last_time_);
    pending_.pop_front();
    log_.append_leaf(placed->leaf);
    record_.insert(record_.end(), placed->stored.begin(), placed->stored.end());
    const bool act = holds_act(*placed);
    batch_.entries.push_back(std::move(placed));
    if (step && confirms) {
      clock_stopped_ = false;
      wall_minus_boot_ = now.wall - now.boot;
    }
    if (act || step) break;  // An act takes effect with the next batch.
  }
  if (batch_.entries.empty()) return 0;
  batch_.size = log_.tree().size();
  batch_.root = log_.tree().root();
  writing_ = true;
  control_write_ = false;
  writer_.start({.first = first,
                 .count = static_cast<std::uint32_t>(batch_.entries.size()),
                 .root = batch_.root,
                 .highest_durable = durable_,
                 .payload = record_});
  // While the disk writes: the root again by another path, signed and checked. Nothing leaves before written().
  const auto again = log_.tree().root_at(batch_.size);
  check(again.has_value() && *again == batch_.root, "commit: the root computed twice differs");
  batch_.note = sign(batch_.size, batch_.root);
  return batch_.entries.size();
}

Result<std::optional<CommittedBatch>> Commit::written(const Result<void>& outcome) {
  check(writing_, "commit: a write ended that nobody started");
  writing_ = false;
  if (!outcome) return outcome.error();
  if (control_write_) {
    control_write_ = false;
    flush_ = FlushState::none;
    journal_.release(flush_through_);
    return std::optional<CommittedBatch>();
  }
  durable_ = batch_.size;
  if (auto applied = log_.apply(batch_.entries); !applied) return applied.error();
  newest_ = std::move(batch_);
  batch_ = {};
  return std::optional<CommittedBatch>(newest_);
}

bool Commit::needs_flush() const {
  return store_.unflushed_bytes() > kUnflushedBytesMax || journal_.segments_in_use() >= kSegmentsFlushAt;
}

Result<void> Commit::maintain() {
  if (flush_ == FlushState::running) {
    const auto state = store_.poll_flush();
    if (state == Store::Flush::failed) return fail(Code::io, "store: flush failed");
    if (state == Store::Flush::done) flush_ = FlushState::control_due;
  }
  if (writing_) return {};
  if (flush_ == FlushState::control_due) {
    // Durable before the segments that it frees are overwritten.
    control_ = encode_flushed(flush_through_, flush_root_);
    writing_ = true;
    control_write_ = true;
    writer_.start({.first = durable_, .count = 0, .root = flush_root_, .highest_durable = flush_through_, .payload = control_});
    return {};
  }
  if (flush_ == FlushState::none && log_.applied() > flush_through_ && needs_flush()) {
    if (auto saved = log_.save_edge(); !saved) return saved;
    flush_through_ = log_.applied();
    flush_root_ = newest_.root;
    if (auto started = store_.start_flush(); !started) return started;
    flush_ = FlushState::running;
  }
  return {};
}

}  // namespace lianxi::hub
