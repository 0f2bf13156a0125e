// One connection to one endpoint of the hub: Hello, Welcome, silence. It says Hello on connecting, again when no Welcome comes,
// and again when nothing is heard although something is due; what a Welcome means is the owner's business.
//
// Threads: one, the agent loop.
#pragma once

#include "agents/runtime/state.h"
#include "agents/runtime/wire.h"

namespace lianxi::agent {

class Session {
 public:
  static constexpr std::int64_t kHelloAgainMs = 3000;
  static constexpr std::int64_t kAfterViolationMs = 5000;

  Session(State& state, wire::Endpoint endpoint) : state_(state), endpoint_(endpoint) {}

  void connected(Now now);  // Sends Hello.
  void disconnected() { phase_ = Phase::down; }
  void welcomed(Now now);
  void heard(Now now) { heard_ = now.boot; }
  // The hub broke its word or refused us: nothing is taken from this session; Hello again after `after_ms`.
  void end(Now now, std::int64_t after_ms = kAfterViolationMs);
  // Says Hello again when it is due. `silence_max_ms` > 0: something is outstanding and may be silent for this long.
  void tick(Now now, std::int64_t silence_max_ms);
  // From now on silence counts: something was sent that wants an answer.
  void expect(Now now) { heard_ = std::max(heard_, now.boot); }

  bool ready() const { return phase_ == Phase::ready; }
  bool greeting() const { return phase_ == Phase::greeting; }
  bool send(Bytes frame, Bytes payload = {});
  std::uint64_t next_request() { return ++request_; }

 private:
  enum class Phase { down, greeting, ready, ended };
  void hello(Now now);

  State& state_;
  const wire::Endpoint endpoint_;
  Phase phase_ = Phase::down;
  std::int64_t heard_ = 0;  // Boot clock, like all below.
  std::int64_t hello_at_ = 0;
  std::int64_t again_at_ = 0;
  std::uint64_t request_ = 0;
};

}  // namespace lianxi::agent
