// What every command shares: global flags, language, streams, exit codes.
//
// Data goes to stdout, everything that is said to people to stderr. Chinese unless LANG or --lang says otherwise.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "schemas/base/result.h"

namespace lianxi::cli {

// Scripts depend on these: never renumber.
enum Exit : int {
  kDone = 0,
  kFailed = 1,
  kUsage = 2,
  kConfig = 3,
  kRefused = 4,
  kNotFound = 5,
  kUnknownOutcome = 6,  // Send the same again under the same key.
  kVerification = 7,
  kUnreachable = 8,
};

struct Session {
  bool json = false;
  bool quiet = false;
  bool no_color = false;
  int verbose = 0;
  bool chinese = true;
  std::int64_t timeout_ms = 10'000;
  std::function<int()> action;  // Set by the command that was parsed.

  std::string say(std::string_view zh, std::string_view en) const { return std::string(chinese ? zh : en); }
  void talk(std::string_view zh, std::string_view en) const;    // One line to stderr; not with --quiet.
  void detail(std::string_view zh, std::string_view en) const;  // Only with --verbose.
  std::string green(std::string_view text) const;
  std::string red(std::string_view text) const;
};

// "zh" or "en" from --lang in `argv` (before the parser runs: help has a language, too), LIANXI_LANG, LC_ALL, LC_MESSAGES, LANG.
bool wants_chinese(int argc, char** argv);

void out(std::string_view data);  // To stdout, with a line feed.

// Prints code, what happened and what to do, and returns the exit code that belongs to the code.
int report(const Session& session, const Error& error);
int report(const Session& session, int exit, const Error& error);
int usage(const Session& session, std::string_view zh, std::string_view en);
int exit_of(Code code);

}  // namespace lianxi::cli
