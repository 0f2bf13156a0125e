// Opened again over the same disk and store, the hub is the hub that it was.
#include <nlohmann/json.hpp>

#include "tests/unit/hub/hub_test.h"

namespace lianxi::hub {
namespace {

const std::string kLand = "430922-LAND";
const std::string kPolice = "430922-POLICE";

enum class End { orderly, power_cut, power_cut_after_a_flush };

class RestartTest : public HubTest, public testing::WithParamInterface<End> {
 protected:
  void flush() {
    ASSERT_TRUE(store_.start_flush());
    store_.finish_flush();
  }
  void end_and_start() {
    if (GetParam() == End::orderly)
      restart();
    else
      power_cut_and_restart();
  }
  void live() {
    for (int i = 0; i < 3; ++i) {
      log_note(kLand, {to(kPolice)});
      log_note(kPolice, {to(kLand), cc("430922-PROC")});
    }
    if (GetParam() == End::power_cut_after_a_flush) flush();
    log_note(kLand, {to(kPolice)});
  }
};

TEST_P(RestartTest, TheLogIsTheSameToTheByte) {
  live();
  const auto root = core_->commit().newest().root;
  const auto note = core_->commit().newest().note;
  std::vector<Bytes> before;
  for (std::uint64_t n = 0; n < size(); ++n) before.push_back(*core_->log().read_stored(n));
  const auto messages = core_->log().messages_total();
  end_and_start();
  ASSERT_EQ(size(), before.size());
  EXPECT_EQ(core_->commit().newest().root, root);
  EXPECT_EQ(core_->commit().newest().note, note) << "signing a size again gives the same bytes";
  EXPECT_EQ(core_->log().messages_total(), messages);
  for (std::uint64_t n = 0; n < size(); ++n) EXPECT_EQ(*core_->log().read_stored(n), before[n]) << n;
}

TEST_P(RestartTest, NumberingGoesOnWhereItStood) {
  live();
  const auto repeated = entry(kLand, {log_note(kLand, {to(kPolice)})});
  end_and_start();
  EXPECT_EQ(core_->log().find_origin(AgencyId(kLand))->last, Number(5));
  const auto before = size();
  EXPECT_EQ(receipts(submit(kLand, repeated)).size(), 1u);
  EXPECT_EQ(size(), before) << "a repeat";
  log_note(kLand, {to(kPolice)});
  EXPECT_EQ(logged(before)->part.refused, std::vector<evidence::Refused>{}) << "its chain fits too";
}

TEST_P(RestartTest, TheRegistryIsTheSame) {
  live();
  ASSERT_TRUE(enrol("430922-MUNI"));
  end_and_start();
  EXPECT_EQ(core_->log().registry().serial(), 5u);
  EXPECT_NE(core_->log().registry().agency(AgencyId("430922-MUNI")), nullptr);
  EXPECT_TRUE(act(108, nlohmann::json{{"kind", "epoch"}, {"agency", kLand}, {"epoch", 2}}.dump()));
}

TEST_P(RestartTest, DeliveriesAreTheSameAndGoOn) {
  live();
  const auto before = everything_for(kPolice);
  end_and_start();
  EXPECT_EQ(everything_for(kPolice), before);
  log_note(kLand, {to(kPolice)});
  EXPECT_EQ(deliveries(kPolice).size(), 1u);
}

TEST_P(RestartTest, AClosedEpochStaysClosed) {
  live();
  const auto genuine = entry(kLand, {log_note(kLand, {to(kPolice)})});
  const auto other = bent(note(kLand, {to(kPolice)}), [](auto& h) { h.id.number = Number(5); });
  ASSERT_EQ(refusal(submit(kLand, {other})), Code::number_fork);
  end_and_start();
  const auto next = bent(note(kLand, {to(kPolice)}), [](auto& h) { h.id.number = Number(6); });
  EXPECT_EQ(refusal(submit(kLand, {next})), Code::epoch_closed);
  EXPECT_EQ(receipts(submit(kLand, genuine)).size(), 1u);
  EXPECT_EQ(count_of_type(116), 1u);
}

TEST_P(RestartTest, TheHubsOwnNumbersGoOnAndItsNextIncidentIsLogged) {
  live();
  end_and_start();
  const auto other = bent(note(kLand, {to(kPolice)}), [](auto& h) { h.id.number = Number(1); });
  EXPECT_EQ(refusal(submit(kLand, {other})), Code::number_fork);
  EXPECT_EQ(count_of_type(116), 1u);
  EXPECT_FALSE(core_->fatal());
}

TEST_P(RestartTest, OldReceiptsStillHoldAndNewProofsLeadToTheNewCheckpoint) {
  live();
  const auto sent = entry(kLand, {note(kLand, {to(kPolice)})});
  const auto old_receipt = receipts(submit(kLand, sent));
  end_and_start();
  log_note(kPolice, {to(kLand)});
  const auto again = receipts(submit(kLand, sent));
  ASSERT_TRUE(old_receipt.size() == 1 && again.size() == 1);
  for (const auto& receipt : {old_receipt[0], again[0]}) {
    EXPECT_TRUE(evidence::check_receipt(county_.suite(), receipt, county_.checkpoint_public(), core_->log().registry()));
  }
}

INSTANTIATE_TEST_SUITE_P(Ends, RestartTest, testing::Values(End::orderly, End::power_cut, End::power_cut_after_a_flush),
                         [](const auto& end) {
                           return std::string(end.param == End::orderly     ? "Orderly"
                                              : end.param == End::power_cut ? "PowerCut"
                                                                            : "PowerCutAfterAFlush");
                         });

using Refusing = HubTest;

TEST_F(Refusing, AStoreThatIsAheadOfItsJournalIsRefused) {
  log_note(kLand, {to(kPolice)});
  store_.poll_flush();
  ASSERT_TRUE(store_.start_flush());
  store_.finish_flush();
  core_.reset();
  disk_ = test::SimDisk();
  const auto started = start();
  ASSERT_FALSE(started) << "the journal begins anew, below what the store has";
  EXPECT_EQ(started.error().code, Code::store_short);
}

TEST_F(Refusing, AJournalDamagedWhereTheStoreStillNeedsItIsRefused) {
  core_.reset();
  store_.crash();
  const auto names = disk_.list();
  ASSERT_TRUE(names);
  for (const auto& name : *names) {
    if (name.ends_with("000001.seg")) disk_.flip(name, 8 * 5000);
  }
  EXPECT_FALSE(start());
}

TEST_F(Refusing, AKeyFileOfAnotherHubIsRefused) {
  core_.reset();
  auto keys = keys_;
  keys.checkpoint[0] ^= 1;
  auto core = HubCore::open({.keys = keys}, {county_.suite(), entropy_, store_, chunks_, *this});
  ASSERT_TRUE(core);
  const auto started = (*core)->started(*journal_, now_);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Code::wrong_log);
}

}  // namespace
}  // namespace lianxi::hub
