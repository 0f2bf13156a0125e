// A log read again by a stranger: a genuine one passes, and a change is found at the entry where it was made.
#include "hub/admin/audit.h"

#include "tests/unit/hub/hub_test.h"

namespace lianxi::hub {
namespace {

const std::string kLand = "430922-LAND";
const std::string kPolice = "430922-POLICE";

class AuditTest : public HubTest {
 protected:
  AuditTest() {
    for (int i = 0; i < 3; ++i) {
      log_note(kLand, {to(kPolice)});
      submit(kPolice,
             {referral_receipt(), bent(note(kPolice, {to(kLand)}), [](auto& h) { h.type = 999; }), note(kPolice, {to(kLand)})});
    }
    for (std::uint64_t n = 0; n < size(); ++n) stored_.push_back(*core_->log().read_stored(n));
    for (std::uint64_t n = 0; n < kChanged; ++n) check(before_.take(stored_[n]).has_value(), "audit test: a genuine entry");
  }
  // What the audit says of `entries`; finish() is asked for the genuine root.
  Result<void> audit(const std::vector<Bytes>& entries) const {
    Audit audit(county_.suite());
    for (const auto& bytes : entries) {
      if (auto taken = audit.take(bytes); !taken) return taken;
    }
    return audit.finish(size(), core_->commit().newest().root, core_->commit().newest().note);
  }
  // Entry 8 is POLICE's second, with a refused message in it.
  static constexpr std::uint64_t kChanged = 8;
  struct Place {
    std::size_t header = 6, signature, part, run;  // Offsets in the stored entry.
  };
  Place place() const {
    const auto entry = codec::parse_stored_entry(stored_[kChanged]);
    Place at{};
    at.header = 6;
    at.signature = at.header + entry->entry_header.size();
    at.part = at.signature + 64 + 2;
    at.run = at.part + entry->hub_part.size() + 4;
    return at;
  }
  Result<void> with_flip(std::size_t offset, std::uint8_t bit = 1) const {
    auto changed = stored_[kChanged];
    changed.at(offset) ^= bit;
    auto audit = before_;
    if (auto taken = audit.take(changed); !taken) return taken;
    for (std::uint64_t n = kChanged + 1; n < size(); ++n) {
      if (auto taken = audit.take(stored_[n]); !taken) return taken;
    }
    return audit.finish(size(), core_->commit().newest().root, core_->commit().newest().note);
  }
  void expect_named(const Result<void>& outcome, const std::string& what) const {
    ASSERT_FALSE(outcome) << what;
    EXPECT_EQ(outcome.error().code, Code::verification_failed) << what;
    EXPECT_TRUE(outcome.error().detail.starts_with("entry " + std::to_string(kChanged) + ":"))
        << what << ": " << outcome.error().detail;
  }

  std::vector<Bytes> stored_;
  Audit before_{county_.suite()};  // Has taken what stands before kChanged.
};

TEST_F(AuditTest, AGenuineLogPassesWholeWithALineForEachMessage) {
  Audit audit(county_.suite());
  std::size_t lines = 0;
  for (const auto& bytes : stored_) {
    const auto taken = audit.take(bytes);
    ASSERT_TRUE(taken) << to_string(taken.error());
    lines += audit.lines().size();
  }
  EXPECT_TRUE(audit.finish(size(), core_->commit().newest().root, core_->commit().newest().note));
  EXPECT_EQ(audit.entries(), size());
  EXPECT_EQ(audit.messages(), core_->log().messages_total());
  EXPECT_EQ(lines, audit.messages() + 3) << "refused ones have a line too";
  EXPECT_EQ(audit.registry().serial(), core_->log().registry().serial());
}

TEST_F(AuditTest, ABitInTheEntryHeaderIsFoundAtItsEntry) {
  const auto at = place();
  for (std::size_t offset = at.header; offset < at.signature; ++offset)
    expect_named(with_flip(offset), "header byte " + std::to_string(offset));
}

TEST_F(AuditTest, ABitInTheSignatureIsFoundAtItsEntry) {
  const auto at = place();
  for (std::size_t i = 0; i < 64; ++i) expect_named(with_flip(at.signature + i), "signature byte " + std::to_string(i));
}

TEST_F(AuditTest, ABitInAnyByteOfTheRunIsFoundAtItsEntry) {
  const auto at = place();
  for (std::size_t offset = at.run; offset < stored_[kChanged].size(); ++offset)
    expect_named(with_flip(offset), "run byte " + std::to_string(offset - at.run));
}

TEST_F(AuditTest, NoBitOfTheHubPartCanBeChanged) {
  const auto at = place();
  for (std::size_t offset = at.part; offset < at.run - 4; ++offset) {
    EXPECT_FALSE(with_flip(offset)) << "hub part byte " << offset - at.part;
  }
  expect_named(with_flip(at.part + 11), "its entry number");
  expect_named(with_flip(at.part + 14, 0x01), "a time before that of the entry before it");
}

TEST_F(AuditTest, ADroppedEntryIsFoundWhereItIsMissing) {
  auto changed = stored_;
  changed.erase(changed.begin() + kChanged);
  expect_named(audit(changed), "dropped");
  auto shorter = stored_;
  shorter.pop_back();
  EXPECT_FALSE(audit(shorter)) << "the last one";
}

TEST_F(AuditTest, TwoSwappedEntriesAreFoundAtTheFirst) {
  auto changed = stored_;
  std::swap(changed[kChanged], changed[kChanged + 1]);
  expect_named(audit(changed), "swapped");
}

TEST_F(AuditTest, AnEntryAddedOrRepeatedIsFound) {
  auto changed = stored_;
  changed.insert(changed.begin() + kChanged, stored_[kChanged - 1]);
  expect_named(audit(changed), "repeated");
  changed = stored_;
  changed.push_back(stored_.back());
  EXPECT_FALSE(audit(changed));
}

TEST_F(AuditTest, ACheckpointOfAnotherKeyOrRootDoesNotFinishIt) {
  Audit audit(county_.suite());
  for (const auto& bytes : stored_) ASSERT_TRUE(audit.take(bytes));
  const auto& newest = core_->commit().newest();
  EXPECT_FALSE(audit.finish(size() + 1, newest.root, newest.note));
  EXPECT_FALSE(audit.finish(size(), Hash{1}, newest.note));
  const auto forged = evidence::sign_checkpoint(county_.suite(), entropy_.array<32>(),
                                                {evidence::origin_line(keys_.log_id, 1, false), size(), newest.root});
  EXPECT_FALSE(audit.finish(size(), newest.root, forged));
}

}  // namespace
}  // namespace lianxi::hub
