// lianxi-hub verify, export.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "hub/admin/audit.h"
#include "hub/cli/commands.h"

namespace lianxi::hub {

namespace {

using Json = nlohmann::json;

void show_progress(std::uint64_t done, std::uint64_t total) {
  if (::isatty(STDERR_FILENO) == 0 || total == 0) return;
  std::cerr << "\r" << done * 100 / total << "%  " << done << "/" << total << std::flush;
  if (done == total) std::cerr << "\n";
}

// Reads the whole log through `audit`; `each` is called after every entry.
Result<void> read_log(const std::string& data, Audit& audit, const std::function<void(const Audit&)>& each) {
  Conversation hub(data);
  for (std::uint64_t at = 0;;) {
    auto reply = hub.ask(Json{{"op", "entries"}, {"from", at}}.dump());
    if (!reply) return reply.error();
    const auto json = Json::parse(*reply);
    for (const auto& row : json["entries"]) {
      const auto stored = from_base64(row.get<std::string>());
      if (!stored) return fail(Code::corrupt, "entry");
      if (auto taken = audit.take(*stored); !taken) return taken;
      each(audit);
    }
    at = json["next"].get<std::uint64_t>();
    const auto size = json["size"].get<std::uint64_t>();
    show_progress(at, size);
    if (at < size) continue;
    const auto root = from_hex(json["root"].get<std::string>());
    return audit.finish(size, root ? array_from<32>(*root).value_or(kZeroHash) : kZeroHash, json["note"].get<std::string>());
  }
}

}  // namespace

void add_audit(CLI::App& app, Globals& globals) {
  struct Options {
    std::string data, out;
  };
  auto options = std::make_shared<Options>();
  auto* verify = app.add_subcommand("verify", "重新核验整个日志 / check the whole log again: signatures, batches, leaves, root\n\n例 / Example:\n  lianxi-hub verify --data hub");
  verify->add_option("--data", options->data, "数据目录 / data directory")->required();
  verify->callback([options, &globals] {
    Audit audit(evidence::suite1());
    if (auto read = read_log(options->data, audit, [](const Audit&) {}); !read) return report(globals, read.error());
    if (globals.json) std::cout << Json{{"entries", audit.entries()}, {"messages", audit.messages()}, {"verified", true}}.dump() << "\n";
    else std::cout << (globals.chinese() ? "核验通过：条目 " : "verified: entries ") << audit.entries() << (globals.chinese() ? "，消息 " : ", messages ") << audit.messages() << "\n";
  });
  auto* exported = app.add_subcommand("export", "导出消息清单 (JSON 行) / one JSON line a message, headers only\n\n例 / Example:\n  lianxi-hub export --data hub --out log.jsonl");
  exported->add_option("--data", options->data, "数据目录 / data directory")->required();
  exported->add_option("--out", options->out, "输出文件 / output file")->required();
  exported->callback([options, &globals] {
    std::ofstream out(options->out);
    Audit audit(evidence::suite1());
    auto read = read_log(options->data, audit, [&](const Audit& taken) {
      for (const auto& line : taken.lines()) out << line << "\n";
    });
    out.flush();
    if (!read) return report(globals, read.error());
    if (!out) return report(globals, fail(Code::io, options->out));
    if (globals.json) std::cout << Json{{"entries", audit.entries()}, {"messages", audit.messages()}, {"out", options->out}}.dump() << "\n";
  });
}

}  // namespace lianxi::hub
