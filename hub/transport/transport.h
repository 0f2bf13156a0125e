// The hub's sockets: three ROUTER endpoints, CURVE only, and the ZAP loop that maps a CURVE key to its agency before a byte of ours
// is read.
//
// Identity is the ZAP user id of each frame, never the routing id (one that does not start with 0x00 is dropped and counted).
// Threads: the hub loop owns the sockets; set_keys() from any thread; ZAP has a loop of its own and answers from memory.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "schemas/base/bytes.h"
#include "schemas/base/result.h"
#include "schemas/base/strong_id.h"
#include "schemas/evidence/suite.h"

namespace lianxi::hub {

using PublicKey = evidence::PublicKey;

struct TransportOptions {
  std::string submit, deliver, chunks;          // "tcp://127.0.0.1:7710"; port 0 = the kernel chooses.
  evidence::SecretKey curve_secret{};
  PublicKey curve_public{};
};

struct TransportCounters {
  std::uint64_t frames = 0, sent = 0, dropped = 0, bad_routing_id = 0, no_user_id = 0;
};

class Transport {
 public:
  static Result<std::unique_ptr<Transport>> open(TransportOptions options);
  virtual ~Transport() = default;
  // Opens the three endpoints; after self_test() and set_keys(), so that nobody comes before it is known who may.
  virtual Result<void> bind() = 0;

  // Addresses as bound, with real ports.
  virtual std::string address(int endpoint) const = 0;
  // Who may connect: CURVE public key -> agency. What is missing is refused at the handshake.
  virtual void set_keys(std::map<PublicKey, AgencyId> keys) = 0;

  using OnFrame = std::function<void(int endpoint, std::uint64_t connection, const AgencyId& agency, ByteView frame, Bytes payload)>;
  // Takes up to `frames_max` waiting frames. Returns how many.
  virtual std::size_t receive(std::size_t frames_max, const OnFrame& on_frame) = 0;
  // Never blocks. What cannot be sent (peer gone, chunks over its bound) is dropped and counted: the agent asks again.
  virtual void send(int endpoint, std::uint64_t connection, Bytes frame, Bytes payload) = 0;
  // Until a frame waits, `wake_fd` is readable or the time is over.
  virtual void wait(int wake_fd, int timeout_ms) = 0;
  virtual TransportCounters counters() const = 0;
  virtual std::uint64_t auth_failures() const = 0;

  // Tries a door of the same make with no key, an unknown key and a known one. The first two must hear nothing, the third must be
  // heard. Blocks for some milliseconds, beside the replay; before bind().
  virtual Result<void> self_test() = 0;
};

}  // namespace lianxi::hub
