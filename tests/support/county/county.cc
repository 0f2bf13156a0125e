#include "tests/support/county/county.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "schemas/evidence/tree.h"

namespace lianxi::test {

namespace {

using nlohmann::json;

constexpr std::uint16_t kRegistryUpdate = 108;
constexpr std::uint16_t kGenesis = 112;

std::string read_shipped(const std::string& name) {
  std::ifstream in(std::string(LIANXI_SOURCE_DIR) + "/deploy/policy/" + name);
  check(in.good(), "county: the shipped policy cannot be read");
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

codec::Addressee addressee(const std::string& agency, const std::string& seat, codec::Role role) {
  return {AgencyId(agency), seat, role, 0};
}

ByteView c0_of(const codec::MessageView& message) { return message.sections.front().bytes.subspan(32); }

}  // namespace

codec::Addressee to(const std::string& agency, const std::string& seat) { return addressee(agency, seat, codec::Role::to); }
codec::Addressee cc(const std::string& agency, const std::string& seat) { return addressee(agency, seat, codec::Role::cc); }

std::string shipped_routes() { return read_shipped("routes.toml"); }
std::string shipped_need_to_know() { return read_shipped("need_to_know.toml"); }

std::string enrolment_json(const evidence::Suite& suite, const evidence::AgencyKeys& keys, const std::string& host) {
  json body{{"kind", "agency"},
            {"agency", keys.agency.value()},
            {"name_zh", "试验" + policy::role_of(keys.agency)},
            {"name_en", "Test " + policy::role_of(keys.agency)},
            {"transport_key", hex(keys.transport_public)},
            {"signing_key", hex(suite.signing_public(keys.signing))},
            {"seats", json::array()}};
  if (!host.empty()) body["host"] = host;
  for (const auto& seat : keys.seats) {
    body["seats"].push_back({{"seat", seat.seat}, {"sealing_key", hex(suite.sealing_public(seat.sealing))}});
  }
  return body.dump();
}

County::County(Entropy& entropy, const evidence::Suite& suite, CountyOptions options)
    : entropy_(entropy), suite_(suite), registry_(suite), threshold_(options.threshold), time_(options.time) {
  hub_ = evidence::generate_hub_keys(AgencyId(options.county + "-HUB"), true, entropy_);
  hub_.generation = options.generation;
  for (std::size_t i = 0; i < options.operators; ++i) operators_.push_back(entropy_.array<32>());
  make_genesis(options);
  for (const auto& id : options.agencies) {
    auto keys = evidence::generate_agency_keys(AgencyId(id), options.seats[id], entropy_);
    enrol(agencies_.emplace(id, std::move(keys)).first->second, options.hosts[id]);
  }
}

void County::make_genesis(const CountyOptions& options) {
  json body{{"log_id", hex(hub_.log_id)},
            {"generation", hub_.generation},
            {"suite", suite_.id()},
            {"demo", hub_.demo},
            {"county", options.county},
            {"hub", hub_.hub.value()},
            {"checkpoint_key", hex(suite_.signing_public(hub_.checkpoint))},
            {"message_key", hex(suite_.signing_public(hub_.message))},
            {"curve_key", hex(hub_.curve_public)},
            {"operators", json::array()},
            {"threshold", threshold_},
            {"routes", options.routes.empty() ? shipped_routes() : options.routes},
            {"need_to_know", options.need_to_know.empty() ? shipped_need_to_know() : options.need_to_know}};
  for (const auto& secret : operators_) {
    body["operators"].push_back({{"use", static_cast<int>(evidence::KeyUse::operator_)},
                                 {"public_key", hex(suite_.signing_public(secret))}});
  }
  auto composed = compose_act(kGenesis, body.dump(), 0);
  check(composed.has_value(), "county: the genesis was refused: " + (faults_.empty() ? std::string() : faults_.front().en));
  genesis_ = std::move(*composed);
  const auto applied = apply(genesis_);
  check(applied.has_value(), "county: the genesis does not apply");
}

void County::enrol(const evidence::AgencyKeys& keys, const std::string& host) {
  auto composed = act(kRegistryUpdate, enrolment_json(suite_, keys, host));
  check(composed.has_value(), "county: an enrolment was refused: " + (faults_.empty() ? std::string() : faults_.front().en));
  const auto applied = apply(*composed);
  check(applied.has_value(), "county: an enrolment does not apply");
  enrolments_.push_back(std::move(*composed));
}

const evidence::AgencyKeys& County::keys(const std::string& agency) const {
  const auto found = agencies_.find(agency);
  check(found != agencies_.end(), "county: no agency " + agency);
  return found->second;
}

std::vector<policy::SeatSecret> County::seat_secrets(const std::string& agency) const {
  std::vector<policy::SeatSecret> out;
  for (const auto& seat : keys(agency).seats) {
    const auto id = evidence::key_id(suite_.id(), evidence::KeyUse::sealing, suite_.sealing_public(seat.sealing));
    out.push_back({id, seat.sealing});
  }
  return out;
}

Result<policy::Composed> County::act(std::uint16_t type, const std::string& body_json) {
  return compose_act(type, body_json, registry_.serial() + 1);
}

Result<policy::Composed> County::compose_act(std::uint16_t type, const std::string& body_json, std::uint64_t serial) {
  check(threshold_ <= operators_.size(), "county: fewer operators than the threshold");
  policy::Draft draft;
  draft.sender = hub_.hub;
  draft.type = type;
  draft.event_time = time_;
  draft.body_json = body_json;
  draft.serial = serial;
  draft.operators.assign(operators_.begin(), operators_.begin() + threshold_);
  const MessageId id{hub_.hub, Epoch(hub_.generation), Number(last_number_[hub_.hub.value()] + 1)};
  faults_.clear();
  auto composed = policy::compose(registry_, suite_, entropy_, draft, id, faults_);
  if (composed) ++last_number_[hub_.hub.value()];
  return composed;
}

Result<void> County::apply(const policy::Composed& act) {
  const auto parsed = codec::parse_run(act.message);
  if (!parsed) return parsed.error();
  const auto header = codec::parse_header(act.header);
  if (!header) return header.error();
  return registry_.apply(*header, c0_of(parsed->front()));
}

Result<policy::Composed> County::compose(const std::string& sender, std::uint16_t type, std::vector<codec::Addressee> recipients,
                                         const std::string& body_json, policy::Draft more) {
  auto draft = std::move(more);
  draft.sender = AgencyId(sender);
  draft.type = type;
  draft.addressees = std::move(recipients);
  draft.body_json = body_json;
  if (draft.event_time == 0) draft.event_time = time_;
  for (auto& addressee : draft.addressees) addressee.previous = previous_[{sender, addressee.agency.value()}];
  const auto epoch = draft.sender == hub_.hub ? hub_.generation : 1;
  const MessageId id{draft.sender, Epoch(epoch), Number(last_number_[sender] + 1)};
  faults_.clear();
  auto composed = policy::compose(registry_, suite_, entropy_, draft, id, faults_);
  if (!composed) return composed;
  ++last_number_[sender];
  for (const auto& addressee : draft.addressees) previous_[{sender, addressee.agency.value()}] = id.number.value();
  return composed;
}

County::SignedEntry County::entry(const std::string& sender, std::span<const policy::Composed> messages) const {
  check(!messages.empty(), "county: an entry holds at least one message");
  SignedEntry out;
  std::vector<Hash> leaves;
  for (const auto& message : messages) {
    leaves.push_back(message.hash);
    out.run.insert(out.run.end(), message.message.begin(), message.message.end());
  }
  const auto first = codec::parse_header(messages.front().header);
  check(first.has_value(), "county: a composed header does not parse");
  const bool of_hub = sender == hub_.hub.value();
  const auto& secret = of_hub ? hub_.message : keys(sender).signing;
  evidence::EntryHeader header;
  header.suite = suite_.id();
  header.log_id = hub_.log_id;
  header.agency = AgencyId(sender);
  header.host = of_hub ? std::string() : registry_.agency(header.agency)->host;
  header.key_id = evidence::key_id(suite_.id(), evidence::KeyUse::signing, suite_.signing_public(secret));
  header.epoch = first->id.epoch;
  header.first = first->id.number;
  header.count = static_cast<std::uint16_t>(messages.size());
  header.batch_root = evidence::root_of(leaves);
  out.header = evidence::encode(header);
  out.signature = suite_.sign(secret, out.header);
  return out;
}

Result<policy::OpenedMessage> County::open(const std::string& agency, const Bytes& run) const {
  const auto parsed = codec::parse_run(run);
  if (!parsed) return parsed.error();
  const auto header = codec::parse_header(parsed->front().header);
  if (!header) return header.error();
  return policy::open_message(registry_, suite_, AgencyId(agency), seat_secrets(agency), parsed->front(), *header);
}

}  // namespace lianxi::test
