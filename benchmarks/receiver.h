// The addressee: subscribes, checks every entry (batch root, leaf, path; note every 100 ms), returns credit, acknowledges its cursor.
// It does not check the senders' signatures: in a county each agent does that on its own machine.
// Threads: one.
#pragma once

#include <functional>

#include "agents/link/link.h"
#include "agents/runtime/wire.h"
#include "benchmarks/entry_check.h"

namespace lianxi::bench {

class Receiver {
 public:
  // Called for each message delivered: its sender, its number, now.
  using OnMessage = std::function<void(const AgencyId& sender, std::uint64_t number, Nanos now)>;
  // `from_start`: everything in the log; else only what comes from now on.
  Receiver(const evidence::HubCard& hub, const evidence::AgencyKeys& keys, bool from_start, OnMessage on_message);

  Result<void> connect(agent::link::ZmqEdge& edge, const std::string& address);
  void on_connected();
  Result<void> on_frame(ByteView frame, ByteView payload, Nanos now);

  bool ready() const { return ready_; }
  std::uint64_t messages() const { return messages_; }
  std::uint64_t bytes() const { return bytes_; }
  // Has everything that stood in the log when the last frame was sent.
  bool caught_up() const { return next_entry_ != 0 && next_entry_ >= head_; }
  EntryCheck& check() { return check_; }

 private:
  Result<void> on_welcome(const wire::Welcome& welcome);
  Result<void> on_deliver(const wire::Deliver& deliver, ByteView payload, std::size_t cost, Nanos now);
  Result<void> take(const wire::DeliveredEntry& entry, ByteView run, const wire::Deliver& deliver, Nanos now);

  evidence::HubCard hub_;
  evidence::AgencyKeys keys_;
  bool from_start_;
  OnMessage on_message_;
  EntryCheck check_;
  agent::link::ZmqEdge* edge_ = nullptr;  // Not owned.
  std::size_t socket_ = 0;
  bool ready_ = false;
  std::uint64_t messages_ = 0, bytes_ = 0, next_entry_ = 0, head_ = 0, last_position_ = 0;
  Nanos acked_at_ = 0;
};

}  // namespace lianxi::bench
