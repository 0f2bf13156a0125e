// A whole county for tests: operators, hub and agencies with keys from a seeded entropy, the genesis and one enrolment each as
// complete messages, and a registry that has folded them.
//
//   SimEntropy entropy(1);   // tests/support/random.h
//   County county(entropy, evidence::suite1(), {.agencies = {"430922-LAND", "430922-POLICE", "430922-PROC"}});
//   auto message = county.compose("430922-LAND", 110, {to("430922-POLICE")}, R"({"status":"accepted"})", {.in_reply_to = …});
//
// Threads: one.
#pragma once

#include "schemas/base/entropy.h"
#include "schemas/evidence/key_file.h"
#include "schemas/policy/compose.h"
#include "schemas/policy/open.h"

namespace lianxi::test {

codec::Addressee to(const std::string& agency, const std::string& seat = {});
codec::Addressee cc(const std::string& agency, const std::string& seat = {});

// The policy texts that the product ships (deploy/policy), read from the source tree.
std::string shipped_routes();
std::string shipped_need_to_know();

struct CountyOptions {
  std::vector<std::string> agencies = {};
  std::map<std::string, std::vector<std::string>> seats = {};   // Agency -> further seats: {"430922-POLICE", {"LANDSQ"}}.
  std::map<std::string, std::string> hosts = {};                // Agency -> agency whose agent hosts it.
  std::size_t operators = 3;
  std::uint32_t threshold = 2;
  std::uint32_t generation = 1;
  Instant time = 1735689600000;                            // 2025-01-01T00:00:00Z: event time of the acts.
  std::string routes = {};                                 // Empty: the shipped ones.
  std::string need_to_know = {};
  std::string county = "430922";
};

// {"kind":"agency",…}: the body of a 108 that enrols these keys.
std::string enrolment_json(const evidence::Suite& suite, const evidence::AgencyKeys& keys, const std::string& host);

class County {
 public:
  // Both must outlive the county.
  County(Entropy& entropy, const evidence::Suite& suite, CountyOptions options);

  const policy::Registry& registry() const { return registry_; }
  policy::Registry& registry() { return registry_; }
  const evidence::Suite& suite() const { return suite_; }
  const AgencyId& hub() const { return hub_.hub; }
  const evidence::HubKeys& hub_keys() const { return hub_; }
  evidence::PublicKey checkpoint_public() const { return suite_.signing_public(hub_.checkpoint); }
  const Hash& log_id() const { return hub_.log_id; }
  const std::vector<evidence::SecretKey>& operators() const { return operators_; }
  const evidence::AgencyKeys& keys(const std::string& agency) const;  // check()s that it exists. Not the hub's.
  std::vector<policy::SeatSecret> seat_secrets(const std::string& agency) const;

  const policy::Composed& genesis() const { return genesis_; }    // HUB.1.1
  // One 108 per agency, HUB.1.2 on, in the order of the options; all applied to registry().
  const std::vector<policy::Composed>& enrolments() const { return enrolments_; }
  // The next operators' act of the hub (108, 114), signed by `threshold` operators, numbered next, not applied. After a fault in
  // its body nothing is spent.
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
  void enrol(const evidence::AgencyKeys& keys, const std::string& host);
  Result<policy::Composed> compose_act(std::uint16_t type, const std::string& body_json, std::uint64_t serial);

  Entropy& entropy_;                 // Not owned.
  const evidence::Suite& suite_;     // Not owned.
  policy::Registry registry_;
  evidence::HubKeys hub_;
  std::vector<evidence::SecretKey> operators_;
  std::uint32_t threshold_ = 2;
  Instant time_ = 0;
  std::map<std::string, evidence::AgencyKeys> agencies_;
  policy::Composed genesis_;
  std::vector<policy::Composed> enrolments_;
  std::map<std::string, std::uint64_t> last_number_;                              // Per sender.
  std::map<std::pair<std::string, std::string>, std::uint64_t> previous_;         // (Sender, addressee) -> number.
  std::vector<codec::Fault> faults_;
};

}  // namespace lianxi::test
