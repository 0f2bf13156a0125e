// One agency's sending side over the raw protocol: numbers, signs, submits, keeps up to `window` entries under way, checks every
// receipt. Not the agent: no outbox, nothing survives the process.
//
// What is refused for now (BUSY, NUMBER_GAP behind it) is sent again, in order, when nothing else is under way.
// Threads: one.
#pragma once

#include <deque>
#include <optional>

#include "agents/link/link.h"
#include "agents/runtime/wire.h"
#include "benchmarks/entry_check.h"
#include "benchmarks/stamper.h"

namespace lianxi::bench {

struct SenderCounters {
  std::uint64_t messages = 0, entries = 0;  // With a checked receipt, within the measured time.
  std::uint64_t messages_all = 0;           // Also outside of it.
  std::uint64_t receipts_checked = 0;
  std::uint64_t busy = 0, resent = 0, refused_messages = 0;
};

class Sender {
 public:
  struct Options {
    std::size_t window = 1;          // Entries.
    std::size_t batch = 1;           // Messages in an entry, at most.
    bool open_loop = false;          // Sends what was offered; else as much as the window takes.
    std::uint64_t messages_max = 0;  // 0 = no end.
    bool checks_path = true;
  };
  Sender(Options options, const evidence::HubCard& hub, const evidence::AgencyKeys& keys, Stamper stamper);

  Result<void> connect(agent::link::ZmqEdge& edge, const std::string& address);
  void on_connected();
  // An error ends the measurement: a receipt that does not hold, a refusal that is final.
  Result<void> on_frame(ByteView frame, Nanos now);
  // One message is due (open loop).
  void offer(Nanos intended) { waiting_.push_back(intended); }
  Result<void> pump(Nanos now);
  void stop_offering() { stopped_ = true; }
  void measure(Nanos from, Nanos to) { from_ = from, to_ = to; }

  bool ready() const { return epoch_ != 0; }
  bool idle() const { return under_way_.empty() && (waiting_.empty() || !options_.open_loop); }
  std::uint64_t unanswered() const;
  Nanos first_receipt() const { return first_receipt_; }
  const AgencyId& agency() const { return keys_.agency; }
  // When message `number` was due; nothing if this process did not send it.
  std::optional<Nanos> intended(std::uint64_t number) const;
  const SenderCounters& counters() const { return counters_; }
  Latencies& latencies() { return latencies_; }
  EntryCheck& check() { return check_; }

 private:
  enum class State { sent, refused, logged };
  struct Entry {
    std::uint64_t request = 0, first = 0;
    std::size_t count = 0;
    Bytes header, run;
    Signature signature{};
    State state = State::sent;
  };

  Result<void> on_welcome(const wire::Welcome& welcome);
  Result<void> on_receipts(std::uint64_t request, const wire::ReceiptFrame& frame, Nanos now);
  Result<void> on_refusal(std::uint64_t request, const wire::Refusal& refusal, Nanos now);
  Result<void> check_receipt(const Entry& entry, ByteView bytes, Nanos now);
  Entry* find(std::uint64_t request);
  void refused(std::uint64_t request, Nanos again_at);
  void finish(const Entry& entry, Nanos now);
  std::size_t due(Nanos now);
  bool send(Entry& entry);
  bool send_next(Nanos now);
  void send_again(Nanos now);

  Options options_;
  evidence::HubCard hub_;
  evidence::AgencyKeys keys_;
  std::array<std::uint8_t, 64> signing_{};  // Seed and public key: libsodium's form, expanded once.
  codec::KeyId key_id_{};
  Stamper stamper_;
  EntryCheck check_;
  agent::link::ZmqEdge* edge_ = nullptr;  // Not owned.
  std::size_t socket_ = 0;

  std::uint32_t epoch_ = 0;
  std::uint64_t next_ = 0, first_ = 0;  // Numbers: the next one, and the first of this process.
  std::uint64_t request_ = 1;
  std::size_t submit_entries_ = 0;
  std::deque<Entry> under_way_;  // In order of their numbers.
  std::deque<Nanos> waiting_;
  std::vector<Nanos> intended_;  // By number - first_.
  Nanos again_at_ = 0;
  bool stopped_ = false;
  Nanos from_ = 0, to_ = 0, first_receipt_ = 0;
  SenderCounters counters_;
  Latencies latencies_;
};

}  // namespace lianxi::bench
