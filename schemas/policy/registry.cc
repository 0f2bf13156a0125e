#include "schemas/policy/registry.h"

#include <algorithm>

#include "schemas/messages/system_generated.h"
#include "schemas/policy/act.h"

namespace lianxi::policy {

namespace {

using evidence::KeyUse;

constexpr std::uint16_t kRegistryUpdate = 108;
constexpr std::uint16_t kGenesis = 112;
constexpr std::uint16_t kClockStep = 114;
constexpr std::uint16_t kGeneration = 117;

Result<std::shared_ptr<const Policy>> load_policy(std::string_view routes, std::string_view need_to_know) {
  auto policy = Policy::load(routes, need_to_know);
  if (!policy) return fail(Code::field_invalid, policy.error().detail);
  return std::make_shared<const Policy>(std::move(*policy));
}

Result<GenesisFacts> facts_of(const msg::Genesis& genesis) {
  GenesisFacts facts;
  const auto log_id = key_bytes(genesis.log_id());
  const auto checkpoint = key_bytes(genesis.checkpoint_key());
  const auto message = key_bytes(genesis.message_key());
  const auto curve = key_bytes(genesis.curve_key());
  if (!log_id || !checkpoint || !message || !curve) return fail(Code::field_missing, "genesis: log id and the hub's three keys");
  facts.log_id = *log_id;
  facts.checkpoint_key = *checkpoint;
  facts.message_key = *message;
  facts.curve_key = *curve;
  facts.generation = genesis.generation();
  facts.suite = genesis.suite();
  facts.demo = genesis.demo();
  facts.county = std::string(string_of(genesis.county()));
  facts.hub = AgencyId(std::string(string_of(genesis.hub())));
  facts.threshold = genesis.threshold();
  for (const auto* key : elements(genesis.operators())) {
    const auto bytes = key_bytes(key->public_key());
    if (!bytes || key->use() != static_cast<std::uint8_t>(KeyUse::operator_)) {
      return fail(Code::field_invalid, "genesis: an operator's key must be 32 bytes of use 6");
    }
    if (std::ranges::find(facts.operators, *bytes) != facts.operators.end()) {
      return fail(Code::field_invalid, "genesis: an operator stands twice");
    }
    facts.operators.push_back(*bytes);
  }
  return facts;
}

Result<void> check_facts(const GenesisFacts& facts) {
  if (facts.generation == 0) return fail(Code::field_invalid, "genesis: generations count from 1");
  if (facts.threshold == 0 || facts.threshold > facts.operators.size()) {
    return fail(Code::field_invalid, "genesis: threshold " + std::to_string(facts.threshold) + " of " +
                                         std::to_string(facts.operators.size()) + " operators");
  }
  if (!is_agency_id(facts.hub) || role_of(facts.hub) != "HUB" || county_of(facts.hub) != facts.county) {
    return fail(Code::field_invalid, "genesis: the hub must be " + facts.county + "-HUB");
  }
  return {};
}

}  // namespace

const SeatKey* Agency::seat(std::string_view name) const {
  const auto found = std::ranges::find(seats, name, &SeatKey::seat);
  return found == seats.end() ? nullptr : &*found;
}

bool is_operators_act(std::uint16_t type) {
  return type == kRegistryUpdate || type == kGenesis || type == kClockStep || type == kGeneration;
}

Result<GenesisFacts> read_genesis(ByteView c0_plaintext) {
  const auto body = Body<msg::Genesis>::read(c0_plaintext);
  if (!body) return body.error();
  auto facts = facts_of(body->table());
  if (!facts) return facts;
  if (const auto sound = check_facts(*facts); !sound) return sound.error();
  return facts;
}

Result<void> Registry::check_signatures(const GenesisFacts& facts, const codec::MessageHeader& header,
                                        ByteView c0_plaintext) const {
  const auto statement = evidence::operator_statement(facts.log_id, header.serial, header.type, c0_plaintext);
  std::set<KeyId> signers;
  for (const auto& signature : header.operators) {
    const auto known = std::ranges::find_if(facts.operators, [&](const PublicKey& key) {
      return evidence::key_id(facts.suite, KeyUse::operator_, key) == signature.key_id;
    });
    if (known == facts.operators.end()) return fail(Code::operator_signature, "no operator has key " + hex(signature.key_id));
    if (!signers.insert(signature.key_id).second) {
      return fail(Code::operator_signature, "operator " + hex(signature.key_id) + " signed twice");
    }
    if (!suite_->verify(*known, statement, signature.signature)) {
      return fail(Code::operator_signature, "signature of operator " + hex(signature.key_id) + " does not hold");
    }
  }
  if (signers.size() < facts.threshold) {
    return fail(Code::operator_signature, std::to_string(signers.size()) + " operators signed, " + std::to_string(facts.threshold) +
                                              " must");
  }
  return {};
}

Result<void> Registry::check_genesis(const codec::MessageHeader& header, ByteView c0_plaintext) const {
  if (started_ || header.serial != 0) return fail(Code::registry_serial, "a genesis has serial 0 and begins the log");
  const auto facts = read_genesis(c0_plaintext);
  if (!facts) return facts.error();
  if (facts->suite != suite_->id()) return fail(Code::field_invalid, "genesis: suite " + std::to_string(facts->suite));
  if (header.id.agency != facts->hub) return fail(Code::type_not_allowed, "genesis: not sent by the hub it names");
  if (header.id.number.value() != 1 || header.id.epoch.value() != facts->generation) {
    return fail(Code::field_invalid, "genesis: must be number 1 of the epoch that is the generation");
  }
  const auto body = Body<msg::Genesis>::read(c0_plaintext);
  if (!body) return body.error();
  const auto policy = load_policy(string_of(body->table().routes()), string_of(body->table().need_to_know()));
  if (!policy) return policy.error();
  return check_signatures(*facts, header, c0_plaintext);
}

Result<void> Registry::check(const codec::MessageHeader& header, ByteView c0_plaintext) const {
  if (!is_operators_act(header.type)) return fail(Code::unknown_type, "no operators' act: " + std::to_string(header.type));
  if (header.type == kGenesis) return check_genesis(header, c0_plaintext);
  if (!started_) return fail(Code::registry_serial, "the log begins with a genesis");
  if (header.id.agency != genesis_.hub) return fail(Code::type_not_allowed, "operators' acts are sent by the hub");
  if (header.serial != serial_ + 1) {
    return fail(Code::registry_serial, "serial " + std::to_string(header.serial) + ", expected " + std::to_string(serial_ + 1));
  }
  if (const auto valid = check_signatures(genesis_, header, c0_plaintext); !valid) return valid;
  if (header.type != kRegistryUpdate) return {};
  const auto body = Body<msg::RegistryUpdate>::read(c0_plaintext);
  if (!body) return body.error();
  auto changed = agencies_;
  std::shared_ptr<const Policy> policy = policy_;
  return fold_update(body->table(), genesis_, changed, policy);
}

Result<void> Registry::apply(const codec::MessageHeader& header, ByteView c0_plaintext) {
  if (!is_operators_act(header.type)) return {};
  if (const auto valid = check(header, c0_plaintext); !valid) return valid;
  if (header.type == kGenesis) {
    const auto facts = read_genesis(c0_plaintext);
    const auto body = Body<msg::Genesis>::read(c0_plaintext);
    if (!facts || !body) return fail(Code::section_malformed, "genesis");
    auto policy = load_policy(string_of(body->table().routes()), string_of(body->table().need_to_know()));
    if (!policy) return policy.error();
    apply_genesis(*facts, std::move(*policy));
  } else if (header.type == kRegistryUpdate) {
    const auto body = Body<msg::RegistryUpdate>::read(c0_plaintext);
    if (!body) return body.error();
    if (const auto folded = fold_update(body->table(), genesis_, agencies_, policy_); !folded) return folded;
  }
  serial_ = header.serial;
  transports_.clear();
  for (const auto& [id, agency] : agencies_) {
    if (agency.transport != PublicKey{} && !agency.transport_revoked) transports_.emplace(agency.transport, id);
  }
  return {};
}

void Registry::apply_genesis(const GenesisFacts& facts, std::shared_ptr<const Policy> policy) {
  genesis_ = facts;
  policy_ = std::move(policy);
  Agency hub;
  hub.id = facts.hub;
  hub.name_zh = "联席消息枢纽";
  hub.name_en = "Hub";
  hub.current_signing = evidence::key_id(facts.suite, KeyUse::signing, facts.message_key);
  hub.signing.emplace(hub.current_signing, facts.message_key);
  hub.consented_epochs[facts.generation] = true;
  agencies_.emplace(hub.id, std::move(hub));
  started_ = true;
}

const Agency* Registry::agency(const AgencyId& id) const {
  const auto found = agencies_.find(id);
  return found == agencies_.end() ? nullptr : &found->second;
}

const Agency* Registry::by_transport(const PublicKey& key) const {
  const auto found = transports_.find(key);
  return found == transports_.end() ? nullptr : agency(found->second);
}

std::optional<PublicKey> Registry::signing_key(const AgencyId& id, const KeyId& key) const {
  const auto* known = agency(id);
  if (known == nullptr) return std::nullopt;
  const auto found = known->signing.find(key);
  if (found == known->signing.end()) return std::nullopt;
  return found->second;
}

bool Registry::may_sign(const AgencyId& id, const KeyId& key) const {
  const auto* known = agency(id);
  return known != nullptr && known->current_signing == key && !known->revoked.contains(key);
}

void sign_act(const evidence::Suite& suite, const Hash& log_id, codec::MessageHeader& header, ByteView c0_plaintext,
              std::span<const evidence::SecretKey> operators) {
  const auto statement = evidence::operator_statement(log_id, header.serial, header.type, c0_plaintext);
  header.operators.clear();
  for (const auto& secret : operators) {
    const auto id = evidence::key_id(suite.id(), KeyUse::operator_, suite.signing_public(secret));
    header.operators.push_back({id, suite.sign(secret, statement)});
  }
}

}  // namespace lianxi::policy
