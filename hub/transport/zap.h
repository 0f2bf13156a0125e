// The ZAP handler (ZeroMQ RFC 27): CURVE key -> agency, from memory, on a thread of its own that lives longest of all that
// touches the context.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <zmq.hpp>

#include "hub/transport/transport.h"

namespace lianxi::hub {

class Zap {
 public:
  explicit Zap(zmq::context_t& context);
  ~Zap();
  void set_keys(std::map<PublicKey, AgencyId> keys);
  // Whether a frame's user id ("<agency>#<first 16 hex of its key>") is still the key of that agency: a connection outlives a
  // revocation, its frames do not.
  bool is_current(const std::string& user_id) const;
  std::uint64_t failures() const { return failures_; }

 private:
  void run(std::stop_token stop);
  std::string user_id_of(const zmq::message_t& key) const;

  zmq::socket_t socket_;
  mutable std::mutex mutex_;
  std::map<PublicKey, std::string> user_ids_;   // Guarded by mutex_.
  std::set<std::string> current_;               // Guarded by mutex_.
  std::atomic<std::uint64_t> failures_{0};
  std::jthread thread_;
};

}  // namespace lianxi::hub
