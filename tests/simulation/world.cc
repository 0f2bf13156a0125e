#include "tests/simulation/world.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/simulation/checker.h"
#include "tests/support/county/county.h"

namespace lianxi::simulation {

namespace {

using test::MemoryChunks;
using test::MemoryStore;
using test::Random;
using test::SimDisk;
using test::SimEntropy;

constexpr Instant kStart = 1'741'050'000'000;          // 2025-03-04T09:00:00+08:00
constexpr std::int64_t kHubTickMs = 50;
constexpr std::int64_t kAgentTickMs = 100;
constexpr std::int64_t kDrainMs = 180'000;              // After the last fault everything must have arrived by then.
constexpr int kEndpoints = 3;
const std::vector<std::string> kAgencies{"430922-LAND", "430922-POLICE", "430922-PROC", "430922-SAFETY"};

class World;

// --- the hub's side -------------------------------------------------------------------------------------------------------

struct HubNode final : hub::HubEdges {
  explicit HubNode(World& in) : world(in), store(hub::kHubFamilies.size()) {}
  void start(const journal::Record& record) override;
  void start_mark(std::uint64_t entries, const Hash& root) override;
  void send(const hub::Peer& peer, Bytes frame, Bytes payload) override;
  void keys_changed(const policy::Registry&) override {}

  World& world;
  SimDisk disk;
  MemoryStore store;
  MemoryChunks chunks;
  evidence::HubKeys keys;
  std::unique_ptr<hub::HubCore> core;
  std::unique_ptr<journal::Journal> journal;
  std::uint64_t life = 0;
  bool write_under_way = false;
};

// --- an agency's side ----------------------------------------------------------------------------------------------------

struct AgentNode final : agent::Link {
  AgentNode(World& in, AgencyId name) : world(in), id(std::move(name)), store(agent::family_names().size()) {}
  bool send(int endpoint, Bytes frame, Bytes payload) override;

  World& world;
  AgencyId id;
  agent::AgencyKeys keys;
  SimDisk disk;
  MemoryStore store;
  MemoryChunks chunks;
  std::unique_ptr<agent::AgentCore> core;
  std::uint64_t life = 0;
  std::uint64_t connection[kEndpoints] = {0, 0, 0};
  std::int64_t last_arrival[2][kEndpoints] = {};        // To the hub, from the hub: a connection keeps order.
  struct Job {
    agent::Document document;
    std::string note;
    std::vector<AgencyId> readers;
  };
  std::optional<Job> job;                                // Handed in, not yet answered.
  std::vector<MessageId> mine;
  std::uint64_t submitted = 0;
};

// --- the world ------------------------------------------------------------------------------------------------------------

class World {
 public:
  explicit World(const Settings& settings)
      : settings_(settings), random_(settings.seed), entropy_(settings.seed * 7919 + 1), hub_(*this) {}

  Outcome run();

 private:
  friend struct HubNode;
  friend struct AgentNode;

  Now now() const { return {time_ + kStart, time_}; }
  void at(std::int64_t delay, std::function<void()> event) {
    events_.push({time_ + std::max<std::int64_t>(delay, 0), ++sequence_, std::make_shared<std::function<void()>>(std::move(event))});
  }
  void trace(std::string_view what, ByteView bytes);
  bool step();

  void make_county();
  void pump_until_quiet();
  void start_hub();
  void crash_hub(bool in_flight);
  void end_hub_disks();
  void hub_step();
  void finish_write(std::uint64_t life, const journal::Record& record);

  void start_agent(AgentNode& node);
  void fault_in_store(AgentNode& node);
  void crash_agent(AgentNode& node);
  void agent_step(AgentNode& node, const std::function<void(agent::AgentCore&)>& work);
  void connect(AgentNode& node, int endpoint);
  void disconnect(AgentNode& node, int endpoint);
  void next_job(AgentNode& node);
  void hand_in(AgentNode& node);
  void watch(AgentNode& node, const MessageId& id);
  void tick_hub();
  void tick_agent(AgentNode& node);
  void plan_faults();
  bool complete() const;
  std::string stuck() const;

  struct Event {
    std::int64_t time = 0;
    std::uint64_t sequence = 0;
    std::shared_ptr<std::function<void()>> work;
    bool operator<(const Event& other) const { return std::tie(time, sequence) > std::tie(other.time, other.sequence); }
  };

