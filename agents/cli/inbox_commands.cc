#include <memory>
#include <nlohmann/json.hpp>

#include "agents/cli/commands.h"
#include "agents/cli/http_client.h"
#include "agents/cli/target_options.h"

namespace lianxi::cli {

using nlohmann::json;

namespace {

struct Inbox {
  Target target;
  std::string after, state, position, verb, reason;
  std::int64_t limit = 100;
  std::string wait = "0s";
};

std::string field(const json& row, const char* name) {
  const auto found = row.find(name);
  if (found == row.end()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::int64_t seconds_of(const std::string& text) {
  try {
    std::size_t end = 0;
    const auto value = std::stoll(text, &end);
    const auto unit = text.substr(end);
    if (value >= 0 && value <= 3600 && (unit.empty() || unit == "s")) return value;
    if (value >= 0 && value <= 60 && unit == "m") return value * 60;
  } catch (const std::exception&) {
    // Not a number: the caller says so.
  }
  return -1;
}

int list_inbox(const Session& session, const Inbox& inbox) {
  const auto seconds = seconds_of(inbox.wait);
  if (seconds < 0) return usage(session, "--wait 是秒数，如 30s", "--wait is a number of seconds: 30s");
  const auto client = HttpClient::open(inbox.target);
  if (!client) return report_no_answer(session, client.error());
  auto path = "/api/v1/inbox?limit=" + std::to_string(inbox.limit) + "&wait=" + std::to_string(seconds);
  if (!inbox.after.empty()) path += "&after=" + percent_encoded(inbox.after);
  if (!inbox.state.empty()) path += "&state=" + percent_encoded(inbox.state);
  const auto answer = client->ask({.path = path, .timeout_ms = session.timeout_ms + seconds * 1000});
  if (!answer) return report_no_answer(session, answer.error());
  if (answer->status != 200) return report_problem(session, *answer);
  if (session.json) {
    out(answer->body);
    return kDone;
  }
  const auto body = json::parse(answer->body, nullptr, false);
  const auto rows = body.is_object() ? body.value("messages", json::array()) : json::array();
  for (const auto& row : rows) {
    out(field(row, "position") + "  " + field(row, "id") + "  " + field(row, "type_name") + "  " + field(row, "state") + "  " +
        field(row, "hub_time"));
  }
  if (rows.empty()) session.talk("没有更多消息", "nothing more");
  return kDone;
}

int mark_message(const Session& session, const Inbox& inbox) {
  const auto client = HttpClient::open(inbox.target);
  if (!client) return report_no_answer(session, client.error());
  const auto body =
      inbox.reason.empty() ? std::string() : json{{"reason", inbox.reason}}.dump(-1, ' ', false, json::error_handler_t::replace);
  const auto answer = client->ask({.method = "POST",
                                   .path = "/api/v1/inbox/" + percent_encoded(inbox.position) + "/" + inbox.verb,
                                   .body = body,
                                   .timeout_ms = session.timeout_ms});
  if (!answer) return report_no_answer(session, answer.error());
  if (answer->status != 200) return report_problem(session, *answer);
  if (session.json) out(answer->body);
  session.talk(inbox.verb == "done" ? "✓ 已办 " + inbox.position : "✓ 已标为失败 " + inbox.position,
               inbox.verb == "done" ? "✓ done " + inbox.position : "✓ failed " + inbox.position);
  return kDone;
}

}  // namespace

void add_inbox_commands(CLI::App& root, Session& session) {
  auto list = std::make_shared<Inbox>();
  auto* app = command(root, session, "inbox", "列出收到的消息", "list the messages received",
                      {{"lianxi inbox --at data/430922-POLICE --state new", "未办的消息", "what is still to do"},
                       {"lianxi inbox --at data/430922-POLICE --after 4711.3 --wait 30s --json", "等待下一条，供程序读取",
                        "wait for the next, for programs"}});
  app->add_option("--after", list->after, session.say("只列此位置之后的", "only those after this position"))
      ->type_name("POSITION");
  app->add_option("--limit", list->limit, session.say("最多列几条（1–1000）", "how many at most (1–1000)"))
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  app->add_option("--wait", list->wait,
                  session.say("没有时最多等多久，如 30s（不超过 60 秒）", "how long to wait for one, 30s (at most 60 s)"))
      ->type_name("TIME");
  app->add_option("--state", list->state, session.say("只列 new、done 或 failed", "only new, done or failed"))
      ->check(CLI::IsMember({"new", "done", "failed"}))
      ->type_name("STATE");
  add_target_options(*app, session, list->target);
  app->callback([list, &session] { session.action = [list, &session] { return list_inbox(session, *list); }; });

  auto mark = std::make_shared<Inbox>();
  app = command(root, session, "mark", "把收到的消息标为已办或失败", "mark a received message as done or failed",
                {{"lianxi mark 4711.3 done --at data/430922-POLICE", "已办", "done"},
                 {"lianxi mark 4711.3 fail --reason 业务系统停用 --at data/430922-POLICE", "失败并说明原因", "failed, and why"}});
  app->add_option("POSITION", mark->position, session.say("位置（4711.3）", "position (4711.3)"))->required()->type_name("");
  app->add_option("STATE", mark->verb, session.say("done 或 fail", "done or fail"))
      ->required()
      ->check(CLI::IsMember({"done", "fail"}))
      ->type_name("");
  app->add_option("--reason", mark->reason, session.say("原因", "why"))->type_name("TEXT");
  add_target_options(*app, session, mark->target);
  app->callback([mark, &session] { session.action = [mark, &session] { return mark_message(session, *mark); }; });
}

}  // namespace lianxi::cli
