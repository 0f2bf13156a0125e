#include "agents/cli/agent_config.h"

#include <filesystem>

namespace lianxi::cli {

namespace {

constexpr std::size_t kAgenciesMax = 256;
constexpr std::uint64_t kOutboxBytesMin = 32ull << 20;

std::string beside(const std::string& file, const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  const auto directory = std::filesystem::path(file).parent_path();
  return directory.empty() ? path : (directory / path).string();
}

}  // namespace

Result<AgentConfig> read_agent_config(config::Document& document, const std::string& path) {
  AgentConfig out;
  auto root = document.root();
  auto agent = root.table("agent");
  agent.text("data_dir", out.data_dir).choice("clock", out.clock, {"system", "scenario"});
  root.table("hub").text("card", out.hub_card, config::Need::required);
  root.table("http").text("listen", out.listen).texts("hosts", out.hosts);
  auto limits = root.table("limits");
  limits.size("outbox", out.outbox_bytes);
  if (out.outbox_bytes < kOutboxBytesMin) limits.fault("outbox", "“outbox”至少为 32MiB", "\"outbox\" is at least 32MiB");
  auto agencies = root.tables("agency");
  for (auto& table : agencies) {
    AgentConfig::Agency agency;
    table.text("key", agency.key, config::Need::required).text("data", agency.data).text("host", agency.host);
    if (agency.data.empty() && out.data_dir.empty()) {
      table.fault("data", "缺少“data”，且 [agent] 没有 data_dir", "\"data\" is missing and [agent] has no data_dir");
    }
    agency.key = beside(path, agency.key);
    agency.data = beside(path, agency.data);
    out.agencies.push_back(std::move(agency));
  }
  if (document.faults().empty() && (agencies.empty() || agencies.size() > kAgenciesMax)) {
    root.fault("agency", "应有 1 到 256 个 [[agency]]", "1 to 256 [[agency]] are expected");
  }
  out.hub_card = beside(path, out.hub_card);
  out.data_dir = beside(path, out.data_dir);
  if (const auto finished = document.finish(); !finished) return finished.error();
  return out;
}

}  // namespace lianxi::cli
