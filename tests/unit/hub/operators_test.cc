// Operators' acts: who may make them, and from when on they hold.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/unit/hub/hub_test.h"

namespace lianxi::hub {
namespace {

using evidence::KeyUse;
using nlohmann::json;

const std::string kLand = "430922-LAND";
const std::string kPolice = "430922-POLICE";
const std::string kMuni = "430922-MUNI";

class OperatorsTest : public HubTest {
 protected:
  using Refusals = std::vector<evidence::Refused>;

  policy::Composed land_note() { return note(kLand, {to(kPolice)}); }
  std::string revocation(const std::string& agency, KeyUse use, const evidence::PublicKey& key) const {
    return json{{"kind", "revoke"}, {"agency", agency}, {"revoked_key", hex(evidence::key_id(1, use, key))}}.dump();
  }
  std::string signing_revocation() const {
    return revocation(kLand, KeyUse::signing, county_.suite().signing_public(county_.keys(kLand).signing));
  }
  // The shipped policy, but an Acknowledgement is POLICE's alone.
  static std::string policy_for_police_only() { return policy_with(R"(from = ["POLICE"])"); }
  static std::string policy_with(const std::string& from) {
    auto routes = test::shipped_routes();
    const std::string name = "name = \"Acknowledgement\"\n";
    const auto at = routes.find("from = [\"any\"]", routes.find(name));
    check(at != std::string::npos, "the shipped route of 110");
    routes.replace(at, std::string("from = [\"any\"]").size(), from);
    return json{{"kind", "policy"}, {"routes", routes}, {"need_to_know", test::shipped_need_to_know()}}.dump();
  }
  // Hands an act in without waiting; its outcome.
  std::shared_ptr<Result<Position>> begin_act(const std::string& body, std::uint64_t serial) {
    auto outcome = std::make_shared<Result<Position>>(fail(Code::timed_out));
    core_->submit_act(108, body, operators_sign(108, body, serial, 2), serial, now_,
                      [outcome](Result<Position> done) { *outcome = std::move(done); });
    return outcome;
  }
  // An entry of POLICE is being written: what is handed in now waits for the next batch.
  void begin_a_write() {
    line(kPolice, kSubmit);
    line(kLand, kSubmit);
    hold_disk();
    submit(kPolice, {note(kPolice, {to("430922-PROC")})});
    ASSERT_TRUE(write_under_way());
  }
  Refusals refused_of(const policy::Composed& message) {
    const auto id = codec::parse_header(message.header)->id;
    const auto entries = core_->log().entries_of(id.agency, id.epoch, id.number.value(), id.number.value());
    return entries && !entries->empty() ? logged(entries->front())->part.refused : Refusals{{0, Code::not_found}};
  }
};

TEST_F(OperatorsTest, AnActWithAnotherSerialThanTheNextChangesNothing) {
  const auto body = test::enrolment_json(county_.suite(), evidence::generate_agency_keys(AgencyId(kMuni), {}, entropy_), "");
  for (const auto serial : {next_serial() - 1, next_serial() + 1}) {
    const auto done = act(108, body, serial, 2);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Code::registry_serial);
  }
  EXPECT_EQ(core_->log().registry().agency(AgencyId(kMuni)), nullptr);
  EXPECT_EQ(next_serial(), 5u);
  EXPECT_TRUE(act(108, body));
}

TEST_F(OperatorsTest, AnActWithTooFewSignaturesChangesNothing) {
  const auto body = test::enrolment_json(county_.suite(), evidence::generate_agency_keys(AgencyId(kMuni), {}, entropy_), "");
  for (const std::size_t signers : {0u, 1u}) {
    const auto done = act(108, body, next_serial(), signers);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Code::operator_signature);
  }
  EXPECT_EQ(core_->log().registry().agency(AgencyId(kMuni)), nullptr);
}

TEST_F(OperatorsTest, ASignatureOverAnotherBodyDoesNotCount) {
  const auto keys = evidence::generate_agency_keys(AgencyId(kMuni), {}, entropy_);
  const auto other = evidence::generate_agency_keys(AgencyId(kMuni), {}, entropy_);
  const auto serial = next_serial();
  const auto signatures = operators_sign(108, test::enrolment_json(county_.suite(), other, ""), serial, 2);
  Result<Position> outcome = fail(Code::timed_out);
  core_->submit_act(108, test::enrolment_json(county_.suite(), keys, ""), signatures, serial, now_,
                    [&](Result<Position> done) { outcome = std::move(done); });
  settle();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::operator_signature);
}

TEST_F(OperatorsTest, AnActIsAnsweredWhenItIsOnDiskAndNotBefore) {
  begin_a_write();
  const auto outcome = begin_act(policy_for_police_only(), next_serial());
  settle();
  ASSERT_FALSE(*outcome);
  EXPECT_EQ(outcome->error().code, Code::timed_out) << "no answer yet";
  let_disk_go();
  ASSERT_TRUE(*outcome);
  EXPECT_EQ(logged((*outcome)->entry)->messages.at((*outcome)->index).header.type, 108);
}

TEST_F(OperatorsTest, AnActThatAnotherOvertookIsAnsweredAsRefused) {
  begin_a_write();
  const auto serial = next_serial();
  const auto first = begin_act(policy_for_police_only(), serial);
  const auto second = begin_act(signing_revocation(), serial);
  let_disk_go();
  EXPECT_TRUE(*first);
  ASSERT_FALSE(*second);
  EXPECT_EQ(second->error().code, Code::registry_serial);
  EXPECT_TRUE(core_->log().registry().agency(AgencyId(kLand))->revoked.empty());
}

