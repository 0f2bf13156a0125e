// The agent process: one agent loop, one HTTP server, until SIGTERM or SIGINT.
#pragma once

#include "agents/cli/agent_config.h"
#include "agents/cli/cli.h"

namespace lianxi::cli {

// Threads of the process: "agent" (all agents and their sockets), the HTTP server's, ZeroMQ's and RocksDB's own, and this one, which
// waits for a signal. Returns when told to stop (0), or when an agent has failed: a failed write is never retried.
int run_agent(const Session& session, const AgentConfig& config, const std::string& version);

}  // namespace lianxi::cli
