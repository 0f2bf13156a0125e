// Message level: the entry is logged, the number is spent, the message is not: neither stored nor delivered.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/unit/hub/hub_test.h"

namespace lianxi::hub {
namespace {

const std::string kLand = "430922-LAND";
const std::string kPolice = "430922-POLICE";

bool holds(ByteView haystack, ByteView needle) { return !std::ranges::search(haystack, needle).empty(); }

class MessageTest : public HubTest {
 protected:
  using Refusals = std::vector<evidence::Refused>;

  // Names `before` as the previous message of those only whom its header names.
  static policy::Composed following(const policy::Composed& message, const policy::Composed& before) {
    const auto header = codec::parse_header(before.header);
    return bent(message, [&](codec::MessageHeader& h) {
      for (auto& addressee : h.addressees) {
        const bool named = header && std::ranges::find(header->addressees, addressee.agency, &codec::Addressee::agency) !=
                                         header->addressees.end();
        addressee.previous = named ? 2 : 1;
      }
    });
  }
  // Three of POLICE to LAND in one entry, the middle one changed: only that one is refused.
  void expect_only_the_middle_refused(const std::function<policy::Composed(const policy::Composed&)>& change, Code code) {
    subscribe(kLand, Position{size(), 0}.packed() - 1);
    const auto first = referral_receipt();
    const auto middle = change(referral_receipt());
    const auto last = following(referral_receipt(), middle);
    const auto answer = receipts(submit(kPolice, {first, middle, last}));
    ASSERT_EQ(answer.size(), 1u) << "the entry is logged";
    EXPECT_EQ(part_of(answer[0]).refused, (Refusals{{1, code}}));

    const auto stored = logged(entry_of(answer[0]))->stored;
    const auto sections = codec::parse_run(middle.message);
    EXPECT_FALSE(holds(stored, middle.header)) << "its header is not stored";
    for (const auto& section : sections->front().sections) EXPECT_FALSE(holds(stored, section.bytes)) << "nor its sections";
    EXPECT_TRUE(holds(stored, middle.hash)) << "its hash is";
    for (const auto& sent : sent_) EXPECT_FALSE(holds(sent.payload, middle.header));

    const auto arrived = deliveries(kLand);
    ASSERT_EQ(arrived.size(), 2u);
    EXPECT_EQ(arrived[0].hash, first.hash);
    EXPECT_EQ(arrived[1].hash, last.hash);
    EXPECT_EQ(core_->log().find_origin(AgencyId(kPolice))->last, Number(3)) << "its number is spent";
  }
};

TEST_F(MessageTest, AnUnknownTypeIsRefusedAlone) {
  expect_only_the_middle_refused([](const auto& m) { return bent(m, [](auto& h) { h.type = 999; }); }, Code::unknown_type);
}

TEST_F(MessageTest, AMissingCopyIsRefusedAlone) {
  expect_only_the_middle_refused([](const auto& m) { return bent(m, [](auto& h) { h.addressees.pop_back(); }); },
                                 Code::copy_missing);
}

TEST_F(MessageTest, ARecipientThatNoRouteNamesIsRefusedAlone) {
  expect_only_the_middle_refused(
      [](const auto& m) { return bent(m, [](auto& h) { h.addressees.push_back(cc("430922-OFFICE")); }); },
      Code::recipient_not_allowed);
}

TEST_F(MessageTest, AHeaderThatDoesNotParseIsRefusedAlone) {
  expect_only_the_middle_refused(
      [](const policy::Composed&) {
        policy::Composed garbage;
        garbage.header = copy(view("this is no message header at all"));
        garbage.hash = evidence::message_hash(garbage.header);
        codec::append_message(garbage.message, garbage.header, {}, {});
        return garbage;
      },
      Code::header_malformed);
}

TEST_F(MessageTest, AChainThatNamesAnotherPreviousMessageIsRefusedAlone) {
  expect_only_the_middle_refused([](const auto& m) { return bent(m, [](auto& h) { h.addressees.front().previous = 0; }); },
                                 Code::chain_mismatch);
}

TEST_F(MessageTest, AChainThatNamesAMessageToComeIsRefused) {
  const auto message = bent(note(kLand, {to(kPolice)}), [](auto& h) { h.addressees.front().previous = 7; });
  const auto answer = receipts(submit(kLand, {message}));
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_EQ(part_of(answer[0]).refused, (Refusals{{0, Code::chain_mismatch}}));
}

TEST_F(MessageTest, AMessageOverItsSizeIsRefusedWithItsEntry) {
  policy::Composed large = note(kLand, {to(kPolice)});
  large.message.clear();
  codec::append_message(large.message, large.header,
                        std::vector<codec::Section>{{codec::Group::c0, false, Bytes(codec::kMessageBytesMax)}}, {});
  const auto before = size();
  EXPECT_EQ(refusal(submit(kLand, {large})), Code::bad_entry);
  EXPECT_EQ(size(), before);
}

TEST_F(MessageTest, TwoSeatsOfOneAgencyHaveOneChain) {
  for (int i = 0; i < 3; ++i) {
    const auto answer = receipts(submit(kLand, {note(kLand, {to(kPolice), cc(kPolice, "LANDSQ")})}));
    ASSERT_EQ(answer.size(), 1u);
    EXPECT_EQ(part_of(answer[0]).refused, Refusals{}) << i;
  }
}

// What its sender numbered stands in the addressees' chains, refused or not: it did not know when it went on.
class RefusedChainTest : public MessageTest {
 protected:
  void SetUp() override {
    log_note(kLand, {to(kPolice)});
    const auto answer = receipts(submit(kLand, {bent(note(kLand, {to(kPolice)}), [](auto& h) { h.type = 999; })}));
    ASSERT_EQ(answer.size(), 1u);
    ASSERT_EQ(part_of(answer[0]).refused, (Refusals{{0, Code::unknown_type}}));
  }
  Refusals next() {
    const auto message = note(kLand, {to(kPolice)});
    EXPECT_EQ(codec::parse_header(message.header)->addressees.front().previous, 2u);
    const auto answer = receipts(submit(kLand, {message}));
    return answer.size() == 1 ? part_of(answer[0]).refused : Refusals{{0, Code::unknown_outcome}};
  }
};

TEST_F(RefusedChainTest, TheNextMessageMayNameTheRefusedOne) { EXPECT_EQ(next(), Refusals{}); }

TEST_F(RefusedChainTest, ItMayAlsoAfterARestart) {
  restart();
  EXPECT_EQ(next(), Refusals{});
}

TEST_F(RefusedChainTest, ItMayAlsoAfterAPowerCut) {
  power_cut_and_restart();
  EXPECT_EQ(next(), Refusals{});
}

}  // namespace
}  // namespace lianxi::hub
