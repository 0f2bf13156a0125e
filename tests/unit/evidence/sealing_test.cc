#include "schemas/evidence/sealing.h"

#include <gtest/gtest.h>

#include "tests/unit/evidence/sample_log.h"

namespace lianxi::evidence {
namespace {

using codec::Group;

struct Reader1 {
  explicit Reader1(std::uint8_t seed) : secret{8, seed, 2}, card{{}, suite1().sealing_public(secret)} {
    card.id = key_id(1, KeyUse::sealing, card.key);
  }
  SecretKey secret;
  ReaderKey card;
};

class SealingTest : public testing::Test {
 protected:
  SealingTest() { context_ = context(Group::c3, 42); }
  Bytes context(Group group, std::uint64_t number) const {
    return section_context(Hash{1}, {AgencyId("430922-LAND"), Epoch(1), Number(number)}, group);
  }
  Sealed sealed(std::string_view plaintext = "张三，住某村三组") {
    const std::vector<ReaderKey> readers{police_.card, court_.card};
    return *seal(suite1(), context_, Group::c3, salt_, view(plaintext), readers, ephemeral_, entropy_);
  }
  static std::vector<codec::WrapView> views(const Sealed& from) {
    std::vector<codec::WrapView> out;
    for (const auto& wrap : from.wraps) {
      Reader in(wrap);
      const auto group = static_cast<Group>(in.u8());
      out.push_back({wrap, group, in.array<8>()});
    }
    return out;
  }
  Result<Opened> open(const Sealed& from, const Reader1& reader) const { return open(from, reader, context_, Group::c3); }
  Result<Opened> open(const Sealed& from, const Reader1& reader, ByteView context, Group group) const {
    return open_sealed(suite1(), context, from.stored, views(from), group, reader.card.id, reader.secret);
  }

