// lianxi-hub enrol, policy, status, clock.
#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "hub/cli/commands.h"
#include "hub/files.h"

namespace lianxi::hub {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint16_t kRegistryUpdate = 108;
constexpr std::uint16_t kClockStep = 114;

// Signs an operators' act with the given key files and has it logged. The position it got.
Result<std::string> act(Conversation& hub, std::uint16_t type, const Json& body, const std::vector<std::string>& operator_files) {
  auto status_text = hub.ask(R"({"op":"status"})");
  if (!status_text) return status_text.error();
  const auto status = Json::parse(*status_text);
  const auto log_id_bytes = from_hex(status.value("log_id", ""));
  const auto log_id = log_id_bytes ? array_from<32>(*log_id_bytes) : std::nullopt;
  if (!log_id) return fail(Code::not_found, "the log has no genesis");
  const auto serial = status["registry_serial"].get<std::uint64_t>() + 1;
  auto plaintext = HubCore::act_plaintext(type, body.dump());
  if (!plaintext) return plaintext.error();
  const auto statement = evidence::operator_statement(*log_id, serial, type, *plaintext);
  const auto& suite = evidence::suite1();
  Json signatures = Json::array();
  for (const auto& file : operator_files) {
    auto key = evidence::read_operator_key(file);
    if (!key) return key.error();
    const auto id = evidence::key_id(suite.id(), evidence::KeyUse::operator_, suite.signing_public(key->secret));
    signatures.push_back({{"key", hex(id)}, {"signature", hex(suite.sign(key->secret, statement))}});
  }
  auto reply = hub.ask(Json{{"op", "act"}, {"type", type}, {"body", body}, {"serial", serial}, {"signatures", signatures}}.dump());
  if (!reply) return reply.error();
  return Json::parse(*reply).value("position", "");
}

Json card_body(const evidence::AgencyCard& card) {
  Json seats = Json::array();
  for (const auto& seat : card.seats) seats.push_back({{"seat", seat.seat}, {"sealing_key", hex(seat.sealing)}});
  Json body{{"kind", "agency"},           {"agency", card.agency.value()},        {"name_zh", card.name_zh},
            {"name_en", card.name_en},    {"transport_key", hex(card.transport)}, {"signing_key", hex(card.signing)},
            {"seats", std::move(seats)}};
  if (!card.host.empty()) body["host"] = card.host;
  return body;
}

struct OperateOptions {
  std::string data, routes, need_to_know, revoke, agency, now;
  std::vector<std::string> cards, operators;
};

void print_status(const Json& status, bool zh) {
  std::cout << (zh ? "日志 " : "log ") << status.value("log_id", "").substr(0, 16) << (zh ? "  条目 " : "  entries ") << status["entries"]
            << (zh ? "  消息 " : "  messages ") << status["messages"] << (zh ? "  时间 " : "  time ") << status["time"].get<std::string>() << "\n";
  if (status.value("clock_stopped", false)) std::cout << (zh ? "时钟异常，已暂停入库\n" : "the clock stepped: commits are stopped\n");
  for (const auto& agency : status.value("agencies", Json::array())) {
    std::cout << "  " << (agency["connected"].get<bool>() ? "● " : "○ ") << agency["agency"].get<std::string>() << "  " << agency["name_zh"].get<std::string>()
              << (zh ? "  最后编号 " : "  last number ") << agency["last_number"] << (zh ? "  游标 " : "  cursor ")
              << (agency["cursor"].is_null() ? "-" : agency["cursor"].get<std::string>()) << "\n";
  }
}

}  // namespace

