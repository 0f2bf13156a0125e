#include "agents/http/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/agent_http/fake_agent.h"

namespace lianxi::agent {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const AgencyId kLand("430922-LAND");
const AgencyId kPolice("430922-POLICE");
const std::string kDocument =
    R"({"type":"CriminalReferral","to":["430922-POLICE/LANDSQ"],"ids":{"referral":"R-1"},"body":{"a":1}})";

class ApiTest : public testing::Test {
 protected:
  ApiTest()
      : port_({kLand, kPolice}),
        api_(port_, {.tokens = {{kLand, "land-token"}, {kPolice, "police-token"}}, .version = "1.2", .fallback = {}}) {}

  // The answer, or nothing if it has not come yet.
  std::shared_ptr<std::optional<HttpResponse>> start(std::string method, std::string path, std::string body = {},
                                                     std::map<std::string, std::string> headers = {}) {
    HttpRequest request{
        .method = std::move(method), .path = {}, .query = {}, .headers = std::move(headers), .body = std::move(body)};
    const auto question = path.find('?');
    request.path = path.substr(0, question);
    for (auto rest = question == std::string::npos ? "" : path.substr(question + 1); !rest.empty();) {
      const auto pair = rest.substr(0, rest.find('&'));
      rest.erase(0, std::min(rest.size(), pair.size() + 1));
      request.query[pair.substr(0, pair.find('='))] = pair.substr(pair.find('=') + 1);
    }
    request.headers.emplace("authorization", "Bearer " + token_);
    auto answer = std::make_shared<std::optional<HttpResponse>>();
    api_.handle(std::move(request), [answer](HttpResponse response) { *answer = std::move(response); });
    return answer;
  }
  HttpResponse ask(std::string method, std::string path, std::string body = {}, std::map<std::string, std::string> headers = {}) {
    const auto answer = start(std::move(method), std::move(path), std::move(body), std::move(headers));
    EXPECT_TRUE(answer->has_value()) << "no answer yet";
    return answer->value_or(HttpResponse{.status = 0});
  }
  static std::string header(const HttpResponse& response, const std::string& name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return {};
  }
  FakeAgent& land() { return port_.agents.at(kLand); }