  sample::SeededEntropy entropy_{9};
  Reader1 police_{1}, court_{2}, stranger_{3};
  SecretKey ephemeral_{8, 77, 78};
  Hash salt_{4, 5, 6};
  Bytes context_;
};

TEST_F(SealingTest, ContextAndCommitmentAreTheBytesOfTheDocument) {
  EXPECT_EQ(hex(context_), "6c69616e78692f73656374696f6e2f763100" + hex(Hash{1}) +
                               "0b3433303932322d4c414e44"
                               "00000001"
                               "000000000000002a"
                               "06");
  Bytes bytes{2};
  bytes.insert(bytes.end(), context_.begin(), context_.end());
  bytes.insert(bytes.end(), salt_.begin(), salt_.end());
  bytes.push_back('x');
  EXPECT_EQ(commitment(context_, salt_, view("x")), sha256(bytes));
}

TEST_F(SealingTest, EveryNamedReaderOpensTheSection) {
  const auto section = sealed();
  for (const auto* reader : {&police_, &court_}) {
    const auto opened = open(section, *reader);
    ASSERT_TRUE(opened) << to_string(opened.error());
    EXPECT_EQ(text(opened->plaintext), "张三，住某村三组");
    EXPECT_EQ(opened->salt, salt_);
  }
  EXPECT_EQ(section.wraps.size(), 2u);
  EXPECT_EQ(section.wraps[0].size(), codec::kWrapBytes);
}

TEST_F(SealingTest, LengthShowsOnlyInStepsOf256) {
  EXPECT_EQ(sealed("").stored.size(), 24u + 32 + 256 + 16);
  EXPECT_EQ(sealed(std::string(255, 'x')).stored.size(), sealed("").stored.size());
  EXPECT_EQ(sealed(std::string(256, 'x')).stored.size(), 24u + 32 + 512 + 16);
  for (const std::size_t length : {0u, 1u, 255u, 256u, 257u, 4000u}) {
    const std::string plaintext(length, '\x80');
    EXPECT_EQ(text(open(sealed(plaintext), police_)->plaintext), plaintext);
  }
}

TEST_F(SealingTest, AReaderWithoutAWrapFindsNone) { EXPECT_EQ(open(sealed(), stranger_).error().code, Code::not_found); }

TEST_F(SealingTest, AReaderWithTheWrongSecretOpensNothing) {
  auto impostor = stranger_;
  impostor.card.id = police_.card.id;
  EXPECT_EQ(open(sealed(), impostor).error().code, Code::verification_failed);
}

TEST_F(SealingTest, ASectionMovedToAnotherGroupDoesNotOpen) {
  auto section = sealed();
  for (auto& wrap : section.wraps) wrap[0] = static_cast<std::uint8_t>(Group::c4);
  EXPECT_EQ(open(section, police_, context(Group::c4, 42), Group::c4).error().code, Code::verification_failed);
  EXPECT_EQ(open(sealed(), police_, context_, Group::c4).error().code, Code::not_found);
}

TEST_F(SealingTest, ASectionMovedToAnotherMessageDoesNotOpen) {
  EXPECT_EQ(open(sealed(), police_, context(Group::c3, 43), Group::c3).error().code, Code::verification_failed);
}

TEST_F(SealingTest, EverySingleBitChangeOfSectionOrWrapIsNoticed) {
  const auto good = sealed();
  for (std::size_t bit = 0; bit < good.stored.size() * 8; ++bit) {
    auto bad = good;
    bad.stored[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    ASSERT_EQ(open(bad, police_).error().code, Code::verification_failed) << "bit " << bit;
  }
  for (std::size_t bit = 0; bit < codec::kWrapBytes * 8; ++bit) {
    // X25519 ignores the top bit of a coordinate; the ephemeral key as sent is part of the wrapping key's salt all the same.
    auto bad = good;
    bad.wraps[0][bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    ASSERT_FALSE(open(bad, police_)) << "bit " << bit;
  }
}

TEST_F(SealingTest, AWrapWhoseEphemeralKeyGivesAnAllZeroSecretIsRefused) {
  auto section = sealed();
  std::fill(section.wraps[0].begin() + 9, section.wraps[0].begin() + 41, std::uint8_t{0});
  EXPECT_EQ(open(section, police_).error().code, Code::verification_failed);
}

TEST_F(SealingTest, SealingToAKeyThatGivesAnAllZeroSecretIsRefused) {
  const std::vector<ReaderKey> readers{{KeyId{1}, PublicKey{}}};
  EXPECT_EQ(seal(suite1(), context_, Group::c3, salt_, view("x"), readers, ephemeral_, entropy_).error().code,
            Code::invalid_argument);
}

TEST_F(SealingTest, ContentKeysAndNoncesAreFreshForEachSection) {
  const auto a = sealed();
  const auto b = sealed();
  EXPECT_FALSE(equal(ByteView(a.stored).first(24), ByteView(b.stored).first(24)));
  const auto key = [&](const Sealed& s) {
    return *unwrap_key(suite1(), context_, s.wraps[0], Group::c3, police_.card.id, police_.secret);
  };
  EXPECT_NE(key(a), key(b));
}

TEST_F(SealingTest, AGrantLetsOneMoreReaderOpenAndIsNotTheMessagesOwnWrap) {
  auto section = sealed();
  const auto key = *unwrap_key(suite1(), context_, section.wraps[1], Group::c3, court_.card.id, court_.secret);
  const SecretKey ephemeral{8, 99};
  const auto grant = *wrap_key(suite1(), context_, Group::c3, key, stranger_.card, ephemeral, WrapLabel::grant);
  EXPECT_NE(grant, *wrap_key(suite1(), context_, Group::c3, key, stranger_.card, ephemeral, WrapLabel::message));
  section.wraps.push_back(grant);
  EXPECT_EQ(text(open(section, stranger_)->plaintext), "张三，住某村三组");
}

TEST_F(SealingTest, AClearSectionIsSaltAndPlaintext) {
  const auto stored = clear_section(salt_, view("公开"));
  EXPECT_EQ(open_clear(stored)->salt, salt_);
  EXPECT_EQ(text(open_clear(stored)->plaintext), "公开");
  EXPECT_EQ(open_clear(ByteView(stored).first(31)).error().code, Code::section_malformed);
  EXPECT_TRUE(open_clear(ByteView(stored).first(32))->plaintext.empty());
}

TEST(AttachmentTest, ChunksOpenOnlyInTheirPlaceAndUnderTheirKey) {
  const Hash key{1};
  const auto chunk = seal_chunk(key, 3, false, view("photograph"));
  EXPECT_EQ(chunk.size(), 10 + kChunkSealBytes);
  EXPECT_EQ(text(*open_chunk(key, 3, false, chunk)), "photograph");
  EXPECT_FALSE(open_chunk(key, 4, false, chunk));
  EXPECT_FALSE(open_chunk(key, 3, true, chunk)) << "a file cut at a chunk would pass";
  EXPECT_FALSE(open_chunk(Hash{2}, 3, false, chunk));
  EXPECT_FALSE(open_chunk(key, 3, false, ByteView(chunk).first(15)));
  EXPECT_FALSE(open_chunk(key, 3, false, Bytes(kChunkPlainBytes + kChunkSealBytes + 1)));
}

TEST(AttachmentTest, AManifestsLengthMustFitItsChunks) {
  const std::uint64_t full = kChunkPlainBytes + kChunkSealBytes;
  const auto parses = [](std::uint64_t bytes, std::size_t chunks) {
    return parse_manifest(encode(Manifest{bytes, std::vector<Hash>(chunks)})).has_value();
  };
  EXPECT_TRUE(parses(16, 1));
  EXPECT_TRUE(parses(full, 1));
  EXPECT_TRUE(parses(full + 16, 2));
  EXPECT_FALSE(parses(0, 0));
  EXPECT_FALSE(parses(15, 1));
  EXPECT_FALSE(parses(full + 1, 1));
  EXPECT_FALSE(parses(full + 15, 2));
  EXPECT_FALSE(parses(16 * full, kChunksMax + 1));
  const auto bytes = encode(Manifest{full + 20, {Hash{1}, Hash{2}}});
  EXPECT_EQ(parse_manifest(bytes)->chunks[1], Hash{2});
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(parse_manifest(ByteView(bytes).first(n)));
}

}  // namespace
}  // namespace lianxi::evidence
