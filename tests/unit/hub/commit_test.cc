// What an ack means: its place, its time, and that it is on disk. Nothing leaves before the write has ended.
#include "hub/commit/commit.h"

#include <nlohmann/json.hpp>

#include "schemas/verifier/verifier.h"
#include "tests/unit/hub/hub_test.h"

namespace lianxi::hub {
namespace {

const std::string kLand = "430922-LAND";
const std::string kPolice = "430922-POLICE";

class CommitTest : public HubTest {
 protected:
  policy::Composed land_note() { return note(kLand, {to(kPolice)}); }
  Instant time_of(std::uint64_t number) const { return logged(number)->part.time; }
  std::string clock_step(Instant confirmed) const {
    return nlohmann::json{{"last_entry", size() - 1},
                          {"last_time", to_rfc3339(core_->log().last_time())},
                          {"boot_delta_ms", now_.boot},
                          {"confirmed", to_rfc3339(confirmed)}}
        .dump();
  }
  void expect_times_never_go_back() const {
    for (std::uint64_t number = 1; number < size(); ++number) EXPECT_GE(time_of(number), time_of(number - 1)) << number;
  }
};

TEST_F(CommitTest, NothingLeavesBeforeTheWriteHasEnded) {
  subscribe(kPolice, Position{size(), 0}.packed() - 1);
  line(kLand, kSubmit);
  sent_.clear();
  const auto before = size();
  const auto newest = core_->commit().newest().note;
  hold_disk();
  EXPECT_TRUE(submit(kLand, {land_note()}).empty());
  pass(5000);
  core_->on_tick(now_);
  settle();
  EXPECT_TRUE(write_under_way());
  EXPECT_TRUE(sent_.empty()) << "neither receipt nor delivery";
  EXPECT_EQ(size(), before);
  EXPECT_EQ(core_->commit().newest().note, newest) << "no checkpoint over it";
  EXPECT_EQ(core_->log().applied(), before);

  let_disk_go();
  EXPECT_EQ(receipts(sent_).size(), 1u);
  EXPECT_EQ(deliveries(kPolice).size(), 1u);
  EXPECT_EQ(size(), before + 1);
}

TEST_F(CommitTest, WhileAWriteIsUnderWayAProofOrWelcomeKnowsNothingOfIt) {
  line(kLand, kSubmit);
  const auto before = size();
  hold_disk();
  submit(kLand, {land_note()});
  const auto welcome = hello(dial(kPolice, kSubmit));
  ASSERT_EQ(of_type(welcome, wire::Body::Welcome).size(), 1u);
  EXPECT_EQ(welcome.front().frame().body_as_Welcome()->size(), before);
  const auto proof =
      say(line(kPolice, kSubmit), wire::Body::Prove, [&](auto& b) { return wire::CreateProve(b, 1, before + 1).Union(); });
  EXPECT_EQ(refusal(proof), Code::invalid_argument);
}

TEST_F(CommitTest, AfterAFailedWriteNoFrameLeavesAndTheHubSaysSo) {
  subscribe(kPolice, Position{size(), 0}.packed() - 1);
  const auto peer = line(kLand, kSubmit);
  hold_disk();
  submit(kLand, {land_note()});
  submit(kLand, {land_note()});
  fail_write(Code::io);
  ASSERT_TRUE(core_->fatal());
  EXPECT_EQ(core_->fatal()->code, Code::io);
  EXPECT_TRUE(say(peer, wire::Body::Prove, [](auto& b) { return wire::CreateProve(b, 1, 0).Union(); }).empty());
  pass(10'000);
  core_->on_tick(now_);
  settle();
  EXPECT_FALSE(write_under_way()) << "no retry";
  EXPECT_TRUE(sent_.empty());
}

TEST_F(CommitTest, WhatWaitsDuringAWriteBecomesOneBatch) {
  line(kLand, kSubmit);
  line(kPolice, kSubmit);
  hold_disk();
  submit(kLand, {land_note()});
  for (int i = 0; i < 3; ++i) {
    submit(kLand, {land_note()});
    submit(kPolice, {note(kPolice, {to(kLand)})});
  }
  const auto batches = core_->counters().batches;
  let_disk_go();
  EXPECT_EQ(core_->counters().batches, batches + 2);
  EXPECT_EQ(receipts(sent_).size(), 7u);
}

TEST_F(CommitTest, EveryReceiptHoldsForTheEntryItNames) {
  for (int i = 0; i < 4; ++i) {
    for (const auto& receipt : receipts(submit(kLand, {land_note()}))) {
      const auto checkpoint =
          evidence::check_receipt(county_.suite(), receipt, county_.checkpoint_public(), core_->log().registry());
      ASSERT_TRUE(checkpoint) << to_string(checkpoint.error());
      EXPECT_EQ(checkpoint->size, size());
      EXPECT_EQ(entry_of(receipt), size() - 1);
    }
  }
}

TEST_F(CommitTest, AReceiptHoldsForAReaderWhoTrustsNeitherSenderNorHub) {
  const auto receipt = receipts(submit(kLand, {land_note()}));
  ASSERT_EQ(receipt.size(), 1u);
  std::vector<evidence::PublicKey> operators;
  for (const auto& secret : county_.operators()) operators.push_back(county_.suite().signing_public(secret));
  const auto card =
      evidence::to_json(evidence::card_of(keys_, logged(0)->leaf, operators, 2, {"tcp://a:1", "tcp://a:2", "tcp://a:3"}));
  const std::vector<std::string> cards{evidence::to_json(evidence::card_of(county_.keys(kLand), "国土", "Land", ""))};
  const auto report = verifier::verify_receipt(evidence::encode(receipt[0]), card, cards);
  EXPECT_TRUE(report.ok) << verifier::to_text(report);
  auto other = receipt[0];
  other.hub_part[11] ^= 1;
  EXPECT_FALSE(verifier::verify_receipt(evidence::encode(other), card, cards).ok);
}

TEST_F(CommitTest, AnEntrysTimeIsTheClocksUnlessThatWouldGoBack) {
  pass(1000);
  log_note(kLand, {to(kPolice)});
  EXPECT_EQ(time_of(size() - 1), now_.wall);
  const auto before = now_.wall;
  step_wall_clock(-30'000);
  log_note(kLand, {to(kPolice)});
  EXPECT_EQ(time_of(size() - 1), before);
  pass(40'000);
  log_note(kLand, {to(kPolice)});
  EXPECT_EQ(time_of(size() - 1), now_.wall);
}

TEST_F(CommitTest, ADriftThatIsCorrectedBitByBitStopsNothing) {
  for (int i = 0; i < 20; ++i) {
    pass(60'000);
    step_wall_clock(i % 2 == 0 ? 20'000 : 30'000);
    log_note(kLand, {to(kPolice)});
  }
  EXPECT_FALSE(core_->commit().stopped_by_clock());
}

class ClockStepTest : public CommitTest, public testing::WithParamInterface<std::int64_t> {
 protected:
  // The entry that comes first after the step waits; what comes later is refused for the time being.
  void step_the_clock() {
    log_note(kLand, {to(kPolice)});
    subscribe(kPolice, Position{size(), 0}.packed() - 1);
    before_ = size();
    step_wall_clock(GetParam());
    waiting_ = land_note();
    EXPECT_TRUE(receipts(submit(kLand, {waiting_})).empty());
  }
  std::uint64_t before_ = 0;
  policy::Composed waiting_;
};

TEST_P(ClockStepTest, AStepOfTwoMinutesStopsCommitsUntilTheOperatorsConfirmTheTime) {
  step_the_clock();
  EXPECT_TRUE(core_->commit().stopped_by_clock());
  const auto later = note(kPolice, {to(kLand)});
  const auto refused = submit(kPolice, {later});
  EXPECT_EQ(refusal(refused), Code::commits_stopped);
  EXPECT_TRUE(refusal_frame_of(refused)->retry());
  EXPECT_EQ(size(), before_);

  const auto done = act(114, clock_step(now_.wall));
  ASSERT_TRUE(done) << to_string(done.error());
  EXPECT_EQ(done->entry, before_) << "the confirmation comes first";
  EXPECT_FALSE(core_->commit().stopped_by_clock());
  EXPECT_EQ(deliveries(kPolice).size(), 2u) << "the confirmation, then what waited";
  EXPECT_EQ(receipts(submit(kPolice, {later})).size(), 1u);
  expect_times_never_go_back();
  EXPECT_EQ(time_of(size() - 1), std::max(now_.wall, time_of(before_ - 1)));
}

TEST_P(ClockStepTest, WithoutEnoughOperatorsCommitsStayStopped) {
  step_the_clock();
  EXPECT_FALSE(act(114, clock_step(now_.wall), next_serial(), 1));
  EXPECT_TRUE(core_->commit().stopped_by_clock());
  EXPECT_EQ(size(), before_);
}

TEST_P(ClockStepTest, AConfirmationOfAnotherTimeThanTheClocksResumesNothing) {
  step_the_clock();
  EXPECT_FALSE(act(114, clock_step(now_.wall - GetParam())));
  EXPECT_TRUE(core_->commit().stopped_by_clock());
  EXPECT_EQ(size(), before_);
}

TEST_P(ClockStepTest, AnotherActDoesNotPassInPlaceOfTheConfirmation) {
  step_the_clock();
  EXPECT_FALSE(enrol("430922-MUNI"));
  EXPECT_EQ(size(), before_);
}

INSTANTIATE_TEST_SUITE_P(BothWays, ClockStepTest, testing::Values(120'000, -120'000),
                         [](const auto& step) { return std::string(step.param > 0 ? "Forward" : "Back"); });

TEST_F(CommitTest, AHubWhoseClockLiesFarBeforeItsLastEntryStartsStopped) {
  log_note(kLand, {to(kPolice)});
  now_.wall -= kStartStepMsMax + 1000;
  restart();
  EXPECT_TRUE(core_->commit().stopped_by_clock());
  EXPECT_EQ(refusal(submit(kLand, {land_note()})), Code::commits_stopped);
}

TEST_F(CommitTest, AHubThatWasOffForAWeekStartsAtOnce) {
  now_.wall += 7 * 24 * 3'600'000;
  now_.boot = 1000;
  restart();
  log_note(kLand, {to(kPolice)});
  EXPECT_EQ(time_of(size() - 1), now_.wall);
}

TEST_F(CommitTest, WhenQuietTheMarkIsWrittenOnceAndOnlyThen) {
  log_note(kLand, {to(kPolice)});
  const auto marks = marks_;
  core_->on_tick(now_);
  settle();
  EXPECT_EQ(marks_, marks) << "not quiet yet";
  pass(kIdleMarkMs);
  for (int i = 0; i < 3; ++i) {
    core_->on_tick(now_);
    settle();
  }
  EXPECT_EQ(marks_, marks + 1);
}

TEST_F(CommitTest, TheJournalIsUsedAgainOnceTheStoreHasFlushed) {
  // More than the journal's four segments hold together: without flushes the hub would stand still.
  const std::string text(900, 'x');
  std::uint64_t bytes = 0;
  while (bytes < (20ull << 20)) {
    std::vector<policy::Composed> messages;
    for (int i = 0; i < 300; ++i) messages.push_back(note(kLand, {to(kPolice)}, text));
    const auto packed = entry(kLand, messages);
    bytes += packed.run.size();
    ASSERT_EQ(receipts(submit(kLand, packed)).size(), 1u) << bytes;
  }
  EXPECT_GT(store_.flushes(), 0u);
  const auto before = size();
  power_cut_and_restart();
  EXPECT_EQ(size(), before);
}

}  // namespace
}  // namespace lianxi::hub
