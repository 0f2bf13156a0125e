// One agent's HTTP interface as a client: libcurl, one request at a time, never through a proxy.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "agents/cli/cli.h"

namespace lianxi::cli {

struct Target {
  std::string at;   // Directory with http.json; empty: LIANXI_AT.
  std::string url;  // "http://127.0.0.1:7790/as/430922-LAND"
  std::string token_file;
};

struct Answer {
  long status = 0;
  std::map<std::string, std::string> headers;  // Names in lower case.
  std::string body;
};

class HttpClient {
 public:
  // Reads http.json and the token. Code::unavailable: no agent runs there; Code::invalid_argument: neither --at nor --url.
  static Result<HttpClient> open(const Target& target);

  struct Request {
    std::string method = "GET";
    std::string path;  // "/api/v1/inbox?limit=1", encoded
    std::string body{};
    std::map<std::string, std::string> headers{};
    std::int64_t timeout_ms = 10'000;
  };
  // Code::unavailable: not connected, nothing was sent. Code::unknown_outcome: sent, and no answer came; of a GET: Code::timed_out.
  Result<Answer> ask(const Request& request) const;

 private:
  std::string url_;
  std::string token_;
};

std::string percent_encoded(std::string_view text);

// Prints why there is no answer; the agent is meant here, not the hub behind it.
int report_no_answer(const Session& session, const Error& error);
// Prints the problem of an answer that is not 2xx and returns the exit code for it.
int report_problem(const Session& session, const Answer& answer);

}  // namespace lianxi::cli
