// Out of the log: order, credit, sections that are not there, and the same from memory and from the store.
#include <algorithm>

#include "tests/unit/hub/hub_test.h"

namespace lianxi::hub {
namespace {

const std::string kLand = "430922-LAND";
const std::string kPolice = "430922-POLICE";
const std::string kProc = "430922-PROC";
const std::string kOffice = "430922-OFFICE";

bool holds(ByteView haystack, ByteView needle) { return !std::ranges::search(haystack, needle).empty(); }

class DeliveryTest : public HubTest {
 protected:
  std::uint64_t now_on() const { return Position{size(), 0}.packed() - 1; }
  // A few entries with messages to one, to several and to nobody of the test's readers.
  void log_a_day() {
    for (int i = 0; i < 3; ++i) {
      log_note(kLand, {to(kPolice), cc(kProc)});
      EXPECT_EQ(receipts(submit(kPolice, {referral_receipt(), note(kPolice, {to(kProc)}), note(kPolice, {to(kLand)})})).size(),
                1u);
      log_note(kProc, {to(kOffice)});
    }
  }
  static std::vector<Position> positions(const std::vector<DeliveredMessage>& messages) {
    std::vector<Position> out;
    for (const auto& message : messages) out.push_back(message.position);
    return out;
  }
};

TEST_F(DeliveryTest, ASubscriberGetsWhatIsItsOwnInLogOrder) {
  log_a_day();
  const auto got = everything_for(kProc);
  const auto where = positions(got);
  EXPECT_TRUE(std::ranges::is_sorted(where));
  EXPECT_EQ(std::ranges::adjacent_find(where), where.end());
  std::size_t due = 0;
  for (std::uint64_t n = 0; n < size(); ++n) {
    const auto entry = logged(n);
    for (const auto& message : entry->messages) {
      const auto& all = message.header.addressees;
      due += policy::Policy::is_broadcast(message.header.type) ||
             std::ranges::find(all, AgencyId(kProc), &codec::Addressee::agency) != all.end();
    }
  }
  EXPECT_EQ(got.size(), due);
  EXPECT_EQ(due, 5u + 9u) << "genesis, four enrolments; note, receipt and note on each of three rounds";
}

TEST_F(DeliveryTest, NobodyGetsItsOwnMessages) {
  log_a_day();
  for (const auto& message : everything_for(kPolice)) EXPECT_NE(message.sender, AgencyId(kPolice));
}

TEST_F(DeliveryTest, WhoIsNotNamedGetsNothing) {
  subscribe(kOffice, now_on());
  log_note(kLand, {to(kPolice)});
  EXPECT_TRUE(deliver_frames(kOffice).empty());
}

TEST_F(DeliveryTest, AnObserverGetsHeaderAndOpenFactsAndTheOtherSectionsAreNotInItsBytes) {
  for (const auto& agency : {kLand, kProc, kOffice}) subscribe(agency, now_on());
  const auto receipt = referral_receipt();
  ASSERT_EQ(receipts(submit(kPolice, {receipt})).size(), 1u);
  const auto sections = codec::parse_run(receipt.message)->front().sections;

  const auto to_office = deliver_frames(kOffice);
  ASSERT_EQ(to_office.size(), 1u);
  for (const auto& section : sections) {
    EXPECT_EQ(holds(to_office[0].payload, section.bytes), section.group == codec::Group::c0) << codec::name(section.group);
    EXPECT_EQ(holds(to_office[0].bytes, section.bytes), false);
  }
  EXPECT_EQ(codec::parse_run(to_office[0].payload)->front().wraps.size(), 0u) << "no wrap for what is withheld";
  const auto to_land = deliver_frames(kLand);
  ASSERT_EQ(to_land.size(), 1u);
  std::size_t shown = 0;
  for (const auto& section : sections) shown += holds(to_land[0].payload, section.bytes);
  EXPECT_GT(shown, 1u);
  const auto land_run = codec::parse_run(to_land[0].payload);
  ASSERT_TRUE(land_run);
  for (const auto& section : land_run->front().sections) {
    EXPECT_EQ(
        section.withheld,
        !policy::has(county_.registry().policy().entitled(*codec::parse_header(receipt.header), AgencyId(kLand)), section.group));
  }
}

TEST_F(DeliveryTest, WhatIsNotForASubscriberStandsAsItsHashOnly) {
  subscribe(kProc, now_on());
  const auto hidden = note(kPolice, {to(kLand)}, "只给国土");
  const auto shown = note(kPolice, {to(kProc)}, "只给检察");
  ASSERT_EQ(receipts(submit(kPolice, {hidden, shown})).size(), 1u);
  const auto frames = deliver_frames(kProc);
  ASSERT_EQ(frames.size(), 1u);
  const auto* row = frames[0].frame().body_as_Deliver()->entries()->Get(0);
  EXPECT_TRUE(equal(view_of(row->others()), hidden.hash));
  EXPECT_FALSE(holds(frames[0].payload, hidden.header));
  const auto messages = read_entry_row(*row, frames[0].payload, frames[0].frame().body_as_Deliver()->size(),
                                       frames[0].frame().body_as_Deliver()->checkpoint()->string_view());
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].hash, shown.hash);
  EXPECT_EQ(messages[0].position.index, 1);
}

