// The agents' sockets: one CURVE DEALER per agency and endpoint, all on one loop. Frames of cores go out, frames of the hub come in,
// and connections made or lost are told. ZeroMQ appears in link.cc and nowhere else among the agents.
//
// Each socket keeps one connection (ZMQ_IMMEDIATE: nothing is queued for a hub that is not there), notices a dead peer by heartbeats
// within 15 s, and connects again with a back-off that differs from agent to agent.
// Threads: one, the agent loop; sockets never leave it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "schemas/base/bytes.h"
#include "schemas/base/result.h"

namespace lianxi::agent::link {

enum class Event { connected, disconnected };

class ZmqEdge {
 public:
  struct Options {
    int queue_frames_max = 1000;  // Per socket and direction.
    int handshake_ms = 3000;
    int heartbeat_ms = 5000;
    int heartbeat_timeout_ms = 15000;
    int heartbeat_ttl_ms = 10000;
    int reconnect_ms = 100;  // Doubles up to ...
    int reconnect_max_ms = 5000;
    std::size_t frames_per_step = 256;  // Per socket: none starves the others.
  };
  struct Keys {  // CURVE, 32 bytes each.
    std::array<std::uint8_t, 32> own_secret{};
    std::array<std::uint8_t, 32> own_public{};
    std::array<std::uint8_t, 32> server{};
  };
  using OnFrame = std::function<void(std::size_t socket, ByteView frame, ByteView payload)>;
  using OnEvent = std::function<void(std::size_t socket, Event event)>;

  static Result<std::unique_ptr<ZmqEdge>> open(Options options);
  virtual ~ZmqEdge() = default;

  // Opens a socket and begins to connect; returns its number: 0, 1, 2 … in the order of calls. Code::invalid_config: the address.
  virtual Result<std::size_t> connect(const std::string& address, const Keys& keys) = 0;
  // False if the frame cannot be taken now: no connection, or the queue is full. The caller sends it again later.
  virtual bool send(std::size_t socket, ByteView frame, ByteView payload) = 0;
  // Hands out what has arrived. Returns how much.
  virtual std::size_t receive(const OnFrame& on_frame, const OnEvent& on_event) = 0;
  // Blocks until there is something to receive, `waker_fd` is readable, or the time has passed.
  virtual void wait(int waker_fd, int timeout_ms) = 0;
};

}  // namespace lianxi::agent::link
