#include <mutex>
#include <nlohmann/json.hpp>

#include "agents/http/api.h"
#include "agents/http/problem.h"

namespace lianxi::agent {

using nlohmann::json;

namespace {

using AllHealth = std::vector<std::pair<AgencyId, Agent::Health>>;

json health_json(const AgencyId& agency, const Agent::Health& health) {
  const bool ready = health.submit_ready && health.deliver_ready && health.registry_known && !health.failed;
  return {{"agency", agency.value()},
          {"ready", ready},
          {"failed", health.failed},
          {"submit_ready", health.submit_ready},
          {"deliver_ready", health.deliver_ready},
          {"registry_known", health.registry_known},
          {"queued", health.queued},
          {"in_flight", health.in_flight},
          {"inbox_new", health.inbox_new},
          {"cursor", to_string(health.cursor)},
          {"behind_entries", health.behind_entries},
          {"last_problem_zh", health.last_problem_zh},
          {"last_problem_en", health.last_problem_en},
          {"last_contact", health.last_contact == 0 ? json() : json(to_rfc3339(health.last_contact))}};
}

// Gathers one health per agency, whichever loop it comes from.
struct Gathering {
  std::mutex mutex;
  AllHealth all;  // Guarded by mutex.
  std::size_t expected = 0;
  std::function<void(const AllHealth&)> done;

  void add(const AgencyId& agency, Agent::Health health) {
    {
      const std::lock_guard lock(mutex);
      all.emplace_back(agency, std::move(health));
      if (all.size() != expected) return;
    }
    done(all);  // The last one in; nobody writes any more.
  }
};

json type_json(const codec::TypeInfo& type) {
  json groups = json::array();
  for (const auto group : type.groups) groups.push_back(codec::name(group));
  return {{"code", type.code}, {"name", type.name}, {"zh", type.zh},       {"en", type.en},
          {"groups", groups},  {"ids", type.ids},   {"reply", type.reply}, {"starts_clock", type.starts_clock}};
}

}  // namespace

void Api::get_types(Call call) {
  json types = json::array();
  for (const auto& type : codec::Catalogue::instance().types()) types.push_back(type_json(type));
  call.reply(json_answer(200, {{"types", types}}));
}

void Api::get_schema(Call call) {
  const auto* type = codec::Catalogue::instance().by_name(call.arguments[0]);
  if (type == nullptr) return call.reply(problem_answer({.code = Code::unknown_type, .status = 404}));
  call.reply({.content_type = "application/schema+json; charset=utf-8", .body = codec::Catalogue::instance().json_schema(*type)});
}

void Api::get_health(Call call) {
  const auto agency = call.agency;
  const auto reply = call.reply;
  const bool queued =
      port_.post(agency, [agency, reply](Agent& agent, Now) { reply(json_answer(200, health_json(agency, agent.health()))); });
  if (!queued) reply(problem_answer({.code = Code::overloaded}));
}

void Api::collect_health(const Call& call, std::function<void(const AllHealth&)> done) {
  const auto& agencies = port_.agencies();
  const auto gathering = std::make_shared<Gathering>();
  gathering->expected = agencies.size();
  gathering->done = std::move(done);
  for (const auto& agency : agencies) {
    const bool queued = port_.post(agency, [gathering, agency](Agent& agent, Now) { gathering->add(agency, agent.health()); });
    if (!queued) return call.reply(problem_answer({.code = Code::overloaded}));
  }
}

void Api::get_healthz(Call call) {
  collect_health(call, [reply = call.reply](const AllHealth& all) {
    json failed = json::array();
    for (const auto& [agency, health] : all) {
      if (health.failed) failed.push_back(agency.value());
    }
    reply(json_answer(failed.empty() ? 200 : 503, {{"status", failed.empty() ? "ok" : "failed"}, {"failed", failed}}));
  });
}

void Api::get_readyz(Call call) {
  collect_health(call, [reply = call.reply](const AllHealth& all) {
    json agencies = json::array();
    bool ready = true;
    for (const auto& [agency, health] : all) {
      agencies.push_back(health_json(agency, health));
      ready = ready && agencies.back()["ready"].get<bool>();
    }
    reply(json_answer(ready ? 200 : 503, {{"ready", ready}, {"agencies", agencies}}));
  });
}

void Api::get_metrics(Call call) {
  collect_health(call, [reply = call.reply, metrics = metrics_](const AllHealth& all) {
    for (const auto& [agency, health] : all) metrics->health(agency, health);
    reply({.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics->text()});
  });
}

void Api::get_version(Call call) {
  call.reply(json_answer(200, {{"name", "lianxi"}, {"version", options_.version}, {"schema_version", codec::kSchemaVersion}}));
}

}  // namespace lianxi::agent
