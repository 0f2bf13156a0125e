// One agency's agent: composes, numbers and keeps what it sends until a checked receipt covers it (outbox); takes its stream in
// order and stores it with its cursor (inbox); answers whoever asks about either. A process serves several.
//
// Pure: no socket, thread, file or clock. Frames come in by on_frame(), time by the `now` argument; frames go out by the Link.
// Storage is synchronous behind Store, Disk (outbox journal) and ChunkStore; after any of these fails, `failed()` is true,
// nothing more is acked or sent, and the process must end (no retry).
// Threads: one, the agent loop. Other threads post closures to it (agents/runtime/process.h).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "schemas/base/clock.h"
#include "schemas/base/disk.h"
#include "schemas/base/entropy.h"
#include "schemas/codec/catalogue.h"
#include "schemas/evidence/sealing.h"
#include "schemas/store/chunk_store.h"
#include "schemas/store/store.h"

namespace lianxi::agent {

// What a case system hands in; already parsed from JSON (agents/http).
struct DocumentAttachment {
  std::string code;  // DOC_REFERRAL_LETTER
  codec::Group group{};
  Hash id{};  // As add_attachment() returned it.
};
struct Document {
  std::string type;  // "CriminalReferral" or "203"
  std::string seat;
  std::vector<codec::Addressee> to;  // Role to and cc; `previous` is filled by the agent.
  std::vector<codec::ObjectId> ids;
  Instant event_time = 0;
  std::optional<MessageId> in_reply_to, corrects, withdraws;
  std::string body_json;
  std::vector<DocumentAttachment> attachments;
  std::string idempotency_key;  // Kept with the message for ever; empty = none.
};

enum class Stage { queued, logged, refused, delivered };
struct MessageStatus {
  MessageId id;
  Stage stage = Stage::queued;
  Position position;  // logged, delivered, or refused (the number is spent and stands in the log)
  Code refusal = Code::ok;
  Instant logged_at = 0;               // Hub time.
  std::vector<AgencyId> delivered_to;  // Addressees whose Delivered (102) covers it, as far as this agent has seen.
};

struct Accepted {
  MessageStatus status;
  bool repeat = false;
};
struct Refusal {
  Code code{};
  std::vector<codec::Fault> faults;
};  // Nothing was numbered.

struct InboxRow {
  Position position;
  MessageId id;
  std::uint16_t type = 0;
  Instant hub_time = 0;
  std::string state;  // "new", "done", "failed"
};

struct AgencyKeys {  // From the key file; never leaves the process.
  AgencyId agency;
  std::string host;  // Empty, or the agency whose agent this is.
  evidence::SecretKey transport_secret{};
  evidence::PublicKey transport_public{};
  evidence::SecretKey signing_secret{};
  struct Seat {
    std::string seat;
    evidence::SecretKey secret{};
  };
  std::vector<Seat> seats;
};

struct HubCard {  // P7: what first trust rests on.
  Hash log_id{};
  Hash genesis_leaf{};
  evidence::PublicKey checkpoint_key{};
  evidence::PublicKey curve_key{};
  std::vector<evidence::PublicKey> operators;
  std::string submit, deliver, chunks;  // "tcp://127.0.0.1:7710"
};

// Where frames go. `endpoint` 0 submit, 1 deliver, 2 chunks (wire::Endpoint). Never blocks; a frame that cannot be sent now is
// dropped and `false` returned: the agent sends it again after its time-out.
class Link {
 public:
  virtual ~Link() = default;
  virtual bool send(int endpoint, Bytes frame, Bytes payload) = 0;
};

class Agent {
 public:
  struct Options {
    AgencyKeys keys;
    HubCard hub;
    bool scenario_clock = false;  // Times that the agent itself states follow the hub's times (demo logs only).
    std::uint64_t outbox_bytes_max = 1ull << 30;
    std::uint64_t outbox_segment_bytes = 4 << 20;  // Of the outbox journal; larger than an entry.
    std::uint32_t credit_messages = 4096;
    std::uint32_t credit_bytes = 8 << 20;
    std::size_t idempotency_key_max = 128;
  };
  struct Edges {  // Not owned; outlive the agent.
    const evidence::Suite& suite;
    Entropy& entropy;
    Disk& outbox_disk;
    Store& store;  // Families: agents/runtime/README.md
    ChunkStore& chunks;
    Link& link;
  };
  // Recovers outbox, inbox, registry. Code::corrupt / store_short with what is wrong.
  static Result<std::unique_ptr<Agent>> open(Options options, Edges edges, Now now);
  virtual ~Agent() = default;

