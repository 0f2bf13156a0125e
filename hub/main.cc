// lianxi-hub: the hub and its operation. `lianxi-hub run` serves; every other verb talks to a running hub through its admin
// socket, or opens the data directory itself when none runs.
#include <csignal>

#include <CLI/CLI.hpp>

#include "hub/cli/commands.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // A file that may not grow is an error of write(), not the end of the process.
  lianxi::hub::Globals globals;
  CLI::App app{"联席中心 · the hub of lianxi\n\n例 / Examples:\n  lianxi-hub init --data hub --county 430922 --operators-out operators\n"
               "  lianxi-hub run --data hub\n"};
  app.name("lianxi-hub");
  app.require_subcommand(1);
  app.set_version_flag("-V,--version", "lianxi-hub 0.1.0");
  app.add_flag("--json", globals.json, "机器可读输出 / machine-readable output");
  app.add_option("--lang", globals.language, "zh | en")->check(CLI::IsMember({"zh", "en"}));
  app.fallthrough();
  lianxi::hub::add_commands(app, globals);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {
    return app.exit(done);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return lianxi::hub::kExitUsage;
  }
  return globals.exit_code;
}
