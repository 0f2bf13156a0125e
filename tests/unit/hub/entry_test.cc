// Entry level: who signed, which numbers, repeats and forks. What is refused here leaves nothing in the log.
#include "tests/unit/hub/hub_test.h"

#include <nlohmann/json.hpp>

namespace lianxi::hub {
namespace {

const std::string kLand = "430922-LAND";
const std::string kPolice = "430922-POLICE";

class EntryTest : public HubTest {
 protected:
  policy::Composed land_note(const std::string& text = "样例") { return note(kLand, {to(kPolice)}, text); }
  // LAND's message with this number, naming nobody's earlier message.
  policy::Composed numbered(std::uint64_t number, const std::string& text) {
    policy::Draft draft;
    draft.sender = AgencyId(kLand);
    draft.type = 110;
    draft.addressees = {to(kPolice)};
    draft.event_time = now_.wall;
    draft.in_reply_to = MessageId{AgencyId(kPolice), Epoch(1), Number(1)};
    draft.body_json = nlohmann::json{{"status", "accepted"}, {"note", text}}.dump();
    return compose(draft, number);
  }
  policy::Composed open_epoch(std::uint32_t epoch, std::uint64_t number = 1) {
    policy::Draft draft;
    draft.sender = AgencyId(kLand);
    draft.type = 113;
    draft.addressees = {to("430922-HUB")};
    draft.event_time = now_.wall;
    draft.body_json = nlohmann::json{{"previous_epoch", epoch - 1}, {"last_number", 1}, {"reason", "样例"}}.dump();
    return compose(draft, number, epoch);
  }
  std::string consent(std::uint32_t epoch) const {
    return nlohmann::json{{"kind", "epoch"}, {"agency", kLand}, {"epoch", epoch}}.dump();
  }
  std::uint64_t last_number() const {
    const auto* origin = core_->log().find_origin(AgencyId(kLand));
    return origin == nullptr ? 0 : origin->last.value();
  }
  void expect_nothing_logged(const std::function<void()>& work) {
    const auto before = size();
    const auto number = last_number();
    work();
    EXPECT_EQ(size(), before);
    EXPECT_EQ(last_number(), number);
  }
};

TEST_F(EntryTest, AnEntryInAnotherAgencysNameIsRefused) {
  const auto forged = entry(kPolice, {note(kPolice, {to("430922-PROC")})});
  expect_nothing_logged([&] { EXPECT_EQ(refusal(submit(kLand, forged)), Code::wrong_sender); });
}

TEST_F(EntryTest, AWrongSignatureIsRefusedAndItsNumberIsNotSpent) {
  const auto good = entry(kLand, {land_note()});
  auto bad = good;
  bad.signature[5] ^= 1;
  expect_nothing_logged([&] { EXPECT_EQ(refusal(submit(kLand, bad)), Code::bad_signature); });
  EXPECT_EQ(receipts(submit(kLand, good)).size(), 1u);
}

TEST_F(EntryTest, AKeyThatWasNeverRegisteredIsRefused) {
  const auto good = entry(kLand, {land_note()});
  expect_nothing_logged(
      [&] { EXPECT_EQ(refusal(submit(kLand, resigned(good, [](auto& h) { h.key_id = {1}; }))), Code::unknown_key); });
}

TEST_F(EntryTest, AnEntryForAnotherLogSuiteOrHostIsRefused) {
  const auto good = entry(kLand, {land_note()});
  expect_nothing_logged([&] {
    EXPECT_EQ(refusal(submit(kLand, resigned(good, [](auto& h) { h.log_id[0] ^= 1; }))), Code::wrong_log);
    EXPECT_EQ(refusal(submit(kLand, resigned(good, [](auto& h) { h.suite = 2; }))), Code::wrong_suite);
    EXPECT_EQ(refusal(submit(kLand, resigned(good, [](auto& h) { h.host = "430922-POLICE"; }))), Code::wrong_sender);
  });
}

TEST_F(EntryTest, AHeaderThatDoesNotFitItsMessagesIsRefused) {
  const auto good = entry(kLand, {land_note(), land_note()});
  expect_nothing_logged([&] {
    EXPECT_EQ(refusal(submit(kLand, resigned(good, [](auto& h) { h.batch_root[0] ^= 1; }))), Code::batch_root_mismatch);
    EXPECT_EQ(refusal(submit(kLand, resigned(good, [](auto& h) { h.count = 1; }))), Code::bad_entry);
    EXPECT_EQ(refusal(submit(kLand, resigned(good, [](auto& h) { h.first = Number(2); }))), Code::bad_entry);
    auto cut = good;
    cut.run.pop_back();
    EXPECT_EQ(refusal(submit(kLand, cut)), Code::bad_entry);
    auto headless = good;
    headless.header.pop_back();
    EXPECT_EQ(refusal(submit(kLand, headless)), Code::bad_entry);
  });
}

TEST_F(EntryTest, AnEntryOverOneMebibyteIsRefused) {
  auto large = entry(kLand, {land_note()});
  large.run.resize(codec::kEntryBytesMax + 1);
  expect_nothing_logged([&] { EXPECT_EQ(refusal(submit(kLand, large)), Code::entry_too_large); });
}

TEST_F(EntryTest, AMessageLeftOutByItsSenderIsRefused) {
  const auto message = land_note();
  auto hidden = entry(kLand, {message});
  hidden.run.clear();
  codec::append_left_out(hidden.run, message.hash);
  expect_nothing_logged([&] { EXPECT_EQ(refusal(submit(kLand, hidden)), Code::bad_entry); });
}

TEST_F(EntryTest, AGapIsAnsweredWithTheNumberExpected) {
  log_note(kLand, {to(kPolice)});
  land_note();
  const auto third = land_note();
  expect_nothing_logged([&] {
    const auto answer = submit(kLand, {third});
    EXPECT_EQ(refusal(answer), Code::number_gap);
    EXPECT_EQ(refusal_frame_of(answer)->expected(), 2u);
    EXPECT_FALSE(refusal_frame_of(answer)->retry());
  });
}

TEST_F(EntryTest, ARepeatIsAnsweredWithTheReceiptOfTheSameLeafAndLoggedOnce) {
  const auto sent = entry(kLand, {land_note()});
  const auto first = receipts(submit(kLand, sent));
  ASSERT_EQ(first.size(), 1u);
  log_note(kPolice, {to(kLand)});
  expect_nothing_logged([&] {
    const auto again = receipts(submit(kLand, sent));
    ASSERT_EQ(again.size(), 1u);
    EXPECT_EQ(again[0].entry_header, first[0].entry_header);
    EXPECT_EQ(again[0].signature, first[0].signature);
    EXPECT_EQ(again[0].hub_part, first[0].hub_part);
    EXPECT_GT(again[0].size, first[0].size) << "the newest checkpoint covers it too";
  });
  EXPECT_EQ(core_->counters().repeats, 1u);
}

TEST_F(EntryTest, ARepeatWithOtherBoundariesGetsTheReceiptsOfTheEntriesThatHoldItsNumbers) {
  const std::vector<policy::Composed> all{land_note("1"), land_note("2"), land_note("3"), land_note("4"), land_note("5")};
  const auto one = receipts(submit(kLand, {all[0]}));
  const auto two = receipts(submit(kLand, {all[1]}));
  const auto rest = receipts(submit(kLand, {all[2], all[3], all[4]}));
  ASSERT_TRUE(one.size() == 1 && two.size() == 1 && rest.size() == 1);
  expect_nothing_logged([&] {
    const auto joined = receipts(submit(kLand, {all[0], all[1], all[2]}));
    ASSERT_EQ(joined.size(), 3u);
    EXPECT_EQ(entry_of(joined[0]), entry_of(one[0]));
    EXPECT_EQ(entry_of(joined[1]), entry_of(two[0]));
    EXPECT_EQ(entry_of(joined[2]), entry_of(rest[0]));
    const auto part = receipts(submit(kLand, {all[3]}));
    ASSERT_EQ(part.size(), 1u);
    EXPECT_EQ(entry_of(part[0]), entry_of(rest[0]));
  });
}

TEST_F(EntryTest, ARepeatThatGoesOnWithNewNumbersIsSentBackToTheBoundary) {
  const auto first = log_note(kLand, {to(kPolice)});
  const auto second = land_note();
  expect_nothing_logged([&] {
    const auto answer = submit(kLand, {first, second});
    EXPECT_EQ(refusal(answer), Code::number_gap);
    EXPECT_EQ(refusal_frame_of(answer)->expected(), 2u);
  });
  EXPECT_EQ(receipts(submit(kLand, {second})).size(), 1u);
}

TEST_F(EntryTest, ARepeatOfWhatIsUnderWayIsAnsweredWhenItIsOnDisk) {
  const auto sent = entry(kLand, {land_note()});
  line(kLand, kSubmit);
  hold_disk();
  EXPECT_TRUE(submit(kLand, sent).empty());
  EXPECT_TRUE(submit(kLand, sent).empty());
  let_disk_go();
  const auto answers = receipts(sent_);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(entry_of(answers[0]), entry_of(answers[1]));
  EXPECT_EQ(last_number(), 1u);
}

TEST_F(EntryTest, AnotherMessageAtARecordedNumberClosesTheEpochAndLogsOneIncident) {
  const auto genuine = log_note(kLand, {to(kPolice)});
  const auto other = numbered(1, "另一份");
  const auto answer = submit(kLand, {other});
  EXPECT_EQ(refusal(answer), Code::number_fork);
  EXPECT_EQ(submit(kLand, {numbered(1, "再一份")}).size(), 1u);
  EXPECT_EQ(count_of_type(116), 1u) << "one incident, not one a try";

  EXPECT_EQ(refusal(submit(kLand, {numbered(2, "下一份")})), Code::epoch_closed);
  EXPECT_EQ(receipts(submit(kLand, {genuine})).size(), 1u) << "what was logged stays answered";
  log_note(kPolice, {to("430922-PROC")});
  const auto welcome = hello(dial(kLand, kSubmit));
  EXPECT_EQ(welcome.front().frame().body_as_Welcome()->epoch(), 0u) << "closed";
}

TEST_F(EntryTest, TheIncidentGoesToTheAgencyConcernedAndTheOffice) {
  log_note(kLand, {to(kPolice)});
  submit(kLand, {numbered(1, "另一份")});
  const auto incident = newest_of_type(116);
  ASSERT_TRUE(incident);
  const auto receives = [&](const std::string& agency) {
    for (const auto& message : everything_for(agency)) {
      if (message.position == *incident) return true;
    }
    return false;
  };
  EXPECT_TRUE(receives(kLand));
  EXPECT_TRUE(receives("430922-OFFICE"));
  EXPECT_FALSE(receives(kPolice));
}

TEST_F(EntryTest, OnlyTheHolderOfTheKeyCanFork) {
  log_note(kLand, {to(kPolice)});
  auto forged = entry(kLand, {numbered(1, "另一份")});
  forged.signature[0] ^= 1;
  EXPECT_EQ(refusal(submit(kLand, forged)), Code::bad_signature);
  EXPECT_EQ(count_of_type(116), 0u);
  log_note(kLand, {to(kPolice)});
}

TEST_F(EntryTest, AForkOfWhatIsStillUnderWayIsFoundToo) {
  line(kLand, kSubmit);
  hold_disk();
  EXPECT_TRUE(submit(kLand, {land_note()}).empty());
  const auto answer = submit(kLand, {numbered(1, "另一份")});
  EXPECT_TRUE(receipts(answer).empty());
  let_disk_go();
  const auto late = std::exchange(sent_, {});
  EXPECT_EQ(receipts(late).size(), 1u) << "the first was logged, the other was not";
  const auto code = refusal(answer) == Code::ok ? refusal(late) : refusal(answer);
  EXPECT_EQ(code, Code::number_fork);
  EXPECT_EQ(count_of_type(116), 1u);
}

TEST_F(EntryTest, ANewEpochNeedsTheOperatorsConsent) {
  log_note(kLand, {to(kPolice)});
  submit(kLand, {numbered(1, "另一份")});
  EXPECT_EQ(refusal(submit(kLand, {open_epoch(2)})), Code::epoch_unconsented);
  ASSERT_TRUE(act(108, consent(2)));
  EXPECT_EQ(refusal(submit(kLand, {open_epoch(3)})), Code::epoch_unconsented) << "consent is for one epoch";
  EXPECT_EQ(receipts(submit(kLand, {open_epoch(2)})).size(), 1u);
  EXPECT_EQ(core_->log().find_origin(AgencyId(kLand))->epoch, Epoch(2));
  EXPECT_EQ(refusal(submit(kLand, {numbered(2, "旧纪元")})), Code::epoch_old);
}

TEST_F(EntryTest, OnlyAnOpenEpochBeginsANewEpoch) {
  ASSERT_TRUE(act(108, consent(2)));
  const auto message = numbered(1, "样例");
  const auto in_epoch_two = bent(message, [](codec::MessageHeader& h) { h.id.epoch = Epoch(2); });
  EXPECT_EQ(refusal(submit(kLand, {in_epoch_two})), Code::epoch_unconsented);
}

TEST_F(EntryTest, AnOpenEpochInTheMiddleOfAnEpochIsRefusedAsMisplaced) {
  log_note(kLand, {to(kPolice)});
  const auto answer = receipts(submit(kLand, {open_epoch(1, 2)}));
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_EQ(part_of(answer[0]).refused, (std::vector<evidence::Refused>{{0, Code::epoch_misplaced}}));
}

}  // namespace
}  // namespace lianxi::hub
