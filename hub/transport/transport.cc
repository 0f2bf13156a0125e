#include "hub/transport/transport.h"

#include <sodium.h>
#include <zmq.h>

#include <zmq_addon.hpp>

#include "hub/transport/zap.h"
#include "schemas/codec/payload.h"

namespace lianxi::hub {

namespace {

constexpr int kEndpoints = 3;
constexpr int kChunks = 2;
constexpr int kSelfTestWaitMs = 400;    // For a refusal; it usually takes a millisecond.
constexpr int kSelfTestHeardMs = 5000;
constexpr const char* kProbe = "lianxi-probe";

zmq::const_buffer buffer_of(ByteView bytes) { return zmq::buffer(bytes.data(), bytes.size()); }

// Hands a byte vector to ZeroMQ without a copy.
zmq::message_t message_of(Bytes bytes) {
  if (bytes.size() < 256) return zmq::message_t(bytes.data(), bytes.size());
  auto* owned = new Bytes(std::move(bytes));
  return zmq::message_t(owned->data(), owned->size(), [](void*, void* hint) { delete static_cast<Bytes*>(hint); }, owned);
}

// Frames at most this long on the wire; below 276 bytes the CURVE handshake itself would break.
constexpr std::int64_t kWireBytesMax = static_cast<std::int64_t>(codec::kFrameBytesMax) + 4096;

void secure(zmq::socket_t& socket, const TransportOptions& options, int endpoint) {
  socket.set(zmq::sockopt::curve_server, 1);
  socket.set(zmq::sockopt::curve_publickey, zmq::const_buffer(options.curve_public.data(), 32));
  socket.set(zmq::sockopt::curve_secretkey, zmq::const_buffer(options.curve_secret.data(), 32));
  socket.set(zmq::sockopt::zap_domain, "lianxi");
  socket.set(zmq::sockopt::handshake_ivl, 3000);
  socket.set(zmq::sockopt::heartbeat_ivl, 5000);
  socket.set(zmq::sockopt::heartbeat_ttl, 15000);
  socket.set(zmq::sockopt::heartbeat_timeout, 10000);
  socket.set(zmq::sockopt::maxmsgsize, kWireBytesMax);
  socket.set(zmq::sockopt::rcvhwm, 16);
  // Submit and deliver are bounded by window and credit; chunks answer as fast as the line takes them.
  socket.set(zmq::sockopt::sndhwm, endpoint == kChunks ? 16 : 0);
  socket.set(zmq::sockopt::router_mandatory, 1);
  socket.set(zmq::sockopt::linger, 500);
}

class ZmqTransport final : public Transport {
 public:
  // One I/O thread of its own for deliveries: with a shared one, CURVE on submit delays them.
  explicit ZmqTransport(TransportOptions options) : options_(std::move(options)), context_(2), zap_(context_) {}

  void make() {
    for (int i = 0; i < kEndpoints; ++i) {
      sockets_[i] = zmq::socket_t(context_, zmq::socket_type::router);
      secure(sockets_[i], options_, i);
      sockets_[i].set(zmq::sockopt::affinity, std::uint64_t{i == 1 ? 2u : 1u});
    }
  }

  Result<void> bind() override {
    const std::string* addresses[kEndpoints] = {&options_.submit, &options_.deliver, &options_.chunks};
    for (int i = 0; i < kEndpoints; ++i) {
      try {
        sockets_[i].bind(*addresses[i]);
      } catch (const zmq::error_t& error) {
        return fail(Code::io, *addresses[i] + ": " + error.what());
      }
    }
    return {};
  }

  std::string address(int endpoint) const override { return sockets_[endpoint].get(zmq::sockopt::last_endpoint); }

  void set_keys(std::map<PublicKey, AgencyId> keys) override { zap_.set_keys(std::move(keys)); }

  std::size_t receive(std::size_t frames_max, const OnFrame& on_frame) override {
    std::size_t taken = 0;
    // A frame of each endpoint in turn: a flood on one does not keep the others waiting.
    for (bool some = true; some && taken < frames_max;) {
      some = false;
      for (int i = 0; i < kEndpoints && taken < frames_max; ++i) {
        if (!receive_one(i, on_frame)) continue;
        some = true;
        ++taken;
      }
    }
    return taken;
  }

  void send(int endpoint, std::uint64_t connection, Bytes frame, Bytes payload) override {
    std::uint8_t id[5] = {0, static_cast<std::uint8_t>(connection >> 24), static_cast<std::uint8_t>(connection >> 16),
                          static_cast<std::uint8_t>(connection >> 8), static_cast<std::uint8_t>(connection)};
    auto& socket = sockets_[endpoint];
    try {
      const auto more = zmq::send_flags::sndmore | zmq::send_flags::dontwait;
      if (!socket.send(zmq::message_t(id, sizeof id), more)) {
        ++counters_.dropped;
        return;
      }
      const bool has_payload = !payload.empty();
      bool sent = socket.send(message_of(std::move(frame)), has_payload ? more : zmq::send_flags::dontwait).has_value();
      if (sent && has_payload) sent = socket.send(message_of(std::move(payload)), zmq::send_flags::dontwait).has_value();
      ++(sent ? counters_.sent : counters_.dropped);
    } catch (const zmq::error_t&) {
      ++counters_.dropped;  // EHOSTUNREACH: the peer is gone.
    }
  }

  void wait(int wake_fd, int timeout_ms) override {
    zmq::pollitem_t items[kEndpoints + 1];
    for (int i = 0; i < kEndpoints; ++i) items[i] = {sockets_[i].handle(), 0, ZMQ_POLLIN, 0};
    items[kEndpoints] = {nullptr, wake_fd, ZMQ_POLLIN, 0};
    zmq::poll(items, kEndpoints + 1, std::chrono::milliseconds(timeout_ms));
  }

