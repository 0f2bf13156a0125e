#include <iostream>
#include <map>
#include <sstream>

#include "agents/cli/commands.h"
#include "schemas/config/config.h"

namespace lianxi::cli {

namespace {

// The examples lie behind the description's first line; lists show that line only.
class Help final : public CLI::Formatter {
 public:
  std::string make_description(const CLI::App* app) const override { return app->get_description() + "\n\n"; }
  std::string make_subcommand(const CLI::App* sub) const override {
    std::stringstream line;
    const auto description = sub->get_description();
    CLI::detail::format_help(line, sub->get_name(), description.substr(0, description.find('\n')), get_column_width());
    return line.str();
  }
};

std::vector<std::string> known_words(const CLI::App& app) {
  std::vector<std::string> words;
  for (const auto* sub : app.get_subcommands([](const CLI::App*) { return true; })) words.push_back(sub->get_name());
  for (const auto* at = &app; at != nullptr; at = at->get_parent()) {
    for (const auto* option : at->get_options()) {
      for (const auto& name : option->get_lnames()) words.push_back("--" + name);
    }
  }
  return words;
}

}  // namespace

CLI::App* command(CLI::App& parent, const Session& session, const std::string& name, const std::string& zh, const std::string& en,
                  const std::vector<Example>& examples) {
  std::string text = session.say(zh, en);
  if (!examples.empty()) text += session.say("\n\n示例：", "\n\nExamples:");
  for (const auto& example : examples) text += "\n  # " + session.say(example.zh, example.en) + "\n  " + example.line;
  auto* app = parent.add_subcommand(name, text);
  app->group(session.say("命令", "Commands"));
  return app;
}

void use_our_help(CLI::App& root, const Session& session) {
  auto help = std::make_shared<Help>();
  help->column_width(28);
  help->label("Usage", session.say("用法", "Usage"));
  help->label("OPTIONS", session.say("选项", "OPTIONS"));
  help->label("SUBCOMMAND", session.say("命令", "COMMAND"));
  help->label("SUBCOMMANDS", session.say("命令", "COMMANDS"));
  help->label("REQUIRED", session.say("（必填）", "(required)"));
  help->label("Positionals", session.say("参数", "Arguments"));
  root.formatter(help);
  root.option_defaults()->group(session.say("选项", "Options"));
  root.set_help_flag("-h,--help", session.say("显示帮助", "show this help"))->group(session.say("选项", "Options"));
}

const CLI::App* innermost(const CLI::App& root) {
  const CLI::App* at = &root;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  return at;
}

int explain_usage(const CLI::App& root, const Session& session, const CLI::ParseError& error) {
  const auto* at = innermost(root);
  const auto extra = root.remaining(true);
  std::string zh = error.what(), en = error.what();
  if (!extra.empty()) {
    const auto meant = config::nearest(extra.front(), known_words(*at));
    zh = "不认识“" + extra.front() + "”" + (meant ? "；是不是“" + *meant + "”？" : "");
    en = "\"" + extra.front() + "\" is not known" + (meant ? "; did you mean \"" + *meant + "\"?" : "");
  } else if (const auto* required = dynamic_cast<const CLI::RequiredError*>(&error); required != nullptr) {
    const std::string what = error.what();
    zh = "缺少必填项：" + what.substr(0, what.find(' '));
  }
  usage(session, zh, en);
  std::cerr << session.say("查看帮助：", "help: ");
  std::string path;
  for (; at != nullptr; at = at->get_parent()) path = at->get_name() + (path.empty() ? "" : " ") + path;
  std::cerr << path << " --help" << std::endl;
  return kUsage;
}

}  // namespace lianxi::cli
