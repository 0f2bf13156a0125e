// The verbs of lianxi-hub. Data to stdout, talk to stderr; exit codes as in `lianxi` (docs/reference/cli.md).
// Threads: the main thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "schemas/base/result.h"

namespace CLI {
class App;
}

namespace lianxi::hub {

inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitConfig = 3;
inline constexpr int kExitRefused = 4;
inline constexpr int kExitNotFound = 5;
inline constexpr int kExitUnknown = 6;
inline constexpr int kExitVerification = 7;
inline constexpr int kExitUnreachable = 8;

struct Globals {
  bool json = false;
  std::string language;              // "zh" or "en"; empty: from LANG, Chinese first.
  int exit_code = 0;
  bool chinese() const;
};

void add_commands(CLI::App& app, Globals& globals);

// Each command group adds its verbs.
void add_init(CLI::App& app, Globals& globals);
void add_run(CLI::App& app, Globals& globals);
void add_operate(CLI::App& app, Globals& globals);   // enrol, policy, status, clock
void add_audit(CLI::App& app, Globals& globals);     // verify, export

// Prints the error in the user's language and sets the exit code.
void report(Globals& globals, const Error& error);
int exit_code_of(Code code);

// Sends one admin request to the running hub, or answers it from the directory. The reply's JSON text, or the error in it.
Result<std::string> ask(const std::string& data_dir, const std::string& request_json);
// The same for several requests: the directory is opened once.
class Conversation {
 public:
  explicit Conversation(std::string data_dir);
  ~Conversation();
  Result<std::string> ask(const std::string& request_json);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lianxi::hub
