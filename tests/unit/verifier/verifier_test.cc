#include "schemas/verifier/verifier.h"

#include <gtest/gtest.h>

#include "tests/unit/evidence/sample_log.h"

namespace lianxi::verifier {
namespace {

using evidence::sample::SampleLog;

class VerifierTest : public testing::Test {
 protected:
  VerifierTest() {
    log_.grow_to(20);
    card_ = evidence::to_json(log_.card());
    for (std::size_t i = 0; i < 2; ++i) cards_.push_back(evidence::to_json(log_.agency_card(i)));
  }
  Report verify(ByteView receipt) const { return verify_receipt(receipt, card_, cards_); }
  static bool passed(const Report& report, std::string_view name) {
    for (const auto& check : report.checks) {
      if (check.name == name) return check.passed;
    }
    ADD_FAILURE() << "no check " << name;
    return false;
  }

  SampleLog log_;
  std::string card_;
  std::vector<std::string> cards_;
};

TEST_F(VerifierTest, EveryGenuineReceiptVerifiesInBothForms) {
  for (std::uint64_t size = 1; size <= 20; ++size) {
    for (std::uint64_t entry = 0; entry < size; ++entry) {
      const auto receipt = log_.receipt(entry, size);
      ASSERT_TRUE(verify(evidence::encode(receipt)).ok) << entry << " of " << size;
      const auto report = verify(view(evidence::receipt_file(receipt)));
      ASSERT_TRUE(report.ok) << to_text(report);
    }
  }
}

TEST_F(VerifierTest, TheReportSaysWhatTheReceiptSays) {
  const auto report = verify(evidence::encode(log_.receipt(11, 17)));
  ASSERT_TRUE(report.entry);
  EXPECT_EQ(report.entry->agency, "430922-POLICE");
  EXPECT_EQ(report.entry->entry, 11u);
  EXPECT_EQ(report.entry->size, 17u);
  EXPECT_EQ(report.entry->time, 1'741'000'000'011);
  EXPECT_EQ(report.entry->original_time, 1'740'999'995'011) << "given back after a restore";
  ASSERT_EQ(report.entry->refused.size(), 1u);
  EXPECT_EQ(report.entry->refused[0].code, 304u);
  EXPECT_EQ(report.checks.size(), 7u);
}

TEST_F(VerifierTest, EverySingleBitChangeOfTheBytesIsRefused) {
  const auto bytes = evidence::encode(log_.receipt(3, 11));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto bad = bytes;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    ASSERT_FALSE(verify(bad).ok) << "bit " << bit;
  }
}

TEST_F(VerifierTest, EverySingleBitChangeOfTheFileIsRefused) {
  const auto file = evidence::receipt_file(log_.receipt(3, 11));
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    auto bad = file;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
    ASSERT_FALSE(verify(view(bad)).ok) << "bit " << bit;
  }
}

TEST_F(VerifierTest, EveryCutIsRefused) {
  const auto bytes = evidence::encode(log_.receipt(5, 20));
  for (std::size_t n = 0; n < bytes.size(); ++n) ASSERT_FALSE(verify(ByteView(bytes).first(n)).ok) << n;
  const auto file = evidence::receipt_file(log_.receipt(5, 20));
  for (std::size_t n = 0; n < file.size(); ++n) ASSERT_FALSE(verify(view(file).first(n)).ok) << n;
}

TEST_F(VerifierTest, AReceiptOfAnotherLogFailsAtItsNoteAndOrigin) {
  SampleLog other(2);
  other.grow_to(4);
  const auto report = verify(evidence::encode(other.receipt(1, 4)));
  EXPECT_FALSE(report.ok);
  EXPECT_FALSE(passed(report, "note_signature"));
  EXPECT_FALSE(passed(report, "origin"));
  EXPECT_TRUE(passed(report, "inclusion")) << "what still holds is said to hold";
  EXPECT_FALSE(passed(report, "agency_key"));
}

