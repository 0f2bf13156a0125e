#include "agents/link/link.h"

#include <sys/random.h>

#include <vector>
#include <zmq.hpp>

#include "schemas/codec/payload.h"

namespace lianxi::agent::link {

namespace {

constexpr int kLingerMs = 200;
constexpr std::size_t kEventsPerStep = 64;

// Between once and twice the base, so that agents that lost the hub together do not come back together.
int jittered(int base_ms) {
  std::uint32_t word = 0;
  [[maybe_unused]] const auto n = ::getrandom(&word, sizeof word, 0);
  return base_ms + static_cast<int>(word % static_cast<std::uint32_t>(base_ms));
}

ByteView view_of(const zmq::message_t& message) { return {static_cast<const std::uint8_t*>(message.data()), message.size()}; }

struct Wire {
  zmq::socket_t socket;
  zmq::socket_t monitor;
};

class Edge final : public ZmqEdge {
 public:
  explicit Edge(Options options) : options_(options), context_(1) {
    context_.set(zmq::ctxopt::max_sockets, 16384);
    context_.set(zmq::ctxopt::blocky, 0);
  }

  Result<std::size_t> connect(const std::string& address, const Keys& keys) override {
    try {
      Wire wire{zmq::socket_t(context_, zmq::socket_type::dealer), zmq::socket_t(context_, zmq::socket_type::pair)};
      configure(wire.socket, keys);
      const auto events = "inproc://monitor-" + std::to_string(wires_.size());
      check(
          ::zmq_socket_monitor(wire.socket.handle(), events.c_str(), ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED) == 0,
          "link: monitor");
      wire.monitor.connect(events);
      wire.socket.connect(address);
      wires_.push_back(std::move(wire));
      return wires_.size() - 1;
    } catch (const zmq::error_t& error) {
      return fail(Code::invalid_config, "link: " + address + ": " + error.what());
    }
  }

  bool send(std::size_t socket, ByteView frame, ByteView payload) override {
    auto& to = wires_.at(socket).socket;
    try {
      const auto more = payload.empty() ? zmq::send_flags::none : zmq::send_flags::sndmore;
      if (!to.send(zmq::const_buffer(frame.data(), frame.size()), zmq::send_flags::dontwait | more)) return false;
      if (payload.empty()) return true;
      // Parts of one message go to one pipe: once the first is taken, the second is.
      return to.send(zmq::const_buffer(payload.data(), payload.size()), zmq::send_flags::dontwait).has_value();
    } catch (const zmq::error_t&) {
      return false;
    }
  }

  std::size_t receive(const OnFrame& on_frame, const OnEvent& on_event) override {
    std::size_t done = 0;
    for (std::size_t i = 0; i < wires_.size(); ++i) {
      done += receive_events(i, on_event);
      done += receive_frames(i, on_frame);
    }
    return done;
  }

  void wait(int waker_fd, int timeout_ms) override {
    std::vector<zmq::pollitem_t> items{{nullptr, waker_fd, ZMQ_POLLIN, 0}};
    items.reserve(1 + 2 * wires_.size());
    for (auto& wire : wires_) {
      items.push_back({wire.socket.handle(), 0, ZMQ_POLLIN, 0});
      items.push_back({wire.monitor.handle(), 0, ZMQ_POLLIN, 0});
    }
    ::zmq_poll(items.data(), static_cast<int>(items.size()), timeout_ms);
  }

  ~Edge() override {
    for (auto& wire : wires_) ::zmq_socket_monitor(wire.socket.handle(), nullptr, 0);
  }

 private:
  void configure(zmq::socket_t& socket, const Keys& keys) const {
    namespace opt = zmq::sockopt;
    socket.set(opt::linger, kLingerMs);
    socket.set(opt::immediate, 1);
    socket.set(opt::ipv6, 0);
    socket.set(opt::handshake_ivl, options_.handshake_ms);
    socket.set(opt::heartbeat_ivl, options_.heartbeat_ms);
    socket.set(opt::heartbeat_timeout, options_.heartbeat_timeout_ms);
    socket.set(opt::heartbeat_ttl, options_.heartbeat_ttl_ms);
    socket.set(opt::reconnect_ivl, jittered(options_.reconnect_ms));
    socket.set(opt::reconnect_ivl_max, options_.reconnect_max_ms);
    socket.set(opt::maxmsgsize, static_cast<std::int64_t>(codec::kFrameBytesMax));
    socket.set(opt::rcvhwm, options_.queue_frames_max);
    socket.set(opt::sndhwm, options_.queue_frames_max);
    set_key(socket, ZMQ_CURVE_SERVERKEY, keys.server);
    set_key(socket, ZMQ_CURVE_PUBLICKEY, keys.own_public);
    set_key(socket, ZMQ_CURVE_SECRETKEY, keys.own_secret);
  }

  static void set_key(zmq::socket_t& socket, int option, const std::array<std::uint8_t, 32>& key) {
    check(::zmq_setsockopt(socket.handle(), option, key.data(), key.size()) == 0, "link: CURVE key");
  }

  std::size_t receive_events(std::size_t i, const OnEvent& on_event) {
    std::size_t done = 0;
    while (done < kEventsPerStep) {
      zmq::message_t event, address;
      if (!wires_[i].monitor.recv(event, zmq::recv_flags::dontwait)) break;
      if (event.more() && !wires_[i].monitor.recv(address, zmq::recv_flags::dontwait)) break;
      std::uint16_t kind = 0;  // Host byte order, by ZeroMQ's documentation.
      std::memcpy(&kind, event.data(), std::min(sizeof kind, event.size()));
      ++done;
      if (kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) on_event(i, Event::connected);
      if (kind == ZMQ_EVENT_DISCONNECTED) on_event(i, Event::disconnected);
    }
    return done;
  }

  // A message of more than two parts is nothing of ours: it is read to its end and handed over as an empty frame, which no core takes.
  std::size_t receive_frames(std::size_t i, const OnFrame& on_frame) {
    std::size_t done = 0;
    while (done < options_.frames_per_step) {
      zmq::message_t frame, payload, rest;
      if (!wires_[i].socket.recv(frame, zmq::recv_flags::dontwait)) break;
      if (frame.more()) [[maybe_unused]]
        const auto got = wires_[i].socket.recv(payload, zmq::recv_flags::none);
      bool whole = true;
      for (bool more = payload.more(); more; more = rest.more()) {
        whole = false;
        [[maybe_unused]] const auto got = wires_[i].socket.recv(rest, zmq::recv_flags::none);
      }
      ++done;
      on_frame(i, whole ? view_of(frame) : ByteView{}, whole ? view_of(payload) : ByteView{});
    }
    return done;
  }

  Options options_;
  zmq::context_t context_;
  std::vector<Wire> wires_;  // After the context: closed before it.
};

}  // namespace

Result<std::unique_ptr<ZmqEdge>> ZmqEdge::open(Options options) {
  if (options.queue_frames_max <= 0 || options.reconnect_ms <= 0)
    return fail(Code::invalid_config, "link: limits must be positive");
  return std::unique_ptr<ZmqEdge>(std::make_unique<Edge>(options));
}

}  // namespace lianxi::agent::link
