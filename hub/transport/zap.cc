#include "hub/transport/zap.h"

#include <pthread.h>

#include <cstring>
#include <zmq_addon.hpp>

namespace lianxi::hub {

namespace {
constexpr int kStopCheckMs = 100;
}

Zap::Zap(zmq::context_t& context) : socket_(context, zmq::socket_type::rep) {
  socket_.set(zmq::sockopt::linger, 0);
  socket_.bind("inproc://zeromq.zap.01");
  thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
}

Zap::~Zap() = default;

void Zap::set_keys(std::map<PublicKey, AgencyId> keys) {
  const std::lock_guard lock(mutex_);
  user_ids_.clear();
  current_.clear();
  for (const auto& [key, agency] : keys) {
    user_ids_[key] = agency.value() + "#" + hex(ByteView(key).first(8));
    current_.insert(user_ids_[key]);
  }
}

bool Zap::is_current(const std::string& user_id) const {
  const std::lock_guard lock(mutex_);
  return current_.contains(user_id);
}

std::string Zap::user_id_of(const zmq::message_t& key) const {
  const auto bytes = array_from<32>(ByteView(static_cast<const std::uint8_t*>(key.data()), key.size()));
  if (!bytes) return {};
  const std::lock_guard lock(mutex_);
  const auto at = user_ids_.find(*bytes);
  return at == user_ids_.end() ? std::string() : at->second;
}

void Zap::run(std::stop_token stop) {
  ::pthread_setname_np(::pthread_self(), "zap");
  while (!stop.stop_requested()) {
    zmq::pollitem_t items[] = {{socket_.handle(), 0, ZMQ_POLLIN, 0}};
    zmq::poll(items, 1, std::chrono::milliseconds(kStopCheckMs));
    if ((items[0].revents & ZMQ_POLLIN) == 0) continue;
    std::vector<zmq::message_t> request;
    if (!zmq::recv_multipart(socket_, std::back_inserter(request))) continue;
    // version, request id, domain, address, identity, mechanism, credentials…
    const bool curve = request.size() == 7 && request[0].to_string_view() == "1.0" && request[5].to_string_view() == "CURVE";
    const std::string user_id = curve ? user_id_of(request[6]) : std::string();
    if (user_id.empty()) ++failures_;
    const std::string id = request.size() > 1 ? request[1].to_string() : std::string();
    // 300, not 400: libzmq drops the connection either way, but after a 400 the client never connects again, and an agent that
    // comes while the log is read back, or before it is enrolled, must get in later.
    const std::array<zmq::const_buffer, 6> answer{
        zmq::buffer(std::string_view("1.0")), zmq::buffer(id), zmq::buffer(std::string_view(user_id.empty() ? "300" : "200")),
        zmq::buffer(std::string_view(user_id.empty() ? "key not enrolled" : "OK")), zmq::buffer(user_id), zmq::buffer(std::string_view())};
    zmq::send_multipart(socket_, answer);
  }
}

}  // namespace lianxi::hub
