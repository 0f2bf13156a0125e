// How the HTTP edge reaches the agents of this process: by closures that run on the agent loop.
#pragma once

#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "agents/runtime/agent.h"

namespace lianxi::agent {

class AgentPort {
 public:
  using Work = std::function<void(Agent&, Now)>;
  using Outcome = std::variant<Accepted, Refusal>;
  using Answer = std::function<void(std::optional<Outcome>)>;
  virtual ~AgentPort() = default;
  // In the order of the configuration; never empty, never changes.
  virtual const std::vector<AgencyId>& agencies() const = 0;
  // Runs `work` on the agent loop soon. False if the queue is full or the process is stopping: `work` will never run.
  // Threads: any.
  virtual bool post(const AgencyId& agency, Work work) = 0;
  // Agent::submit() of one document; documents that wait together share a sync. `answer` runs on the agent loop once it is
  // durable, with nothing if the agent failed meanwhile. False: nothing was handed in.
  virtual bool submit(const AgencyId& agency, Document document, Answer answer) = 0;
};

}  // namespace lianxi::agent
