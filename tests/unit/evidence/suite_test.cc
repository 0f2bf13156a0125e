#include "schemas/evidence/suite.h"

#include <gtest/gtest.h>

#include "tests/unit/evidence/sample_log.h"

namespace lianxi::evidence {
namespace {

Bytes unhex(std::string_view text) { return *from_hex(text); }
template <std::size_t N = 32>
std::array<std::uint8_t, N> key(std::string_view text) {
  return *array_from<N>(unhex(text));
}

struct SignatureVector {
  const char *seed, *open, *message, *signature;
};
constexpr SignatureVector kRfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7"
     "a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612b"
     "b0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1"
     "ec40a"},
};

TEST(SuiteTest, SignsAndVerifiesTheVectorsOfRfc8032) {
  for (const auto& vector : kRfc8032) {
    const auto seed = key(vector.seed);
    const auto message = unhex(vector.message);
    const auto signature = key<64>(vector.signature);
    EXPECT_EQ(suite1().signing_public(seed), key(vector.open));
    EXPECT_EQ(suite1().sign(seed, message), signature);
    EXPECT_TRUE(suite1().verify(key(vector.open), message, signature));
  }
}

TEST(SuiteTest, RefusesASignatureWithAnySingleBitChanged) {
  const auto open = key(kRfc8032[2].open);
  const auto message = unhex(kRfc8032[2].message);
  for (std::size_t bit = 0; bit < 512; ++bit) {
    auto signature = key<64>(kRfc8032[2].signature);
    signature[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(suite1().verify(open, message, signature)) << "bit " << bit;
  }
}

TEST(SuiteTest, RefusesASignatureWhoseScalarIsNotReduced) {
  // S + L instead of S: the same group element, another encoding.
  const auto order = unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  auto signature = key<64>(kRfc8032[1].signature);
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    const unsigned sum = signature[32 + i] + order[i] + carry;
    signature[32 + i] = static_cast<std::uint8_t>(sum);
    carry = sum >> 8;
  }
  EXPECT_FALSE(suite1().verify(key(kRfc8032[1].open), unhex("72"), signature));
}

TEST(SuiteTest, AgreesAsTheVectorsOfRfc7748) {
  EXPECT_EQ(hex(*suite1().agree(key("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
                                key("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"))),
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  const auto bob = key("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  EXPECT_EQ(hex(suite1().sealing_public(bob)), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  EXPECT_EQ(hex(*suite1().agree(bob, key("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"))),
            "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
}

TEST(SuiteTest, RefusesAnAllZeroSharedSecret) {
  const auto secret = key("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  EXPECT_FALSE(suite1().agree(secret, PublicKey{}));
  EXPECT_FALSE(suite1().agree(secret, PublicKey{1}));
  // A point of order 8 (RFC 7748, section 6.1 asks for the check).
  EXPECT_FALSE(suite1().agree(secret, key("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")));
}

TEST(SuiteTest, HashesTheVectorsOfFips180) {
  EXPECT_EQ(hex(sha256(ByteView{})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256(view("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256({view("a"), ByteView{}, view("bc")}), sha256(view("abc")));
}

TEST(SuiteTest, DerivesTheVectorsOfRfc5869) {
  // The first 32 of each vector's output bytes: what one block gives.
  const Bytes secret(22, 0x0b);
  EXPECT_EQ(hex(hkdf_sha256(secret, unhex("000102030405060708090a0b0c"), unhex("f0f1f2f3f4f5f6f7f8f9"))),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
  EXPECT_EQ(hex(hkdf_sha256(secret, {}, {})), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

TEST(SuiteTest, KeyIdsDependOnUseAndSuite) {
  const PublicKey open{5};
  EXPECT_NE(key_id(1, KeyUse::signing, open), key_id(1, KeyUse::sealing, open));
  EXPECT_NE(key_id(1, KeyUse::signing, open), key_id(2, KeyUse::signing, open));
  Bytes named;
  Writer out(named);
  out.bytes(std::string_view("lianxi/key/v1\0\x01\x02", 16));
  out.bytes(open);
  EXPECT_TRUE(equal(key_id(1, KeyUse::signing, open), ByteView(sha256(named)).first(8)));
}

}  // namespace
}  // namespace lianxi::evidence
