// The agent itself: outbox, inbox and attachments behind the sessions of three endpoints. Here events are handed to the part that
// they concern; each part has a file of its own.
//
// Threads: one, the agent loop.
#pragma once

#include "agents/runtime/attachments.h"
#include "agents/runtime/chunk_client.h"
#include "agents/runtime/composer.h"
#include "agents/runtime/inbox.h"
#include "agents/runtime/outbox.h"
#include "agents/runtime/submitter.h"
#include "agents/runtime/waits.h"

namespace lianxi::agent {

class AgentCore final : public Agent {
 public:
  static constexpr std::int64_t kDeliveredEveryMs = 10'000;  // 102 at the latest, while the cursor moves.
  static constexpr std::int64_t kDeliverIdleMs = 30'000;     // Hello again on a silent stream.
  static constexpr std::int64_t kDeliverBehindMs = 3'000;    // The same when there should be more.
  static constexpr std::int64_t kSettleEveryMs = 100;        // Receipts become durable at the latest.
  static constexpr std::size_t kUnsettledMax = 4096;         // Rows; beyond it at once.

  static Result<std::unique_ptr<AgentCore>> open(Options options, Edges edges, Now now);

  void on_connected(int endpoint, Now now) override;
  void on_disconnected(int endpoint, Now now) override;
  void on_frame(int endpoint, ByteView frame, ByteView payload, Now now) override;
  void on_tick(Now now) override;

  std::vector<std::variant<Accepted, Refusal>> submit(std::span<const Document> documents, Now now) override;
  std::optional<MessageStatus> status(const MessageId& id) const override;
  void wait_for(const MessageId& id, Stage stage, std::int64_t deadline, std::function<void(MessageStatus)> done) override;

  std::vector<InboxRow> inbox(std::optional<Position> after, std::size_t limit) const override;
  void wait_inbox(std::optional<Position> after, std::int64_t deadline, std::function<void()> wake) override;
  Result<void> mark(Position position, std::string_view state, std::string_view reason) override;
  Result<std::string> message_json(const MessageId& id) const override;
  Result<std::string> message_json(Position position) const override;
  Result<evidence::Receipt> receipt(const MessageId& own) const override;
  Result<std::string> evidence_json(Position position) const override;

  Result<Upload> attachment_begin(std::string_view name, std::string_view mime, std::uint64_t bytes) override;
  Result<std::uint64_t> attachment_offset(std::string_view upload) const override;
  Result<std::uint64_t> attachment_write(std::string_view upload, std::uint64_t offset, ByteView bytes) override;
  Result<Hash> attachment_finish(std::string_view upload) override;
  void attachment_read(Position position, std::size_t n, std::uint64_t offset, std::size_t bytes_max, std::int64_t deadline,
                       std::function<void(Result<Bytes>)> done) override;

  Health health() const override;
  bool failed() const override { return state_.failed(); }

  // For tests and the simulator: what is proven about the stream so far.
  const Inbox::Chain& chain() const { return inbox_->chain(); }
  const policy::Registry& registry() const { return state_.registry; }

 private:
  struct AttachmentRead {
    Position position;
    std::size_t n = 0;
    std::uint64_t offset = 0;
    std::size_t bytes_max = 0;
    std::int64_t deadline = 0;
    std::function<void(Result<Bytes>)> done;
  };
  using Outcome = std::variant<Accepted, Refusal>;

  AgentCore(Options options, Edges edges);
  Result<void> recover();
  Session& session(int endpoint);

  void on_welcome(int endpoint, const wire::Welcome& welcome, Now now);
  Result<void> check_welcome(const wire::Welcome& welcome);
  void on_refusal(int endpoint, const wire::Refusal& refusal, std::uint64_t request, Now now);
  void on_deliver(const wire::Deliver& frame, ByteView payload, Now now);
  void on_view(const wire::View& view, Now now);
  void subscribe(Now now);
  void send_cursor(std::uint32_t messages, std::uint32_t bytes);
  void say_delivered(Now now);
  void settle_logged(const std::vector<Logged>& logged);
  MessageWaits::StatusOf status_of() const;

  std::optional<Outcome> answer_repeat(const Document& document, const Hash& content, std::span<const NewMessage> batch) const;
  std::optional<Refusal> cannot_submit() const;
  bool store_batch(std::span<const NewMessage> messages);

  Result<EntryProof> proof_at(Position position, std::string& note) const;
  std::optional<evidence::Opened> open_section(const codec::MessageView& message, const MessageId& id,
                                               const codec::SectionView& section) const;
  Result<Bytes> message_at(Position position) const;
  Result<std::optional<Bytes>> try_read(const AttachmentRead& read, Now now);
  void retry_reads(Now now);

  State state_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<Inbox> inbox_;
  mutable Attachments attachments_;
  Session submit_session_, deliver_session_, chunk_session_;
  ChunkClient chunk_client_;
  std::unique_ptr<Submitter> submitter_;
  MessageWaits message_waits_;
  InboxWaits inbox_waits_;
  std::list<AttachmentRead> reads_;

  std::uint64_t head_ = 0;           // Entries in the hub's log, as far as heard.
  std::uint32_t owed_messages_ = 0;  // Credit that could not be sent yet.
  std::uint32_t owed_bytes_ = 0;
  bool ack_owed_ = false;
  std::optional<Position> said_through_;  // Cursor of the last 102.
  std::int64_t said_at_ = 0;
  std::int64_t settled_at_ = 0;
  Instant last_contact_ = 0;
  Now now_;          // Of the newest event that told the time.
  std::string gap_;  // Newest gap in a sender's counts, for health.
};

}  // namespace lianxi::agent
