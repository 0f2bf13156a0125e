// From a document to a numbered message: type, mandatory copies, attachments, counts of previous messages, sealing, the hub's own
// checks. Nothing is stored here; a batch is prepared message by message and then stored whole.
//
// Threads: one, the agent loop.
#pragma once

#include <map>

#include "agents/runtime/attachments.h"
#include "agents/runtime/outbox.h"
#include "schemas/policy/compose.h"

namespace lianxi::agent {

// SHA-256 over everything that a document says, its idempotency key apart: the order of JSON members and white space do not count.
Hash content_hash(const Document& document);

class Composer {
 public:
  Composer(const State& state, const Outbox& outbox, const Attachments& attachments)
      : state_(state), outbox_(outbox), attachments_(attachments), next_(outbox.next_id()) {}

  // The document as the next message of this batch, or why it cannot be sent. A refused one spends no number.
  std::variant<NewMessage, Refusal> compose(const Document& document, const Hash& content, Now now);

 private:
  std::optional<Refusal> add_attachments(const Document& document, policy::Draft& draft) const;
  void add_copies(policy::Draft& draft) const;
  void count_addressees(policy::Draft& draft) const;

  const State& state_;
  const Outbox& outbox_;
  const Attachments& attachments_;
  MessageId next_;
  std::map<AgencyId, std::uint64_t> previous_;  // Of this batch; before it, the outbox's.
};

}  // namespace lianxi::agent
