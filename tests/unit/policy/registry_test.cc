#include "schemas/policy/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/county/county.h"
#include "tests/support/random.h"

namespace lianxi::policy {
namespace {

using nlohmann::json;
using test::County;
using testing::HasSubstr;

class RegistryTest : public testing::Test {
 protected:
  // An act as the log has it, to be bent before it is checked.
  struct Act {
    codec::MessageHeader header;
    Bytes c0;
  };
  Act act_of(const Composed& composed) const {
    const auto run = codec::parse_run(composed.message);
    check(run.has_value(), "run");
    return {*codec::parse_header(composed.header), copy(run->front().sections.front().bytes.subspan(32))};
  }
  Act next(const json& body) {
    auto composed = county_.act(108, body.dump());
    check(composed.has_value(), county_.faults().empty() ? "act" : county_.faults().front().en);
    return act_of(*composed);
  }
  Code checked(const Act& act) const {
    const auto result = county_.registry().check(act.header, act.c0);
    return result ? Code::ok : result.error().code;
  }
  void apply(const json& body) {
    const auto act = next(body);
    const auto result = county_.registry().apply(act.header, act.c0);
    ASSERT_TRUE(result.has_value()) << to_string(result.error());
  }
  json enrolment(const std::string& agency) {
    const auto keys = evidence::generate_agency_keys(AgencyId(agency), {}, entropy_);
    return json::parse(test::enrolment_json(evidence::suite1(), keys, ""));
  }
  void sign(Act& act, std::vector<evidence::SecretKey> operators) const {
    sign_act(evidence::suite1(), county_.log_id(), act.header, act.c0, operators);
  }
  const Agency& agency(const std::string& id) const { return *county_.registry().agency(AgencyId(id)); }

