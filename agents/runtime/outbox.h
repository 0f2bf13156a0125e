// What this agency has said and does not yet know to stand in the log: messages with the numbers they keep for ever, entry
// boundaries and signatures, first in the journal (one record, one sync), then under way, then freed by a checked receipt.
//
// Numbers are fixed when a message is stored and never reused; an entry's bytes are stored before it is first sent and never change.
// A segment of the journal is released when everything in it stands in the store with its receipt.
//
// Journal record: u8 version 1 ‖ u16 items ‖ items.
//   message  u8 1 ‖ epoch u32 ‖ number u64 ‖ message hash 32 ‖ content hash 32 ‖ s8 idempotency key ‖ u16 n ‖ n × attachment digest
//            ‖ u16 n ‖ n × s8 addressee ‖ u32 length ‖ message (P2)
//   entry    u8 2 ‖ epoch u32 ‖ first u64 ‖ count u16 ‖ u16 length ‖ EH ‖ signature 64
// A record's `first`/`count` run over messages in the order they were stored; a record with an entry alone has count 0.
//
// Threads: one, the agent loop.
#pragma once

#include <deque>

#include "agents/runtime/state.h"
#include "schemas/journal/journal.h"

namespace lianxi::agent {

struct NewMessage {
  MessageId id;
  Hash hash{};
  Bytes message;  // P2
  std::string idempotency_key;
  Hash content{};  // Of the document's fields: same key, same content = the same message.
  std::vector<Hash> attachments;
  std::vector<AgencyId> addressees;
};

struct OutboxEntry {
  Epoch epoch;
  Number first;
  std::uint16_t count = 0;
  Bytes header;  // EH
  Signature signature{};
};

struct Logged {  // What a receipt settled.
  MessageId id;
  Position position;
  Instant hub_time = 0;
  Code refusal = Code::ok;
};

struct KeyedMessage {  // What is kept under an idempotency key.
  MessageId id;
  Hash content{};
};

class Outbox {
 public:
  static Result<std::unique_ptr<Outbox>> open(State& state);

  MessageId next_id() const { return {state_.self(), epoch_, Number(last_number_.value() + 1)}; }
  Number last_number() const { return last_number_; }
  // The last number recorded with a checked receipt; 0 = none.
  Number done_number() const { return done_number_; }
  Epoch epoch() const { return epoch_; }
  // Own number last addressed to `agency`; 0 = none.
  std::uint64_t previous(const AgencyId& agency) const;
  std::optional<KeyedMessage> keyed(const std::string& key) const;
  // Hash of an own message of this epoch; nullopt if this agent does not have it.
  std::optional<Hash> hash_of(Number number) const;

  // Code::disk_full when the quota holds no record of these many bytes now.
  Result<void> room_for(std::size_t bytes) const;
  std::size_t record_bytes_max() const { return journal_->payload_bytes_max(); }
  static std::size_t record_bytes(const NewMessage& message);
  // Stores the messages (consecutive numbers from next_id()) with one sync. When nothing is under way, the boundary and signature
  // of the entry that they begin stand in the same record.
  Result<void> store(std::span<const NewMessage> messages, std::size_t entry_bytes_max);

  // The entry that is to be sent now. Forms the next one (one sync) if none is formed; nullptr when nothing waits.
  Result<const OutboxEntry*> current(std::size_t entry_bytes_max);
  Result<Bytes> payload(const OutboxEntry& entry) const;
  std::vector<Hash> attachments(const OutboxEntry& entry) const;

  // An own message (P2), where it stands, and the receipt of its entry; Code::not_found.
  Result<Bytes> message(const MessageId& id) const;
  std::optional<Logged> logged(const MessageId& id) const;
  std::optional<MessageId> at(Position position) const;
  Result<evidence::Receipt> receipt(const MessageId& id) const;

  // Checks a receipt whole (messages, leaf, path, root, note signature) and records it. Empty if it was known already.
  // Code::verification_failed: nothing changed.
  Result<std::vector<Logged>> take_receipt(ByteView receipt_bytes);
  // Makes recorded receipts durable and releases what they free. Cheap when there is none.
  Result<void> settle();
  std::size_t unsettled() const { return backlog_.size(); }

  std::uint64_t queued() const { return pending_.size(); }
  std::uint64_t in_flight() const { return entries_.empty() ? 0 : entries_.front().count; }

 private:
  struct Pending {
    std::uint64_t sequence = 0;  // In the journal.
    Number number;
    Hash hash{};
    std::size_t bytes = 0;
    std::vector<Hash> attachments;
  };

  explicit Outbox(State& state) : state_(state) {}
  Result<void> load_marks();
  Result<void> replay(const journal::Record& record);
  Result<void> replay_message(Reader& r, std::uint64_t sequence);
  Result<void> replay_entry(Reader& r);
  std::vector<StoreWrite> rows_of(const NewMessage& message) const;
  void remember(const NewMessage& message, std::uint64_t sequence);
  std::optional<OutboxEntry> form(std::size_t entry_bytes_max, std::span<const NewMessage> also) const;
  Result<void> append(std::span<const NewMessage> messages, const std::optional<OutboxEntry>& entry);
  Result<std::vector<Hash>> hashes(Number first, std::uint16_t count) const;
  Result<void> check(const evidence::Receipt& receipt, const evidence::EntryHeader& header, const evidence::HubPart& part);
  Result<void> record(const evidence::EntryHeader& header, const evidence::HubPart& part, ByteView receipt,
                      std::vector<Logged>& logged);
  std::vector<StoreWrite> mark_rows() const;

  State& state_;
  std::unique_ptr<journal::Journal> journal_;
  Epoch epoch_{1};
  Number last_number_;
  Number done_number_;
  std::uint64_t done_sequence_ = 0;   // First sequence that is not done.
  std::deque<Pending> pending_;       // Ascending numbers: done_number_ + 1 to last_number_.
  // Formed, without a receipt, ascending. More than one only after a restart that lost receipts not yet synced.
  std::deque<OutboxEntry> entries_;
  std::vector<StoreWrite> backlog_;   // Rows of receipts, written already, not yet synced.
};

}  // namespace lianxi::agent
