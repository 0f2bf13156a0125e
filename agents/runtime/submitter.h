// The submit side of the link: one entry under way at a time, sent again with the same bytes until the hub answers; what waits
// meanwhile becomes the next entry. Three outcomes: logged (receipt), refused, unknown (send the same again).
//
// Threads: one, the agent loop.
#pragma once

#include "agents/runtime/chunk_client.h"
#include "agents/runtime/outbox.h"

namespace lianxi::agent {

class Submitter {
 public:
  static constexpr std::int64_t kAnswerMs = 5000;
  static constexpr std::int64_t kRetryMs = 1000;

  Submitter(State& state, Outbox& outbox, ChunkClient& chunks, Session& session)
      : state_(state), outbox_(outbox), chunks_(chunks), session_(session) {}

  void pump(Now now);  // Sends what can be sent.
  void tick(Now now);

  // What the hub recorded last decides whether we may go on: not if it knows more of us than we do, or something else.
  void on_welcome(const wire::Welcome& welcome, Now now);
  // Messages that the receipts settled. A receipt that does not hold ends the session.
  std::vector<Logged> on_receipts(const wire::ReceiptFrame& frame, std::uint64_t request, Now now);
  void on_refusal(const wire::Refusal& refusal, std::uint64_t request, Now now);
  void on_busy(std::uint32_t retry_after_ms, std::uint64_t request, Now now);

  bool stopped() const { return stopped_; }  // Health says why.
  // False once the hub recorded more of this epoch than we have: new numbers would fork.
  bool may_number() const { return may_number_; }
  std::size_t entry_bytes_max() const { return entry_bytes_max_; }

 private:
  void stop(Error why);
  void again_after(std::int64_t ms, Now now);
  bool uploaded(const OutboxEntry& entry, Now now);

  State& state_;
  Outbox& outbox_;
  ChunkClient& chunks_;
  Session& session_;
  std::size_t entry_bytes_max_ = codec::kEntryBytesMax;
  std::uint64_t awaited_ = 0;    // Request of the entry under way; 0 = none.
  std::int64_t not_before_ = 0;  // Boot clock.
  bool stopped_ = false;
  bool may_number_ = true;
};

}  // namespace lianxi::agent
