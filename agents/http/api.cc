#include "agents/http/api.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "agents/http/problem.h"

namespace lianxi::agent {

namespace {

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> out;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const auto part = path.substr(0, path.find('/'));
    out.push_back(part);
    path.remove_prefix(part.size());
  }
  return out;
}

// "/a/{}/c" against "/a/b/c": the arguments, or nothing.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
  const auto expected = segments(pattern), given = segments(path);
  if (expected.size() != given.size()) return std::nullopt;
  std::vector<std::string> arguments;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] == "{}") {
      arguments.emplace_back(given[i]);
    } else if (expected[i] != given[i]) {
      return std::nullopt;
    }
  }
  return arguments;
}

// Takes as long for a wrong token as for the right one, whatever they share.
bool same_secret(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b.empty() ? '\0' : b[i % b.size()]);
  }
  return difference == 0;
}

std::string_view bearer(const HttpRequest& request) {
  const auto found = request.headers.find("authorization");
  if (found == request.headers.end()) return {};
  const std::string_view value = found->second;
  if (value.size() < 7 || (!value.starts_with("Bearer ") && !value.starts_with("bearer "))) return {};
  return value.substr(7);
}

// "/as/POLICE/api/v1/inbox" -> "POLICE", and the path without it.
std::string take_prefix(std::string& path) {
  if (!path.starts_with("/as/")) return {};
  const auto end = path.find('/', 4);
  auto agency = path.substr(4, end == std::string::npos ? end : end - 4);
  path = end == std::string::npos ? "/" : path.substr(end);
  return agency;
}

}  // namespace

std::span<const Api::Route> Api::routes() {
  static const Route kRoutes[] = {
      {"POST", "/api/v1/messages", &Api::post_message},
      {"GET", "/api/v1/messages/{}", &Api::get_message},
      {"GET", "/api/v1/messages/{}/receipt", &Api::get_receipt},
      {"GET", "/api/v1/messages/{}/evidence", &Api::get_evidence},
      {"GET", "/api/v1/messages/{}/attachments/{}", &Api::get_attachment},
      {"POST", "/api/v1/attachments", &Api::post_attachment},
      {"GET", "/api/v1/attachments/uploads/{}", &Api::get_upload},
      {"GET", "/api/v1/inbox", &Api::get_inbox},
      {"POST", "/api/v1/inbox/{}/{}", &Api::mark_inbox},
      {"GET", "/api/v1/types", &Api::get_types},
      {"GET", "/api/v1/types/{}/schema", &Api::get_schema},
      {"GET", "/api/v1/health", &Api::get_health},
      {"GET", "/healthz", &Api::get_healthz, Access::operations},
      {"GET", "/readyz", &Api::get_readyz, Access::operations},
      {"GET", "/metrics", &Api::get_metrics, Access::operations},
      {"GET", "/version", &Api::get_version, Access::operations},
  };
  return kRoutes;
}

Api::Api(AgentPort& port, Options options)
    : port_(port), options_(std::move(options)), metrics_(std::make_shared<Metrics>(options_.version)) {}

void Api::handle(HttpRequest request, HttpServer::Reply reply) {
  const auto original = request.path;
  const auto prefix_agency = take_prefix(request.path);
  std::string allowed;
  for (const auto& route : routes()) {
    auto arguments = match(route.pattern, request.path);
    if (!arguments) continue;
    if (route.method != request.method) {
      allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
      continue;
    }
    auto measured = [metrics = metrics_, name = std::string(route.pattern), since = std::chrono::steady_clock::now(),
                     reply = std::move(reply)](HttpResponse response) {
      metrics->request(name, response.status, std::chrono::steady_clock::now() - since);
      reply(std::move(response));
    };
    return dispatch(route, {std::move(request), {}, *std::move(arguments), std::move(measured)}, prefix_agency);
  }
  if (allowed.empty() && options_.fallback && !request.path.starts_with("/api/")) {
    request.path = original;
    return options_.fallback(std::move(request), std::move(reply));
  }
  auto answer = problem_answer({.code = Code::not_found,
                                .detail_zh = "没有这个路径",
                                .detail_en = "there is no such path",
                                .status = allowed.empty() ? 404 : 405});
  if (!allowed.empty()) answer.headers.emplace_back("Allow", allowed);
  reply(std::move(answer));
}

void Api::dispatch(const Route& route, Call call, const std::string& prefix_agency) {
  const auto agency = agency_of(call.request, prefix_agency);
  if (!agency) {
    return call.reply(problem_answer(
        {.code = Code::not_found, .detail_zh = "本程序不服务这个单位", .detail_en = "this process does not serve that agency"}));
  }
  const bool open = route.access == Access::operations && options_.open_operations;
  if (!open && !authorised(call.request, *agency)) {
    return call.reply(problem_answer({.code = Code::not_authenticated,
                                      .detail_zh = "缺少令牌或令牌不正确：Authorization: Bearer …",
                                      .detail_en = "the token is missing or wrong: Authorization: Bearer …"}));
  }
  call.agency = *agency;
  (this->*route.handler)(std::move(call));
}

std::optional<AgencyId> Api::agency_of(const HttpRequest& request, const std::string& prefix_agency) const {
  std::string wanted = prefix_agency;
  if (const auto header = request.headers.find("x-lianxi-agency"); wanted.empty() && header != request.headers.end())
    wanted = header->second;
  const auto& agencies = port_.agencies();
  if (wanted.empty()) {
    for (const auto& agency : agencies) {
      if (authorised(request, agency)) return agency;
    }
    return agencies.front();
  }
  for (const auto& agency : agencies) {
    const auto& id = agency.value();
    if (id == wanted || (id.size() > wanted.size() && id.ends_with(wanted) && id[id.size() - wanted.size() - 1] == '-'))
      return agency;
  }
  return std::nullopt;
}

bool Api::authorised(const HttpRequest& request, const AgencyId& agency) const {
  const auto token = options_.tokens.find(agency);
  return token != options_.tokens.end() && !token->second.empty() && same_secret(bearer(request), token->second);
}

void Api::on_agent(Call call, std::function<void(Call&, Agent&, Now)> work) {
  const auto reply = call.reply;
  const auto agency = call.agency;
  auto shared = std::make_shared<Call>(std::move(call));
  const bool queued = port_.post(agency, [shared, work = std::move(work)](Agent& agent, Now now) {
    if (agent.failed()) {
      return shared->reply(problem_answer({.code = Code::io,
                                           .detail_zh = "本单位的代理程序已停止：读写磁盘失败",
                                           .detail_en = "the agent has stopped: a disk write failed",
                                           .outcome_unknown = true}));
    }
    work(*shared, agent, now);
  });
  if (!queued) reply(problem_answer({.code = Code::overloaded}));
}

std::optional<MessageName> parse_name(const std::string& text) {
  MessageName name;
  MessageId id;
  Position position;
  if (parse(text, id)) {
    name.id = id;
  } else if (parse(text, position)) {
    name.position = position;
  } else {
    return std::nullopt;
  }
  return name;
}

Result<std::string> message_json(const Agent& agent, const MessageName& name) {
  return name.id ? agent.message_json(*name.id) : agent.message_json(*name.position);
}

std::optional<std::int64_t> query_number(const HttpRequest& request, const std::string& name, std::int64_t fallback,
                                         std::int64_t max) {
  const auto found = request.query.find(name);
  if (found == request.query.end()) return fallback;
  std::int64_t value = 0;
  const auto& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return std::min(value, max);
}

}  // namespace lianxi::agent