  // --- network -------------------------------------------------------------------------------------------------------
  virtual void on_connected(int endpoint, Now now) = 0;  // Sends Hello.
  virtual void on_disconnected(int endpoint, Now now) = 0;
  virtual void on_frame(int endpoint, ByteView frame, ByteView payload, Now now) = 0;
  virtual void on_tick(Now now) = 0;  // At least every 100 ms.

  // --- sending -------------------------------------------------------------------------------------------------------
  // Composes, checks, numbers and stores a batch of documents with one sync; the answers are durable when it returns. Batches
  // of one are the usual case. Code::unavailable until the registry is known (first contact with the hub).
  virtual std::vector<std::variant<Accepted, Refusal>> submit(std::span<const Document> documents, Now now) = 0;
  virtual std::optional<MessageStatus> status(const MessageId& id) const = 0;
  // Calls back once, when the message has reached `stage` (or was refused) or `deadline` (boot clock) passed.
  virtual void wait_for(const MessageId& id, Stage stage, std::int64_t deadline, std::function<void(MessageStatus)> done) = 0;

  // --- reading -------------------------------------------------------------------------------------------------------
  // Messages received (not own ones) after `after`, ascending. An empty answer and `wake`: called once when there is one more.
  virtual std::vector<InboxRow> inbox(std::optional<Position> after, std::size_t limit) const = 0;
  virtual void wait_inbox(std::optional<Position> after, std::int64_t deadline, std::function<void()> wake) = 0;
  virtual Result<void> mark(Position position, std::string_view state, std::string_view reason) = 0;
  // The message as this agency may see it, as JSON: {id, position, type, type_name, sender, seat, to, cc, ids, event_time, hub_time,
  // in_reply_to, body, shown: [groups], withheld: [groups], attachments: [{n, code, group, name, mime, bytes, sha256}], status}.
  virtual Result<std::string> message_json(const MessageId& id) const = 0;
  virtual Result<std::string> message_json(Position position) const = 0;
  virtual Result<evidence::Receipt> receipt(const MessageId& own) const = 0;  // Code::not_found until it is logged.
  // "lianxi-evidence/v1" bundle (docs/formats/receipt.md) of a message that this agency holds, with the sections it may see.
  virtual Result<std::string> evidence_json(Position position) const = 0;

  // --- attachments ---------------------------------------------------------------------------------------------------
  // Bytes arrive in order, in pieces; resumable: `offset` must equal bytes received so far (upload_offset).
  struct Upload {
    std::string upload;
    std::uint64_t offset = 0;
  };
  virtual Result<Upload> attachment_begin(std::string_view name, std::string_view mime, std::uint64_t bytes) = 0;
  virtual Result<std::uint64_t> attachment_offset(std::string_view upload) const = 0;
  virtual Result<std::uint64_t> attachment_write(std::string_view upload, std::uint64_t offset, ByteView bytes) = 0;
  virtual Result<Hash> attachment_finish(std::string_view upload) = 0;  // The id for DocumentAttachment.
  // Plaintext bytes of attachment n of a message; fetches missing chunks from the hub first. `done` is called once.
  virtual void attachment_read(Position position, std::size_t n, std::uint64_t offset, std::size_t bytes_max,
                               std::int64_t deadline, std::function<void(Result<Bytes>)> done) = 0;

  // --- state ---------------------------------------------------------------------------------------------------------
  struct Health {
    bool submit_ready = false, deliver_ready = false, registry_known = false, failed = false;
    std::uint64_t queued = 0, in_flight = 0, inbox_new = 0;
    Position cursor;
    std::uint64_t behind_entries = 0;
    std::string last_problem_zh, last_problem_en;  // Of the link, in words; empty when all is well.
    Instant last_contact = 0;
  };
  virtual Health health() const = 0;
  virtual bool failed() const = 0;
};

}  // namespace lianxi::agent
