// Commands that need no agent: help, usage, keys, configuration, verification.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "tests/integration/cli/cli_run.h"
#include "tests/unit/evidence/sample_log.h"

namespace lianxi::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class OfflineTest : public CliTest {};

TEST_F(OfflineTest, HelpHasTwoExamplesInTheReadersLanguage) {
  const std::vector<std::vector<std::string>> commands = {{},
                                                          {"send"},
                                                          {"inbox"},
                                                          {"mark"},
                                                          {"get"},
                                                          {"receipt"},
                                                          {"evidence"},
                                                          {"attachment"},
                                                          {"verify"},
                                                          {"key"},
                                                          {"key", "new"},
                                                          {"key", "show"},
                                                          {"agent"},
                                                          {"agent", "run"},
                                                          {"agent", "status"},
                                                          {"config"},
                                                          {"config", "check"},
                                                          {"config", "show"}};
  for (auto command : commands) {
    command.push_back("--help");
    const auto zh = run(command);
    EXPECT_EQ(zh.exit, 0) << zh.err;
    EXPECT_THAT(zh.out, HasSubstr("示例：\n  # "));
    EXPECT_THAT(zh.out, HasSubstr("用法"));
    const auto en = run(command, "", "en_US.UTF-8");
    const auto examples = en.out.find("Examples:\n  # ");
    ASSERT_NE(examples, std::string::npos) << en.out;
    EXPECT_NE(en.out.find("\n  # ", examples + 14), std::string::npos) << en.out;
    EXPECT_THAT(en.out, HasSubstr("Usage"));
  }
}

TEST_F(OfflineTest, AnUnknownCommandOrOptionIsUsageWithTheNearestName) {
  const auto command = run({"sned", "x.json"});
  EXPECT_EQ(command.exit, 2);
  EXPECT_THAT(command.err, HasSubstr("是不是“send”？"));
  const auto option = run({"--lang", "en", "send", "x.json", "--wiat", "logged"});
  EXPECT_EQ(option.exit, 2);
  EXPECT_THAT(option.err, HasSubstr("did you mean \"--wait\"?"));
  EXPECT_THAT(option.err, HasSubstr("lianxi send --help"));
  const auto missing = run({"verify", "x"});
  EXPECT_EQ(missing.exit, 2);
  EXPECT_THAT(missing.err, HasSubstr("缺少必填项"));
  EXPECT_EQ(run({}).exit, 2);
  EXPECT_EQ(run({"key"}).exit, 2);
  EXPECT_EQ(run({"send", "x.json", "--wait", "forever"}).exit, 2);
  EXPECT_EQ(run({"inbox", "--timeout", "soon"}).exit, 2);
}

TEST_F(OfflineTest, TheVersionIsPrintedForPeopleAndPrograms) {
  EXPECT_THAT(run({"--version"}).out, testing::StartsWith("lianxi "));
  EXPECT_TRUE(json::parse(run({"--version", "--json"}).out).contains("version"));
}