TEST_F(VerifierTest, AHubThatForgesTheAgencysSignatureIsFoundOut) {
  // The hub can put what it likes into its own tree and sign it; it lacks the agency's key.
  auto receipt = log_.receipt(0, 1);
  auto header = *evidence::parse_entry_header(receipt.entry_header);
  header.batch_root[0] ^= 1;
  receipt.entry_header = evidence::encode(header);
  evidence::Tree tree(nullptr);
  std::vector<evidence::Tile> full;
  const Hash leaf = evidence::leaf_hash(receipt.entry_header, receipt.signature, receipt.hub_part);
  tree.append(leaf, full);
  receipt.note = evidence::sign_checkpoint(evidence::suite1(), log_.hub().checkpoint, {log_.card().origin, 1, tree.root()});
  auto card = log_.card();
  card.leaf0 = leaf;
  const auto report = verify_receipt(evidence::encode(receipt), evidence::to_json(card), cards_);
  EXPECT_TRUE(passed(report, "inclusion"));
  EXPECT_FALSE(passed(report, "agency_signature"));
  EXPECT_FALSE(report.ok);
}

TEST_F(VerifierTest, AnotherEntryZeroThanTheCardNamesIsRefused) {
  auto card = log_.card();
  card.leaf0[0] ^= 1;
  const auto report = verify_receipt(evidence::encode(log_.receipt(0, 5)), evidence::to_json(card), cards_);
  EXPECT_FALSE(passed(report, "inclusion"));
  EXPECT_TRUE(verify_receipt(evidence::encode(log_.receipt(1, 5)), evidence::to_json(card), cards_).ok);
}

TEST_F(VerifierTest, ABinaryReceiptWhoseSizeIsNotItsNotesIsRefused) {
  auto receipt = log_.receipt(3, 11);
  receipt.size = 12;
  EXPECT_FALSE(passed(verify(evidence::encode(receipt)), "inclusion"));
}

TEST_F(VerifierTest, WithoutTheAgencysCardTheSignatureIsNotVouchedFor) {
  cards_.erase(cards_.begin());
  EXPECT_FALSE(verify(evidence::encode(log_.receipt(0, 5))).ok);
  EXPECT_TRUE(verify(evidence::encode(log_.receipt(1, 5))).ok);
}

TEST_F(VerifierTest, AnAgencysOldKeyIsFoundAmongItsCards) {
  auto newer = log_.agency_card(0);
  newer.signing = log_.agency_card(1).signing;
  cards_.insert(cards_.begin(), evidence::to_json(newer));
  EXPECT_TRUE(verify(evidence::encode(log_.receipt(0, 5))).ok);
}

TEST_F(VerifierTest, AHubCardWhosePartsDisagreeEndsTheCheck) {
  auto card = log_.card();
  card.vkey = evidence::note_verifier_key(card.origin, evidence::PublicKey{1});
  const auto report = verify_receipt(evidence::encode(log_.receipt(0, 5)), evidence::to_json(card), cards_);
  EXPECT_FALSE(report.ok);
  EXPECT_EQ(report.checks.size(), 1u);
}

TEST_F(VerifierTest, NothingAndGarbageAreRefusedWithASentence) {
  for (const std::string& input : {std::string(), std::string("c2sp.org/tlog-proof@v1\n"), std::string(5000, '\xff'),
                                   std::string(kReceiptBytesMax + 1, 'x'), std::string("lianxi/entry/v1\0", 16)}) {
    const auto report = verify(view(input));
    EXPECT_FALSE(report.ok);
    EXPECT_FALSE(passed(report, "receipt_form"));
    EXPECT_NE(to_text(report).find("回执格式错误"), std::string::npos);
  }
  EXPECT_FALSE(verify_receipt({}, "", {}).ok);
}

TEST_F(VerifierTest, TheReportReadsInBothLanguagesAndAsJson) {
  const auto report = verify(evidence::encode(log_.receipt(4, 5)));
  EXPECT_NE(to_text(report).find("核验通过。"), std::string::npos);
  EXPECT_NE(to_text(report).find("430922-OFFICE 托管代发"), std::string::npos);
  EXPECT_NE(to_text(report).find("Verified."), std::string::npos);
  EXPECT_NE(to_json(report).find("\"ok\": true"), std::string::npos);
}

}  // namespace
}  // namespace lianxi::verifier