TEST_F(DeliveryTest, TheRecipientOpensWhatItIsEntitledTo) {
  subscribe(kPolice, now_on());
  log_note(kLand, {to(kPolice)}, "今日移送");
  const auto got = deliveries(kPolice);
  ASSERT_EQ(got.size(), 1u);
  const auto opened = county_.open(kPolice, got[0].run);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(opened->faults.empty());
  EXPECT_NE(opened->body_json.find("今日移送"), std::string::npos);
}

TEST_F(DeliveryTest, NoMoreMessagesThanTheCreditAreSent) {
  subscribe(kPolice, now_on(), 2);
  for (int i = 0; i < 5; ++i) log_note(kLand, {to(kPolice)});
  EXPECT_EQ(deliveries(kPolice).size(), 2u);
  give_credit(kPolice, 1, 1 << 20);
  EXPECT_EQ(deliveries(kPolice).size(), 1u);
  give_credit(kPolice, 100, 1 << 20);
  EXPECT_EQ(deliveries(kPolice).size(), 2u);
  EXPECT_TRUE(deliver_frames(kPolice).empty());
}

TEST_F(DeliveryTest, AnEntryLargerThanTheCreditIsCutBetweenItsMessages) {
  subscribe(kPolice, now_on(), 2);
  std::vector<policy::Composed> five;
  for (int i = 0; i < 5; ++i) five.push_back(note(kLand, {to(kPolice)}));
  ASSERT_EQ(receipts(submit(kLand, five)).size(), 1u);
  std::vector<std::uint16_t> indices;
  for (int i = 0; i < 3; ++i) {
    for (const auto& message : deliveries(kPolice)) indices.push_back(message.position.index);
    give_credit(kPolice, 2, 1 << 20);
  }
  EXPECT_EQ(indices, (std::vector<std::uint16_t>{0, 1, 2, 3, 4}));
}

TEST_F(DeliveryTest, NoMoreBytesThanTheCreditAreSentButAlwaysOneMessage) {
  subscribe(kPolice, now_on(), 100, 1);
  for (int i = 0; i < 3; ++i) log_note(kLand, {to(kPolice)}, std::string(300, 'a'));
  const auto first = deliver_frames(kPolice);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].frame().body_as_Deliver()->sent_messages(), 1u);
  give_credit(kPolice, 0, 1);
  EXPECT_TRUE(deliver_frames(kPolice).empty()) << "what was overdrawn is paid back first";
  give_credit(kPolice, 0, static_cast<std::uint32_t>(first[0].bytes.size() + first[0].payload.size()));
  EXPECT_EQ(deliveries(kPolice).size(), 1u);
}

TEST_F(DeliveryTest, WithoutASubscriptionNothingIsSent) {
  line(kPolice, kDeliver);
  log_note(kLand, {to(kPolice)});
  EXPECT_TRUE(deliver_frames(kPolice).empty());
}