  Settings settings_;
  Random random_;
  SimEntropy entropy_;
  test::CheapSuite suite_;
  std::int64_t time_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t connections_ = 0;
  std::priority_queue<Event> events_;
  HubNode hub_;
  std::map<AgencyId, std::unique_ptr<AgentNode>> agents_;
  std::map<std::uint64_t, std::pair<AgentNode*, int>> by_connection_;
  agent::HubCard card_;
  std::vector<evidence::SecretKey> operators_;
  std::optional<Checker> checker_;
  Outcome outcome_;
  bool crash_next_write_ = false;
  bool working_ = true;                                  // Faults and new messages; then only draining.
};

void World::trace(std::string_view what, ByteView bytes) {
  Bytes head;
  Writer w(head);
  w.u64(static_cast<std::uint64_t>(time_));
  w.bytes(what);
  outcome_.trace = evidence::sha256({outcome_.trace, head, bytes});
}

// --- hub ------------------------------------------------------------------------------------------------------------------

void HubNode::start(const journal::Record& record) {
  write_under_way = true;
  world.at(1 + static_cast<std::int64_t>(world.random_.below(4)), [this, record, begun = life] { world.finish_write(begun, record); });
}

void HubNode::start_mark(std::uint64_t entries, const Hash& root) {
  world.at(1, [this, entries, root, begun = life] {
    if (life != begun || !core) return;
    core->on_mark_written(journal->write_mark(entries, root));
    world.hub_step();
  });
}

void HubNode::send(const hub::Peer& peer, Bytes frame, Bytes payload) {
  world.trace("hub>", frame);
  const auto at = world.by_connection_.find(peer.connection);
  if (at == world.by_connection_.end()) return;
  auto& [node, endpoint] = at->second;
  auto& last = node->last_arrival[1][endpoint];
  last = std::max(last, world.time_ + 1 + static_cast<std::int64_t>(world.random_.below(12)));
  world.at(last - world.time_, [this, node = node, endpoint = endpoint, over = peer.connection, frame = std::move(frame), payload = std::move(payload)] {
    if (node->connection[endpoint] != over || !node->core) return;
    world.fault_in_store(*node);
    world.agent_step(*node, [&](agent::AgentCore& served) { served.on_frame(endpoint, frame, payload, world.now()); });
    node->store.heal();
  });
}

// The disk has had its time: what became of the record.
void World::finish_write(std::uint64_t life, const journal::Record& record) {
  if (hub_.life != life || !hub_.core) return;
  if (crash_next_write_) {
    crash_next_write_ = false;
    const auto fate = random_.below(3);
    if (fate == 1) hub_.disk.fail_after(random_.below(2), Code::io);  // Part of it is on the disk, unsynced.
    if (fate > 0) {
      const auto written = hub_.journal->append(record);
      trace(written ? "written" : "torn", {});
    }
    ++outcome_.crashes_in_flight;
    return crash_hub(true);
  }
  hub_.write_under_way = false;
  hub_.core->on_written(hub_.journal->append(record), now());
  hub_step();
}

void World::hub_step() {
  if (!hub_.core) return;
  while (hub_.core->pump(now()) > 0) {
  }
  if (hub_.core->fatal()) return checker_->violation("the hub stopped: " + to_string(*hub_.core->fatal()));
  checker_->check_log(*hub_.core, false);
}

void World::start_hub() {
  const bool crash_in_recovery = working_ && random_.chance(0.3);
  if (crash_in_recovery) hub_.disk.fail_after(random_.below(8), Code::io);
  ++hub_.life;
  hub_.write_under_way = false;
  hub_.store.flush_takes(1 + random_.below(40));
  auto core = hub::HubCore::open({.keys = hub_.keys}, {suite_, entropy_, hub_.store, hub_.chunks, hub_});
  Result<void> opened;
  if (!core) opened = core.error();
  if (opened) {
    journal::Options options;
    options.segment_bytes = settings_.journal_segment_bytes;
    options.segments = options.segments_max = 4;
    options.needed_from = (*core)->log().applied();
    auto journal = journal::Journal::open(hub_.disk, entropy_, options, [&](const journal::Record& record) { return (*core)->replay(record); });
    if (journal) {
      hub_.journal = std::move(*journal);
      opened = (*core)->started(*hub_.journal, now());
    } else {
      opened = journal.error();
    }
  }
  const bool struck = hub_.disk.failed();
  hub_.disk.heal();
  if (!opened && struck) {
    ++outcome_.crashes_in_flight;
    trace("crash in recovery", {});
    end_hub_disks();
    at(5, [this] { start_hub(); });
    return;
  }
  if (!opened) return checker_->violation("the hub does not start: " + to_string(opened.error()));
  hub_.core = std::move(*core);
  trace("hub up", {});
  checker_->check_log(*hub_.core, true);
  hub_step();
}

// Power is lost, or only the process: then what was written and not synced can be read again, and is still not durable.
void World::end_hub_disks() {
  hub_.disk.heal();
  if (random_.chance(0.5)) hub_.disk.process_end();
  else hub_.disk.power_cut(random_);
  hub_.store.crash(random_);
}

void World::crash_hub(bool in_flight) {
  if (!hub_.core) return;
  trace(in_flight ? "hub down in a write" : "hub down", {});
  outcome_.busy += hub_.core->counters().busy;
  hub_.core.reset();
  hub_.journal.reset();
  end_hub_disks();
  ++hub_.life;
  for (auto& [id, node] : agents_) {
    for (int i = 0; i < kEndpoints; ++i) disconnect(*node, i);
  }
  at(20 + static_cast<std::int64_t>(random_.below(400)), [this] { start_hub(); });
}

// --- agents ---------------------------------------------------------------------------------------------------------------

bool AgentNode::send(int endpoint, Bytes frame, Bytes payload) {
  if (connection[endpoint] == 0) return false;
  world.trace("agent>", frame);
  auto& last = last_arrival[0][endpoint];
  last = std::max(last, world.time_ + 1 + static_cast<std::int64_t>(world.random_.below(12)));
  world.at(last - world.time_, [this, endpoint, over = connection[endpoint], frame = std::move(frame), payload = std::move(payload)]() mutable {
    if (connection[endpoint] != over || !world.hub_.core) return;
    world.hub_.core->on_frame({endpoint, over}, id, frame, std::move(payload), world.now());
    world.hub_step();
  });
  return true;
}

void World::agent_step(AgentNode& node, const std::function<void(agent::AgentCore&)>& work) {
  if (!node.core) return;
  work(*node.core);
  node.store.heal();
  if (node.core->failed()) return crash_agent(node);
  checker_->check_inbox(node.id, *node.core, false);
}

// Now and then an agent's store fails in the middle of a step.
void World::fault_in_store(AgentNode& node) {
  if (working_ && random_.chance(0.004)) node.store.fail_after(random_.below(3), Code::io);
}

void World::start_agent(AgentNode& node) {
  ++node.life;
  agent::Agent::Options options;
  options.keys = node.keys;
  options.hub = card_;
  options.outbox_segment_bytes = 1 << 20;
  options.outbox_bytes_max = 64 << 20;
  auto core = agent::AgentCore::open(options, {suite_, entropy_, node.disk, node.store, node.chunks, node}, now());
  if (!core) return checker_->violation(node.id.value() + " does not start: " + to_string(core.error()));
  node.core = std::move(*core);
  trace("agent up", view(node.id.value()));
  if (checker_) checker_->check_inbox(node.id, *node.core, true);
  for (const auto& id : node.mine) watch(node, id);
  for (int i = 0; i < kEndpoints; ++i) at(1 + static_cast<std::int64_t>(random_.below(50)), [this, &node, i] { connect(node, i); });
  at(kAgentTickMs, [this, &node, life = node.life] {
    if (node.life == life) tick_agent(node);
  });
}

void World::crash_agent(AgentNode& node) {
  if (!node.core) return;
  trace("agent down", view(node.id.value()));
  for (int i = 0; i < kEndpoints; ++i) disconnect(node, i);
  node.core.reset();
  node.disk.heal();
  node.store.heal();
  if (random_.chance(0.5)) node.disk.process_end();
  else node.disk.power_cut(random_);
  node.store.crash(random_);
  ++node.life;
  at(10 + static_cast<std::int64_t>(random_.below(500)), [this, &node] { start_agent(node); });
}

void World::connect(AgentNode& node, int endpoint) {
  if (!node.core || node.connection[endpoint] != 0) return;
  if (!hub_.core) {
    at(50 + static_cast<std::int64_t>(random_.below(100)), [this, &node, endpoint] { connect(node, endpoint); });
    return;
  }
  node.connection[endpoint] = ++connections_;
  by_connection_[connections_] = {&node, endpoint};
  agent_step(node, [&](agent::AgentCore& core) { core.on_connected(endpoint, now()); });
}

void World::disconnect(AgentNode& node, int endpoint) {
  if (node.connection[endpoint] == 0) return;
  by_connection_.erase(node.connection[endpoint]);
  node.connection[endpoint] = 0;
  if (node.core) node.core->on_disconnected(endpoint, now());
  at(20 + static_cast<std::int64_t>(random_.below(200)), [this, &node, endpoint] { connect(node, endpoint); });
}

void World::watch(AgentNode& node, const MessageId& id) {
  node.core->wait_for(id, agent::Stage::logged, now().boot + 100'000'000, [this, &node, id](const agent::MessageStatus&) {
    // Looked at in a later event: the agent is in the middle of its step.
    at(0, [this, &node, id] {
      if (!node.core) return;
      const auto status = node.core->status(id);
      if (!status) return checker_->violation(node.id.value() + " forgot " + to_string(id));
      if (status->stage != agent::Stage::queued) checker_->logged(*node.core, *status, node.core->registry());
    });
  });
}

void World::next_job(AgentNode& node) {
  AgentNode::Job job;
  ++node.submitted;
  job.document.idempotency_key = node.id.value() + "#" + std::to_string(node.submitted);
  job.note = "样例" + hex(random_.bytes(settings_.note_bytes / 2));
  job.document.type = "110";
  job.document.event_time = now().wall;
  job.document.in_reply_to = MessageId{AgencyId(kAgencies[0]), Epoch(1), Number(1)};
  job.document.body_json = nlohmann::ordered_json{{"status", "accepted"}, {"note", job.note}}.dump();
  const auto readers = 1 + random_.below(2);
  for (const auto& agency : kAgencies) {
    if (agency == node.id.value() || job.readers.size() == readers || random_.chance(0.4)) continue;
    job.readers.emplace_back(agency);
    job.document.to.push_back({AgencyId(agency), {}, codec::Role::to, 0});
  }
  if (job.readers.empty()) {
    const auto& agency = node.id.value() == kAgencies[0] ? kAgencies[1] : kAgencies[0];
    job.readers.emplace_back(agency);
    job.document.to.push_back({AgencyId(agency), {}, codec::Role::to, 0});
  }
  node.job = std::move(job);
}

// A case system: hands in its document, again under the same key as long as it was not answered.
void World::hand_in(AgentNode& node) {
  if (!working_ && !node.job) return;
  if (node.core) {
    if (!node.job) next_job(node);
    const bool fault = working_ && random_.chance(0.01);
    if (fault) node.disk.fail_after(random_.below(3), Code::io);
    const auto answers = node.core->submit(std::span(&node.job->document, 1), now());
    if (const auto* accepted = std::get_if<agent::Accepted>(&answers.front()); accepted != nullptr) {
      checker_->accepted(accepted->status.id, node.job->note, node.job->readers);
      ++outcome_.accepted;
      node.mine.push_back(accepted->status.id);
      watch(node, accepted->status.id);
      node.job.reset();
    } else if (const auto& refusal = std::get<agent::Refusal>(answers.front());
               refusal.code != Code::unavailable && refusal.code != Code::unknown_outcome && refusal.code != Code::overloaded && !node.core->failed()) {
      checker_->violation(node.id.value() + " refused a good document: " + std::string(describe(refusal.code).name));
    }
    node.disk.heal();
    if (node.core->failed()) crash_agent(node);
  }
  const std::int64_t pause = node.job ? 200 : static_cast<std::int64_t>(random_.below(200));
  at(pause, [this, &node] { hand_in(node); });
}

void World::tick_hub() {
  if (hub_.core) {
    hub_.core->on_tick(now());
    hub_step();
  }
  at(kHubTickMs, [this] { tick_hub(); });
}

void World::tick_agent(AgentNode& node) {
  agent_step(node, [&](agent::AgentCore& core) { core.on_tick(now()); });
  at(kAgentTickMs, [this, &node, life = node.life] {
    if (node.life == life) tick_agent(node);
  });
}

// --- the county, before anything goes wrong ----------------------------------------------------------------------------------

void World::pump_until_quiet() {
  for (int i = 0; i < 100 && !(hub_.core->quiet() && !hub_.write_under_way); ++i) {
    hub_step();
    step();
  }
}

void World::make_county() {
  hub_.keys = evidence::generate_hub_keys(AgencyId("430922-HUB"), false, entropy_);
  for (int i = 0; i < 2; ++i) operators_.push_back(entropy_.array<32>());
  nlohmann::ordered_json operators = nlohmann::ordered_json::array();
  for (const auto& secret : operators_) {
    card_.operators.push_back(suite_.signing_public(secret));
    operators.push_back({{"use", 6}, {"public_key", hex(card_.operators.back())}});
  }
  card_.log_id = hub_.keys.log_id;
  card_.checkpoint_key = suite_.signing_public(hub_.keys.checkpoint);
  card_.curve_key = hub_.keys.curve_public;
  checker_.emplace(suite_, card_.checkpoint_key);
  static const std::string routes = test::shipped_routes();
  static const std::string need_to_know = test::shipped_need_to_know();
  const nlohmann::ordered_json genesis{{"log_id", hex(card_.log_id)}, {"generation", 1}, {"suite", 1}, {"demo", false}, {"county", "430922"},
                                       {"hub", "430922-HUB"}, {"checkpoint_key", hex(card_.checkpoint_key)},
                                       {"message_key", hex(suite_.signing_public(hub_.keys.message))}, {"curve_key", hex(card_.curve_key)},
                                       {"operators", operators}, {"threshold", 2}, {"routes", routes}, {"need_to_know", need_to_know}};
  working_ = false;
  start_hub();
  if (!hub_.core) return;
  if (auto submitted = hub_.core->submit_genesis(genesis.dump(), operators_, kStart, now()); !submitted) {
    return checker_->violation("genesis: " + to_string(submitted.error()));
  }
  pump_until_quiet();
  std::uint64_t serial = 0;
  for (const auto& name : kAgencies) {
    auto node = std::make_unique<AgentNode>(*this, AgencyId(name));
    node->keys.agency = node->id;
    node->keys.transport_secret = entropy_.array<32>();
    node->keys.transport_public = evidence::curve_public(node->keys.transport_secret);
    node->keys.signing_secret = entropy_.array<32>();
    node->keys.seats.push_back({"", entropy_.array<32>()});
    const nlohmann::ordered_json body{{"kind", "agency"}, {"agency", name}, {"name_zh", "样例单位"}, {"name_en", "Example agency"},
                                      {"transport_key", hex(node->keys.transport_public)},
                                      {"signing_key", hex(suite_.signing_public(node->keys.signing_secret))},
                                      {"seats", {{{"seat", ""}, {"sealing_key", hex(suite_.sealing_public(node->keys.seats[0].secret))}}}}};
    auto plaintext = hub::HubCore::act_plaintext(108, body.dump());
    if (!plaintext) return checker_->violation("enrolment: " + to_string(plaintext.error()));
    const auto statement = evidence::operator_statement(card_.log_id, ++serial, 108, *plaintext);
    std::vector<codec::OperatorSignature> signatures;
    for (const auto& secret : operators_) {
      signatures.push_back({evidence::key_id(1, evidence::KeyUse::operator_, suite_.signing_public(secret)), suite_.sign(secret, statement)});
    }
    Result<Position> done = fail(Code::timed_out);
    hub_.core->submit_act(108, body.dump(), signatures, serial, now(), [&](Result<Position> result) { done = std::move(result); });
    pump_until_quiet();
    if (!done) return checker_->violation("enrolment of " + name + ": " + to_string(done.error()));
    agents_[node->id] = std::move(node);
  }
  card_.genesis_leaf = (*hub_.core->log().read_entry(0))->leaf;
  working_ = true;
}

void World::plan_faults() {
  for (std::size_t i = 0; i < settings_.hub_crashes; ++i) {
    at(500 + static_cast<std::int64_t>(random_.below(5000)), [this, i] {
      if (i % 3 == 2) crash_hub(false);
      else crash_next_write_ = true;
    });
  }
  for (std::size_t i = 0; i < settings_.agent_crashes; ++i) {
    at(300 + static_cast<std::int64_t>(random_.below(6000)), [this] {
      auto node = std::next(agents_.begin(), static_cast<std::ptrdiff_t>(random_.below(agents_.size())));
      crash_agent(*node->second);
    });
  }
  for (std::size_t i = 0; i < settings_.cuts; ++i) {
    at(static_cast<std::int64_t>(random_.below(6000)), [this] {
      auto node = std::next(agents_.begin(), static_cast<std::ptrdiff_t>(random_.below(agents_.size())));
      disconnect(*node->second, static_cast<int>(random_.below(kEndpoints)));
    });
  }
}

bool World::complete() const {
  if (!hub_.core || !hub_.core->quiet()) return false;
  return std::all_of(agents_.begin(), agents_.end(), [&](const auto& named) {
    const auto& node = *named.second;
    if (!node.core || node.job) return false;
    const auto health = node.core->health();
    return health.queued + health.in_flight == 0 && health.deliver_ready;
  }) && checker_->everything_arrived();
}

std::string World::stuck() const {
  std::string text = hub_.core ? "; hub: pending " + std::to_string(hub_.core->commit().pending_bytes()) + ", segments " + std::to_string(hub_.journal->segments_in_use()) : "; hub down";
  if (hub_.core) {
    text += ", busy " + std::to_string(hub_.core->counters().busy) + ", repeats " + std::to_string(hub_.core->counters().repeats);
    for (const auto& [code, count] : hub_.core->counters().refusals) text += ", " + std::string(describe(code).name) + " " + std::to_string(count);
  }
  for (const auto& [id, node] : agents_) {
    text += "; " + id.value() + ": ";
    if (!node->core) {
      text += "down";
      continue;
    }
    const auto health = node->core->health();
    text += "queued " + std::to_string(health.queued) + ", under way " + std::to_string(health.in_flight) + ", behind " + std::to_string(health.behind_entries) +
            (health.submit_ready ? "" : ", submit not ready") + (health.deliver_ready ? "" : ", deliver not ready") + " " + health.last_problem_en;
  }
  return text;
}

bool World::step() {
  if (events_.empty()) return false;
  const Event event = events_.top();
  events_.pop();
  time_ = event.time;
  ++outcome_.steps;
  (*event.work)();
  return true;
}

Outcome World::run() {
  make_county();
  if (checker_->violations().empty()) {
    tick_hub();
    for (auto& [id, node] : agents_) {
      start_agent(*node);
      at(static_cast<std::int64_t>(random_.below(300)), [this, &node = *node] { hand_in(node); });
    }
    plan_faults();
  }
  const auto enough = [&] { return outcome_.accepted >= settings_.messages && time_ > 6000 && outcome_.crashes_in_flight > 0; };
  while (checker_->violations().empty() && !enough() && outcome_.steps < settings_.step_limit && step()) {
  }
  working_ = false;
  crash_next_write_ = false;
  const std::int64_t deadline = time_ + kDrainMs;
  while (checker_->violations().empty() && !complete() && time_ < deadline && step()) {
  }
  const bool done = complete();
  // A little longer: the last receipts are looked at in events of their own.
  for (const std::int64_t end = time_ + 500; checker_->violations().empty() && time_ < end && step();) {
  }
  if (checker_->violations().empty()) {
    if (!done) checker_->violation("not everything arrived within " + std::to_string(kDrainMs / 1000) + " s after the last fault" + stuck());
    for (auto& [id, node] : agents_) {
      if (!node->core) continue;
      for (const auto& own : node->mine) {
        const auto status = node->core->status(own);
        if (status && status->stage != agent::Stage::queued) checker_->logged(*node->core, *status, node->core->registry());
        else if (!status) checker_->violation(id.value() + " forgot " + to_string(own));
      }
      checker_->check_inbox(id, *node->core, true);
    }
    if (hub_.core) checker_->check_log(*hub_.core, true);
    checker_->check_complete();
  }
  outcome_.delivered = checker_->delivered();
  if (hub_.core) outcome_.busy += hub_.core->counters().busy;
  outcome_.violations = checker_->violations();
  return outcome_;
}

}  // namespace

Outcome run(const Settings& settings) { return World(settings).run(); }

}  // namespace lianxi::simulation
