// What a delivered entry must prove before anything of it is stored: the sender signed it, the hub placed it at its position,
// nothing of it was changed or left out in silence. Foreign bytes in, facts out; nothing is stored here.
//
// Threads: values only.
#pragma once

#include "agents/runtime/state.h"
#include "agents/runtime/wire.h"

namespace lianxi::agent {

struct DeliveredMessage {
  Position position;
  codec::MessageView view;  // Borrows the payload.
  codec::MessageHeader header;
  Hash hash{};
};

struct DeliveredEntry {
  evidence::EntryHeader header;
  evidence::HubPart hub_part;
  Bytes proof;  // Row of the family `entries` (below).
  std::vector<DeliveredMessage> messages;
};

// What proves an entry's place later. Row: u16 length ‖ EH ‖ signature 64 ‖ u16 length ‖ HP ‖ size u64 ‖ u16 n ‖ n × 32 path
// ‖ u16 n ‖ n × 32 message hashes.
struct EntryProof {
  Bytes entry_header;
  Signature signature{};
  Bytes hub_part;
  std::uint64_t size = 0;
  std::vector<Hash> path;
  std::vector<Hash> leaves;
};
Bytes encode(const EntryProof& proof);
Result<EntryProof> parse_entry_proof(ByteView row);

// Checks `entry` against the registry and the checkpoint that all paths lead to. `run` is its part of the payload.
// Code::verification_failed with what does not hold.
Result<DeliveredEntry> open_delivered(const State& state, const policy::Registry& registry, const wire::DeliveredEntry& entry,
                                      ByteView run, const evidence::Checkpoint& checkpoint);

}  // namespace lianxi::agent
