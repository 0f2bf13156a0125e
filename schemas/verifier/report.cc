#include <nlohmann/json.hpp>

#include "schemas/base/clock.h"
#include "schemas/verifier/verifier.h"

namespace lianxi::verifier {
namespace {

using Json = nlohmann::ordered_json;

Json entry_json(const EntryFacts& entry) {
  Json refused = Json::array();
  for (const auto& item : entry.refused) refused.push_back({{"index", item.index}, {"code", item.code}});
  Json out = {{"agency", entry.agency},         {"host", entry.host},
              {"epoch", entry.epoch},           {"first", std::to_string(entry.first)},
              {"count", entry.count},           {"entry", std::to_string(entry.entry)},
              {"time", to_rfc3339(entry.time)}, {"refused", refused},
              {"origin", entry.origin},         {"size", std::to_string(entry.size)}};
  if (entry.original_time) out["original_time"] = to_rfc3339(*entry.original_time);
  return out;
}

Json message_json(const MessageFacts& message) {
  Json sections = Json::array();
  for (const auto& section : message.sections) sections.push_back({{"group", section.group}, {"shown", section.shown}});
  Json out = {{"id", message.id},
              {"position", message.position},
              {"type", message.type},
              {"event_time", to_rfc3339(message.event_time)},
              {"sections", sections}};
  if (message.refused) out["refused"] = *message.refused;
  return out;
}

std::string line(const std::string& zh, const std::string& en) { return zh + "\n    " + en + "\n"; }

std::string entry_text(const EntryFacts& entry) {
  const std::string host = entry.host.empty() ? "" : "（由 " + entry.host + " 托管代发）";
  const std::string host_en = entry.host.empty() ? "" : " (sent through the host " + entry.host + ")";
  const std::string time = to_rfc3339(entry.time);
  std::string out = line("发送机关：" + entry.agency + host, "Sender: " + entry.agency + host_en);
  out += line("枢纽收录时间：" + time, "Ordered by the hub at: " + time);
  if (entry.original_time) {
    const std::string original = to_rfc3339(*entry.original_time);
    out += line("恢复后补交，原收录时间：" + original, "Given back after a restore; first ordered at: " + original);
  }
  return out;
}

std::string message_text(const MessageFacts& message) {
  std::string shown, withheld;
  for (const auto& section : message.sections) (section.shown ? shown : withheld) += " " + section.group;
  const std::string none = " —";
  if (shown.empty()) shown = none;
  if (withheld.empty()) withheld = none;
  std::string out =
      line("消息：" + message.id + "，位置 " + message.position, "Message " + message.id + ", position " + message.position);
  out += line("已出示的节：" + shown.substr(1) + "；未出示的节：" + withheld.substr(1),
              "Sections shown:" + shown + "; withheld:" + withheld);
  if (message.refused) {
    const std::string code = std::to_string(*message.refused);
    out += line("注意：枢纽收录但未受理本消息，代码 " + code + "。",
                "Note: the hub logged this message but refused it, code " + code + ".");
  }
  return out;
}

}  // namespace

std::string to_json(const Report& report) {
  Json checks = Json::array();
  for (const auto& check : report.checks) {
    checks.push_back({{"name", check.name}, {"passed", check.passed}, {"zh", check.zh}, {"en", check.en}});
  }
  Json out = {{"format", "lianxi-report/v1"}, {"ok", report.ok}, {"checks", checks}};
  if (report.entry) out["entry"] = entry_json(*report.entry);
  if (report.message) out["message"] = message_json(*report.message);
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_text(const Report& report) {
  std::string out = report.ok ? line("核验通过。", "Verified.") : line("核验未通过。", "NOT verified.");
  for (const auto& check : report.checks) out += (check.passed ? "[ok] " : "[!!] ") + line(check.zh, check.en);
  if (report.entry) out += entry_text(*report.entry);
  if (report.message) out += message_text(*report.message);
  if (report.ok) {
    out += line("回执证明枢纽收录的顺序和时间，不证明送达。", "A receipt proves the hub's order and time, not delivery.");
  }
  return out;
}

}  // namespace lianxi::verifier
