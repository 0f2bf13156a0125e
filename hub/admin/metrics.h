// What the hub tells Prometheus. Prefix lianxi_, base units, labels of few values: never a case id.
// Threads: the hub loop.
#pragma once

#include <memory>
#include <string>

#include "hub/hub_core.h"
#include "hub/transport/transport.h"

namespace lianxi::hub {

class HubMetrics {
 public:
  HubMetrics();
  ~HubMetrics();
  void sync_seconds(std::int64_t micros);
  void update(const HubCore& core, const TransportCounters& transport, std::uint64_t auth_failures, Now now);
  std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lianxi::hub
