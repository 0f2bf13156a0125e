// The REST interface of an agent process: who may ask, which agency is meant, which handler answers.
//
// Paths: /api/v1/…, or /as/<agency>/api/v1/… where a process serves several agencies ("430922-POLICE" or "POLICE"). On the
// bare path the agency is the one of the header X-Lianxi-Agency, else the one whose token was shown, else the first.
// Every agency has its own token; /healthz, /readyz, /metrics and /version need none where the server listens on loopback only.
//
// Threads: handle() runs on the HTTP server's thread and never blocks; the answers come from the agent loop. An Api must live
// until its HttpServer has stopped; closures that are still queued in the agents after that do not touch it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agents/http/agent_port.h"
#include "agents/http/metrics.h"
#include "schemas/base/http_server.h"

namespace lianxi::agent {

inline constexpr std::size_t kRangeBytesMax = 8 << 20;

class Api {
 public:
  struct Options {
    std::map<AgencyId, std::string> tokens;  // One per agency.
    bool open_operations = true;             // No token for health and metrics: loopback only.
    std::string version;
    HttpServer::Handler fallback;  // Whatever no route of ours takes: the console. May be empty: 404.
  };
  // One request on its way to a handler.
  struct Call {
    HttpRequest request;
    AgencyId agency;
    std::vector<std::string> arguments;  // What stood at the {} of the route.
    HttpServer::Reply reply;
  };
  Api(AgentPort& port, Options options);

  void handle(HttpRequest request, HttpServer::Reply reply);

 private:
  using Handler = void (Api::*)(Call);
  enum class Access { token, operations };
  struct Route {
    std::string_view method;
    std::string_view pattern;
    Handler handler;
    Access access = Access::token;
  };
  static std::span<const Route> routes();

  void dispatch(const Route& route, Call call, const std::string& prefix_agency);
  std::optional<AgencyId> agency_of(const HttpRequest& request, const std::string& prefix_agency) const;
  bool authorised(const HttpRequest& request, const AgencyId& agency) const;
  // Runs `work` on the agency's loop, or answers 503.
  void on_agent(Call call, std::function<void(Call&, Agent&, Now)> work);

  // messages.cc
  void post_message(Call call);
  void get_message(Call call);
  void get_receipt(Call call);
  void get_evidence(Call call);
  // inbox.cc
  void get_inbox(Call call);
  void mark_inbox(Call call);
  // attachments.cc
  void post_attachment(Call call);
  void get_upload(Call call);
  void get_attachment(Call call);
  // operations.cc
  void get_types(Call call);
  void get_schema(Call call);
  void get_health(Call call);
  void get_healthz(Call call);
  void get_readyz(Call call);
  void get_metrics(Call call);
  void get_version(Call call);
  // Asks every agent; `done` runs once, on the loop of the one that answered last.
  void collect_health(const Call& call, std::function<void(const std::vector<std::pair<AgencyId, Agent::Health>>&)> done);

  AgentPort& port_;  // Not owned.
  Options options_;
  std::shared_ptr<Metrics> metrics_;  // Shared with closures that outlive the Api.
};

// A message id or a position, as it stands in a path.
struct MessageName {
  std::optional<MessageId> id;
  std::optional<Position> position;
};
std::optional<MessageName> parse_name(const std::string& text);
Result<std::string> message_json(const Agent& agent, const MessageName& name);

// A whole number in the query, bounded; `fallback` if absent, nothing if it is no number.
std::optional<std::int64_t> query_number(const HttpRequest& request, const std::string& name, std::int64_t fallback,
                                         std::int64_t max);

}  // namespace lianxi::agent
