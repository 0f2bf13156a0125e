// What must hold, kept apart from the code under test: what agents were promised, what the log holds, what inboxes show.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "agents/runtime/agent_core.h"
#include "hub/hub_core.h"

namespace lianxi::simulation {

class Checker {
 public:
  Checker(const evidence::Suite& suite, evidence::PublicKey checkpoint_key) : suite_(suite), checkpoint_key_(checkpoint_key) {}

  // The agent has answered: this message is accepted, with this text in its sealed note, for these readers.
  void accepted(const MessageId& id, std::string note, std::vector<AgencyId> readers);
  // The agent says that it holds a receipt for this message.
  void logged(const agent::AgentCore& agent, const agent::MessageStatus& status, const policy::Registry& registry);
  // The hub's log as it is now: only ever longer, every promise in it. `deep`: every entry again, after a restart and at the end.
  void check_log(const hub::HubCore& hub, bool deep);
  // What is new in an inbox since the last look; `from_scratch` after a restart of that agent.
  void check_inbox(const AgencyId& agency, const agent::AgentCore& agent, bool from_scratch);
  bool everything_arrived() const;
  // At the end: everything accepted is logged, and with everybody whom it was for.
  void check_complete();

  const std::vector<std::string>& violations() const { return violations_; }
  void violation(std::string what) {
    if (violations_.size() < 20) violations_.push_back(std::move(what));
  }
  std::uint64_t delivered() const { return delivered_; }
  std::size_t accepted_count() const { return promised_.size(); }

 private:
  struct Promise {
    std::string note;
    std::vector<AgencyId> readers;
    std::optional<Position> position;
    Hash hash{};                       // Known once seen in the log.
  };
  void check_note(const AgencyId& agency, const MessageId& id, const std::string& note, const Promise& promise);
  struct Seen {
    std::set<MessageId> ids;
    std::map<AgencyId, std::uint64_t> last_number;
    std::optional<Position> last;
  };

  const evidence::Suite& suite_;
  evidence::PublicKey checkpoint_key_;
  std::map<MessageId, Promise> promised_;
  std::map<MessageId, Position> in_log_;
  std::map<std::uint64_t, Hash> leaves_;       // Of every entry whose receipt an agent holds or that was delivered.
  std::uint64_t log_size_ = 0;                 // Largest size for which a root is known …
  Hash log_root_{};                            // … and that root.
  std::uint64_t read_to_ = 0;
  std::map<AgencyId, Seen> inboxes_;
  // Received before their sender's case system was told: it was cut off, hands the same document in again, and is told then.
  std::map<MessageId, std::vector<std::pair<AgencyId, std::string>>> early_;
  std::vector<std::string> violations_;
  std::uint64_t delivered_ = 0;
};

}  // namespace lianxi::simulation
