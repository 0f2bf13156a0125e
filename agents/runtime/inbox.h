// What this agency has received, in log order, with the cursor that says up to where. Rows, cursor and the Delivered chain (P6)
// are written in one synced batch, so the cursor is never ahead of what is stored, and a message delivered twice is stored once.
//
// Threads: one, the agent loop.
#pragma once

#include "agents/runtime/delivery.h"

namespace lianxi::agent {

struct Taken {                    // What a Deliver frame brought.
  std::vector<Position> fresh;    // Stored now; ascending.
  bool starts_clock = false;      // One of them is of a type that starts a clock.
  std::vector<std::string> gaps;  // "430922-LAND.1: 7 is missing before 9": noted, to be proven.
};

struct StoredMessage {
  Instant hub_time = 0;
  std::uint16_t type = 0;
  MessageId id;
  Bytes message;  // P2, as delivered.
};

class Inbox {
 public:
  static Result<std::unique_ptr<Inbox>> open(State& state);

  // Checks a whole frame, folds operators' acts, stores. Code::verification_failed: nothing of the frame is stored or folded.
  Result<Taken> take(const wire::Deliver& frame, ByteView payload);

  struct Chain {  // P6
    std::uint32_t generation = 0;
    std::optional<Position> through;
    std::uint64_t count = 0;
    Hash digest{};
  };
  const Chain& chain() const { return chain_; }
  std::uint64_t fresh() const { return fresh_; }  // Rows in state "new".

  std::vector<InboxRow> list(std::optional<Position> after, std::size_t limit) const;
  bool any_after(std::optional<Position> after) const;
  Result<void> mark(Position position, std::string_view mark_state, std::string_view reason);
  Result<StoredMessage> message(Position position) const;
  std::string state_of(Position position) const;
  std::optional<Position> position_of(const MessageId& id) const;
  Result<EntryProof> proof(std::uint64_t entry) const;
  Result<std::string> note(std::uint64_t size) const;

 private:
  struct Staged;
  explicit Inbox(State& state) : state_(state) {}
  Result<void> stage_entry(Staged& staged, const wire::DeliveredEntry& frame, ByteView run,
                           const evidence::Checkpoint& checkpoint);
  Result<void> stage_message(Staged& staged, const DeliveredEntry& entry, const DeliveredMessage& message);
  void note_gap(Staged& staged, const DeliveredMessage& message) const;
  std::vector<StoreWrite> marks_of(const Chain& chain, std::uint64_t fresh) const;

  State& state_;
  Chain chain_;
  std::uint64_t fresh_ = 0;
};

}  // namespace lianxi::agent
