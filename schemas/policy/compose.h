// Composing: a JSON body becomes a complete message (P2-P4), sealed to those who may read it and checked by the hub's own rules
// before anybody numbers it for good.
//
// Pure: randomness comes from `entropy`, time from the caller. Threads: any, on a registry that does not change meanwhile.
#pragma once

#include <optional>

#include "schemas/policy/registry.h"

namespace lianxi::policy {

// What a sender wants to say, before it is bytes.
struct Draft {
  AgencyId sender = {};
  std::string seat = {};                             // Sender's seat; empty = default.
  std::uint16_t type = 0;
  std::vector<codec::Addressee> addressees = {};     // `previous` is filled by the caller; mandatory copies too (missing_copies()).
  std::vector<codec::ObjectId> ids = {};
  Instant event_time = 0;
  std::optional<MessageId> in_reply_to = {};
  std::optional<MessageId> corrects = {};
  std::optional<MessageId> withdraws = {};
  std::vector<codec::AttachmentInfo> attachments = {};  // What everyone named may know of each attachment ...
  std::vector<codec::AttachmentKey> attachment_keys = {};  // ... and what its group's section holds (index = place in `attachments`).
  std::string body_json = {};                        // The type's JSON object.
  bool historical = false;                           // Imported history.
  std::uint64_t serial = 0;                          // Operators' acts only: the registry's serial + 1 (genesis: 0).
  std::vector<evidence::SecretKey> operators = {};   // Operators' acts only: who signs. Empty for every other message.
  std::vector<codec::OperatorSignature> signatures = {};  // Operators' acts signed elsewhere (the hub holds no operator's key).
};

struct Composed {
  Bytes message;   // P2: one message, as it stands in an entry's run.
  Bytes header;    // Its message header.
  Hash hash{};     // Message hash of that header: the leaf of the batch tree.
};

// Splits, salts, commits, seals (to the sender's default seat and to the seat of every addressee that may see the group), writes
// the header and runs check_message() on the result. `id` is the number that the outbox will give it.
//
// Every fault found is appended to `faults`, in Chinese and English, all at once; the result is an error (with the first fault's
// code) exactly when one was. The verdict of check_message() is reported as a fault with an empty path. Without `now` the event
// time is not compared with the clock. Genesis (112) is composed on a registry that has not started.
Result<Composed> compose(const Registry& registry, const evidence::Suite& suite, Entropy& entropy, const Draft& draft,
                         const MessageId& id, std::vector<codec::Fault>& faults, std::optional<Instant> now = std::nullopt);

}  // namespace lianxi::policy
