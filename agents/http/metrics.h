// What the agent process tells Prometheus. Labels are agency, type, code and route only: never a case id.
// Threads: all calls from any thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "agents/runtime/agent.h"

namespace lianxi::agent {

class Metrics {
 public:
  explicit Metrics(const std::string& version);
  ~Metrics();
  void request(const std::string& route, int status, std::chrono::duration<double> took);
  void accepted(const AgencyId& agency, const std::string& type);
  void rejected(const AgencyId& agency, Code code);
  void health(const AgencyId& agency, const Agent::Health& health);
  std::string text() const;  // The exposition format 0.0.4.

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lianxi::agent
