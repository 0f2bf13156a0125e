// lianxi: agent, client and verifier in one binary. docs/reference/cli.md
#include <iostream>
#include <nlohmann/json.hpp>

#include "agents/cli/commands.h"
#include "schemas/codec/payload.h"
#include "schemas/config/config.h"

namespace {

using namespace lianxi::cli;

constexpr const char* kVersion = LIANXI_VERSION;

struct Flags {
  std::string lang, timeout = "10s";
  bool version = false;
};

void add_global_flags(CLI::App& root, Session& session, Flags& flags) {
  root.add_flag("--json", session.json, session.say("输出 JSON，供程序读取", "JSON on stdout, for programs"));
  root.add_option("--lang", flags.lang,
                  session.say("语言 zh 或 en；默认随 LANG，否则中文", "language zh or en; default by LANG, else Chinese"))
      ->check(CLI::IsMember({"zh", "en"}))
      ->type_name("LANG");
  root.add_flag("-q,--quiet", session.quiet, session.say("不输出提示", "no talk on stderr"));
  root.add_flag("-v,--verbose", session.verbose, session.say("多说一些", "say more"));
  root.add_flag("--no-color", session.no_color, session.say("不用颜色（或设 NO_COLOR）", "no colour (or NO_COLOR)"));
  root.add_option("--timeout", flags.timeout,
                  session.say("等待多久，如 10s、1m（默认 10s）", "how long to wait: 10s, 1m (default 10s)"))
      ->type_name("TIME");
  root.add_flag("-V,--version", flags.version, session.say("显示版本", "show the version"));
}

int print_version(const Session& session) {
  if (session.json) {
    out(nlohmann::json{{"name", "lianxi"}, {"version", kVersion}, {"schema_version", lianxi::codec::kSchemaVersion}}.dump());
  } else {
    out(std::string("lianxi ") + kVersion);
  }
  return kDone;
}

int run(int argc, char** argv) {
  Session session;
  session.chinese = wants_chinese(argc, argv);
  Flags flags;
  CLI::App root(
      session.say("联席：单位的代理程序、客户端与校验工具\n\n示例：\n  # 发送一条消息并等到入库\n  lianxi send referral.json "
                  "--at data/430922-LAND --wait logged\n"
                  "  # 离线校验回执\n  lianxi verify 42.receipt --hub HUB.pub --cards cards",
                  "lianxi: an agency's agent, client and verifier\n\nExamples:\n  # send a message and wait until it is logged\n"
                  "  lianxi send referral.json --at data/430922-LAND --wait logged\n  # verify a receipt offline\n"
                  "  lianxi verify 42.receipt --hub HUB.pub --cards cards"),
      "lianxi");
  root.fallthrough();
  use_our_help(root, session);
  add_global_flags(root, session, flags);
  add_message_commands(root, session);
  add_inbox_commands(root, session);
  add_verify_command(root, session);
  add_key_commands(root, session);
  add_agent_commands(root, session, kVersion);
  add_config_commands(root, session);
  try {
    root.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    out(root.help());
    return kDone;
  } catch (const CLI::ParseError& error) {
    return explain_usage(root, session, error);
  }
  if (flags.version) return print_version(session);
  const auto timeout = lianxi::config::parse_duration(flags.timeout);
  if (!timeout || *timeout == 0) return usage(session, "--timeout 应写作 10s、1m", "--timeout is written 10s, 1m");
  session.timeout_ms = *timeout;
  if (session.action) return session.action();
  std::cerr << innermost(root)->help();
  return kUsage;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "lianxi: " << error.what() << std::endl;
    return kFailed;
  }
}
