// Admin requests: JSON in, JSON out, the same for a running hub and for an opened directory.
#include <nlohmann/json.hpp>

#include "hub/admin/access.h"
#include "hub/admin/audit.h"

namespace lianxi::hub {

namespace {

using Json = nlohmann::ordered_json;

Json error_json(const Error& error) {
  const auto& row = describe(error.code);
  return {{"error",
           {{"code", row.name}, {"zh", row.zh}, {"en", row.en}, {"next_zh", row.next_zh}, {"next_en", row.next_en}, {"detail", error.detail}}}};
}

Json status_json(HubAccess& hub) {
  Json out;
  hub.run([&](HubCore& core, Now now) {
    const auto& log = core.log();
    out["software"] = "lianxi-hub";
    out["entries"] = core.commit().durable();
    out["messages"] = log.messages_total();
    out["generation"] = log.generation();
    out["time"] = to_rfc3339(now.wall);
    out["last_entry_time"] = log.applied() > 0 ? Json(to_rfc3339(log.last_time())) : Json();
    out["checkpoint"] = core.commit().newest().note;
    out["root"] = hex(core.commit().newest().root);
    out["clock_stopped"] = core.commit().stopped_by_clock();
    if (core.fatal()) out["fatal"] = to_string(*core.fatal());
    if (!log.registry().started()) return;
    const auto& genesis = log.registry().genesis();
    out["hub"] = genesis.hub.value();
    out["log_id"] = hex(genesis.log_id);
    out["demo"] = genesis.demo;
    out["registry_serial"] = log.registry().serial();
    out["operators"] = genesis.operators.size();
    out["threshold"] = genesis.threshold;
    Json agencies = Json::array();
    const auto connected = core.connected();
    for (const auto& [id, agency] : log.registry().agencies()) {
      const auto* origin = log.find_origin(id);
      const auto hint = log.cursor_hint(id);
      agencies.push_back({{"agency", id.value()},
                          {"name_zh", agency.name_zh},
                          {"name_en", agency.name_en},
                          {"host", agency.host},
                          {"connected", std::find(connected.begin(), connected.end(), id) != connected.end()},
                          {"epoch", origin == nullptr ? 1 : origin->epoch.value()},
                          {"last_number", origin == nullptr ? 0 : origin->last.value()},
                          {"closed", origin != nullptr && origin->closed},
                          {"cursor", hint == ~std::uint64_t{0} ? Json() : Json(to_string(Position::unpack(hint)))}});
    }
    out["agencies"] = std::move(agencies);
    Json refusals = Json::object();
    for (const auto& [code, count] : core.counters().refusals) refusals[std::string(describe(code).name)] = count;
    out["since_start"] = {{"entries", core.counters().entries},       {"messages", core.counters().messages},
                          {"repeats", core.counters().repeats},       {"busy", core.counters().busy},
                          {"incidents", core.counters().incidents},   {"refused_entries", core.counters().refused_entries},
                          {"refused_messages", core.counters().refused_messages}, {"refusals", refusals}};
  });
  return out;
}

Json act_json(HubAccess& hub, const Json& request) {
  std::vector<codec::OperatorSignature> signatures;
  for (const auto& row : request.at("signatures")) {
    const auto key = from_hex(row.at("key").get<std::string>());
    const auto signature = from_hex(row.at("signature").get<std::string>());
    const auto key_id = key ? array_from<8>(*key) : std::nullopt;
    const auto bytes = signature ? array_from<64>(*signature) : std::nullopt;
    if (!key_id || !bytes) return error_json(fail(Code::invalid_argument, "signatures"));
    signatures.push_back({*key_id, *bytes});
  }
  const auto position = hub.act(request.at("type").get<std::uint16_t>(), request.at("body").dump(), signatures, request.at("serial").get<std::uint64_t>());
  if (!position) return error_json(position.error());
  return {{"position", to_string(*position)}};
}

// A slice of the log for export and verify: {"from": n, "limit": n} -> {"entries": [base64 of stored entries], "next": n, "size", …}.
Json entries_json(HubAccess& hub, const Json& request) {
  constexpr std::size_t kBytesMax = 2 << 20;
  Json out;
  Json rows = Json::array();
  std::optional<Error> error;
  hub.run([&](HubCore& core, Now) {
    std::uint64_t at = request.value("from", std::uint64_t{0});
    const std::uint64_t end = std::min(core.commit().durable(), at + request.value("limit", std::uint64_t{1000}));
    std::size_t bytes = 0;
    for (; at < end && bytes < kBytesMax; ++at) {
      auto stored = core.log().read_stored(at);
      if (!stored) {
        error = stored.error();
        return;
      }
      bytes += stored->size();
      rows.push_back(base64(*stored));
    }
    out["next"] = at;
    out["size"] = core.commit().durable();
    out["root"] = hex(core.commit().newest().root);
    out["note"] = core.commit().newest().note;
  });
  if (error) return error_json(*error);
  out["entries"] = std::move(rows);
  return out;
}

Json answer(HubAccess& hub, const Json& request) {
  const auto op = request.at("op").get<std::string>();
  if (op == "status") return status_json(hub);
  if (op == "act") return act_json(hub, request);
  if (op == "entries") return entries_json(hub, request);
  if (op == "clock") {
    const bool moved = hub.advance_clock(request.at("now").get<Instant>());
    return moved ? Json{{"moved", true}} : error_json(fail(Code::invalid_argument, "only a scenario clock moves, and only forward"));
  }
  if (op == "stop") {
    hub.stop();
    return {{"stopping", true}};
  }
  return error_json(fail(Code::invalid_argument, "op " + op));
}

}  // namespace

std::string handle_admin(HubAccess& hub, const std::string& request_json) {
  const auto request = Json::parse(request_json, nullptr, false);
  if (!request.is_object()) return error_json(fail(Code::invalid_argument, "not a JSON object")).dump();
  try {
    return answer(hub, request).dump();
  } catch (const nlohmann::json::exception& error) {
    return error_json(fail(Code::invalid_argument, error.what())).dump();
  }
}

}  // namespace lianxi::hub