TEST_F(OfflineTest, ANewKeyIsPrivateAndNeverReplacesOne) {
  const auto made = run(
      {"key", "new", "--agency", "430922-POLICE", "--seat", "LANDSQ", "--name-zh", "县公安局", "--out", path("keys"), "--json"});
  ASSERT_EQ(made.exit, 0) << made.err;
  const auto fingerprint = json::parse(made.out)["fingerprint"].get<std::string>();
  struct stat status {};
  ASSERT_EQ(::stat(path("keys/agency.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const auto shown = json::parse(run({"key", "show", path("keys/agency.card"), "--json"}).out);
  EXPECT_EQ(shown["fingerprint"], fingerprint);
  EXPECT_EQ(shown["seats"], json::parse(R"(["","LANDSQ"])"));
  EXPECT_THAT(run({"key", "show", path("keys/agency.card")}).out, HasSubstr("县公安局"));
  const auto before = get("keys/agency.key");
  EXPECT_EQ(run({"key", "new", "--agency", "430922-POLICE", "--out", path("keys")}).exit, 1);
  EXPECT_EQ(get("keys/agency.key"), before);
  EXPECT_EQ(run({"key", "new", "--agency", "police", "--out", path("k2")}).exit, 2);
  EXPECT_EQ(run({"key", "show", path("nothing")}).exit, 5);
}

TEST_F(OfflineTest, ConfigCheckNamesLineColumnAndTheNearestKey) {
  put("agent.toml", "[agent]\ndata_dir = \"data\"\nclok = \"system\"\n[hub]\ncard = \"HUB.pub\"\n[[agency]]\nkey = \"a.key\"\n");
  const auto bad = run({"config", "check", path("agent.toml")});
  EXPECT_EQ(bad.exit, 3);
  EXPECT_THAT(bad.err, HasSubstr("agent.toml:3:1 错误 CONFIG_UNKNOWN_KEY 未知的键 \"clok\"；是不是 \"clock\"？"));
  const auto faults = json::parse(run({"config", "check", path("agent.toml"), "--json"}).out);
  EXPECT_EQ(faults["faults"][0]["line"], 3);
  put("agent.toml", "[agent]\ndata_dir = \"data\"\n[hub]\ncard = \"HUB.pub\"\n[[agency]]\nkey = \"a.key\"\n");
  EXPECT_EQ(run({"config", "check", path("agent.toml")}).exit, 0);
  EXPECT_THAT(run({"config", "show", path("agent.toml")}).out, HasSubstr("http.listen = \"127.0.0.1:7790\"   # 默认"));
  put("agent.toml", "[hub]\ncard = \"HUB.pub\"\n");
  EXPECT_EQ(run({"config", "check", path("agent.toml")}).exit, 3);
  EXPECT_EQ(run({"config", "check", path("missing.toml")}).exit, 3);
  EXPECT_EQ(run({"agent", "run", "--config", path("missing.toml")}).exit, 3);
}

TEST_F(OfflineTest, AReceiptVerifiesOfflineAndAChangedOneDoesNot) {
  evidence::sample::SampleLog log;
  log.grow_to(9);
  const auto file = evidence::receipt_file(log.receipt(4, 9));
  put("a.receipt", file);
  put("HUB.pub", to_json(log.card()));
  ASSERT_TRUE(make_directory(path("cards")));
  put("cards/land.card", to_json(log.agency_card(0)));
  put("cards/police.card", to_json(log.agency_card(1)));
  const std::vector<std::string> command = {"verify", path("a.receipt"), "--hub", path("HUB.pub"), "--cards", path("cards")};
  const auto good = run(command);
  EXPECT_EQ(good.exit, 0) << good.out << good.err;
  EXPECT_THAT(good.out, HasSubstr("✓ "));
  EXPECT_THAT(good.out, testing::Not(HasSubstr("✗ ")));
  auto as_json = command;
  as_json.push_back("--json");
  EXPECT_EQ(json::parse(run(as_json).out)["ok"], true);

  auto changed = file;
  const auto at = changed.find("extra ") + 30;
  changed[at] = changed[at] == 'A' ? 'B' : 'A';
  put("a.receipt", changed);
  const auto bad = run(command, "", "en_US.UTF-8");
  EXPECT_EQ(bad.exit, 7);
  EXPECT_THAT(bad.out, HasSubstr("✗ "));
  put("a.receipt", "not a receipt");
  EXPECT_EQ(run(command).exit, 7);
  EXPECT_EQ(run({"verify", path("none"), "--hub", path("HUB.pub"), "--cards", path("cards")}).exit, 5);
}

TEST_F(OfflineTest, AReceiptOfAnotherHubOrWithoutItsAgencysCardDoesNotVerify) {
  evidence::sample::SampleLog log(1), other(2);
  log.grow_to(3);
  other.grow_to(3);
  put("a.receipt", evidence::receipt_file(log.receipt(1, 3)));
  put("HUB.pub", to_json(log.card()));
  put("OTHER.pub", to_json(other.card()));
  put("land.card", to_json(log.agency_card(0)));
  put("police.card", to_json(log.agency_card(1)));
  EXPECT_EQ(run({"verify", path("a.receipt"), "--hub", path("HUB.pub"), "--cards", path("police.card")}).exit, 0);
  EXPECT_EQ(run({"verify", path("a.receipt"), "--hub", path("OTHER.pub"), "--cards", path("police.card")}).exit, 7);
  EXPECT_EQ(run({"verify", path("a.receipt"), "--hub", path("HUB.pub"), "--cards", path("land.card")}).exit, 7);
}

}  // namespace
}  // namespace lianxi::cli
