// The command groups, one file each. Help begins with what the command is for and two examples, in the reader's language.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "agents/cli/cli.h"

namespace lianxi::cli {

struct Example {
  std::string line;
  std::string zh;
  std::string en;
};

// Adds a command with its help. `session` outlives the app.
CLI::App* command(CLI::App& parent, const Session& session, const std::string& name, const std::string& zh, const std::string& en,
                  const std::vector<Example>& examples);

// Headings in the reader's language, the short sentence in lists, the examples on the command's own page.
void use_our_help(CLI::App& root, const Session& session);

// A usage error of CLI11 in words, with the nearest command or option for a slip; returns kUsage.
int explain_usage(const CLI::App& root, const Session& session, const CLI::ParseError& error);
// The innermost command that was given: where help belongs.
const CLI::App* innermost(const CLI::App& root);

void add_key_commands(CLI::App& root, Session& session);
void add_agent_commands(CLI::App& root, Session& session, const std::string& version);
void add_message_commands(CLI::App& root, Session& session);
void add_inbox_commands(CLI::App& root, Session& session);
void add_verify_command(CLI::App& root, Session& session);
void add_config_commands(CLI::App& root, Session& session);

}  // namespace lianxi::cli