  TransportCounters counters() const override { return counters_; }
  std::uint64_t auth_failures() const override { return zap_.failures(); }

  Result<void> self_test() override {
    PublicKey known{}, unknown{};
    evidence::SecretKey known_secret{}, unknown_secret{};
    ::crypto_box_keypair(known.data(), known_secret.data());
    ::crypto_box_keypair(unknown.data(), unknown_secret.data());
    zap_.set_keys({{known, AgencyId(kProbe)}});
    // A door of the same make at an address of its own: the real ones are not open yet.
    zmq::socket_t door(context_, zmq::socket_type::router);
    secure(door, options_, 0);
    door.bind("tcp://127.0.0.1:*");
    auto outcome = expect(door, "no key", nullptr, nullptr, false);
    if (outcome) outcome = expect(door, "an unknown key", &unknown, &unknown_secret, false);
    if (outcome) outcome = expect(door, "a known key", &known, &known_secret, true);
    zap_.set_keys({});
    return outcome;
  }

 private:
  bool receive_one(int endpoint, const OnFrame& on_frame) {
    auto& socket = sockets_[endpoint];
    std::vector<zmq::message_t> parts;
    try {
      if (!zmq::recv_multipart(socket, std::back_inserter(parts), zmq::recv_flags::dontwait)) return false;
    } catch (const zmq::error_t&) {
      return false;
    }
    ++counters_.frames;
    if (parts.size() < 2 || parts.size() > 3) {
      ++counters_.dropped;
      return true;
    }
    const auto* id = static_cast<const std::uint8_t*>(parts[0].data());
    if (parts[0].size() != 5 || id[0] != 0) {
      ++counters_.bad_routing_id;
      return true;
    }
    const std::uint64_t connection = std::uint64_t{id[1]} << 24 | std::uint64_t{id[2]} << 16 | std::uint64_t{id[3]} << 8 | id[4];
    const char* user = ::zmq_msg_gets(parts[1].handle(), "User-Id");
    if (user == nullptr || *user == 0) {
      ++counters_.no_user_id;
      return true;
    }
    Bytes payload;
    if (parts.size() == 3) {
      const auto* bytes = static_cast<const std::uint8_t*>(parts[2].data());
      payload.assign(bytes, bytes + parts[2].size());
    }
    // A key that was revoked or replaced since the handshake speaks for nobody: the core refuses the empty name.
    const std::string user_id(user);
    const std::string agency = zap_.is_current(user_id) ? user_id.substr(0, user_id.find('#')) : std::string();
    on_frame(endpoint, connection, AgencyId(agency), ByteView(static_cast<const std::uint8_t*>(parts[1].data()), parts[1].size()), std::move(payload));
    return true;
  }

  // Says something at the door: it may be heard only with a known key. What is refused is known by the client's own monitor, so
  // that nobody waits for silence.
  Result<void> expect(zmq::socket_t& door, const char* who, const PublicKey* key, const evidence::SecretKey* secret, bool heard) {
    zmq::socket_t client(context_, zmq::socket_type::dealer);
    client.set(zmq::sockopt::linger, 0);
    if (key != nullptr) {
      client.set(zmq::sockopt::curve_serverkey, zmq::const_buffer(options_.curve_public.data(), 32));
      client.set(zmq::sockopt::curve_publickey, zmq::const_buffer(key->data(), 32));
      client.set(zmq::sockopt::curve_secretkey, zmq::const_buffer(secret->data(), 32));
    }
    const std::string watched = "inproc://lianxi-self-test-" + std::to_string(++probes_);
    constexpr int kEnded = ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                           ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
    check(::zmq_socket_monitor(client.handle(), watched.c_str(), kEnded) == 0, "self-test: monitor");
    zmq::socket_t monitor(context_, zmq::socket_type::pair);
    monitor.set(zmq::sockopt::linger, 0);
    monitor.connect(watched);
    client.connect(door.get(zmq::sockopt::last_endpoint));
    client.send(buffer_of(view("probe")), zmq::send_flags::dontwait);
    zmq::pollitem_t items[] = {{door.handle(), 0, ZMQ_POLLIN, 0}, {monitor.handle(), 0, ZMQ_POLLIN, 0}};
    zmq::poll(items, heard ? 1 : 2, std::chrono::milliseconds(heard ? kSelfTestHeardMs : kSelfTestWaitMs));
    bool arrived = false;
    std::vector<zmq::message_t> parts;
    if (zmq::recv_multipart(door, std::back_inserter(parts), zmq::recv_flags::dontwait) && parts.size() == 2) {
      const char* user = ::zmq_msg_gets(parts[1].handle(), "User-Id");
      arrived = !heard || (user != nullptr && std::string_view(user).starts_with(kProbe));
    }
    ::zmq_socket_monitor(client.handle(), nullptr, 0);
    if (arrived == heard) return {};
    return fail(Code::not_authenticated, std::string("self-test: with ") + who + (arrived ? " a frame came through" : " nothing came through"));
  }

  TransportOptions options_;
  zmq::context_t context_;
  Zap zap_;                                     // Declared before the sockets: it goes last of them.
  zmq::socket_t sockets_[kEndpoints];
  TransportCounters counters_;
  int probes_ = 0;
};

}  // namespace

Result<std::unique_ptr<Transport>> Transport::open(TransportOptions options) {
  auto transport = std::make_unique<ZmqTransport>(std::move(options));
  transport->make();
  return std::unique_ptr<Transport>(std::move(transport));
}

}  // namespace lianxi::hub
