#include "agents/cli/cli.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

namespace lianxi::cli {

namespace {

std::string coloured(const Session& session, std::string_view code, std::string_view text) {
  const char* term = std::getenv("TERM");
  const bool plain = session.no_color || std::getenv("NO_COLOR") != nullptr || ::isatty(STDOUT_FILENO) == 0 ||
                     (term != nullptr && std::string_view(term) == "dumb");
  if (plain) return std::string(text);
  return "\033[" + std::string(code) + "m" + std::string(text) + "\033[0m";
}

}  // namespace

void Session::talk(std::string_view zh, std::string_view en) const {
  if (!quiet) std::cerr << (chinese ? zh : en) << std::endl;
}
void Session::detail(std::string_view zh, std::string_view en) const {
  if (verbose > 0) talk(zh, en);
}
std::string Session::green(std::string_view text) const { return coloured(*this, "32", text); }
std::string Session::red(std::string_view text) const { return coloured(*this, "31", text); }

bool wants_chinese(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--lang" && i + 1 < argc) return std::string_view(argv[i + 1]) != "en";
    if (word.starts_with("--lang=")) return word.substr(7) != "en";
  }
  for (const auto* name : {"LIANXI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return !std::string_view(value).starts_with("en");
  }
  return true;
}

void out(std::string_view data) {
  std::cout << data;
  if (!data.ends_with('\n')) std::cout << '\n';
  std::cout.flush();
}

int exit_of(Code code) {
  switch (code) {
    case Code::ok:
      return kDone;
    case Code::not_found:
      return kNotFound;
    case Code::invalid_config:
      return kConfig;
    case Code::invalid_argument:
      return kUsage;
    case Code::unknown_outcome:
      return kUnknownOutcome;
    case Code::verification_failed:
      return kVerification;
    case Code::unavailable:
    case Code::timed_out:
      return kUnreachable;
    case Code::overloaded:
    case Code::not_authenticated:
      return kRefused;
    default:
      return static_cast<unsigned>(code) >= 200 ? kRefused : kFailed;
  }
}

int report(const Session& session, const Error& error) { return report(session, exit_of(error.code), error); }

int report(const Session& session, int exit, const Error& error) {
  const auto& text = describe(error.code);
  if (session.json) {
    const nlohmann::json body = {{"code", text.name},       {"detail", error.detail},  {"text_zh", text.zh}, {"text_en", text.en},
                                 {"next_zh", text.next_zh}, {"next_en", text.next_en}, {"exit", exit}};
    std::cerr << body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
    return exit;
  }
  std::cerr << session.say("错误 ", "error ") << text.name << " " << session.say(text.zh, text.en);
  if (!error.detail.empty()) std::cerr << session.say("：", ": ") << error.detail;
  std::cerr << "\n" << session.say("下一步：", "next: ") << session.say(text.next_zh, text.next_en) << std::endl;
  return exit;
}

int usage(const Session& session, std::string_view zh, std::string_view en) {
  std::cerr << session.say("用法错误：", "usage: ") << session.say(zh, en) << std::endl;
  return kUsage;
}

}  // namespace lianxi::cli
