// agent.toml: one process, several agencies. docs/reference/agent-config.md
//
//   [agent]
//   data_dir = "data"                    # each agency below it: data/<agency>
//   clock    = "system"                  # "scenario": times follow the hub's (demo logs)
//   [hub]
//   card = "HUB.pub"
//   [http]
//   listen = "127.0.0.1:7790"
//   hosts  = []                          # further Host names
//   [[agency]]
//   key  = "keys/430922-LAND.key"
//   data = "data/430922-LAND"            # optional
//   host = ""                            # agency whose agent this is, if hosted
//   [limits]
//   outbox = "1GiB"
//
// Paths are relative to the file's directory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "schemas/config/config.h"

namespace lianxi::cli {

struct AgentConfig {
  struct Agency {
    std::string key, data, host;
  };
  std::string data_dir;
  std::string clock = "system";
  std::string hub_card;
  std::string listen = "127.0.0.1:7790";
  std::vector<std::string> hosts;
  std::uint64_t outbox_bytes = 1ull << 30;
  std::vector<Agency> agencies;
};

// Reads `document` and finishes it: Code::invalid_config with the faults in the document.
Result<AgentConfig> read_agent_config(config::Document& document, const std::string& path);

}  // namespace lianxi::cli