TEST_F(DeliveryTest, ASubscriptionToAnotherGenerationIsRefused) {
  const auto answer = say(line(kPolice, kDeliver), wire::Body::Subscribe, [](flatbuffers::FlatBufferBuilder& b) {
    return wire::CreateSubscribe(b, 2, kFromTheBeginning, 10, 10'000).Union();
  });
  EXPECT_EQ(refusal(answer), Code::wrong_log);
}

TEST_F(DeliveryTest, WhatIsReadFromTheStoreIsWhatWasDeliveredLive) {
  for (const auto& agency : {kLand, kPolice, kProc, kOffice}) subscribe(agency);
  std::map<std::string, std::vector<DeliveredMessage>> live;
  log_a_day();
  for (const auto& agency : {kLand, kPolice, kProc, kOffice}) live[agency] = deliveries(agency);
  restart();
  ASSERT_EQ(core_->log().recent_from(0), nullptr) << "nothing is in memory";
  for (const auto& [agency, messages] : live) {
    EXPECT_GE(messages.size(), 5u);
    EXPECT_EQ(everything_for(agency), messages) << agency;
  }
}

TEST_F(DeliveryTest, CatchingUpGoesOnIntoWhatIsNewWithoutAGapOrARepeat) {
  log_a_day();
  restart();
  log_a_day();
  const auto got = everything_for(kProc);
  EXPECT_EQ(got.size(), 5u + 18u);
  EXPECT_TRUE(std::ranges::is_sorted(positions(got)));
}

TEST_F(DeliveryTest, ALongBacklogArrivesWholeThroughSmallCredits) {
  for (int i = 0; i < 60; ++i) {
    std::vector<policy::Composed> ten;
    for (int k = 0; k < 10; ++k) ten.push_back(note(kLand, {to(k % 2 == 0 ? kPolice : kProc)}));
    ASSERT_EQ(receipts(submit(kLand, ten)).size(), 1u);
  }
  restart();
  std::vector<DeliveredMessage> got;
  subscribe(kPolice, kFromTheBeginning, 7);
  for (auto some = deliveries(kPolice); !some.empty(); some = deliveries(kPolice)) {
    EXPECT_LE(some.size(), 7u);
    got.insert(got.end(), some.begin(), some.end());
    give_credit(kPolice, 7, 1 << 20);
  }
  EXPECT_EQ(got.size(), 5u + 300u);
  EXPECT_EQ(got, everything_for(kPolice));
}

class FromAnyPosition : public DeliveryTest, public testing::WithParamInterface<bool> {};

TEST_P(FromAnyPosition, ASubscriberGetsExactlyWhatFollows) {
  log_a_day();
  if (GetParam()) restart();
  const auto all = everything_for(kProc);
  ASSERT_GT(all.size(), 8u);
  for (std::size_t i = 0; i < all.size(); ++i) {
    subscribe(kProc, all[i].position.packed());
    EXPECT_EQ(deliveries(kProc), std::vector<DeliveredMessage>(all.begin() + static_cast<std::ptrdiff_t>(i) + 1, all.end()))
        << "after " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Both, FromAnyPosition, testing::Bool(),
                         [](const auto& stored) { return std::string(stored.param ? "FromTheStore" : "FromMemory"); });

TEST_F(DeliveryTest, AnAgencyEnrolledLateGetsTheOperatorsActsFromEntryZeroOnAndNothingElse) {
  log_a_day();
  const auto enrolled = enrol("430922-MUNI");
  ASSERT_TRUE(enrolled);
  const auto got = everything_for("430922-MUNI");
  ASSERT_EQ(got.size(), 6u);
  EXPECT_EQ(got.front().position, (Position{0, 0}));
  EXPECT_EQ(got.front().header.type, 112);
  EXPECT_EQ(got.back().position, *enrolled);
  for (const auto& message : got) EXPECT_TRUE(policy::Policy::is_broadcast(message.header.type));
}

// --- Fetch ------------------------------------------------------------------------------------------------------------------

class FetchTest : public DeliveryTest {
 protected:
  std::vector<DeliveredMessage> fetch(const std::string& agency, const MessageId& id) {
    return read(say(line(agency, kSubmit), wire::Body::Fetch, [&](auto& b) {
      return wire::CreateFetch(b, 0, true, b.CreateString(id.agency.value()), id.epoch.value(), id.number.value()).Union();
    }));
  }
  std::vector<DeliveredMessage> fetch(const std::string& agency, Position position) {
    return read(
        say(line(agency, kSubmit), wire::Body::Fetch, [&](auto& b) { return wire::CreateFetch(b, position.packed()).Union(); }));
  }

 private:
  std::vector<DeliveredMessage> read(const std::vector<Sent>& answer) {
    if (of_type(answer, wire::Body::Fetched).size() != 1) return {};
    const auto& fetched = *answer.front().frame().body_as_Fetched();
    if (!fetched.found()) return {};
    return read_entry_row(*fetched.entry(), answer.front().payload, fetched.size(), fetched.checkpoint()->string_view());
  }
};

TEST_F(FetchTest, ARecipientFetchesItsMessageByNumberOrPosition) {
  const auto first = note(kPolice, {to(kLand)});
  const auto message = note(kPolice, {to(kProc)});
  ASSERT_EQ(receipts(submit(kPolice, {first, message})).size(), 1u);
  const auto id = codec::parse_header(message.header)->id;
  const auto by_number = fetch(kProc, id);
  ASSERT_EQ(by_number.size(), 1u);
  EXPECT_EQ(by_number[0].hash, message.hash);
  EXPECT_EQ(fetch(kProc, Position{size() - 1, 1}), by_number);
}

TEST_F(FetchTest, WhoIsNotNamedFetchesNothing) {
  const auto message = log_note(kLand, {to(kPolice)});
  EXPECT_TRUE(fetch(kProc, codec::parse_header(message.header)->id).empty());
  EXPECT_TRUE(fetch(kProc, Position{size() - 1, 0}).empty());
  EXPECT_TRUE(fetch(kProc, Position{size() + 5, 0}).empty());
}

TEST_F(FetchTest, ASenderFetchesItsOwnEntryWhole) {
  const std::vector<policy::Composed> both{referral_receipt(), note(kPolice, {to(kLand)})};
  ASSERT_EQ(receipts(submit(kPolice, both)).size(), 1u);
  const auto own = fetch(kPolice, codec::parse_header(both[0].header)->id);
  ASSERT_EQ(own.size(), 2u);
  EXPECT_EQ(own[0].run, both[0].message);
  EXPECT_EQ(own[1].run, both[1].message);
}

}  // namespace
}  // namespace lianxi::hub
