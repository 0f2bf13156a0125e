// The hub without its edges: sessions, admission, commit, delivery and the hub's own voice, wired. What decides is here; sockets,
// disks, threads and clocks are in hub.cc, or in the simulator.
//
// Events come in (a frame, a write's end, time), frames and records go out through HubEdges. Pure. Threads: one, the hub loop.
#pragma once

#include <functional>
#include <set>

#include "hub/delivery/delivery.h"
#include "schemas/evidence/key_file.h"
#include "schemas/policy/compose.h"

namespace lianxi::hub {

inline constexpr std::uint32_t kSubmitEntries = 8;               // Entries that one agency may have under way.
inline constexpr std::uint32_t kSubmitBytes = 4 << 20;
inline constexpr std::uint32_t kBusyRetryMs = 200;
inline constexpr std::size_t kFramesAtOnce = 4;                  // Deliver frames for one subscriber in one step.
inline constexpr std::int64_t kIdleMarkMs = 2000;                // Quiet for this long: the mark is written.

// A connection at one endpoint (0 submit, 1 deliver, 2 chunks), as the transport names it.
struct Peer {
  int endpoint = 0;
  std::uint64_t connection = 0;
  auto operator<=>(const Peer&) const = default;
};

class HubEdges : public JournalWriter {
 public:
  virtual void send(const Peer& peer, Bytes frame, Bytes payload) = 0;
  // The idle mark, outside the latency path; outcome as Commit writes: HubCore::on_mark_written().
  virtual void start_mark(std::uint64_t entries, const Hash& root) = 0;
  // The transport's table of CURVE keys, whenever it changed.
  virtual void keys_changed(const policy::Registry& registry) = 0;
};

// Counted for the metrics; plain numbers, read by the loop that owns the core.
struct HubCounters {
  std::uint64_t entries = 0, messages = 0, refused_messages = 0, refused_entries = 0, repeats = 0, busy = 0, delivered_messages = 0,
      bad_frames = 0, incidents = 0, batches = 0;
  std::map<Code, std::uint64_t> refusals;
};

class HubCore {
 public:
  struct Options {
    evidence::HubKeys keys;
    std::string software = "lianxi-hub";
  };
  struct Parts {                     // Not owned; outlive the core.
    const evidence::Suite& suite;
    Entropy& entropy;
    Store& store;
    ChunkStore& chunks;
    HubEdges& edges;
  };
  // Opens the log over the store; then each journal record is replayed; then started() makes the core ready. In this order.
  static Result<std::unique_ptr<HubCore>> open(Options options, Parts parts);
  Result<void> replay(const journal::Record& record);
  Result<void> started(journal::Journal& journal, Now now);

  // --- events -------------------------------------------------------------------------------------------------------------
  void on_frame(const Peer& peer, const AgencyId& agency, ByteView frame, Bytes payload, Now now);
  void on_written(const Result<void>& outcome, Now now);
  void on_mark_written(const Result<void>& outcome);
  void on_tick(Now now);
  // Starts what can be started and sends what can be sent; called after each batch of events. Returns how much it did.
  std::size_t pump(Now now);

  // --- the operators' side (admin) --------------------------------------------------------------------------------------------
  // Puts entry 0 into an empty log.
  Result<void> submit_genesis(const std::string& body_json, const std::vector<evidence::SecretKey>& operators, Instant event_time, Now now);
  // An operators' act: C0 JSON of 108 or 114 with the signatures over its plaintext. The answer comes when it is durable.
  using Done = std::function<void(Result<Position>)>;
  void submit_act(std::uint16_t type, const std::string& body_json, const std::vector<codec::OperatorSignature>& signatures, std::uint64_t serial,
                  Now now, Done done);
  // The plaintext that operators sign for that body, as the hub will log it.
  static Result<Bytes> act_plaintext(std::uint16_t type, const std::string& body_json);

