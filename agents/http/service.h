// The running HTTP interface of an agent process: server, tokens, and the files by which clients on this machine find it.
//
// Each agency's directory gets `http.token` (0600, made once, kept) and, after the server listens, `http.json`
// {"url", "token_file", "agency"}; http.json is removed at the end. Threads: one, the one that started it.
#pragma once

#include <memory>

#include "agents/http/api.h"

namespace lianxi::agent {

class HttpService {
 public:
  struct Options {
    std::string listen = "127.0.0.1:0";
    std::vector<std::string> hosts;               // Further Host names.
    std::map<AgencyId, std::string> directories;  // DIR/<agency>; exist already.
    std::string version;
    HttpServer::Handler fallback;  // The console's pages.
  };
  static Result<std::unique_ptr<HttpService>> start(Options options, AgentPort& port);
  ~HttpService();
  std::uint16_t port() const { return server_->port(); }
  std::string url(const AgencyId& agency) const;

 private:
  HttpService() = default;
  std::vector<std::string> published_;
  std::string base_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<HttpServer> server_;  // Last: stops before the Api goes away.
};

// "127.0.0.1:7790" or "[::1]:0".
struct ListenAddress {
  std::string address;
  std::uint16_t port = 0;
};
std::optional<ListenAddress> parse_listen(std::string_view text);

}  // namespace lianxi::agent
