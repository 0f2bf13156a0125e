#include "agents/cli/agent_run.h"

#include <csignal>

#include "agents/http/service.h"
#include "agents/runtime/process.h"
#include "agents/runtime/state.h"
#include "schemas/base/loop.h"
#include "schemas/evidence/key_file.h"
#include "schemas/store/rocks_store.h"

namespace lianxi::cli {

namespace {

// The HTTP edge's way to the agent loop.
class ProcessPort final : public agent::AgentPort {
 public:
  explicit ProcessPort(agent::AgentProcess& process) : process_(process) {}
  const std::vector<AgencyId>& agencies() const override { return process_.agencies(); }
  bool post(const AgencyId& agency, Work work) override { return process_.post(agency, std::move(work)).has_value(); }
  bool submit(const AgencyId& agency, agent::Document document, Answer answer) override {
    std::vector<agent::Document> one;
    one.push_back(std::move(document));
    const auto handed_in = process_.submit(agency, std::move(one), [answer = std::move(answer)](std::vector<Outcome> outcomes) {
      answer(outcomes.empty() ? std::nullopt : std::optional(std::move(outcomes.front())));
    });
    return handed_in.has_value();
  }

 private:
  agent::AgentProcess& process_;  // Not owned.
};

agent::HubCard hub_of(const evidence::HubCard& card) {
  return {.log_id = card.log_id,
          .genesis_leaf = card.leaf0,
          .checkpoint_key = card.checkpoint_key,
          .curve_key = card.curve_key,
          .operators = card.operators,
          .submit = card.endpoints.submit,
          .deliver = card.endpoints.deliver,
          .chunks = card.endpoints.chunks};
}

agent::AgencyKeys keys_of(const evidence::AgencyKeys& keys, const std::string& host) {
  agent::AgencyKeys out{.agency = keys.agency,
                        .host = host,
                        .transport_secret = keys.transport_secret,
                        .transport_public = keys.transport_public,
                        .signing_secret = keys.signing,
                        .seats = {}};
  for (const auto& seat : keys.seats) out.seats.push_back({seat.seat, seat.sealing});
  return out;
}

RocksStore::Options store_options(const std::string& directory) {
  RocksStore::Options options{.directory = directory, .families = {}, .mode = RocksStore::Mode::agent};
  for (const auto& name : agent::family_names())
    options.families.push_back({name, name == "inbox" ? RocksStore::Shape::levelled : RocksStore::Shape::universal});
  return options;
}

struct Opened {
  AgencyId id;
  std::string directory;
  agent::AgentProcess::Agency agency;
};

Result<Opened> open_agency(const AgentConfig& config, const AgentConfig::Agency& wanted, const agent::HubCard& hub) {
  const auto keys = evidence::read_agency_keys(wanted.key);
  if (!keys)
    return fail(keys.error().code == Code::not_found ? Code::invalid_config : keys.error().code,
                wanted.key + ": " + keys.error().detail);
  Opened out{keys->agency, wanted.data.empty() ? config.data_dir + "/" + keys->agency.value() : wanted.data, {}};
  if (auto made = make_directory(out.directory); !made) return made.error();
  out.agency.options.keys = keys_of(*keys, wanted.host);
  out.agency.options.hub = hub;
  out.agency.options.scenario_clock = config.clock == "scenario";
  out.agency.options.outbox_bytes_max = config.outbox_bytes;
  auto disk = DirectDisk::open(out.directory + "/outbox");
  if (!disk) return disk.error();
  out.agency.outbox_disk = *std::move(disk);
  auto store = RocksStore::open(store_options(out.directory + "/store"));
  if (!store) return store.error();
  out.agency.store = *std::move(store);
  auto chunks = FileChunkStore::open(out.directory + "/chunks");
  if (!chunks) return chunks.error();
  out.agency.chunks = *std::move(chunks);
  return out;
}

// Blocked in every thread of the process, so that only the waiting one gets them.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

// True when told to stop, false when an agent has failed.
bool wait_for_end(const sigset_t& signals, const agent::AgentProcess& process) {
  const timespec look_again{0, 200'000'000};
  while (!process.failed()) {
    if (sigtimedwait(&signals, nullptr, &look_again) > 0) return true;
  }
  return false;
}

}  // namespace

int run_agent(const Session& session, const AgentConfig& config, const std::string& version) {
  const auto signals = block_signals();
  const auto card = evidence::read_hub_card(config.hub_card);
  if (!card) return report(session, kConfig, fail(card.error().code, config.hub_card + ": " + card.error().detail));
  const auto hub = hub_of(*card);
  std::vector<agent::AgentProcess::Agency> agencies;
  std::map<AgencyId, std::string> directories;
  for (const auto& wanted : config.agencies) {
    auto opened = open_agency(config, wanted, hub);
    if (!opened) return report(session, opened.error());
    if (!directories.emplace(opened->id, opened->directory).second) {
      return report(session, fail(Code::invalid_config, wanted.key + ": " + opened->id.value() + " is there twice"));
    }
    agencies.push_back(std::move(opened->agency));
  }
  const SystemClock clock;
  SystemEntropy entropy;
  auto process = agent::AgentProcess::open({}, std::move(agencies), evidence::suite1(), clock, entropy);
  if (!process) return report(session, process.error());
  ProcessPort port(**process);
  bool told = false;
  {
    const Loop loop("agent", **process);
    const auto service = agent::HttpService::start(
        {.listen = config.listen, .hosts = config.hosts, .directories = directories, .version = version, .fallback = {}}, port);
    if (!service) return report(session, service.error());
    for (const auto& agency : (*process)->agencies())
      session.talk(agency.value() + "  " + (*service)->url(agency), agency.value() + "  " + (*service)->url(agency));
    session.talk("✓ 代理程序已就绪", "✓ the agent is ready");
    told = wait_for_end(signals, **process);
    session.talk("正在停止…", "stopping…");
  }
  if (!told)
    return report(session, kFailed, fail(Code::io, "the agent has failed; see last_problem in /readyz before the restart"));
  session.talk("✓ 已停止；未发出的消息保存在本单位", "✓ stopped; what was not sent is kept");
  return kDone;
}

}  // namespace lianxi::cli
