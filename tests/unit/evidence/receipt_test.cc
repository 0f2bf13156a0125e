#include <gtest/gtest.h>

#include "tests/unit/evidence/sample_log.h"

namespace lianxi::evidence {
namespace {

class ReceiptTest : public testing::Test {
 protected:
  ReceiptTest() { log_.grow_to(20); }
  Result<Checkpoint> check(const Receipt& receipt) const {
    return check_receipt(suite1(), receipt, log_.card().checkpoint_key, log_);
  }
  // Bytes that do not parse are refused as well as bytes that do not verify.
  bool accepts(ByteView bytes) const {
    const auto receipt = parse_receipt(bytes);
    return receipt && check(*receipt);
  }
  bool accepts_file(std::string_view file) const {
    const auto receipt = parse_receipt_file(file);
    return receipt && check(*receipt);
  }

  sample::SampleLog log_;
};

TEST_F(ReceiptTest, EveryGenuineReceiptVerifiesInBothForms) {
  for (std::uint64_t size = 1; size <= 20; ++size) {
    for (std::uint64_t entry = 0; entry < size; ++entry) {
      const auto receipt = log_.receipt(entry, size);
      ASSERT_TRUE(accepts(encode(receipt))) << entry << " of " << size;
      ASSERT_TRUE(accepts_file(receipt_file(receipt))) << entry << " of " << size;
    }
  }
}

TEST_F(ReceiptTest, BothFormsCarryTheSameReceipt) {
  const auto receipt = log_.receipt(3, 11);
  EXPECT_EQ(encode(*parse_receipt(encode(receipt))), encode(receipt));
  EXPECT_EQ(encode(*parse_receipt_file(receipt_file(receipt))), encode(receipt));
}

TEST_F(ReceiptTest, EverySingleBitChangeIsRefused) {
  const auto receipt = log_.receipt(3, 11);
  const auto bytes = encode(receipt);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto bad = bytes;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    ASSERT_FALSE(accepts(bad)) << "bit " << bit;
  }
  const auto file = receipt_file(receipt);
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    auto bad = file;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
    ASSERT_FALSE(accepts_file(bad)) << "bit " << bit << ": " << bad;
  }
}

TEST_F(ReceiptTest, EveryCutIsRefused) {
  const auto bytes = encode(log_.receipt(5, 20));
  for (std::size_t n = 0; n < bytes.size(); ++n) ASSERT_FALSE(accepts(ByteView(bytes).first(n)));
  const auto file = receipt_file(log_.receipt(5, 20));
  for (std::size_t n = 0; n < file.size(); ++n) ASSERT_FALSE(accepts_file(std::string_view(file).substr(0, n)));
}

TEST_F(ReceiptTest, ANoteOfAnotherSizeIsRefused) {
  auto receipt = log_.receipt(3, 11);
  receipt.note = log_.note(12);
  EXPECT_EQ(check(receipt).error().code, Code::verification_failed);
}

TEST_F(ReceiptTest, AnUnknownAgencyKeyIsNamedAsSuch) {
  const sample::SampleLog other(2);
  EXPECT_EQ(check_receipt(suite1(), log_.receipt(3, 11), log_.card().checkpoint_key, other).error().code, Code::unknown_key);
}

TEST_F(ReceiptTest, AKeyThatIsNotTheOneItsIdNamesIsRefused) {
  struct Wrong final : KeyFinder {
    std::optional<PublicKey> signing_key(const AgencyId&, const KeyId&) const override {
      return suite1().signing_public(SecretKey{3});
    }
  } wrong;
  EXPECT_EQ(check_receipt(suite1(), log_.receipt(3, 11), log_.card().checkpoint_key, wrong).error().code,
            Code::verification_failed);
}

TEST_F(ReceiptTest, ANoteThatTheSameKeySignedForAnotherLogIsRefused) {
  auto receipt = log_.receipt(3, 11);
  auto other = log_.hub().log_id;
  other[0] ^= 1;
  const auto root = *log_.tree().root_at(11);
  receipt.note = sign_checkpoint(suite1(), log_.hub().checkpoint, {origin_line(other, 1, false), 11, root});
  EXPECT_EQ(check(receipt).error().code, Code::verification_failed);
  receipt.note = sign_checkpoint(suite1(), log_.hub().checkpoint, {origin_line(log_.hub().log_id, 0, false), 11, root});
  EXPECT_EQ(check(receipt).error().code, Code::verification_failed) << "a generation before the entry's";
  receipt.note = sign_checkpoint(suite1(), log_.hub().checkpoint, {origin_line(log_.hub().log_id, 2, false), 11, root});
  EXPECT_TRUE(check(receipt)) << "a later generation continues the tree";
}

TEST_F(ReceiptTest, ARefusalOfAMessageThatTheEntryDoesNotHoldIsRefused) {
  log_.add({Bytes{1}}, {{1, Code::classified}});
  EXPECT_EQ(check(log_.receipt(20, 21)).error().code, Code::bad_entry);
}

}  // namespace
}  // namespace lianxi::evidence
