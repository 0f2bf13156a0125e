#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "agents/cli/agent_config.h"
#include "agents/cli/commands.h"

namespace lianxi::cli {

using nlohmann::json;

namespace {

json fault_json(const config::Fault& fault) {
  return {{"file", fault.file}, {"line", fault.line}, {"column", fault.column},
          {"code", fault.code}, {"zh", fault.zh},     {"en", fault.en}};
}

int check_config(const Session& session, const std::string& file) {
  auto document = config::Document::load(file);
  const auto config = read_agent_config(document, file);
  if (session.json) {
    json faults = json::array();
    for (const auto& fault : document.faults()) faults.push_back(fault_json(fault));
    out(json{{"file", file}, {"ok", config.has_value()}, {"faults", faults}}.dump(-1, ' ', false,
                                                                                  json::error_handler_t::replace));
    return config ? kDone : kConfig;
  }
  for (const auto& fault : document.faults()) std::cerr << to_string(fault, session.chinese) << "\n";
  const auto count = std::to_string(document.faults().size());
  session.talk(count + " 个错误", count + (count == "1" ? " error" : " errors"));
  return config ? kDone : kConfig;
}

int show_config(const Session& session, const std::string& file) {
  auto document = config::Document::load(file);
  const auto config = read_agent_config(document, file);
  for (const auto& fault : document.faults()) std::cerr << to_string(fault, session.chinese) << "\n";
  json rows = json::array();
  for (const auto& row : document.explain()) {
    if (session.json) {
      rows.push_back({{"key", row.key}, {"value", row.value}, {"source", row.source}});
    } else {
      out(row.key + " = " + row.value + "   # " + (row.source == "default" ? session.say("默认", "default") : row.source));
    }
  }
  if (session.json) out(rows.dump(-1, ' ', false, json::error_handler_t::replace));
  return config ? kDone : kConfig;
}

}  // namespace

void add_config_commands(CLI::App& root, Session& session) {
  auto* group = command(root, session, "config", "检查与显示配置", "check and show the configuration",
                        {{"lianxi config check agent.toml", "检查", "check it"},
                         {"lianxi config show agent.toml", "显示每一项及其来源", "show every value and where it comes from"}});
  for (const bool check : {true, false}) {
    auto file = std::make_shared<std::string>();
    auto* app = check ? command(*group, session, "check", "检查代理程序的配置文件", "check an agent's configuration file",
                                {{"lianxi config check agent.toml", "指出每个错误的行列", "every fault with line and column"},
                                 {"lianxi config check agent.toml --json", "供程序读取", "for programs"}})
                      : command(*group, session, "show", "显示生效的配置与来源", "show the values in force and their source",
                                {{"lianxi config show agent.toml", "逐项显示", "one by one"},
                                 {"lianxi config show agent.toml --json", "供程序读取", "for programs"}});
    app->add_option("FILE", *file, session.say("配置文件", "configuration file"))->required()->type_name("");
    app->callback([file, check, &session] {
      session.action = [file, check, &session] { return check ? check_config(session, *file) : show_config(session, *file); };
    });
  }
}

}  // namespace lianxi::cli
