// A process that serves several agencies: one loop owns all agents and their sockets; other threads hand it closures and documents
// through bounded queues.
//
//   auto process = AgentProcess::open(options, {files of each agency}, clock, entropy);
//   Loop loop("agent", **process);
//   (*process)->post(agency, [](agent::Agent& agent, Now now) { … });
//
// Threads: step() and wait() on the loop; post(), submit() and wake() from any thread. Closures run on the loop and must not block.
#pragma once

#include <atomic>
#include <map>

#include "agents/link/link.h"
#include "agents/runtime/agent.h"
#include "schemas/base/loop.h"
#include "schemas/base/queue.h"

namespace lianxi::agent {

class AgentProcess final : public lianxi::Stage {
 public:
  struct Options {
    std::size_t queue_max = 4096;  // Closures and submits waiting.
    std::size_t batch_max = 256;   // Documents that share one sync.
    link::ZmqEdge::Options edge;
  };
  // One agency: what it is opened with. Owned: outlives its agent.
  struct Agency {
    Agent::Options options;
    std::unique_ptr<Disk> outbox_disk;
    std::unique_ptr<Store> store;
    std::unique_ptr<ChunkStore> chunks;
  };
  using Call = std::function<void(Agent&, Now)>;
  using Outcome = std::variant<Accepted, Refusal>;
  using Answer = std::function<void(std::vector<Outcome>)>;

  // Recovers every agency's agent and opens its sockets. Fails with the first agency's error, its name in the detail.
  // `suite`, `clock` and `entropy` outlive the process.
  static Result<std::unique_ptr<AgentProcess>> open(Options options, std::vector<Agency> agencies, const evidence::Suite& suite,
                                                    const Clock& clock, Entropy& entropy);
  ~AgentProcess() override;

  // Runs `call` on the loop. Code::not_found: no such agency here; Code::overloaded: the queue is full, nothing will be called.
  Result<void> post(const AgencyId& agency, Call call);
  // Hands documents in; those that wait together share a sync. `answer` is called on the loop when they are durable.
  Result<void> submit(const AgencyId& agency, std::vector<Document> documents, Answer answer);
  const std::vector<AgencyId>& agencies() const { return ids_; }
  // True once an agent has failed: the process must end (no retry). Any thread.
  bool failed() const { return failed_.load(); }

  std::size_t step() override;
  void wait(int timeout_ms) override;
  void wake() override { waker_.notify(); }

 private:
  struct Served;
  struct Submission {
    Served* to = nullptr;
    std::vector<Document> documents;
    Answer answer;
  };
  AgentProcess(Options options, const Clock& clock);
  std::size_t run_calls(Now now);
  std::size_t run_submits(Now now);
  void submit_all(Served& served, std::vector<Submission>& waiting, Now now);
  void tick(Now now);

  Options options_;
  const Clock& clock_;  // Not owned.
  Waker waker_;
  Queue<std::pair<Served*, Call>> calls_;
  Queue<Submission> submits_;
  std::unique_ptr<link::ZmqEdge> edge_;
  std::map<AgencyId, std::unique_ptr<Served>> served_;  // Fixed after open(): read from any thread.
  std::vector<AgencyId> ids_;
  std::vector<std::pair<Served*, int>> owners_;  // Of each socket: agency and endpoint.
  std::int64_t ticked_ = 0;
  std::atomic<bool> failed_{false};
};

}  // namespace lianxi::agent
