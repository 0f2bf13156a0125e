// How the operators' commands reach the hub, running or not: through its admin socket, or by opening the data directory
// themselves. The commands (commands.h) do not know which.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "hub/hub_core.h"

namespace lianxi::hub {

// Threads: a command's own; run() crosses to the hub loop where there is one.
class HubAccess {
 public:
  virtual ~HubAccess() = default;
  // Runs `work` where the core lives and returns when it is done.
  virtual void run(const std::function<void(HubCore& core, Now now)>& work) = 0;
  // Lets an operators' act pass through to the disk. Code::timed_out after ten seconds.
  virtual Result<Position> act(std::uint16_t type, const std::string& body_json, const std::vector<codec::OperatorSignature>& signatures,
                               std::uint64_t serial) = 0;
  // Demo logs only; false if time would go back or the clock is the machine's.
  virtual bool advance_clock(Instant to) = 0;
  virtual void stop() = 0;
};

// One admin request as JSON, answered as JSON: {"op": "status" | "act" | "clock" | "entries" | "verify" | "stop", …}.
// Errors are {"error": {"code", "zh", "en", "next_zh", "next_en", "detail"}}.
std::string handle_admin(HubAccess& hub, const std::string& request_json);

// Opens the directory in this process: no sockets, writes happen at once. For commands without a running hub.
Result<std::unique_ptr<HubAccess>> open_offline(const std::string& directory);

}  // namespace lianxi::hub
