#include "schemas/evidence/entry.h"

#include <gtest/gtest.h>

#include "tests/unit/evidence/sample_log.h"

namespace lianxi::evidence {
namespace {

EntryHeader sample_header() {
  EntryHeader header;
  header.log_id.fill(0xaa);
  header.agency = AgencyId("430922-LAND");
  header.host = "430922-OFFICE";
  header.key_id.fill(0xbb);
  header.epoch = Epoch(2);
  header.first = Number(42);
  header.count = 3;
  header.batch_root.fill(0xcc);
  return header;
}

HubPart sample_part() {
  return {3, 4711, 1'741'000'000'123, 9, Original{2, 4700, 1'740'000'000'000}, {{0, Code::classified}, {2, Code::copy_missing}}};
}

TEST(EntryTest, TheEntryHeadersBytesAreThoseOfTheDocument) {
  EXPECT_EQ(hex(encode(sample_header())),
            "6c69616e78692f656e7472792f763100"  // L("lianxi/entry/v1")
            "01" +
                hex(Bytes(32, 0xaa)) +  // suite, log id
                "0b3433303932322d4c414e44"
                "0d3433303932322d4f4646494345" +  // agency, host
                hex(Bytes(8, 0xbb)) +
                "00000002"
                "000000000000002a"
                "0003" +
                hex(Bytes(32, 0xcc)));
}

TEST(EntryTest, TheHubPartsBytesAreThoseOfTheDocument) {
  EXPECT_EQ(hex(encode(sample_part())),
            "00000003"
            "0000000000001267"
            "000001955bafc27b"
            "0000000000000009"
            "01"
            "00000002"
            "000000000000125c"
            "000001952014f800"
            "0002"
            "00000139"
            "00020130");
}

TEST(EntryTest, WhatIsParsedIsWhatWasEncoded) {
  const auto bytes = encode(sample_header());
  EXPECT_EQ(encode(*parse_entry_header(bytes)), bytes);
  const auto part = encode(sample_part());
  EXPECT_EQ(encode(*parse_hub_part(part)), part);
  EXPECT_EQ(parse_hub_part(part)->refused, sample_part().refused);
  EXPECT_EQ(parse_hub_part(part)->original->entry, 4700u);
}

TEST(EntryTest, CutOrLengthenedBytesAreRefused) {
  auto header = encode(sample_header());
  auto part = encode(sample_part());
  for (std::size_t n = 0; n < header.size(); ++n) EXPECT_FALSE(parse_entry_header(ByteView(header).first(n))) << n;
  for (std::size_t n = 0; n < part.size(); ++n) EXPECT_FALSE(parse_hub_part(ByteView(part).first(n))) << n;
  header.push_back(0);
  part.push_back(0);
  EXPECT_FALSE(parse_entry_header(header));
  EXPECT_FALSE(parse_hub_part(part));
}

TEST(EntryTest, ValuesThatNoAgentOrHubWritesAreRefused) {
  const auto refuses = [](auto&& change) {
    auto header = sample_header();
    change(header);
    return !parse_entry_header(encode(header));
  };
  EXPECT_TRUE(refuses([](EntryHeader& h) { h.agency = AgencyId(""); }));
  EXPECT_TRUE(refuses([](EntryHeader& h) { h.agency = AgencyId("430922 LAND"); }));
  EXPECT_TRUE(refuses([](EntryHeader& h) { h.agency = AgencyId(std::string(65, 'A')); }));
  EXPECT_TRUE(refuses([](EntryHeader& h) { h.count = 0; }));
  EXPECT_TRUE(refuses([](EntryHeader& h) { h.count = 1025; }));
  EXPECT_TRUE(refuses([](EntryHeader& h) { h.epoch = Epoch(0); }));
  EXPECT_TRUE(refuses([](EntryHeader& h) { h.first = Number(0); }));
  EXPECT_TRUE(refuses([](EntryHeader& h) { h.first = Number(UINT64_MAX); }));
  EXPECT_FALSE(refuses([](EntryHeader& h) { h.count = 1024; }));
  auto part = sample_part();
  part.refused = {{2, Code::classified}, {2, Code::classified}};
  EXPECT_FALSE(parse_hub_part(encode(part)));
  part = sample_part();
  part.entry = std::uint64_t{1} << 48;
  EXPECT_FALSE(parse_hub_part(encode(part)));
}

TEST(EntryTest, LeafHashIsThatOfTheLeafData) {
  const auto header = encode(sample_header());
  const auto part = encode(sample_part());
  const Signature signature{9};
  const std::uint8_t zero = 0;
  EXPECT_EQ(leaf_hash(header, signature, part), sha256({ByteView(&zero, 1), leaf_data(header, signature, part)}));
  EXPECT_EQ(leaf_data(header, signature, part).size(), 2 + header.size() + 64 + part.size());
}

TEST(EntryTest, MessageHashCoversLabelAndHeader) {
  Bytes bytes;
  Writer out(bytes);
  out.u8(0);
  out.label("lianxi/message/v1");
  out.bytes(std::string_view("header"));
  EXPECT_EQ(message_hash(view("header")), sha256(bytes));
}

TEST(EntryTest, OriginsTellLogGenerationAndDemo) {
  Hash log{};
  log.fill(0xab);
  EXPECT_EQ(origin_line(log, 1, false), "lianxi/abababababababab/g1");
  EXPECT_EQ(origin_line(log, 12, true), "lianxi-demo/abababababababab/g12");
  const auto origin = parse_origin("lianxi-demo/abababababababab/g12");
  ASSERT_TRUE(origin);
  EXPECT_TRUE(origin->demo);
  EXPECT_EQ(origin->generation, 12u);
  for (const auto* bad :
       {"", "lianxi/abababababababab/g01", "lianxi/ABABABABABABABAB/g1", "lianxi/abababababababab/g", "other/abababababababab/g1",
        "lianxi/abababababababab/g1 ", "lianxi/ababababababab/g1", "lianxi/abababababababab/g4294967296"}) {
    EXPECT_FALSE(parse_origin(bad)) << bad;
  }
}

class CheckpointTest : public testing::Test {
 protected:
  SecretKey secret_{1, 2, 3};
  PublicKey key_ = suite1().signing_public(secret_);
  Checkpoint checkpoint_{"lianxi/abababababababab/g1", 7, Hash{5}};
  std::string note_ = sign_checkpoint(suite1(), secret_, checkpoint_);
};

TEST_F(CheckpointTest, TheNoteHasTheLinesOfC2sp) {
  EXPECT_EQ(note_.substr(0, note_.find("\n\n")), "lianxi/abababababababab/g1\n7\nBQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
  EXPECT_EQ(note_.find("\n\n\xe2\x80\x94 lianxi/abababababababab/g1 "), note_.find("\n\n"));
  EXPECT_EQ(note_.back(), '\n');
  EXPECT_EQ(sign_checkpoint(suite1(), secret_, checkpoint_), note_) << "signing a size again gives the same bytes";
}

TEST_F(CheckpointTest, OpensUnderItsKeyOnly) {
  const auto opened = open_checkpoint(suite1(), key_, note_);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->origin, checkpoint_.origin);
  EXPECT_EQ(opened->size, 7u);
  EXPECT_EQ(opened->root, checkpoint_.root);
  EXPECT_EQ(open_checkpoint(suite1(), suite1().signing_public(SecretKey{4}), note_).error().code, Code::verification_failed);
}

TEST_F(CheckpointTest, EverySingleBitChangeIsRefused) {
  for (std::size_t bit = 0; bit < note_.size() * 8; ++bit) {
    auto bad = note_;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
    ASSERT_FALSE(open_checkpoint(suite1(), key_, bad)) << "bit " << bit;
  }
}

TEST_F(CheckpointTest, UnknownSignaturesAreIgnoredUpToTheLimit) {
  auto note = note_;
  const std::string witness = "\xe2\x80\x94 agency.example/witness " + base64(Bytes(76, 1)) + "\n";
  for (std::size_t i = 1; i < kNoteSignaturesMax; ++i) note += witness;
  EXPECT_TRUE(open_checkpoint(suite1(), key_, note));
  EXPECT_FALSE(open_checkpoint(suite1(), key_, note + witness));
}

TEST_F(CheckpointTest, AFalseSignatureUnderTheKnownKeySpoilsTheNote) {
  const auto at = note_.rfind(' ') + 1;
  auto bytes = *from_base64(std::string_view(note_).substr(at, note_.size() - at - 1));
  bytes.back() ^= 1;
  EXPECT_FALSE(open_checkpoint(suite1(), key_, note_ + "\xe2\x80\x94 " + checkpoint_.origin + " " + base64(bytes) + "\n"));
}

TEST_F(CheckpointTest, WhatIsNotACheckpointIsRefused) {
  const std::string root = "BQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  const std::string signature = "\n\xe2\x80\x94 o AAAAAAA=\n";
  EXPECT_TRUE(read_checkpoint_unverified("o\n7\n" + root + "\n" + signature));
  for (const std::string& text :
       {"o\n07\n" + root + "\n", "o\n-7\n" + root + "\n", "o\n\n" + root + "\n", "o\n7\n" + root + "\nextension\n",
        std::string("o\n7\nBQ==\n"), "o o\n7\n" + root + "\n", "\n7\n" + root + "\n", "o\n9223372036854775808\n" + root + "\n"}) {
    EXPECT_FALSE(read_checkpoint_unverified(text + signature)) << text;
  }
  EXPECT_FALSE(read_checkpoint_unverified(""));
  EXPECT_FALSE(read_checkpoint_unverified("o\n7\n" + root + "\n\n"));
  EXPECT_FALSE(read_checkpoint_unverified("o\n7\n" + root + "\n" + signature + "trailing"));
  EXPECT_FALSE(read_checkpoint_unverified("o\n7\n" + root + "\n\n\xe2\x80\x94 \xff AAAAAAA=\n"));
}

TEST(DeliveredTest, TheChainDependsOnOrderPositionAndHash) {
  const Hash a = extend_delivered(kZeroHash, {4711, 3}, Hash{1});
  EXPECT_NE(a, extend_delivered(kZeroHash, {4711, 4}, Hash{1}));
  EXPECT_NE(a, extend_delivered(kZeroHash, {4711, 3}, Hash{2}));
  Bytes bytes;
  Writer out(bytes);
  out.label("lianxi/delivered/v1");
  out.bytes(kZeroHash);
  out.u64(4711ull << 16 | 3);
  out.bytes(Hash{1});
  EXPECT_EQ(a, sha256(bytes));
}

TEST(OperatorTest, TheStatementBindsLogSerialTypeAndContent) {
  const auto statement = operator_statement(Hash{1}, 5, 108, view("content"));
  EXPECT_EQ(statement.size(), 19u + 32 + 8 + 2 + 32);
  EXPECT_NE(statement, operator_statement(Hash{2}, 5, 108, view("content")));
  EXPECT_NE(statement, operator_statement(Hash{1}, 6, 108, view("content")));
  EXPECT_NE(statement, operator_statement(Hash{1}, 5, 112, view("content")));
  EXPECT_NE(statement, operator_statement(Hash{1}, 5, 108, view("contents")));
}

}  // namespace
}  // namespace lianxi::evidence
