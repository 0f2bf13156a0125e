// Making keys, cards of them, and fingerprints.
#include <sodium.h>

#include "schemas/evidence/entry.h"
#include "schemas/evidence/key_file.h"

namespace lianxi::evidence {
namespace {

// Groups of five decimal digits, each from 8 bytes of the digest chain: the modulo's bias is below 2^-47.
std::string digits(const Bytes& described) {
  std::string out;
  for (std::uint8_t group = 0; group < 8; ++group) {
    const Hash digest = sha256({ByteView(&group, 1), described});
    Reader in(digest);
    const std::string number = std::to_string(in.u64() % 100000);
    out += (group == 0 ? "" : " ") + std::string(5 - number.size(), '0') + number;
  }
  return out;
}

}  // namespace

PublicKey curve_public(const SecretKey& secret) {
  PublicKey out;
  crypto_scalarmult_base(out.data(), secret.data());
  return out;
}

AgencyKeys generate_agency_keys(const AgencyId& agency, const std::vector<std::string>& seats, Entropy& entropy) {
  AgencyKeys keys;
  keys.agency = agency;
  keys.transport_secret = entropy.array<32>();
  keys.transport_public = curve_public(keys.transport_secret);
  keys.signing = entropy.array<32>();
  keys.seats.push_back({"", entropy.array<32>()});
  for (const auto& seat : seats) {
    if (!seat.empty()) keys.seats.push_back({seat, entropy.array<32>()});
  }
  return keys;
}

HubKeys generate_hub_keys(const AgencyId& hub, bool demo, Entropy& entropy) {
  HubKeys keys;
  keys.hub = hub;
  keys.log_id = entropy.array<32>();
  keys.demo = demo;
  keys.checkpoint = entropy.array<32>();
  keys.message = entropy.array<32>();
  keys.curve_secret = entropy.array<32>();
  keys.curve_public = curve_public(keys.curve_secret);
  return keys;
}

OperatorKey generate_operator_key(std::string name, Entropy& entropy) { return {std::move(name), entropy.array<32>()}; }

AgencyCard card_of(const AgencyKeys& keys, std::string name_zh, std::string name_en, std::string host) {
  AgencyCard card;
  card.agency = keys.agency;
  card.suite = keys.suite;
  card.name_zh = std::move(name_zh);
  card.name_en = std::move(name_en);
  card.host = std::move(host);
  card.transport = keys.transport_public;
  card.signing = suite1().signing_public(keys.signing);
  for (const auto& seat : keys.seats) card.seats.push_back({seat.seat, suite1().sealing_public(seat.sealing)});
  return card;
}

HubCard card_of(const HubKeys& keys, const Hash& leaf0, std::vector<PublicKey> operators, std::uint32_t threshold,
                Endpoints endpoints) {
  HubCard card;
  card.log_id = keys.log_id;
  card.origin = origin_line(keys.log_id, keys.generation, keys.demo);
  card.generation = keys.generation;
  card.leaf0 = leaf0;
  card.operators = std::move(operators);
  card.threshold = threshold;
  card.checkpoint_key = suite1().signing_public(keys.checkpoint);
  card.vkey = note_verifier_key(card.origin, card.checkpoint_key);
  card.curve_key = keys.curve_public;
  card.endpoints = std::move(endpoints);
  return card;
}

std::string fingerprint(const HubCard& card) {
  Bytes described;
  Writer out(described);
  out.label("lianxi/hub-card/v1");
  out.bytes(card.log_id);
  out.s8(card.origin);
  out.u32(card.generation);
  out.bytes(card.leaf0);
  out.u8(static_cast<std::uint8_t>(card.operators.size()));
  for (const auto& key : card.operators) out.bytes(key);
  out.u32(card.threshold);
  out.bytes(card.checkpoint_key);
  out.bytes(card.curve_key);
  return digits(described);
}

std::string fingerprint(const AgencyCard& card) {
  Bytes described;
  Writer out(described);
  out.label("lianxi/agency-card/v1");
  out.s8(card.agency.value());
  out.u8(card.suite);
  out.s8(card.host);
  out.bytes(card.transport);
  out.bytes(card.signing);
  out.u8(static_cast<std::uint8_t>(card.seats.size()));
  for (const auto& seat : card.seats) {
    out.s8(seat.seat);
    out.bytes(seat.sealing);
  }
  return digits(described);
}

}  // namespace lianxi::evidence
