// Sending: numbers, bytes that never change, receipts that free, refusals of both levels, idempotency, failed disks.
#include <nlohmann/json.hpp>

#include "tests/unit/agent/agent_fixture.h"

namespace lianxi::agent::test {
namespace {

TEST_F(AgentTest, NothingIsNumberedBeforeTheRegistryIsKnown) {
  const auto outcome = hand_in(acknowledgement("early"));
  EXPECT_EQ(std::get<Refusal>(outcome).code, Code::unavailable);
}

TEST_F(AgentTest, AnAcceptedDocumentIsOnDiskBeforeTheAnswer) {
  meet_the_hub();
  link_.up = false;
  const auto status = accepted(acknowledgement("one"));
  EXPECT_EQ(to_string(status.id), "430922-LAND.1.1");
  crash();
  EXPECT_EQ(agent_->health().queued, 1u);
  EXPECT_EQ(stage(status.id), Stage::queued);
}

TEST_F(AgentTest, ALoneMessageCostsOneSync) {
  meet_the_hub();
  accepted(acknowledgement("one"));
  const auto before = disk_.syncs();
  log_and_answer();
  accepted(acknowledgement("two"));
  EXPECT_EQ(disk_.syncs(), before + 1);
  EXPECT_EQ(sent(wire::Body::Submit).size(), 2u);
}

TEST_F(AgentTest, WhatWaitsWhileAnEntryIsUnderWayBecomesTheNextEntry) {
  meet_the_hub();
  accepted(acknowledgement("one"));
  for (int i = 0; i < 5; ++i) accepted(acknowledgement("more " + std::to_string(i)));
  EXPECT_EQ(sent(wire::Body::Submit).size(), 1u);
  log_and_answer();
  ASSERT_EQ(sent(wire::Body::Submit).size(), 2u);
  const auto header = evidence::parse_entry_header(last_submit().entry_header);
  EXPECT_EQ(header->first.value(), 2u);
  EXPECT_EQ(header->count, 5u);
}

TEST_F(AgentTest, ARestartSendsTheSameBytesAgain) {
  meet_the_hub();
  accepted(acknowledgement("one"));
  const auto before = last_submit();
  crash();
  connect_submit();
  const auto after = last_submit();
  EXPECT_EQ(after.entry_header, before.entry_header);
  EXPECT_EQ(after.signature, before.signature);
  EXPECT_EQ(after.run, before.run);
}

TEST_F(AgentTest, AnEntryIsResentAfterHelloWhenNoAnswerComes) {
  meet_the_hub();
  accepted(acknowledgement("one"));
  const auto before = last_submit();
  const auto hellos = sent(wire::Body::Hello).size();
  pass(Submitter::kAnswerMs);
  ASSERT_EQ(sent(wire::Body::Hello).size(), hellos + 1);
  give(0, hub_.welcome());
  ASSERT_EQ(sent(wire::Body::Submit).size(), 2u);
  EXPECT_EQ(last_submit().entry_header, before.entry_header);
}

TEST_F(AgentTest, AReceiptMakesTheMessageLoggedAndFreesIt) {
  meet_the_hub();
  const auto status = accepted(acknowledgement("one"));
  bool called = false;
  agent_->wait_for(status.id, Stage::logged, now_.boot + 60'000, [&](MessageStatus reached) {
    called = true;
    EXPECT_EQ(reached.stage, Stage::logged);
  });
  const auto entry = log_and_answer();
  EXPECT_TRUE(called);
  EXPECT_EQ(agent_->status(status.id)->position, (Position{entry, 0}));
  EXPECT_EQ(agent_->health().queued, 0u);
  EXPECT_TRUE(agent_->receipt(status.id).has_value());
}

TEST_F(AgentTest, ASettledReceiptOutlivesACrashAndNothingIsSentAgain) {
  meet_the_hub();
  const auto status = accepted(acknowledgement("one"));
  log_and_answer();
  pass(AgentCore::kSettleEveryMs);  // Also the time for the first Delivered.
  log_and_answer();
  pass(AgentCore::kSettleEveryMs);
  crash();
  EXPECT_EQ(stage(status.id), Stage::logged);
  EXPECT_EQ(agent_->health().queued, 0u);
  EXPECT_EQ(accepted(acknowledgement("two")).id.number.value(), 3u);
}

TEST_F(AgentTest, AReceiptLostInACrashComesAgainForTheSameBytes) {
  meet_the_hub();
  const auto status = accepted(acknowledgement("one"));
  const auto entry = log_and_answer();
  crash();
  EXPECT_EQ(agent_->health().queued, 1u);
  const auto hash = evidence::message_hash(codec::parse_run(hub_.deliver({entry}).payload)->front().header);
  connect_submit(1, hash);
  give(0, hub_.receipts(last_submit().request, {entry}));
  EXPECT_EQ(stage(status.id), Stage::logged);
  EXPECT_EQ(agent_->health().queued, 0u);
}

TEST_F(AgentTest, AReceiptWithAWrongPathFreesNothing) {
  meet_the_hub();
  accepted(acknowledgement("one"));
  const auto submitted = last_submit();
  const auto number = hub_.log(submitted.entry_header, submitted.signature, submitted.run);
  auto frame = hub_.receipts(submitted.request, {number});
  const auto opened = OpenFrame::open(frame);
  const auto bytes = view_of(opened->frame().body_as_ReceiptFrame()->receipts()->Get(0)->bytes());
  auto receipt = *evidence::parse_receipt(bytes);
  receipt.path.front()[3] ^= 1;
  const auto bad = evidence::encode(receipt);
  const auto at = std::search(frame.begin(), frame.end(), bytes.begin(), bytes.end());
  std::copy(bad.begin(), bad.end(), at);
  give(0, frame);
  EXPECT_EQ(agent_->health().queued, 1u);
  EXPECT_FALSE(agent_->health().submit_ready);
  EXPECT_FALSE(agent_->health().last_problem_zh.empty());
}

TEST_F(AgentTest, AMessageRefusedInALoggedEntryBecomesRefusedAndItsNeighboursLogged) {
  meet_the_hub();
  accepted(acknowledgement("one"));
  const auto second = accepted(acknowledgement("two"));
  const auto third = accepted(acknowledgement("three"));
  log_and_answer();
  log_and_answer({{0, Code::copy_missing}});
  EXPECT_EQ(stage(second.id), Stage::refused);
  EXPECT_EQ(agent_->status(second.id)->refusal, Code::copy_missing);
  EXPECT_EQ(stage(third.id), Stage::logged);
}

TEST_F(AgentTest, BusySendsTheSameBytesAfterTheTimeTold) {
  meet_the_hub();
  accepted(acknowledgement("one"));
  const auto before = last_submit();
  give(0, hub_.busy(before.request, 700));
  pass(699);
  EXPECT_EQ(sent(wire::Body::Submit).size(), 1u);
  pass(1);
  ASSERT_EQ(sent(wire::Body::Submit).size(), 2u);
  EXPECT_EQ(last_submit().run, before.run);
}

TEST_F(AgentTest, AForkStopsSendingAndHealthSaysSo) {
  meet_the_hub();
  accepted(acknowledgement("one"));
  give(0, hub_.refusal(last_submit().request, Code::number_fork));
  pass(60'000);
  EXPECT_EQ(sent(wire::Body::Submit).size(), 1u);
  EXPECT_FALSE(agent_->health().submit_ready);
  EXPECT_FALSE(agent_->health().last_problem_zh.empty());
}

TEST_F(AgentTest, AHubThatRecordedMoreThanTheOutboxHoldsStopsNumbering) {
  meet_the_hub();
  connect_submit(9);
  EXPECT_EQ(std::get<Refusal>(hand_in(acknowledgement("one"))).code, Code::unavailable);
}

TEST_F(AgentTest, TheSameKeyAndContentIsTheSameMessage) {
  meet_the_hub();
  const auto first = accepted(acknowledgement("one", "key-1"));
  crash();
  auto document = acknowledgement("one", "key-1");
  document.body_json = R"({"note":"one","status":"accepted"})";
  const auto again = std::get<Accepted>(hand_in(document));
  EXPECT_TRUE(again.repeat);
  EXPECT_EQ(again.status.id, first.id);
  EXPECT_EQ(agent_->health().queued, 1u);
}

TEST_F(AgentTest, TheSameKeyWithOtherContentIsRefused) {
  meet_the_hub();
  accepted(acknowledgement("one", "key-1"));
  EXPECT_EQ(std::get<Refusal>(hand_in(acknowledgement("two", "key-1"))).code, Code::already_exists);
}

TEST_F(AgentTest, ABatchSharesOneSyncAndKnowsItsOwnKeys) {
  meet_the_hub();
  const auto before = disk_.syncs();
  const std::vector<Document> batch{acknowledgement("one", "a"), acknowledgement("two"), acknowledgement("one", "a")};
  const auto outcomes = agent_->submit(batch, now_);
  EXPECT_EQ(disk_.syncs(), before + 1);
  EXPECT_TRUE(std::get<Accepted>(outcomes[2]).repeat);
  EXPECT_EQ(std::get<Accepted>(outcomes[2]).status.id, std::get<Accepted>(outcomes[0]).status.id);
}

TEST_F(AgentTest, AFaultyDocumentSpendsNoNumber) {
  meet_the_hub();
  auto faulty = acknowledgement("one");
  faulty.body_json = R"({"status": "no such status"})";
  EXPECT_FALSE(std::get<Refusal>(hand_in(faulty)).faults.empty());
  EXPECT_EQ(accepted(acknowledgement("two")).id.number.value(), 1u);
}

TEST_F(AgentTest, AfterAFailedWriteNothingMoreIsAccepted) {
  meet_the_hub();
  disk_.fail_after(0, Code::io);
  EXPECT_EQ(std::get<Refusal>(hand_in(acknowledgement("one"))).code, Code::unknown_outcome);
  EXPECT_TRUE(agent_->failed());
  disk_.heal();
  EXPECT_EQ(std::get<Refusal>(hand_in(acknowledgement("two"))).code, Code::unknown_outcome);
  EXPECT_TRUE(sent(wire::Body::Submit).empty());
}

class OutboxLaw : public AgentTest, public testing::WithParamInterface<std::uint64_t> {
 protected:
  OutboxLaw() { random_ = lianxi::test::Random(GetParam()); }
  // What stands in the log under each number.
  void keep(const Bytes& run) {
    const auto messages = codec::parse_run(run);
    for (const auto& message : *messages) {
      const auto id = codec::parse_header(message.header)->id;
      const auto opened = hub_.county().open(kLand, copy(message.whole));
      ASSERT_TRUE(opened.has_value());
      EXPECT_TRUE(notes_.emplace(id, nlohmann::json::parse(opened->body_json).value("note", "")).second)
          << to_string(id) << " is logged twice";
    }
  }
  // The note of a logged message; empty if it is not logged.
  std::string logged_note(const MessageId& id) const {
    const auto found = notes_.find(id);
    return found == notes_.end() ? std::string() : found->second;
  }
  std::map<MessageId, std::string> notes_;
};

// Whatever crashes come between, every accepted document is logged once, in order, under the number that was told.
TEST_P(OutboxLaw, CrashesLoseDoubleOrReorderNothing) {
  meet_the_hub();
  std::vector<std::string> keys;
  std::uint64_t recorded = 0;
  Hash recorded_hash{};
  std::vector<std::uint64_t> entries;
  for (int round = 0; round < 120; ++round) {
    const auto dice = random_.below(5);
    if (dice <= 1) {
      keys.push_back("key-" + std::to_string(keys.size()));
      accepted(acknowledgement(keys.back(), keys.back()));
    } else if (dice == 2 && !sent(wire::Body::Submit).empty()) {
      const auto submitted = last_submit();
      const auto header = *evidence::parse_entry_header(submitted.entry_header);
      if (header.first.value() == recorded + 1) {
        entries.push_back(hub_.log(submitted.entry_header, submitted.signature, submitted.run));
        keep(submitted.run);
        recorded += header.count;
        recorded_hash = evidence::message_hash(codec::parse_run(submitted.run)->back().header);
      }
      if (random_.chance(0.7)) give(0, hub_.receipts(submitted.request, {entries.back()}));
    } else if (dice == 3) {
      pass(200);
    } else {
      crash();
      connect_submit(recorded, recorded == 0 ? ByteView{} : ByteView(recorded_hash));
    }
    ASSERT_FALSE(agent_->failed()) << agent_->health().last_problem_en << " in round " << round;
  }
  std::uint64_t before = 0;  // The agent's own Delivered messages take numbers in between.
  for (const auto& key : keys) {
    const auto again = std::get<Accepted>(hand_in(acknowledgement(key, key)));
    EXPECT_TRUE(again.repeat) << key;
    EXPECT_GT(again.status.id.number.value(), before) << key;
    before = again.status.id.number.value();
    const auto in_log = logged_note(again.status.id);
    EXPECT_TRUE(in_log == key || again.status.id.number.value() > recorded) << key << " is logged as " << in_log;
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, OutboxLaw, testing::Range<std::uint64_t>(1, 5));

}  // namespace
}  // namespace lianxi::agent::test