void add_operate(CLI::App& app, Globals& globals) {
  auto options = std::make_shared<OperateOptions>();
  const auto signed_verb = [&](const char* name, const char* help) {
    auto* verb = app.add_subcommand(name, help);
    verb->add_option("--data", options->data, "数据目录 / data directory")->required();
    verb->add_option("--operator", options->operators, "运维密钥文件，可多个 / operators' key files")->required();
    return verb;
  };
  auto* enrol = signed_verb("enrol", "登记单位 / enrol agencies\n\n例 / Example:\n"
                                     "  lianxi-hub enrol --data hub --card police/agency.card --operator operators/operator-1.key --operator operators/operator-2.key");
  enrol->add_option("--card", options->cards, "单位名片，可多个 / agency cards")->required();
  enrol->callback([options, &globals] {
    Conversation hub(options->data);
    for (const auto& path : options->cards) {
      auto card = evidence::read_agency_card(path);
      if (!card) return report(globals, card.error());
      auto position = act(hub, kRegistryUpdate, card_body(*card), options->operators);
      if (!position) return report(globals, position.error());
      if (globals.json) std::cout << Json{{"agency", card->agency.value()}, {"position", *position}}.dump() << "\n";
      else std::cout << card->agency.value() << (globals.chinese() ? " 已登记 " : " enrolled ") << *position << "\n";
    }
  });
  auto* policy = signed_verb("policy", "更换权限表 / replace routes and need-to-know\n\n例 / Example:\n"
                                       "  lianxi-hub policy --data hub --routes routes.toml --need-to-know need_to_know.toml --operator …");
  policy->add_option("--routes", options->routes, "routes.toml")->required();
  policy->add_option("--need-to-know", options->need_to_know, "need_to_know.toml")->required();
  policy->callback([options, &globals] {
    auto routes = read_file(options->routes);
    if (!routes) return report(globals, routes.error());
    auto need = read_file(options->need_to_know);
    if (!need) return report(globals, need.error());
    Conversation hub(options->data);
    auto position = act(hub, kRegistryUpdate, {{"kind", "policy"}, {"routes", text(*routes)}, {"need_to_know", text(*need)}}, options->operators);
    if (!position) return report(globals, position.error());
    std::cout << (globals.json ? Json{{"position", *position}}.dump() : (globals.chinese() ? "权限表已更换 " : "policy replaced ") + *position) << "\n";
  });
  auto* revoke = signed_verb("revoke", "吊销密钥 / revoke a key");
  revoke->add_option("--agency", options->agency, "单位 / agency")->required();
  revoke->add_option("--key", options->revoke, "密钥编号（16 位十六进制）/ key id")->required();
  revoke->callback([options, &globals] {
    Conversation hub(options->data);
    auto position = act(hub, kRegistryUpdate, {{"kind", "revoke"}, {"agency", options->agency}, {"revoked_key", options->revoke}}, options->operators);
    if (!position) return report(globals, position.error());
    std::cout << (globals.json ? Json{{"position", *position}}.dump() : (globals.chinese() ? "密钥已吊销 " : "key revoked ") + *position) << "\n";
  });
  auto* confirm = signed_verb("confirm-clock", "核对时间后恢复入库 / confirm the time after a clock step");
  confirm->callback([options, &globals] {
    Conversation hub(options->data);
    auto status = hub.ask(R"({"op":"status"})");
    if (!status) return report(globals, status.error());
    const auto json = Json::parse(*status);
    Instant last = 0;
    if (json["last_entry_time"].is_string() && !parse_rfc3339(json["last_entry_time"].get<std::string>(), last)) return;
    const Now now = SystemClock().now();  // The hub refuses it if its own clock says something else.
    const Json body{{"last_entry", json["entries"].get<std::uint64_t>() - 1},
                    {"last_time", to_rfc3339(last)},
                    {"boot_delta_ms", now.boot},
                    {"confirmed", to_rfc3339(now.wall)}};
    auto position = act(hub, kClockStep, body, options->operators);
    if (!position) return report(globals, position.error());
    std::cout << (globals.json ? Json{{"position", *position}}.dump() : (globals.chinese() ? "时间已确认 " : "time confirmed ") + *position) << "\n";
  });
  auto* status = app.add_subcommand("status", "中心状态 / the hub's state\n\n例 / Example:\n  lianxi-hub status --data hub --json");
  status->add_option("--data", options->data, "数据目录 / data directory")->required();
  status->callback([options, &globals] {
    auto reply = ask(options->data, R"({"op":"status"})");
    if (!reply) return report(globals, reply.error());
    if (globals.json) std::cout << *reply << "\n";
    else print_status(Json::parse(*reply), globals.chinese());
  });
  auto* clock = app.add_subcommand("clock", "推进场景时间（演示）/ move the scenario's time forward (demo)");
  clock->add_option("--data", options->data, "数据目录 / data directory")->required();
  clock->add_option("--now", options->now, "RFC 3339")->required();
  clock->callback([options, &globals] {
    Instant now = 0;
    if (!parse_rfc3339(options->now, now)) return report(globals, fail(Code::invalid_argument, "--now " + options->now));
    auto reply = ask(options->data, Json{{"op", "clock"}, {"now", now}}.dump());
    if (!reply) return report(globals, reply.error());
    if (globals.json) std::cout << *reply << "\n";
  });
}

}  // namespace lianxi::hub