  FakePort port_;
  Api api_;
  std::string token_ = "land-token";
};

TEST_F(ApiTest, AMessageWithoutWaitIsAnswered202AsQueued) {
  const auto answer = ask("POST", "/api/v1/messages", kDocument);
  EXPECT_EQ(answer.status, 202);
  const auto body = json::parse(answer.body);
  EXPECT_EQ(body["id"], "430922-LAND.1.1");
  EXPECT_EQ(body["status"], "queued");
  ASSERT_EQ(land().submitted.size(), 1u);
  EXPECT_EQ(land().submitted[0].to[0].agency, kPolice);
  EXPECT_EQ(land().submitted[0].to[0].seat, "LANDSQ");
}

TEST_F(ApiTest, WaitLoggedAnswers201WithTheReceiptOnceTheHubHasIt) {
  const auto answer = start("POST", "/api/v1/messages?wait=logged&timeout=30", kDocument);
  EXPECT_FALSE(answer->has_value());
  EXPECT_EQ(land().last_deadline, 5000 + 30'000);
  land().reach(1, Stage::logged);
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ((*answer)->status, 201);
  const auto body = json::parse((*answer)->body);
  EXPECT_EQ(body["position"], "101.0");
  EXPECT_EQ(body["hub_time"], "2025-03-04T16:30:00.000+08:00");
  EXPECT_FALSE(body["receipt"].get<std::string>().empty());
}

TEST_F(ApiTest, ATimeOutWhileWaitingIs202AndNoFailure) {
  const auto answer = start("POST", "/api/v1/messages?wait=delivered&timeout=9999", kDocument);
  EXPECT_EQ(land().last_deadline, 5000 + 60'000);
  land().expire_waits();
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ((*answer)->status, 202);
}

TEST_F(ApiTest, ARefusalByTheHubIs422WithCodeIdAndPosition) {
  const auto answer = start("POST", "/api/v1/messages?wait=logged", kDocument);
  land().reach(1, Stage::refused, Code::copy_missing);
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ((*answer)->status, 422);
  EXPECT_THAT((*answer)->content_type, HasSubstr("application/problem+json"));
  const auto body = json::parse((*answer)->body);
  EXPECT_EQ(body["code"], "COPY_MISSING");
  EXPECT_EQ(body["id"], "430922-LAND.1.1");
  EXPECT_EQ(body["position"], "101.0");
  EXPECT_FALSE(body["next_zh"].get<std::string>().empty());
}

TEST_F(ApiTest, ARefusalByTheAgentNamesEveryFault) {
  land().refuse_next =
      Refusal{Code::field_missing,
              {{"/body/place", Code::field_missing, "缺少", "missing"}, {"/body/date", Code::field_invalid, "不对", "wrong"}}};
  const auto answer = ask("POST", "/api/v1/messages", kDocument);
  EXPECT_EQ(answer.status, 422);
  const auto body = json::parse(answer.body);
  ASSERT_EQ(body["errors"].size(), 2u);
  EXPECT_EQ(body["errors"][1]["path"], "/body/date");
  EXPECT_EQ(body["errors"][1]["code"], "FIELD_INVALID");
}

TEST_F(ApiTest, TheSameKeyRepeatsAndAnotherBodyUnderItIs409) {
  EXPECT_EQ(ask("POST", "/api/v1/messages", kDocument, {{"idempotency-key", "k1"}}).status, 202);
  const auto repeat = ask("POST", "/api/v1/messages", kDocument, {{"idempotency-key", "k1"}});
  EXPECT_EQ(json::parse(repeat.body)["repeat"], true);
  EXPECT_EQ(land().submitted.size(), 1u);
  const auto other = ask("POST", "/api/v1/messages", R"({"type":"CriminalReferral","to":["430922-POLICE"],"body":{"a":2}})",
                         {{"idempotency-key", "k1"}});
  EXPECT_EQ(other.status, 409);
}

TEST_F(ApiTest, AFailedWriteIs503WithUnknownOutcome) {
  land().fail_on_submit = true;
  const auto answer = ask("POST", "/api/v1/messages", kDocument);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(json::parse(answer.body)["outcome"], "unknown");
  EXPECT_EQ(ask("GET", "/api/v1/inbox").status, 503);
}

TEST_F(ApiTest, AFullQueueOrOutboxIs503WithRetryAfter) {
  land().refuse_next = Refusal{Code::overloaded, {}};
  const auto outbox = ask("POST", "/api/v1/messages", kDocument);
  EXPECT_EQ(outbox.status, 503);
  EXPECT_FALSE(json::parse(outbox.body).contains("outcome"));
  port_.full = true;
  const auto queue = ask("GET", "/api/v1/inbox");
  EXPECT_EQ(queue.status, 503);
  EXPECT_EQ(header(queue, "Retry-After"), "1");
}

TEST_F(ApiTest, WithoutARegistryNothingIsKeptAndTheAnswerSaysSo) {
  land().refuse_next = Refusal{Code::unavailable, {}};
  const auto answer = ask("POST", "/api/v1/messages", kDocument);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(header(answer, "Retry-After"), "5");
  EXPECT_EQ(json::parse(answer.body)["next_en"], "send the same again once the hub was reached");
}

TEST_F(ApiTest, AnUnknownFieldIsAFaultWithTheNearestNameAndNothingIsSubmitted) {
  const auto answer = ask("POST", "/api/v1/messages",
                          R"({"typ":"X","type":"CriminalReferral","to":["430922-POLICE"],"body":{},"evnt_time":"x"})");
  EXPECT_EQ(answer.status, 422);
  EXPECT_THAT(answer.body, HasSubstr("event_time"));
  EXPECT_TRUE(land().submitted.empty());
}

TEST_F(ApiTest, ABodyThatIsNoJsonOrTooLargeIsRefused) {
  EXPECT_EQ(ask("POST", "/api/v1/messages", "{").status, 400);
  EXPECT_EQ(ask("POST", "/api/v1/messages", std::string(200'000, '[')).status, 400);
  EXPECT_EQ(ask("POST", "/api/v1/messages", std::string(kRangeBytesMax, ' ')).status, 413);
}

TEST_F(ApiTest, WithoutTheAgencysOwnTokenThereIsNoAnswer) {
  token_ = "wrong";
  EXPECT_EQ(ask("GET", "/api/v1/inbox").status, 401);
  token_ = "";
  EXPECT_EQ(ask("GET", "/api/v1/inbox").status, 401);
  token_ = "land-token";
  EXPECT_EQ(ask("GET", "/as/430922-POLICE/api/v1/inbox").status, 401);
  EXPECT_EQ(ask("GET", "/api/v1/inbox", "", {{"x-lianxi-agency", "430922-POLICE"}}).status, 401);
  EXPECT_EQ(ask("GET", "/as/NOBODY/api/v1/inbox").status, 404);
}

TEST_F(ApiTest, TheAgencyIsTakenFromPathHeaderOrToken) {
  port_.agents.at(kPolice).receive({7, 0});
  token_ = "police-token";
  for (const auto* path : {"/as/430922-POLICE/api/v1/inbox", "/as/POLICE/api/v1/inbox", "/api/v1/inbox"}) {
    EXPECT_EQ(json::parse(ask("GET", path).body)["next"], "7.0") << path;
  }
  EXPECT_EQ(json::parse(ask("GET", "/api/v1/inbox", "", {{"x-lianxi-agency", "POLICE"}}).body)["next"], "7.0");
}

TEST_F(ApiTest, HealthAndMetricsNeedNoTokenOnLoopback) {
  token_ = "";
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
  EXPECT_EQ(ask("GET", "/readyz").status, 503);
  for (auto& [agency, agent] : port_.agents)
    agent.state.submit_ready = agent.state.deliver_ready = agent.state.registry_known = true;
  EXPECT_EQ(ask("GET", "/readyz").status, 200);
  const auto metrics = ask("GET", "/metrics");
  EXPECT_THAT(metrics.body, HasSubstr("lianxi_agent_connected{agency=\"430922-POLICE\",endpoint=\"submit\"} 1"));
  EXPECT_THAT(metrics.body, HasSubstr("lianxi_http_requests_total{code=\"503\",route=\"/readyz\"} 1"));
  EXPECT_EQ(json::parse(ask("GET", "/version").body)["version"], "1.2");
}

TEST_F(ApiTest, TheInboxIsPagedByPositionAndWaitsForTheNext) {
  land().receive({5, 0});
  land().receive({5, 1});
  const auto first = json::parse(ask("GET", "/api/v1/inbox?limit=1").body);
  EXPECT_EQ(first["messages"].size(), 1u);
  EXPECT_EQ(first["next"], "5.0");
  EXPECT_EQ(first["messages"][0]["type_name"], "CriminalReferral");
  const auto waiting = start("GET", "/api/v1/inbox?after=5.1&wait=20");
  EXPECT_FALSE(waiting->has_value());
  EXPECT_EQ(land().last_deadline, 5000 + 20'000);
  land().receive({9, 0});
  ASSERT_TRUE(waiting->has_value());
  EXPECT_EQ(json::parse((*waiting)->body)["messages"][0]["position"], "9.0");
  EXPECT_EQ(ask("GET", "/api/v1/inbox?after=nonsense").status, 400);
  EXPECT_EQ(ask("GET", "/api/v1/inbox?limit=0").status, 400);
}

TEST_F(ApiTest, AMessageIsMarkedDoneOrFailedWithAReason) {
  land().receive({5, 0});
  EXPECT_EQ(ask("POST", "/api/v1/inbox/5.0/done").status, 200);
  EXPECT_EQ(land().marks.at(Position{5, 0}.packed()).first, "done");
  EXPECT_EQ(ask("POST", "/api/v1/inbox/5.0/fail", R"({"reason":"系统停用"})").status, 200);
  EXPECT_EQ(land().marks.at(Position{5, 0}.packed()), (std::pair<std::string, std::string>{"failed", "系统停用"}));
  EXPECT_EQ(ask("POST", "/api/v1/inbox/6.0/done").status, 404);
  EXPECT_EQ(ask("POST", "/api/v1/inbox/5.0/eat").status, 404);
  EXPECT_EQ(ask("POST", "/api/v1/inbox/5.0/fail", R"({"raeson":"x"})").status, 422);
}

TEST_F(ApiTest, AReceiptIsATextFileOrBinaryAsAsked) {
  ask("POST", "/api/v1/messages", kDocument);
  EXPECT_EQ(ask("GET", "/api/v1/messages/430922-LAND.1.1/receipt").status, 404);
  land().reach(1, Stage::logged);
  EXPECT_THAT(ask("GET", "/api/v1/messages/430922-LAND.1.1/receipt").body, testing::StartsWith("c2sp.org/tlog-proof@v1\n"));
  const auto binary = ask("GET", "/api/v1/messages/430922-LAND.1.1/receipt", "", {{"accept", "application/octet-stream"}});
  EXPECT_EQ(binary.content_type, "application/octet-stream");
  EXPECT_EQ(json::parse(ask("GET", "/api/v1/messages/430922-LAND.1.1/evidence").body)["position"], "101.0");
  EXPECT_EQ(ask("GET", "/api/v1/messages/nonsense").status, 400);
  EXPECT_EQ(ask("GET", "/api/v1/messages/430922-LAND.1.9").status, 404);
}

TEST_F(ApiTest, AnUploadInPartsGoesOnWhereItStopped) {
  const auto first = ask(
      "POST", "/api/v1/attachments", "01234",
      {{"content-range", "bytes 0-4/8"}, {"x-file-name", "..%2F%E7%A7%BB%E9%80%81.pdf"}, {"content-type", "application/pdf"}});
  EXPECT_EQ(first.status, 202);
  EXPECT_EQ(json::parse(first.body)["upload"], "u1");
  EXPECT_EQ(land().upload_name, "移送.pdf");
  EXPECT_EQ(land().upload_mime, "application/pdf");
  EXPECT_EQ(land().upload_total, 8u);
  EXPECT_EQ(json::parse(ask("GET", "/api/v1/attachments/uploads/u1").body)["offset"], 5);
  const auto wrong = ask("POST", "/api/v1/attachments?upload=u1", "67", {{"content-range", "bytes 6-7/8"}});
  EXPECT_EQ(wrong.status, 409);
  EXPECT_EQ(header(wrong, "X-Upload-Offset"), "5");
  const auto last = ask("POST", "/api/v1/attachments?upload=u1", "567", {{"content-range", "bytes 5-7/8"}});
  EXPECT_EQ(last.status, 201);
  EXPECT_EQ(json::parse(last.body)["id"].get<std::string>().size(), 64u);
  EXPECT_EQ(land().uploaded, "01234567");
}

TEST_F(ApiTest, AnUploadWhoseRangeAndBodyDisagreeIsRefused) {
  for (const auto* range : {"bytes 0-4/8", "bytes 4-0/8", "bytes 0-2/2", "bits 0-2/3", "bytes 0-2/*", "bytes 3-5/8"}) {
    EXPECT_EQ(ask("POST", "/api/v1/attachments", "012", {{"content-range", range}}).status, 400) << range;
  }
  EXPECT_EQ(ask("POST", "/api/v1/attachments", "012").status, 201);
}

TEST_F(ApiTest, AnAttachmentIsReadWholeOrInRanges) {
  land().receive({5, 0});
  land().attachment_bytes = "0123456789";
  const auto whole = ask("GET", "/api/v1/messages/5.0/attachments/0");
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body, "0123456789");
  EXPECT_THAT(header(whole, "Content-Disposition"), HasSubstr("filename*=UTF-8''%E7%A7%BB%E9%80%81%E4%B9%A6.pdf"));
  const auto part = ask("GET", "/api/v1/messages/5.0/attachments/0", "", {{"range", "bytes=2-4"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "234");
  EXPECT_EQ(header(part, "Content-Range"), "bytes 2-4/10");
  EXPECT_EQ(ask("GET", "/api/v1/messages/5.0/attachments/0", "", {{"range", "bytes=-3"}}).body, "789");
  EXPECT_EQ(ask("GET", "/api/v1/messages/5.0/attachments/0", "", {{"range", "bytes=8-"}}).body, "89");
  EXPECT_EQ(ask("GET", "/api/v1/messages/5.0/attachments/0", "", {{"range", "bytes=10-"}}).status, 416);
  EXPECT_EQ(ask("GET", "/api/v1/messages/5.0/attachments/1").status, 404);
}

TEST_F(ApiTest, AnAttachmentAboveTheRangeLimitMustBeAskedForInRanges) {
  land().receive({5, 0});
  land().attachment_bytes.assign(kRangeBytesMax + 5, 'x');
  const auto whole = ask("GET", "/api/v1/messages/5.0/attachments/0");
  EXPECT_EQ(whole.status, 416);
  EXPECT_EQ(header(whole, "Content-Range"), "bytes */" + std::to_string(kRangeBytesMax + 5));
  const auto all = ask("GET", "/api/v1/messages/5.0/attachments/0", "", {{"range", "bytes=0-"}});
  EXPECT_EQ(all.body.size(), kRangeBytesMax);
}

TEST_F(ApiTest, TypesAndTheirSchemasAreServed) {
  const auto types = json::parse(ask("GET", "/api/v1/types").body)["types"];
  ASSERT_FALSE(types.empty());
  const auto name = types[0]["name"].get<std::string>();
  EXPECT_TRUE(json::parse(ask("GET", "/api/v1/types/" + name + "/schema").body).is_object());
  EXPECT_EQ(ask("GET", "/api/v1/types/Nothing/schema").status, 404);
}

TEST_F(ApiTest, AWrongMethodIs405AndAnUnknownPath404) {
  const auto answer = ask("DELETE", "/api/v1/messages");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(header(answer, "Allow"), "POST");
  EXPECT_EQ(ask("GET", "/api/v1/nothing").status, 404);
}

}  // namespace
}  // namespace lianxi::agent
