#include "schemas/evidence/key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "schemas/base/disk.h"
#include "tests/unit/evidence/sample_log.h"

namespace lianxi::evidence {
namespace {

class KeyFileTest : public testing::Test {
 protected:
  KeyFileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "lianxi-keys-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    log_.grow_to(1);
  }
  ~KeyFileTest() override { std::filesystem::remove_all(directory_); }
  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  static std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  }

  sample::SeededEntropy entropy_{3};
  sample::SampleLog log_;
  std::string directory_;
};

TEST_F(KeyFileTest, KeysComeBackAsTheyWereWritten) {
  const auto keys = generate_agency_keys(AgencyId("430922-LAND"), {"LANDSQ", "LANDMINE"}, entropy_);
  ASSERT_TRUE(write_secret_file(path("land.key"), to_json(keys)));
  const auto read = read_agency_keys(path("land.key"));
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(to_json(*read), to_json(keys));
  EXPECT_EQ(read->seats.size(), 3u);
  const auto hub = generate_hub_keys(AgencyId("430922-HUB"), true, entropy_);
  EXPECT_EQ(to_json(*parse_hub_keys(to_json(hub))), to_json(hub));
  const auto person = generate_operator_key("张三", entropy_);
  EXPECT_EQ(to_json(*parse_operator_key(to_json(person))), to_json(person));
}

TEST_F(KeyFileTest, CardsComeBackAsTheyWereWritten) {
  const auto card = card_of(log_.agency(0), "自然资源局", "Natural Resources", "430922-OFFICE");
  EXPECT_EQ(*parse_agency_card(to_json(card)), card);
  const auto hub = log_.card();
  ASSERT_TRUE(write_card_file(path("hub.json"), to_json(hub)));
  EXPECT_EQ(*read_hub_card(path("hub.json")), hub);
}

TEST_F(KeyFileTest, ASecretFileIsPrivateAndNeverReplaced) {
  const auto text = to_json(log_.hub());
  ASSERT_TRUE(write_secret_file(path("hub.key"), text));
  struct stat status {};
  ASSERT_EQ(stat(path("hub.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(write_secret_file(path("hub.key"), text).error().code, Code::already_exists);
}

TEST_F(KeyFileTest, ASecretFileThatOthersMayReadIsRefused) {
  ASSERT_TRUE(write_secret_file(path("hub.key"), to_json(log_.hub())));
  EXPECT_TRUE(read_hub_keys(path("hub.key")));
  ASSERT_EQ(chmod(path("hub.key").c_str(), 0640), 0);
  EXPECT_EQ(read_hub_keys(path("hub.key")).error().code, Code::invalid_config);
  EXPECT_EQ(read_hub_keys(path("missing.key")).error().code, Code::not_found);
}

TEST_F(KeyFileTest, AFileSaysWhichFieldIsWrong) {
  const auto good = to_json(log_.card());
  EXPECT_EQ(parse_hub_card(replaced(good, "\"leaf0\"", "\"leaf\"")).error().detail, "hub card: leaf0 is missing or wrong");
  EXPECT_EQ(parse_hub_card("not JSON").error().code, Code::invalid_config);
  EXPECT_EQ(parse_hub_card("[]").error().code, Code::invalid_config);
  EXPECT_EQ(parse_hub_card(std::string(kKeyFileBytesMax + 1, ' ')).error().code, Code::invalid_config);
  EXPECT_EQ(parse_agency_card(good).error().detail, "agency card: format is missing or wrong");
}

TEST_F(KeyFileTest, ACardWhosePartsDisagreeIsRefused) {
  const auto good = to_json(log_.card());
  EXPECT_EQ(parse_hub_card(replaced(good, "/g1\"", "/g2\"")).error().detail, "hub card: origin is missing or wrong");
  EXPECT_EQ(parse_hub_card(replaced(good, "\"threshold\": 1", "\"threshold\": 2")).error().detail,
            "hub card: threshold is missing or wrong");
  const auto other = hex(suite1().signing_public(SecretKey{5}));
  EXPECT_EQ(parse_hub_card(replaced(good, hex(log_.card().checkpoint_key), other)).error().detail,
            "hub card: vkey is missing or wrong");
  const auto keys = to_json(log_.agency(0));
  EXPECT_FALSE(parse_agency_keys(replaced(keys, hex(log_.agency(0).transport_public), other)));
}

TEST_F(KeyFileTest, ACurveSecretGivesThePublicKeyThatZeroMqGives) {
  // The key pairs of ZeroMQ's manual page of ZMQ_CURVE, as bytes: server, then client.
  const auto open = [](const char* secret) { return hex(curve_public(*array_from<32>(*from_hex(secret)))); };
  EXPECT_EQ(open("8e0bdd697628b91d8f245587ee95c5b04d48963f79259877b49cd9063aead3b7"),
            "54fcba24e93249969316fb617c872bb0c1d1ff14800427c594cbfacf1bc2d652");
  EXPECT_EQ(open("7bb864b489afa3671fbe69101f94b38972f24816dfb01b51656b3fec8dfd0888"),
            "bb88471d65e2659b30c55a5321cebb5aab2b70a398645c26dca2b2fcb43fc518");
}

TEST_F(KeyFileTest, FingerprintsAreEightGroupsOfFiveDigits) {
  const auto print = fingerprint(log_.card());
  ASSERT_EQ(print.size(), 47u);
  for (std::size_t i = 0; i < print.size(); ++i) EXPECT_EQ(print[i] == ' ', i % 6 == 5) << print;
}

TEST_F(KeyFileTest, AFingerprintChangesWithEveryKeyAndNotWithTheEndpoints) {
  const auto card = log_.card();
  auto changed = card;
  changed.endpoints.submit = "tcp://10.1.1.1:7710";
  EXPECT_EQ(fingerprint(changed), fingerprint(card));
  const auto differs = [&](auto&& change) {
    auto other = card;
    change(other);
    return fingerprint(other) != fingerprint(card);
  };
  EXPECT_TRUE(differs([](HubCard& c) { c.log_id[31] ^= 1; }));
  EXPECT_TRUE(differs([](HubCard& c) { c.leaf0[31] ^= 1; }));
  EXPECT_TRUE(differs([](HubCard& c) { c.operators[0][31] ^= 1; }));
  EXPECT_TRUE(differs([](HubCard& c) { c.threshold = 2; }));
  EXPECT_TRUE(differs([](HubCard& c) { c.checkpoint_key[31] ^= 1; }));
  EXPECT_TRUE(differs([](HubCard& c) { c.curve_key[31] ^= 1; }));
  EXPECT_TRUE(differs([](HubCard& c) { c.generation = 2; }));
}

}  // namespace
}  // namespace lianxi::evidence
