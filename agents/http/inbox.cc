#include <nlohmann/json.hpp>

#include "agents/http/api.h"
#include "agents/http/document.h"
#include "agents/http/problem.h"

namespace lianxi::agent {

using nlohmann::json;

namespace {

constexpr std::int64_t kLimit = 100;
constexpr std::int64_t kLimitMax = 1000;
constexpr std::int64_t kWaitSecondsMax = 60;
constexpr std::size_t kReasonBytesMax = 1024;

// `next` is what the following call passes as `after`.
HttpResponse inbox_answer(const Agent& agent, std::optional<Position> after, std::size_t limit, const std::string& state) {
  json messages = json::array();
  for (const auto& row : agent.inbox(after, limit)) {
    after = row.position;
    if (!state.empty() && row.state != state) continue;
    const auto* type = codec::Catalogue::instance().by_code(row.type);
    messages.push_back({{"position", to_string(row.position)},
                        {"id", to_string(row.id)},
                        {"type", row.type},
                        {"type_name", type == nullptr ? std::string() : type->name},
                        {"hub_time", to_rfc3339(row.hub_time)},
                        {"state", row.state}});
  }
  json body = {{"messages", std::move(messages)}, {"next", nullptr}};
  if (after) body["next"] = to_string(*after);
  return json_answer(200, body);
}

}  // namespace

void Api::get_inbox(Call call) {
  const auto limit = query_number(call.request, "limit", kLimit, kLimitMax);
  const auto seconds = query_number(call.request, "wait", 0, kWaitSecondsMax);
  const auto& state = call.request.query["state"];
  std::optional<Position> after;
  bool good = limit && *limit > 0 && seconds && (state.empty() || state == "new" || state == "done" || state == "failed");
  if (const auto& text = call.request.query["after"]; !text.empty()) good = good && parse(text, after.emplace());
  if (!good) {
    return call.reply(problem_answer(
        {.code = Code::invalid_argument,
         .detail_zh = "after 是位置（4711.3），limit 与 wait 是整数，state 是 new、done 或 failed",
         .detail_en = "after is a position (4711.3), limit and wait are whole numbers, state is new, done or failed"}));
  }
  on_agent(std::move(call), [after, limit = static_cast<std::size_t>(*limit), seconds = *seconds, state = state](
                                Call& asked, Agent& agent, Now now) {
    if (seconds == 0 || !agent.inbox(after, 1).empty()) return asked.reply(inbox_answer(agent, after, limit, state));
    agent.wait_inbox(after, now.boot + seconds * 1000,
                     [&agent, reply = asked.reply, after, limit, state] { reply(inbox_answer(agent, after, limit, state)); });
  });
}

void Api::mark_inbox(Call call) {
  Position position;
  const auto& verb = call.arguments[1];
  const std::string state = verb == "done" ? "done" : verb == "fail" ? "failed" : "";
  if (state.empty() || !parse(call.arguments[0], position)) {
    return call.reply(problem_answer({.code = Code::not_found,
                                      .detail_zh = "应为 /api/v1/inbox/{位置}/done 或 …/fail",
                                      .detail_en = "/api/v1/inbox/{position}/done or …/fail is expected"}));
  }
  std::vector<codec::Fault> faults;
  std::string reason;
  if (!call.request.body.empty()) {
    const auto body = parse_json(call.request.body, faults);
    const auto found = body && body->is_object() ? body->find("reason") : json::const_iterator();
    const bool given = body && body->is_object() && found != body->end();
    if (given && found->is_string()) reason = found->get<std::string>();
    if (!body || !body->is_object() || body->size() != (given ? 1u : 0u) || (given && !found->is_string()) ||
        reason.size() > kReasonBytesMax) {
      faults.push_back({"/reason", Code::field_invalid, "正文只能是 {\"reason\": \"原因\"}，不超过 1024 字节",
                        "the body is {\"reason\": \"why\"}, at most 1024 bytes"});
    }
  }
  if (!faults.empty()) return call.reply(problem_answer({.code = Code::field_invalid, .faults = std::move(faults)}));
  on_agent(std::move(call), [position, state, reason](Call& asked, Agent& agent, Now) {
    if (const auto marked = agent.mark(position, state, reason); !marked) return asked.reply(error_answer(marked.error()));
    asked.reply(json_answer(200, {{"position", to_string(position)}, {"state", state}}));
  });
}

}  // namespace lianxi::agent
