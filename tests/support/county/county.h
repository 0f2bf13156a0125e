// A whole county for tests: operators, hub and agencies with keys from a seeded entropy, the genesis and one enrolment each as
// complete messages, and a registry that has folded them.
//
//   County county(entropy, suite, {"430922-LAND", "430922-POLICE", "430922-PROC"});
//   auto message = county.compose("430922-LAND", 110, {to("430922-POLICE")}, R"({"status": "accepted"})", {.in_reply_to = …});
//
// Threads: one.
#pragma once

#include "schemas/base/entropy.h"
#include "schemas/policy/compose.h"
#include "schemas/policy/open.h"

namespace lianxi::test {

// A repeatable stream of bytes for tests: SHA-256 of (seed, counter). Never for keys that guard anything.
class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : seed_(seed) {}
  void fill(std::span<std::uint8_t> out) override;

 private:
  std::uint64_t seed_;
  std::uint64_t counter_ = 0;
};

struct AgencyKeys {
  AgencyId id;
  Bytes curve_secret;                         // 32 bytes; transport public key = Curve25519 of it.
  evidence::PublicKey transport{};
  evidence::SecretKey signing{};
  evidence::PublicKey signing_public{};
  policy::KeyId signing_id{};
  std::map<std::string, evidence::SecretKey> seats;   // Sealing secret of each seat; "" = default.
  std::vector<policy::SeatSecret> seat_secrets() const;
  std::uint8_t suite = 1;
};

codec::Addressee to(const std::string& agency, const std::string& seat = {});
codec::Addressee cc(const std::string& agency, const std::string& seat = {});

// The policy texts that the product ships (deploy/policy), read from the source tree.
std::string shipped_routes();
std::string shipped_need_to_know();

struct CountyOptions {
  std::vector<std::string> agencies;
  std::map<std::string, std::vector<std::string>> seats;   // Agency -> further seats: {"430922-POLICE", {"LANDSQ"}}.
  std::map<std::string, std::string> hosts;                // Agency -> agency whose agent hosts it.
  std::size_t operators = 3;
  std::uint32_t threshold = 2;
  std::uint32_t generation = 1;
  Instant time = 1735689600000;                            // 2025-01-01T00:00:00Z: event time of the acts.
  std::string routes;                                      // Empty: the shipped ones.
  std::string need_to_know;
  std::string county = "430922";
};

class County {
 public:
  // Both must outlive the county.
  County(Entropy& entropy, const evidence::Suite& suite, CountyOptions options);

  const policy::Registry& registry() const { return registry_; }
  policy::Registry& registry() { return registry_; }
  const evidence::Suite& suite() const { return suite_; }
  const AgencyId& hub() const { return hub_.id; }
  const AgencyKeys& hub_keys() const { return hub_; }             // signing = the hub's message key.
  const evidence::SecretKey& checkpoint_secret() const { return checkpoint_; }
  evidence::PublicKey checkpoint_public() const { return suite_.signing_public(checkpoint_); }
  const Hash& log_id() const { return log_id_; }
  const std::vector<evidence::SecretKey>& operators() const { return operators_; }
  const AgencyKeys& keys(const std::string& agency) const;        // check()s that it exists; the hub's too.

  const policy::Composed& genesis() const { return genesis_; }    // HUB.1.1
  // One 108 per agency, HUB.1.2 on, in the order of the options; all applied to registry().
  const std::vector<policy::Composed>& enrolments() const { return enrolments_; }
  // The next operators' act of the hub (108, 114), signed by `threshold` operators, numbered next, not applied.
  Result<policy::Composed> act(std::uint16_t type, const std::string& body_json);
  // Folds a composed act into registry().
  Result<void> apply(const policy::Composed& act);

  // One complete message of `sender`, numbered 1, 2, 3 … per sender in epoch 1 (`previous` counts are kept). Faults of the last
  // refused one are in faults(). A refused message spends no number.
  Result<policy::Composed> compose(const std::string& sender, std::uint16_t type, std::vector<codec::Addressee> recipients,
                                   const std::string& body_json, policy::Draft more = {});
  const std::vector<codec::Fault>& faults() const { return faults_; }

  // Entry header over `messages` (consecutive, of one sender), and the signature over it.
  struct SignedEntry {
    Bytes header;
    Signature signature{};
    Bytes run;
  };
  SignedEntry entry(const std::string& sender, std::span<const policy::Composed> messages) const;

  // What `agency` reads of a composed message that was delivered to it as `run` (default: whole).
  Result<policy::OpenedMessage> open(const std::string& agency, const Bytes& run) const;

 private:
  void make_genesis(const CountyOptions& options);
  void enrol(const AgencyKeys& agency, const CountyOptions& options);
  AgencyKeys make_keys(const std::string& id, const std::vector<std::string>& seats);

  Entropy& entropy_;                 // Not owned.
  const evidence::Suite& suite_;     // Not owned.
  policy::Registry registry_;
  Hash log_id_{};
  std::vector<evidence::SecretKey> operators_;
  std::uint32_t threshold_ = 2;
  evidence::SecretKey checkpoint_{};
  AgencyKeys hub_;
  std::map<std::string, AgencyKeys> agencies_;
  policy::Composed genesis_;
  std::vector<policy::Composed> enrolments_;
  std::map<std::string, std::uint64_t> last_number_;                              // Per sender.
  std::map<std::pair<std::string, std::string>, std::uint64_t> previous_;         // (Sender, addressee) -> number.
  std::vector<codec::Fault> faults_;
  Instant time_ = 0;
};

}  // namespace lianxi::test
