// Key files (secret, mode 0600) and cards (public), as JSON. Keys are 32 bytes in hex; a CURVE key is the same 32 bytes that
// ZeroMQ takes (its Z85 text is another spelling). docs/formats/keys.md has every field.
//
// Reading: Code::not_found, Code::io, Code::invalid_config with what is wrong in words; a secret file that its group or others may
// read is refused. Writing a secret file never replaces one: Code::already_exists.
// Threads: values only.
#pragma once

#include <string>
#include <vector>

#include "schemas/evidence/suite.h"

namespace lianxi::evidence {

inline constexpr std::size_t kKeyFileBytesMax = 64 << 10;
inline constexpr std::size_t kSeatsMax = 64;
inline constexpr std::size_t kOperatorsMax = 16;

struct SeatSecret {
  std::string seat;  // Empty = the agency's default seat.
  SecretKey sealing{};
};
struct AgencyKeys {
  AgencyId agency;
  std::uint8_t suite = 1;
  SecretKey transport_secret{};  // CURVE (X25519).
  PublicKey transport_public{};
  SecretKey signing{};            // Ed25519 seed.
  std::vector<SeatSecret> seats;  // The default seat first.
};

struct SeatCard {
  std::string seat;
  PublicKey sealing{};
  bool operator==(const SeatCard&) const = default;
};
// What an agency hands to the operators and to whoever verifies its receipts.
struct AgencyCard {
  AgencyId agency;
  std::uint8_t suite = 1;
  std::string name_zh, name_en;
  std::string host;  // Agency whose agent hosts it; empty = own.
  PublicKey transport{};
  PublicKey signing{};
  std::vector<SeatCard> seats;
  bool operator==(const AgencyCard&) const = default;
};

struct HubKeys {
  AgencyId hub;  // "430922-HUB"
  Hash log_id{};
  std::uint32_t generation = 1;
  bool demo = false;
  SecretKey checkpoint{};  // Signs checkpoints.
  SecretKey message{};     // Signs HUB's entries.
  SecretKey curve_secret{};
  PublicKey curve_public{};
};

struct OperatorKey {
  std::string name;  // Whose: "张三".
  SecretKey secret{};
};

struct Endpoints {
  std::string submit, deliver, chunks;  // "tcp://10.0.0.1:7710"
  bool operator==(const Endpoints&) const = default;
};
// From which an agent starts (P7): handed over, and its fingerprint compared by voice.
struct HubCard {
  Hash log_id{};
  std::string origin;  // "lianxi/<16 hex>/g1"
  std::uint32_t generation = 1;
  Hash leaf0{};  // Leaf hash of entry 0.
  std::vector<PublicKey> operators;
  std::uint32_t threshold = 1;
  PublicKey checkpoint_key{};
  std::string vkey;  // The checkpoint key as C2SP note verifiers take it.
  PublicKey curve_key{};
  Endpoints endpoints;
  bool operator==(const HubCard&) const = default;
};

// CURVE keys are X25519: the public key is the one that zmq_curve_public gives.
PublicKey curve_public(const SecretKey& secret);

// `seats` besides the default one, which is always made.
AgencyKeys generate_agency_keys(const AgencyId& agency, const std::vector<std::string>& seats, Entropy& entropy);
HubKeys generate_hub_keys(const AgencyId& hub, bool demo, Entropy& entropy);
OperatorKey generate_operator_key(std::string name, Entropy& entropy);

AgencyCard card_of(const AgencyKeys& keys, std::string name_zh, std::string name_en, std::string host);
// `operators` and `threshold` are the genesis entry's, `leaf0` its leaf.
HubCard card_of(const HubKeys& keys, const Hash& leaf0, std::vector<PublicKey> operators, std::uint32_t threshold,
                Endpoints endpoints);

// Eight groups of five digits, "40213 00917 …", over everything in the card but the endpoints, so that a hub may move. Two cards
// with the same digits are the same card: what two people read to each other on the telephone.
std::string fingerprint(const HubCard& card);
std::string fingerprint(const AgencyCard& card);  // Over agency, host, suite and keys; not over its names.

std::string to_json(const AgencyKeys& keys);
std::string to_json(const AgencyCard& card);
std::string to_json(const HubKeys& keys);
std::string to_json(const OperatorKey& key);
std::string to_json(const HubCard& card);
Result<AgencyKeys> parse_agency_keys(std::string_view json);
Result<AgencyCard> parse_agency_card(std::string_view json);
Result<HubKeys> parse_hub_keys(std::string_view json);
Result<OperatorKey> parse_operator_key(std::string_view json);
Result<HubCard> parse_hub_card(std::string_view json);  // Origin, log id, key and vkey must agree.

Result<AgencyKeys> read_agency_keys(const std::string& path);
Result<AgencyCard> read_agency_card(const std::string& path);
Result<HubKeys> read_hub_keys(const std::string& path);
Result<OperatorKey> read_operator_key(const std::string& path);
Result<HubCard> read_hub_card(const std::string& path);
// Secret: mode 0600, never over an existing file.
Result<void> write_secret_file(const std::string& path, const std::string& json);
Result<void> write_card_file(const std::string& path, const std::string& json);

}  // namespace lianxi::evidence
