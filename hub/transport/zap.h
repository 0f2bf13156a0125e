// The ZAP handler (ZeroMQ RFC 27): CURVE key -> agency, from memory, on a thread of its own that lives longest of all that
// touches the context.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <zmq.hpp>

#include "hub/transport/transport.h"

namespace lianxi::hub {

class Zap {
 public:
  explicit Zap(zmq::context_t& context);
  ~Zap();
  void set_keys(std::map<PublicKey, AgencyId> keys);
  std::uint64_t failures() const { return failures_; }

 private:
  void run(std::stop_token stop);
  std::string agency_of(const zmq::message_t& key);

  zmq::socket_t socket_;
  std::mutex mutex_;
  std::map<PublicKey, AgencyId> keys_;          // Guarded by mutex_.
  std::atomic<std::uint64_t> failures_{0};
  std::jthread thread_;
};

}  // namespace lianxi::hub
