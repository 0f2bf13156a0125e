// What the parts of one agent share: who it is, what it knows of the hub, its store, and whether it has failed.
//
// Store families and their rows (keys big-endian, so that byte order is number order):
//
//   meta         "genesis" stored entry 0 · "checkpoint" largest note · "outbox" done mark · "cursor" cursor and Delivered chain
//   inbox        position -> delivered message as it came, hub time
//   inbox_state  position -> state, reason (no row: new)
//   entries      entry number -> entry header, signature, hub part, path, size, hashes of all its messages
//   checkpoints  size -> note
//   by_id        message id -> position (received messages)
//   own          epoch, number -> own message, idempotency key, content hash
//   own_state    epoch, number -> position, hub time, refusal
//   receipts     epoch, first number -> receipt
//   idempotency  key -> epoch, number, content hash
//   delivered_to agency -> position through which its Delivered covers
//   attachments  digest -> name, mime, file key, digest and length of the plaintext
//   uploads      upload id -> what has arrived so far
//   acts         position -> operators' act (header, C0 plaintext), folded again at start
//   own_positions position -> epoch, number of an own message
//   counters     "to" agency -> own number last addressed to it; "from" agency, epoch -> its number last addressed to us
//
// Threads: one, the agent loop.
#pragma once

#include <set>

#include "agents/runtime/agent.h"
#include "schemas/policy/open.h"

namespace lianxi::agent {

enum AgentFamily : Family {
  kMeta,
  kInbox,
  kInboxState,
  kEntries,
  kCheckpoints,
  kById,
  kOwn,
  kOwnState,
  kReceipts,
  kIdempotency,
  kDeliveredTo,
  kAttachments,
  kUploads,
  kActs,
  kCounters,
  kOwnPositions,
  kFamilies
};
// In the order of AgentFamily: what the store is opened with.
const std::vector<std::string>& family_names();

std::string to_key(Position position);
std::string to_key(Epoch epoch, Number number);
std::string to_key(const MessageId& id);
inline std::string string_of(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

// Entry 0 and the operators' acts of a message run, as they are folded into a registry.
struct Act {
  Bytes header;
  Bytes c0_plaintext;
};
// The header and C0 plaintext of a message; its commitment is recomputed. Code::verification_failed.
Result<Act> act_of(const codec::MessageView& message, const codec::MessageHeader& header, const Hash& log_id);

class State {
 public:
  State(Agent::Options agent_options, Agent::Edges agent_edges);

  // Folds the genesis and acts in the store again.
  Result<void> load();

  // Checks stored entry 0 and its receipt against the hub card, folds it and keeps it; later calls only compare.
  // Code::wrong_log when it is another log: the session ends.
  Result<void> take_genesis(ByteView stored_entry, ByteView receipt);

  // Opens a note of this log and keeps it if it is the largest seen. Code::verification_failed: bad signature, other origin, or
  // another root for the size that we hold.
  Result<evidence::Checkpoint> take_checkpoint(std::string_view note);
  const std::string& newest_note() const { return newest_note_; }
  std::uint64_t newest_size() const { return newest_.size; }

  // After an error the agent has failed and nothing more is written.
  Result<void> write(const std::vector<StoreWrite>& batch, Durability durability);
  Error fail_with(Error error);
  bool failed() const { return failed_; }

  void saw_hub_time(Instant time) { hub_time_ = std::max(hub_time_, time); }
  Instant hub_time() const { return hub_time_; }
  // The time that the agent itself states: the machine's, or with scenario_clock the newest hub time.
  Instant stated_time(Now now) const { return options.scenario_clock && hub_time_ != 0 ? hub_time_ : now.wall; }

  void report(std::string zh, std::string en);
  void report(const Error& error);  // The code's own sentences.
  void all_well() { problem_zh_.clear(), problem_en_.clear(); }
  const std::string& problem_zh() const { return problem_zh_; }
  const std::string& problem_en() const { return problem_en_; }

  const AgencyId& self() const { return options.keys.agency; }
  const evidence::KeyId& signing_id() const { return signing_id_; }
  const evidence::PublicKey& signing_public() const { return signing_public_; }
  std::span<const policy::SeatSecret> seat_secrets() const { return seat_secrets_; }
  std::string origin() const;
  std::uint32_t generation() const { return registry.genesis().generation; }

  const Agent::Options options;
  const Agent::Edges edges;
  policy::Registry registry;

 private:
  Result<void> fold_genesis(ByteView stored_entry);

  Bytes genesis_;  // Stored entry 0; empty until known.
  evidence::Checkpoint newest_;
  std::string newest_note_;
  std::string checked_note_;  // Note whose signature was checked last: the same one comes many times.
  evidence::Checkpoint checked_;
  Instant hub_time_ = 0;
  bool failed_ = false;
  std::string problem_zh_, problem_en_;
  evidence::PublicKey signing_public_{};
  evidence::KeyId signing_id_{};
  std::vector<policy::SeatSecret> seat_secrets_;
};

}  // namespace lianxi::agent