  const HubLog& log() const { return *log_; }
  const Commit& commit() const { return *commit_; }
  const HubCounters& counters() const { return counters_; }
  // Set once something happened after which the hub must not go on; nothing is sent or written from then on.
  const std::optional<Error>& fatal() const { return fatal_; }
  // Makes sure that a write is on its way whose end answers whether the disk still works: false if none can be started.
  bool probe();
  bool quiet() const { return commit_->idle(); }
  std::size_t sessions() const { return sessions_.size(); }
  std::vector<AgencyId> connected() const { return delivery_->subscribers(); }

 private:
  struct Session {
    std::uint64_t connection = 0;
  };
  struct Waiting {                   // A submit whose receipts are due.
    Peer peer;
    std::uint64_t request = 0;
    std::uint64_t first = 0, last = 0;
    Epoch epoch;
    std::size_t bytes = 0;
  };

  HubCore(Options options, Parts parts) : options_(std::move(options)), parts_(parts) {}
  void stop(Error error);
  bool current(const Peer& peer, const AgencyId& agency) const;
  void refuse(const Peer& peer, std::uint64_t request, const EntryRefused& refused);
  void on_hello(const Peer& peer, const AgencyId& agency, std::uint64_t request, const wire::Hello& hello, Now now);
  bool check_shown_checkpoint(const std::string& note);
  void on_submit(const Peer& peer, const AgencyId& agency, std::uint64_t request, const wire::Submit& submit, Bytes run, Now now);
  void on_subscribe(const Peer& peer, const AgencyId& agency, const wire::Subscribe& subscribe);
  void on_put_chunk(const Peer& peer, std::uint64_t request, const wire::PutChunk& put, const Bytes& bytes);
  void on_get_chunk(const Peer& peer, const AgencyId& agency, std::uint64_t request, const wire::GetChunk& get);
  void on_prove(const Peer& peer, std::uint64_t request, const wire::Prove& prove);
  Result<Bytes> entitled_chunk(const AgencyId& agency, const wire::GetChunk& get) const;

  Result<Bytes> receipt_of(std::uint64_t entry) const;
  void send_receipts(const Waiting& waiting);
  void answer(const CommittedBatch& batch);
  void end_revoked_sessions();
  void answer_act(const CommittedEntry& entry, std::size_t index);
  struct Confirmation {              // What a Delivered (102) says, held against what was due.
    std::uint64_t from = 0, through = 0;
    Hash due{};
    Bytes seen;
    bool holds = false;
  };
  Result<std::optional<Confirmation>> fold_delivered(const CommittedEntry& entry, std::size_t index);
  void on_delivered(const CommittedEntry& entry, std::size_t index, Now now);
  void announce_delivered(const AgencyId& recipient, std::uint64_t from, std::uint64_t through);
  void send_delivered_view(const AgencyId& sender);

  // The hub's own messages: composed, numbered, signed and admitted like anybody's.
  Result<MessageId> say(policy::Draft draft, Now now);
  void report_incident(const std::string& body_json, std::vector<AgencyId> to, Now now);
  AdmittedEntry sign_entry(const policy::Composed& message, const MessageId& id) const;

  Options options_;
  Parts parts_;
  std::unique_ptr<HubLog> log_;
  std::unique_ptr<Admission> admission_;
  std::unique_ptr<Commit> commit_;
  std::unique_ptr<Delivery> delivery_;
  std::optional<std::uint64_t> replayed_to_;   // Next entry that the journal holds.
  std::map<std::pair<int, AgencyId>, Session> sessions_;
  std::map<AgencyId, std::vector<Waiting>> waiting_;
  std::map<AgencyId, std::size_t> under_way_bytes_;
  std::vector<std::pair<MessageId, Done>> acts_;
  std::uint64_t marked_ = 0;
  bool marking_ = false;
  std::int64_t last_work_ = 0;
  std::uint64_t keys_serial_ = ~std::uint64_t{0};
  HubCounters counters_;
  std::optional<Error> fatal_;
};

}  // namespace lianxi::hub
