// Commands against a running HTTP interface whose agent is in memory.
#include <gmock/gmock.h>

#include "agents/http/service.h"
#include "tests/integration/cli/cli_run.h"
#include "tests/unit/agent_http/fake_agent.h"

namespace lianxi::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const AgencyId kLand("430922-LAND");
const std::string kDocument = R"({"type":"CriminalReferral","to":["430922-POLICE"],"body":{"a":1}})";

class CommandsTest : public CliTest {
 protected:
  CommandsTest() : port_({kLand}) {
    auto started =
        agent::HttpService::start({.hosts = {}, .directories = {{kLand, directory_}}, .version = "1", .fallback = {}}, port_);
    check(started.has_value(), "the test's server starts");
    service_ = *std::move(started);
    put("m.json", kDocument);
  }
  Ran at(std::vector<std::string> arguments, const std::string& input = {}) {
    arguments.insert(arguments.end(), {"--at", directory_});
    return run(std::move(arguments), input);
  }
  agent::FakeAgent& land() { return port_.agents.at(kLand); }

  agent::FakePort port_;  // Runs on the server's thread; the test looks only between commands.
  std::unique_ptr<agent::HttpService> service_;
};

TEST_F(CommandsTest, SendPrintsTheIdAndTalksOnStderrOnly) {
  const auto sent = at({"send", path("m.json")});
  EXPECT_EQ(sent.exit, 0) << sent.err;
  EXPECT_EQ(sent.out, "430922-LAND.1.1\n");
  EXPECT_THAT(sent.err, HasSubstr("等待发往中心"));
  EXPECT_EQ(at({"-q", "send", "-"}, kDocument).err, "");
  EXPECT_EQ(json::parse(at({"send", path("m.json"), "--json"}).out)["status"], "queued");
  EXPECT_EQ(land().submitted.size(), 3u);
}

TEST_F(CommandsTest, TheSameKeySendsOnceAndAnotherBodyUnderItIsRefused) {
  EXPECT_EQ(at({"send", path("m.json"), "--key", "k"}).out, at({"send", path("m.json"), "--key", "k"}).out);
  EXPECT_EQ(land().submitted.size(), 1u);
  EXPECT_EQ(at({"send", "-", "--key", "k"}, R"({"type":"CriminalReferral","to":["430922-POLICE"],"body":{"a":2}})").exit, 4);
}

TEST_F(CommandsTest, ARefusalListsItsFaultsWithExitCode4) {
  const auto refused = at({"send", "-"}, R"({"tipe":"X"})");
  EXPECT_EQ(refused.exit, 4);
  EXPECT_THAT(refused.err, HasSubstr("/tipe FIELD_UNKNOWN"));
  EXPECT_EQ(refused.out, "");
}

TEST_F(CommandsTest, AnUnknownOutcomeIsExitCode6AndNamesTheKeyToSendAgainWith) {
  land().fail_on_submit = true;
  const auto unknown = at({"send", path("m.json"), "--key", "again-1"});
  EXPECT_EQ(unknown.exit, 6);
  EXPECT_THAT(unknown.err, HasSubstr("--key again-1"));
}

TEST_F(CommandsTest, WithoutAnAgentTheExitCodeIs8) {
  service_.reset();
  const auto gone = at({"inbox"});
  EXPECT_EQ(gone.exit, 8);
  EXPECT_THAT(gone.err, HasSubstr("连不上代理程序"));
  EXPECT_EQ(run({"inbox", "--url", "http://127.0.0.1:1"}).exit, 8);
  EXPECT_EQ(run({"inbox"}).exit, 2);
}

TEST_F(CommandsTest, AWrongTokenIsRefused) {
  put("wrong.token", std::string(64, 'f'));
  EXPECT_EQ(run({"inbox", "--url", service_->url(kLand), "--token-file", path("wrong.token")}).exit, 4);
}

TEST_F(CommandsTest, TheInboxIsListedAndMarked) {
  land().receive({5, 0});
  EXPECT_THAT(at({"inbox"}).out, HasSubstr("5.0  430922-LAND.1.5  CriminalReferral  new  2025-03-04T16:30:00.000+08:00"));
  EXPECT_EQ(json::parse(at({"inbox", "--json", "--limit", "1"}).out)["next"], "5.0");
  EXPECT_EQ(at({"mark", "5.0", "fail", "--reason", "系统停用"}).exit, 0);
  EXPECT_EQ(land().marks.at(Position{5, 0}.packed()).second, "系统停用");
  EXPECT_EQ(at({"mark", "6.0", "done"}).exit, 5);
}

TEST_F(CommandsTest, MessageReceiptAndEvidenceAreFetched) {
  at({"send", path("m.json")});
  EXPECT_EQ(at({"receipt", "430922-LAND.1.1"}).exit, 5);
  land().reach(1, agent::Stage::logged);
  EXPECT_EQ(json::parse(at({"get", "430922-LAND.1.1"}).out)["position"], "101.0");
  EXPECT_EQ(at({"receipt", "430922-LAND.1.1", "--out", path("r")}).exit, 0);
  EXPECT_THAT(get("r"), testing::StartsWith("c2sp.org/tlog-proof@v1\n"));
  EXPECT_THAT(at({"evidence", "430922-LAND.1.1"}).out, HasSubstr("101.0"));
  EXPECT_EQ(at({"get", "430922-LAND.1.9"}).exit, 5);
}

TEST_F(CommandsTest, AnAttachmentAboveOnePartGoesUpAndComesBackWhole) {
  std::string big(agent::kRangeBytesMax + 1234, 'x');
  for (std::size_t i = 0; i < big.size(); i += 997) big[i] = static_cast<char>('a' + i % 26);
  put("证据.bin", big);
  const auto sent = at({"send", path("m.json"), "--attach", "DOC_REFERRAL_LETTER,C3," + path("证据.bin")});
  EXPECT_EQ(sent.exit, 0) << sent.err;
  EXPECT_EQ(land().upload_name, "证据.bin");
  EXPECT_TRUE(land().uploaded == big);
  ASSERT_EQ(land().submitted.size(), 1u);
  EXPECT_EQ(land().submitted[0].attachments.at(0).group, codec::Group::c3);
  land().receive({5, 0});
  land().attachment_bytes = big;
  EXPECT_EQ(at({"attachment", "5.0", "0", "--out", path("back")}).exit, 0);
  EXPECT_TRUE(get("back") == big);
}

TEST_F(CommandsTest, StatusSaysWhetherTheHubIsReached) {
  EXPECT_EQ(at({"agent", "status"}).exit, 8);
  land().state.submit_ready = land().state.deliver_ready = land().state.registry_known = true;
  const auto ready = at({"agent", "status"});
  EXPECT_EQ(ready.exit, 0);
  EXPECT_THAT(ready.out, HasSubstr("✓ 可发送"));
}

}  // namespace
}  // namespace lianxi::cli