  test::SimEntropy entropy_{7};
  County county_{entropy_, evidence::suite1(), {.agencies = {"430922-LAND", "430922-POLICE"}}};
};

TEST_F(RegistryTest, AGenesisCarriesAllThatItIsCheckedBy) {
  const auto act = act_of(county_.genesis());
  Registry fresh(evidence::suite1());
  ASSERT_TRUE(fresh.apply(act.header, act.c0).has_value());
  EXPECT_TRUE(fresh.started());
  EXPECT_EQ(fresh.serial(), 0u);
  EXPECT_EQ(fresh.genesis().log_id, county_.log_id());
  EXPECT_EQ(fresh.genesis().threshold, 2u);
  EXPECT_TRUE(fresh.policy().may_send(AgencyId("430922-LAND"), 203));
  EXPECT_TRUE(fresh.may_sign(county_.hub(), fresh.agency(county_.hub())->current_signing));
}

TEST_F(RegistryTest, AGenesisIsRefusedWithTooFewSignaturesOrAnotherPolicy) {
  auto act = act_of(county_.genesis());
  Registry fresh(evidence::suite1());
  act.header.operators.pop_back();
  EXPECT_EQ(fresh.check(act.header, act.c0).error().code, Code::operator_signature);
  EXPECT_EQ(county_.registry().check(act_of(county_.genesis()).header, act.c0).error().code, Code::registry_serial);
}

TEST_F(RegistryTest, NothingButAGenesisBeginsALog) {
  const auto act = act_of(county_.enrolments().front());
  EXPECT_EQ(Registry(evidence::suite1()).check(act.header, act.c0).error().code, Code::registry_serial);
}

TEST_F(RegistryTest, AnEnrolledAgencyIsFoundByItsKeys) {
  const auto& keys = county_.keys("430922-LAND");
  ASSERT_NE(county_.registry().by_transport(keys.transport_public), nullptr);
  EXPECT_EQ(county_.registry().by_transport(keys.transport_public)->id.value(), "430922-LAND");
  EXPECT_EQ(county_.registry().by_transport(county_.hub_keys().curve_public), nullptr);
  EXPECT_TRUE(county_.registry().may_sign(keys.agency, agency("430922-LAND").current_signing));
  EXPECT_NE(agency("430922-LAND").seat(""), nullptr);
  EXPECT_TRUE(agency("430922-LAND").consented_epochs.at(1));
}

TEST_F(RegistryTest, SerialsHaveNoGapsAndNoRepeats) {
  auto act = next(enrolment("430922-PROC"));
  EXPECT_EQ(act.header.serial, 3u);
  EXPECT_EQ(checked(act), Code::ok);
  for (const std::uint64_t serial : {0u, 2u, 4u}) {
    act.header.serial = serial;
    sign(act, county_.operators());
    EXPECT_EQ(checked(act), Code::registry_serial) << serial;
  }
}

TEST_F(RegistryTest, TheThresholdOfDistinctKnownOperatorsMustSign) {
  auto act = next(enrolment("430922-PROC"));
  const auto& operators = county_.operators();
  sign(act, {operators[0]});
  EXPECT_EQ(checked(act), Code::operator_signature) << "too few";
  sign(act, {operators[0], operators[0]});
  EXPECT_EQ(checked(act), Code::operator_signature) << "one operator twice";
  sign(act, {operators[0], entropy_.array<32>()});
  EXPECT_EQ(checked(act), Code::operator_signature) << "a stranger";
  sign(act, {operators[2], operators[1]});
  EXPECT_EQ(checked(act), Code::ok);
  act.header.operators[0].signature[5] ^= 1;
  EXPECT_EQ(checked(act), Code::operator_signature) << "a signature that does not hold";
}

TEST_F(RegistryTest, ASignatureIsForOneTextOfOneLogOnly) {
  auto act = next(enrolment("430922-PROC"));
  const auto other = next(enrolment("430922-COURT"));
  act.c0 = other.c0;
  EXPECT_EQ(checked(act), Code::operator_signature);
  sign_act(evidence::suite1(), Hash{1}, act.header, act.c0, county_.operators());
  EXPECT_EQ(checked(act), Code::operator_signature);
}

TEST_F(RegistryTest, OnlyTheHubSendsOperatorsActs) {
  auto act = next(enrolment("430922-PROC"));
  act.header.id.agency = AgencyId("430922-LAND");
  EXPECT_EQ(checked(act), Code::type_not_allowed);
}

TEST_F(RegistryTest, AKeyBelongsToOneAgencyOnly) {
  for (const std::string key : {"transport_key", "signing_key"}) {
    auto body = enrolment("430922-PROC");
    body[key] = json::parse(test::enrolment_json(evidence::suite1(), county_.keys("430922-LAND"), ""))[key];
    auto composed = county_.act(108, body.dump());
    EXPECT_FALSE(composed.has_value()) << key;
    EXPECT_THAT(county_.faults().back().en, HasSubstr("belongs to 430922-LAND"));
  }
}

TEST_F(RegistryTest, AReplacedSigningKeyStaysKnownButSignsNothingNew) {
  const auto old = agency("430922-LAND").current_signing;
  auto body = json::parse(test::enrolment_json(evidence::suite1(), county_.keys("430922-LAND"), ""));
  body["signing_key"] = enrolment("430922-PROC")["signing_key"];
  apply(body);
  EXPECT_TRUE(county_.registry().signing_key(AgencyId("430922-LAND"), old).has_value());
  EXPECT_FALSE(county_.registry().may_sign(AgencyId("430922-LAND"), old));
  EXPECT_NE(agency("430922-LAND").current_signing, old);
}

TEST_F(RegistryTest, ARevokedTransportKeyConnectsNobodyAndCannotComeBack) {
  const auto& keys = county_.keys("430922-LAND");
  const auto id = evidence::key_id(1, evidence::KeyUse::transport, keys.transport_public);
  apply({{"kind", "revoke"}, {"agency", "430922-LAND"}, {"revoked_key", hex(id)}});
  EXPECT_EQ(county_.registry().by_transport(keys.transport_public), nullptr);
  EXPECT_TRUE(agency("430922-LAND").transport_revoked);
  EXPECT_FALSE(county_.act(108, test::enrolment_json(evidence::suite1(), keys, "")).has_value());
  EXPECT_THAT(county_.faults().back().en, HasSubstr("was revoked"));
}

TEST_F(RegistryTest, ARevokedSigningKeyVerifiesOldReceiptsOnly) {
  const auto id = agency("430922-LAND").current_signing;
  apply({{"kind", "revoke"}, {"agency", "430922-LAND"}, {"revoked_key", hex(id)}});
  EXPECT_TRUE(county_.registry().signing_key(AgencyId("430922-LAND"), id).has_value());
  EXPECT_FALSE(county_.registry().may_sign(AgencyId("430922-LAND"), id));
}

TEST_F(RegistryTest, AReplacedPolicyIsInForceAtOnce) {
  ASSERT_TRUE(county_.registry().policy().may_send(AgencyId("430922-LAND"), 203));
  apply({{"kind", "policy"},
         {"routes", "[[route]]\ntype = 203\nfrom = [\"ENV\"]\nto = [\"POLICE\"]\n"},
         {"need_to_know", test::shipped_need_to_know()}});
  EXPECT_FALSE(county_.registry().policy().may_send(AgencyId("430922-LAND"), 203));
  EXPECT_TRUE(county_.registry().policy().may_send(AgencyId("430922-ENV"), 203));
}

TEST_F(RegistryTest, APolicyThatDoesNotLoadChangesNothing) {
  const json body{{"kind", "policy"}, {"routes", "[[route]]\n"}, {"need_to_know", test::shipped_need_to_know()}};
  EXPECT_FALSE(county_.act(108, body.dump()).has_value());
  EXPECT_THAT(county_.faults().back().en, HasSubstr("routes.toml:1:1"));
}

TEST_F(RegistryTest, AnEpochIsOpenToAnAgencyOnlyWithConsent) {
  EXPECT_FALSE(agency("430922-LAND").consented_epochs.contains(2));
  apply({{"kind", "epoch"}, {"agency", "430922-LAND"}, {"epoch", 2}});
  EXPECT_TRUE(agency("430922-LAND").consented_epochs.at(2));
  EXPECT_FALSE(county_.act(108, json{{"kind", "epoch"}, {"agency", "430922-PROC"}, {"epoch", 2}}.dump()).has_value());
}

TEST_F(RegistryTest, AnAgencyIdMustBeOne) {
  auto body = enrolment("430922-PROC");
  for (const std::string id : {"POLICE", "43092-POLICE", "430922-", "430922-police", "430922-9", "430922-HUB"}) {
    body["agency"] = id;
    EXPECT_FALSE(county_.act(108, body.dump()).has_value()) << id;
  }
}

TEST_F(RegistryTest, ARefusedActLeavesTheRegistryAsItWas) {
  const auto serial = county_.registry().serial();
  auto act = next(enrolment("430922-PROC"));
  act.header.operators.clear();
  EXPECT_FALSE(county_.registry().apply(act.header, act.c0).has_value());
  EXPECT_EQ(county_.registry().serial(), serial);
  EXPECT_EQ(county_.registry().agency(AgencyId("430922-PROC")), nullptr);
}

}  // namespace
}  // namespace lianxi::policy
