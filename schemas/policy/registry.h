// The registry: who is enrolled with which keys, the policy in force, the operators. A fold of the operators' acts in the log
// (112 Genesis, 108 RegistryUpdate, 113 OpenEpoch, 114 ClockStep); hub and agents hold the same one, so admission decides
// alike on both sides.
//
// Threads: one owner; copy a snapshot for other threads.
#pragma once

#include <map>
#include <memory>
#include <set>

#include "schemas/evidence/sealing.h"
#include "schemas/policy/policy.h"

namespace lianxi::policy {

using evidence::KeyId;
using evidence::PublicKey;

struct SeatKey {
  std::string seat;                  // Empty = the agency's default seat.
  KeyId id{};
  PublicKey key{};
};

struct Agency {
  AgencyId id;
  std::string name_zh, name_en;
  std::string host;                  // Agency whose agent hosts it; empty = own.
  PublicKey transport{};             // CURVE public key.
  bool transport_revoked = false;
  std::map<KeyId, PublicKey> signing;   // All ever registered: old receipts verify.
  std::set<KeyId> revoked;
  KeyId current_signing{};
  std::vector<SeatKey> seats;        // Current sealing key of each seat.
  std::map<KeyId, PublicKey> sealing;   // All ever registered.
  std::map<std::uint32_t, bool> consented_epochs;  // Epoch -> operator's consent (108 {agency, epoch}); 1 from enrolment on.

  // The current sealing key of a seat ("" = default); null if there is no such seat.
  const SeatKey* seat(std::string_view name) const;
};

struct GenesisFacts {
  Hash log_id{};
  std::uint32_t generation = 1;
  std::uint8_t suite = 1;
  bool demo = false;
  std::string county;                // "430922"
  AgencyId hub;                      // "430922-HUB"
  PublicKey checkpoint_key{};
  PublicKey message_key{};           // Signs HUB's entries.
  PublicKey curve_key{};
  std::vector<PublicKey> operators;
  std::uint32_t threshold = 1;
};

// Reads the C0 plaintext of a Genesis: shape and self-consistency, not its signatures. Code::section_malformed, field_invalid.
Result<GenesisFacts> read_genesis(ByteView c0_plaintext);

// 108, 112, 114, 117: what operators sign, with a serial.
bool is_operators_act(std::uint16_t type);

class Registry final : public evidence::KeyFinder {
 public:
  // `suite` must outlive the registry; it checks operators' signatures.
  explicit Registry(const evidence::Suite& suite) : suite_(&suite) {}

  // Checks an operators' act against the state so far: serial, signatures, content. Pure: apply() then takes it.
  // Code::registry_serial (the next is serial() + 1; a genesis only at the very beginning), operator_signature (too few, unknown,
  // twice the same, or one that does not hold), type_not_allowed (not the hub's), section_malformed, field_missing, field_invalid.
  Result<void> check(const codec::MessageHeader& header, ByteView c0_plaintext) const;
  // Folds an act that stands in the log, after check(): nobody takes the hub's word for it. Other message types are ignored.
  Result<void> apply(const codec::MessageHeader& header, ByteView c0_plaintext);

  bool started() const { return started_; }            // Genesis was applied.
  const GenesisFacts& genesis() const { return genesis_; }
  std::uint64_t serial() const { return serial_; }     // Serial of the newest act.
  const Policy& policy() const { return *policy_; }
  // The hub itself is among them from the genesis on (signing key = its message key, its id with use `signing`; no
  // transport key, no seats).
  const Agency* agency(const AgencyId& id) const;
  const std::map<AgencyId, Agency>& agencies() const { return agencies_; }
  // The agency whose current, unrevoked transport key this is. Never the hub.
  const Agency* by_transport(const PublicKey& key) const;
  // Any key ever registered, revoked or not: old receipts verify. For a new entry ask may_sign().
  std::optional<PublicKey> signing_key(const AgencyId& agency, const KeyId& id) const override;
  // Whether an entry of `agency` may be signed with this key today: its current one, not revoked.
  bool may_sign(const AgencyId& agency, const KeyId& id) const;
  const evidence::Suite& suite() const { return *suite_; }

 private:
  Result<void> check_signatures(const GenesisFacts& facts, const codec::MessageHeader& header, ByteView c0_plaintext) const;
  Result<void> check_genesis(const codec::MessageHeader& header, ByteView c0_plaintext) const;
  void apply_genesis(const GenesisFacts& facts, std::shared_ptr<const Policy> policy);

  const evidence::Suite* suite_;     // Not owned.
  bool started_ = false;
  GenesisFacts genesis_;
  std::uint64_t serial_ = 0;
  std::shared_ptr<const Policy> policy_;
  std::map<AgencyId, Agency> agencies_;
  std::map<PublicKey, AgencyId> transports_;   // Current, unrevoked.
};

// --- Making operators' acts (lianxi-hub init / enrol / policy, tests) ---------------------------------------------------
// JSON bodies of 112 and 108 are composed with the Catalogue like any message; sign_act() adds the operators' list.
void sign_act(const evidence::Suite& suite, const Hash& log_id, codec::MessageHeader& header, ByteView c0_plaintext,
              std::span<const evidence::SecretKey> operators);

// What admission decides per message (PROTOCOL: refusal at message level): type, policy, seats, copies, content of clear
// sections, commitments, wraps, classification, times. The same code runs in the agent before numbering. Numbering, entry
// signature and addressee chains are the hub's admission core's.
// Code::ok in `code` when admitted. `detail` for people, English. A registry that has not started admits a Genesis only.
struct MessageVerdict {
  Code code = Code::ok;
  std::string detail;
};
MessageVerdict check_message(const Registry& registry, const codec::MessageView& message, const codec::MessageHeader& header, Instant now);

}  // namespace lianxi::policy
