#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

#include "hub/admin/access.h"
#include "hub/admin/admin_socket.h"
#include "hub/cli/commands.h"
#include "hub/files.h"

namespace lianxi::hub {

bool Globals::chinese() const {
  if (!language.empty()) return language == "zh";
  const char* lang = std::getenv("LANG");
  return lang == nullptr || std::string_view(lang).substr(0, 2) != "en";
}

int exit_code_of(Code code) {
  switch (code) {
    case Code::ok: return 0;
    case Code::invalid_argument: return kExitUsage;
    case Code::invalid_config: return kExitConfig;
    case Code::not_found: return kExitNotFound;
    case Code::unknown_outcome:
    case Code::timed_out: return kExitUnknown;
    case Code::verification_failed:
    case Code::corrupt:
    case Code::store_short: return kExitVerification;
    case Code::unavailable: return kExitUnreachable;
    default: return static_cast<int>(code) >= 100 ? kExitRefused : kExitFailed;
  }
}

void report(Globals& globals, const Error& error) {
  const auto& row = describe(error.code);
  globals.exit_code = exit_code_of(error.code);
  if (globals.json) {
    std::cout << nlohmann::ordered_json{{"error", {{"code", row.name}, {"zh", row.zh}, {"en", row.en}, {"detail", error.detail}}}}.dump() << "\n";
    return;
  }
  const bool zh = globals.chinese();
  std::cerr << row.name << " " << (zh ? row.zh : row.en);
  if (!error.detail.empty()) std::cerr << (zh ? "：" : ": ") << error.detail;
  std::cerr << "\n" << (zh ? "处理：" : "Next: ") << (zh ? row.next_zh : row.next_en) << "\n";
}

struct Conversation::Impl {
  std::string data_dir;
  std::unique_ptr<HubAccess> offline;
};

Conversation::Conversation(std::string data_dir) : impl_(std::make_unique<Impl>()) { impl_->data_dir = std::move(data_dir); }
Conversation::~Conversation() = default;

Result<std::string> Conversation::ask(const std::string& request_json) {
  Result<std::string> reply = fail(Code::unavailable);
  if (impl_->offline == nullptr) {
    reply = ask_admin(admin_path(impl_->data_dir), request_json);
    if (!reply && reply.error().code == Code::unavailable) {
      auto opened = open_offline(impl_->data_dir);
      if (!opened) return opened.error();
      impl_->offline = std::move(*opened);
    }
  }
  if (impl_->offline != nullptr) reply = handle_admin(*impl_->offline, request_json);
  if (!reply) return reply;
  const auto json = nlohmann::json::parse(*reply, nullptr, false);
  if (json.is_object() && json.contains("error")) {
    const auto name = json["error"].value("code", "");
    for (const auto& row : all_codes()) {
      if (row.name == name) return fail(row.code, json["error"].value("detail", ""));
    }
  }
  return reply;
}

Result<std::string> ask(const std::string& data_dir, const std::string& request_json) {
  return Conversation(data_dir).ask(request_json);
}

void add_commands(CLI::App& app, Globals& globals) {
  add_init(app, globals);
  add_run(app, globals);
  add_operate(app, globals);
  add_audit(app, globals);
}

}  // namespace lianxi::hub
