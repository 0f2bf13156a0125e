#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "agents/cli/agent_run.h"
#include "agents/cli/commands.h"
#include "agents/cli/http_client.h"
#include "agents/cli/target_options.h"

namespace lianxi::cli {

using nlohmann::json;

namespace {

int run(const Session& session, const std::string& file, const std::string& version) {
  auto document = config::Document::load(file);
  const auto config = read_agent_config(document, file);
  for (const auto& fault : document.faults()) std::cerr << to_string(fault, session.chinese) << "\n";
  if (!config) return kConfig;
  return run_agent(session, *config, version);
}

std::string mark(const Session& session, const json& body, const char* name, std::string_view zh, std::string_view en) {
  return (body.value(name, false) ? session.green("✓ ") : session.red("✗ ")) + session.say(zh, en);
}

int status(const Session& session, const Target& target) {
  const auto client = HttpClient::open(target);
  if (!client) return report_no_answer(session, client.error());
  const auto answer = client->ask({.path = "/api/v1/health", .timeout_ms = session.timeout_ms});
  if (!answer) return report_no_answer(session, answer.error());
  if (answer->status != 200) return report_problem(session, *answer);
  const auto body = json::parse(answer->body, nullptr, false);
  if (!body.is_object()) return report(session, fail(Code::bad_frame, "the answer is not JSON"));
  const bool ready = body.value("ready", false);
  if (session.json) {
    out(answer->body);
    return ready ? kDone : kUnreachable;
  }
  out(body.value("agency", std::string()));
  out(mark(session, body, "submit_ready", "可发送", "can send"));
  out(mark(session, body, "deliver_ready", "可接收", "can receive"));
  out(mark(session, body, "registry_known", "登记簿已核对", "registry is known"));
  out(session.say("待发 ", "queued ") + body["queued"].dump() + session.say("  未办 ", "  new ") + body["inbox_new"].dump() +
      session.say("  落后 ", "  behind ") + body["behind_entries"].dump());
  const auto problem = body.value(session.chinese ? "last_problem_zh" : "last_problem_en", std::string());
  if (!problem.empty()) out(session.say("问题：", "problem: ") + problem);
  return ready ? kDone : kUnreachable;
}

}  // namespace

void add_agent_commands(CLI::App& root, Session& session, const std::string& version) {
  auto* group = command(root, session, "agent", "运行代理程序", "run the agent",
                        {{"lianxi agent run --config agent.toml", "运行，直到收到 SIGTERM", "run until SIGTERM"},
                         {"lianxi agent status --at data/430922-LAND", "看它是否连上中心", "see whether it reaches the hub"}});
  auto file = std::make_shared<std::string>("agent.toml");
  auto* app = command(*group, session, "run", "运行代理程序，为一个或几个单位服务", "run the agent of one or several agencies",
                      {{"lianxi agent run --config /etc/lianxi/agent.toml", "按配置运行", "run by its configuration"},
                       {"lianxi agent run -c agent.toml --lang en", "英文提示", "in English"}});
  app->add_option("-c,--config", *file, session.say("配置文件，默认 agent.toml", "configuration file, default agent.toml"))
      ->type_name("FILE");
  app->callback(
      [file, version, &session] { session.action = [file, version, &session] { return run(session, *file, version); }; });

  auto target = std::make_shared<Target>();
  app = command(*group, session, "status", "显示代理程序的状态", "show the agent's state",
                {{"lianxi agent status --at data/430922-LAND", "逐项显示", "item by item"},
                 {"lianxi agent status --at data/430922-LAND --json", "供程序读取", "for programs"}});
  add_target_options(*app, session, *target);
  app->callback([target, &session] { session.action = [target, &session] { return status(session, *target); }; });
}

}  // namespace lianxi::cli
