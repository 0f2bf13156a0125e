// Delivered (102): what an agency says it has stored counts only if its chain is the one that was due.
#include <nlohmann/json.hpp>

#include "tests/unit/hub/hub_test.h"

namespace lianxi::hub {
namespace {

const std::string kLand = "430922-LAND";
const std::string kPolice = "430922-POLICE";

class DeliveredTest : public HubTest {
 protected:
  struct Claim {
    std::uint64_t through = 0;
    std::uint64_t count = 0;
    Hash chain{};
    std::uint32_t generation = 1;
  };
  // What `agency` has honestly to say of these deliveries.
  static Claim claim_of(const std::vector<DeliveredMessage>& messages) {
    Claim claim;
    for (const auto& message : messages) {
      claim.chain = evidence::extend_delivered(claim.chain, message.position, message.hash);
      claim.through = message.position.packed();
      ++claim.count;
    }
    return claim;
  }
  std::vector<Sent> say_delivered(const std::string& agency, const Claim& claim) {
    policy::Draft draft;
    draft.event_time = now_.wall;
    const auto message = county_.compose(agency, 102, {to("430922-HUB")},
                                         nlohmann::json{{"generation", claim.generation},
                                                        {"through", to_string(Position::unpack(claim.through))},
                                                        {"count", claim.count},
                                                        {"chain", hex(claim.chain)},
                                                        {"at", to_rfc3339(now_.wall)}}
                                             .dump(),
                                         draft);
    check(message.has_value(), "a Delivered was refused");
    return submit(agency, {*message});
  }
  const DeliveredState& known(const std::string& agency) const { return core_->log().delivered(AgencyId(agency)); }
  // Pairs of a View frame: agency and the position that it has confirmed.
  std::map<std::string, Position> views(const std::string& agency) {
    const auto peer = line(agency, kDeliver);
    std::map<std::string, Position> out;
    std::erase_if(sent_, [&](const Sent& sent) {
      if (sent.peer != peer || sent.type() != wire::Body::View) return false;
      for (Reader r(view_of(sent.frame().body_as_View()->bytes())); r.left() > 0 && r.ok();) {
        const auto position = Position::unpack(r.u64());
        out[std::string(r.s8())] = position;
      }
      return true;
    });
    return out;
  }
  void expect_incident_and_nothing_confirmed(const Claim& claim) {
    const auto before = known(kPolice).next;
    const auto incidents = count_of_type(116);
    EXPECT_EQ(receipts(say_delivered(kPolice, claim)).size(), 1u) << "irregular is recorded, not refused";
    EXPECT_EQ(known(kPolice).next, before);
    EXPECT_EQ(count_of_type(116), incidents + 1);
    EXPECT_FALSE(core_->fatal());
  }
};

TEST_F(DeliveredTest, AnEqualChainIsTakenAndTheSenderSeesIt) {
  subscribe(kLand);
  log_note(kLand, {to(kPolice)});
  const auto where = Position{size() - 1, 0};
  views(kLand);
  ASSERT_EQ(receipts(say_delivered(kPolice, claim_of(everything_for(kPolice)))).size(), 1u);
  EXPECT_EQ(known(kPolice).next, where.packed() + 1);
  EXPECT_EQ(known(kPolice).count, 6u);
  EXPECT_EQ(views(kLand), (std::map<std::string, Position>{{kPolice, where}}));
  EXPECT_EQ(count_of_type(116), 0u);
}

TEST_F(DeliveredTest, TheChainGoesOnFromWhatWasConfirmed) {
  for (int i = 0; i < 4; ++i) {
    log_note(kLand, {to(kPolice)});
    log_note(kPolice, {to(kLand)});
    ASSERT_EQ(receipts(say_delivered(kPolice, claim_of(everything_for(kPolice)))).size(), 1u);
    EXPECT_EQ(known(kPolice).count, 6u + static_cast<std::uint64_t>(i));
  }
  EXPECT_EQ(count_of_type(116), 0u);
}

TEST_F(DeliveredTest, AnUnequalChainLogsAnIncidentAndConfirmsNothing) {
  log_note(kLand, {to(kPolice)});
  auto claim = claim_of(everything_for(kPolice));
  claim.chain[0] ^= 1;
  expect_incident_and_nothing_confirmed(claim);
  EXPECT_TRUE(views(kLand).empty());
}

TEST_F(DeliveredTest, AMessageThatWasHeldBackShowsInTheChain) {
  log_note(kLand, {to(kPolice)});
  log_note(kLand, {to(kPolice)});
  auto got = everything_for(kPolice);
  got.erase(got.end() - 2);
  expect_incident_and_nothing_confirmed(claim_of(got));
}

TEST_F(DeliveredTest, AnotherCountOrGenerationConfirmsNothing) {
  log_note(kLand, {to(kPolice)});
  auto claim = claim_of(everything_for(kPolice));
  ++claim.count;
  expect_incident_and_nothing_confirmed(claim);
  claim = claim_of(everything_for(kPolice));
  claim.generation = 2;
  expect_incident_and_nothing_confirmed(claim);
}

TEST_F(DeliveredTest, NobodyConfirmsWhatIsNotYetInTheLog) {
  log_note(kLand, {to(kPolice)});
  for (const std::uint64_t beyond : {100, 1, 0}) {
    auto claim = claim_of(everything_for(kPolice));
    claim.through = Position{size() + beyond, 0}.packed();  // 0: the very entry that says so.
    expect_incident_and_nothing_confirmed(claim);
  }
  auto claim = claim_of(everything_for(kPolice));
  claim.through = ~std::uint64_t{0};
  expect_incident_and_nothing_confirmed(claim);
}

TEST_F(DeliveredTest, AnOlderClaimChangesNothing) {
  log_note(kLand, {to(kPolice)});
  const auto older = claim_of(everything_for(kPolice));
  log_note(kLand, {to(kPolice)});
  say_delivered(kPolice, claim_of(everything_for(kPolice)));
  const auto next = known(kPolice).next;
  ASSERT_EQ(receipts(say_delivered(kPolice, older)).size(), 1u);
  EXPECT_EQ(known(kPolice).next, next);
  EXPECT_EQ(count_of_type(116), 0u);
}

TEST_F(DeliveredTest, AfterAnIncidentAnEqualChainIsTakenAgain) {
  log_note(kLand, {to(kPolice)});
  auto wrong = claim_of(everything_for(kPolice));
  wrong.chain[3] ^= 4;
  expect_incident_and_nothing_confirmed(wrong);
  say_delivered(kPolice, claim_of(everything_for(kPolice)));
  EXPECT_EQ(known(kPolice).count, 7u) << "the incident itself was delivered too";
}

TEST_F(DeliveredTest, ASenderThatSubscribesLaterSeesWhatWasConfirmedMeanwhile) {
  log_note(kLand, {to(kPolice)});
  const auto where = Position{size() - 1, 0};
  say_delivered(kPolice, claim_of(everything_for(kPolice)));
  const auto peer = line(kLand, kDeliver);
  const auto answer = of_type(
      say(peer, wire::Body::Subscribe, [](auto& b) { return wire::CreateSubscribe(b, 1, kFromTheBeginning, 1, 1).Union(); }),
      wire::Body::View);
  ASSERT_EQ(answer.size(), 1u);
  Reader r(view_of(answer.front().frame().body_as_View()->bytes()));
  EXPECT_EQ(r.u64(), where.packed());
  EXPECT_EQ(r.s8(), kPolice);
}

class DeliveredRestart : public DeliveredTest, public testing::WithParamInterface<bool> {};

TEST_P(DeliveredRestart, WhatWasConfirmedIsStillConfirmedAfterARestart) {
  log_note(kLand, {to(kPolice)});
  say_delivered(kPolice, claim_of(everything_for(kPolice)));
  const auto before = known(kPolice);
  ASSERT_EQ(before.count, 6u);
  if (GetParam())
    power_cut_and_restart();
  else
    restart();
  EXPECT_EQ(known(kPolice).next, before.next);
  EXPECT_EQ(known(kPolice).count, before.count);
  EXPECT_EQ(known(kPolice).chain, before.chain);
  log_note(kLand, {to(kPolice)});
  say_delivered(kPolice, claim_of(everything_for(kPolice)));
  EXPECT_EQ(known(kPolice).count, 7u);
}

INSTANTIATE_TEST_SUITE_P(Both, DeliveredRestart, testing::Bool(),
                         [](const auto& cut) { return std::string(cut.param ? "PowerCut" : "OrderlyEnd"); });

}  // namespace
}  // namespace lianxi::hub