TEST_F(OperatorsTest, AnEnrolmentTakesEffectWithTheNextBatch) {
  ASSERT_TRUE(enrol(kMuni));
  const auto early = logged(size() - 1);
  EXPECT_EQ(early->part.registry_serial, 4u) << "the act itself stands under the version before it";
  const auto message = log_note(kLand, {to(kMuni)});
  EXPECT_EQ(logged(size() - 1)->part.registry_serial, 5u);
  EXPECT_EQ(logged(size() - 1)->messages.front().recipients, std::vector<AgencyId>{AgencyId(kMuni)});
  EXPECT_EQ(refused_of(message), Refusals{});
}

TEST_F(OperatorsTest, WhatTheNewPolicyForbidsIsRefusedThoughItWasAdmittedUnderTheOld) {
  begin_a_write();
  const auto outcome = begin_act(policy_for_police_only(), next_serial());
  const auto waiting = land_note();
  submit(kLand, {waiting});
  let_disk_go();
  ASSERT_TRUE(*outcome);
  EXPECT_EQ(refused_of(waiting), (Refusals{{0, Code::type_not_allowed}}));
  EXPECT_EQ(receipts(sent_).size(), 2u) << "its sender gets the receipt that says so";
}

TEST_F(OperatorsTest, WhatTheNewPolicyAllowsPassesThoughTheOldWouldHaveRefusedIt) {
  ASSERT_TRUE(act(108, policy_for_police_only()));
  begin_a_write();
  const auto outcome = begin_act(policy_with(R"(from = ["any"])"), next_serial());
  const auto waiting = land_note();
  submit(kLand, {waiting});
  let_disk_go();
  ASSERT_TRUE(*outcome);
  EXPECT_EQ(refused_of(waiting), Refusals{}) << "its hub part names the new version, so a reader decides by that one";
}

TEST_F(OperatorsTest, ADraftPolicyThatDoesNotLoadIsRefused) {
  const auto done =
      act(108, json{{"kind", "policy"}, {"routes", "[[route]"}, {"need_to_know", test::shipped_need_to_know()}}.dump());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Code::field_invalid);
  log_note(kLand, {to(kPolice)});
}

TEST_F(OperatorsTest, AnEntrySignedWithARevokedKeyIsRefusedAtOnce) {
  log_note(kLand, {to(kPolice)});
  const auto next = entry(kLand, {land_note()});
  ASSERT_TRUE(act(108, signing_revocation()));
  const auto before = size();
  EXPECT_EQ(refusal(submit(kLand, next)), Code::key_revoked);
  EXPECT_EQ(size(), before);
  log_note(kPolice, {to(kLand)});
}

TEST_F(OperatorsTest, WhatWaitsBehindTheRevocationOfItsKeyIsNotDelivered) {
  begin_a_write();
  const auto outcome = begin_act(signing_revocation(), next_serial());
  const auto waiting = land_note();
  submit(kLand, {waiting});
  let_disk_go();
  ASSERT_TRUE(*outcome);
  EXPECT_EQ(refused_of(waiting), (Refusals{{0, Code::key_revoked}}));
}

TEST_F(OperatorsTest, WhatStoodBeforeTheRevocationIsDeliveredAndItsReceiptHolds) {
  const auto answer = receipts(submit(kLand, {land_note()}));
  ASSERT_EQ(answer.size(), 1u);
  ASSERT_TRUE(act(108, signing_revocation()));
  EXPECT_TRUE(evidence::check_receipt(county_.suite(), answer[0], county_.checkpoint_public(), core_->log().registry()));
  const auto got = everything_for(kPolice);
  EXPECT_EQ(std::ranges::count(got, AgencyId(kLand), &DeliveredMessage::sender), 1);
}

TEST_F(OperatorsTest, ARevokedTransportKeyIsRefusedAtItsNextFrame) {
  const auto peer = line(kLand, kSubmit);
  ASSERT_TRUE(act(108, revocation(kLand, KeyUse::transport, county_.keys(kLand).transport_public)));
  EXPECT_EQ(refusal(say(peer, wire::Body::Prove, [](auto& b) { return wire::CreateProve(b, 1, 0).Union(); })), Code::key_revoked);
  EXPECT_EQ(refusal(hello(dial(kLand, kSubmit))), Code::key_revoked);
  log_note(kPolice, {to("430922-PROC")});
}

TEST_F(OperatorsTest, ARevokedTransportKeyEndsTheStreamToo) {
  subscribe(kLand, Position{size(), 0}.packed() - 1);
  ASSERT_TRUE(act(108, revocation(kLand, KeyUse::transport, county_.keys(kLand).transport_public)));
  EXPECT_EQ(deliveries(kLand).size(), 0u) << "not even the act that says so: whoever has the key is not LAND";
  log_note(kPolice, {to(kLand)});
  EXPECT_TRUE(deliver_frames(kLand).empty());
}

TEST_F(OperatorsTest, ALogHasOneGenesis) { EXPECT_FALSE(core_->submit_genesis("{}", county_.operators(), now_.wall, now_)); }

}  // namespace
}  // namespace lianxi::hub
