#include "agents/runtime/process.h"

#include <algorithm>

namespace lianxi::agent {

namespace {
constexpr std::int64_t kTickMs = 50;
constexpr std::size_t kEndpoints = 3;
}  // namespace

// One agency of the process: its files, its agent, and where its frames go.
struct AgentProcess::Served final : Link {
  AgentProcess::Agency files;
  link::ZmqEdge* edge = nullptr;  // Not owned.
  std::array<std::size_t, kEndpoints> sockets{};
  std::unique_ptr<Agent> agent;  // Last: goes before what it uses.

  bool send(int endpoint, Bytes frame, Bytes payload) override {
    return edge->send(sockets.at(static_cast<std::size_t>(endpoint)), frame, payload);
  }
};

AgentProcess::AgentProcess(Options options, const Clock& clock)
    : options_(std::move(options)), clock_(clock), calls_(options_.queue_max), submits_(options_.queue_max) {}
AgentProcess::~AgentProcess() = default;

Result<std::unique_ptr<AgentProcess>> AgentProcess::open(Options options, std::vector<Agency> agencies,
                                                         const evidence::Suite& suite, const Clock& clock, Entropy& entropy) {
  std::unique_ptr<AgentProcess> process(new AgentProcess(std::move(options), clock));
  auto edge = link::ZmqEdge::open(process->options_.edge);
  if (!edge) return edge.error();
  process->edge_ = *std::move(edge);
  for (auto& files : agencies) {
    const auto id = files.options.keys.agency;
    const auto named = [&](Error error) { return fail(error.code, id.value() + ": " + error.detail); };
    auto served = std::make_unique<Served>();
    served->files = std::move(files);
    served->edge = process->edge_.get();
    const auto& own = served->files.options;
    const Agent::Edges edges{suite, entropy, *served->files.outbox_disk, *served->files.store, *served->files.chunks, *served};
    auto agent = Agent::open(own, edges, clock.now());
    if (!agent) return named(agent.error());
    served->agent = *std::move(agent);
    const link::ZmqEdge::Keys keys{own.keys.transport_secret, own.keys.transport_public, own.hub.curve_key};
    const std::array<std::string, kEndpoints> addresses{own.hub.submit, own.hub.deliver, own.hub.chunks};
    for (std::size_t i = 0; i < kEndpoints; ++i) {
      const auto socket = process->edge_->connect(addresses[i], keys);
      if (!socket) return named(socket.error());
      served->sockets[i] = *socket;
      process->owners_.emplace_back(served.get(), static_cast<int>(i));
    }
    process->ids_.push_back(id);
    if (!process->served_.emplace(id, std::move(served)).second) return fail(Code::invalid_config, id.value() + ": named twice");
  }
  return process;
}

Result<void> AgentProcess::post(const AgencyId& agency, Call call) {
  const auto found = served_.find(agency);
  if (found == served_.end()) return fail(Code::not_found, agency.value());
  if (!calls_.push({found->second.get(), std::move(call)})) return fail(Code::overloaded, "agent: queue");
  waker_.notify();
  return {};
}

Result<void> AgentProcess::submit(const AgencyId& agency, std::vector<Document> documents, Answer answer) {
  const auto found = served_.find(agency);
  if (found == served_.end()) return fail(Code::not_found, agency.value());
  if (!submits_.push({found->second.get(), std::move(documents), std::move(answer)}))
    return fail(Code::overloaded, "agent: queue");
  waker_.notify();
  return {};
}

std::size_t AgentProcess::step() {
  const auto now = clock_.now();
  waker_.drain();
  std::size_t done = run_submits(now) + run_calls(now);
  done += edge_->receive(
      [&](std::size_t socket, ByteView frame, ByteView payload) {
        const auto& [served, endpoint] = owners_.at(socket);
        served->agent->on_frame(endpoint, frame, payload, clock_.now());
      },
      [&](std::size_t socket, link::Event event) {
        const auto& [served, endpoint] = owners_.at(socket);
        if (event == link::Event::connected)
          served->agent->on_connected(endpoint, clock_.now());
        else
          served->agent->on_disconnected(endpoint, clock_.now());
      });
  tick(now);
  return done;
}

// What waits together shares a sync: one batch per agency.
std::size_t AgentProcess::run_submits(Now now) {
  std::map<Served*, std::vector<Submission>> waiting;
  std::size_t documents = 0;
  std::size_t taken = 0;
  while (documents < options_.batch_max) {
    auto submission = submits_.pop();
    if (!submission) break;
    documents += submission->documents.size();
    ++taken;
    waiting[submission->to].push_back(std::move(*submission));
  }
  for (auto& [served, submissions] : waiting) submit_all(*served, submissions, now);
  return taken;
}

void AgentProcess::submit_all(Served& served, std::vector<Submission>& waiting, Now now) {
  std::vector<Document> all;
  std::vector<std::size_t> counts;
  for (auto& submission : waiting) {
    counts.push_back(submission.documents.size());
    for (auto& document : submission.documents) all.push_back(std::move(document));
  }
  auto outcomes = served.agent->submit(all, now);
  auto next = outcomes.begin();
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const auto end = next + static_cast<std::ptrdiff_t>(counts[i]);
    waiting[i].answer(std::vector<Outcome>(std::make_move_iterator(next), std::make_move_iterator(end)));
    next = end;
  }
}

std::size_t AgentProcess::run_calls(Now now) {
  std::size_t done = 0;
  for (; done < options_.queue_max; ++done) {
    auto call = calls_.pop();
    if (!call) break;
    call->second(*call->first->agent, now);
  }
  return done;
}

void AgentProcess::tick(Now now) {
  if (now.boot - ticked_ < kTickMs) return;
  ticked_ = now.boot;
  for (auto& [id, served] : served_) {
    served->agent->on_tick(now);
    if (served->agent->failed()) failed_.store(true);
  }
}

void AgentProcess::wait(int timeout_ms) { edge_->wait(waker_.fd(), std::min<int>(timeout_ms, kTickMs)); }

}  // namespace lianxi::agent
