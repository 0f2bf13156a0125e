// A small HTTP/1.1 server on one thread (Boost.Beast; http_server.cc is the only file that sees it).
//
// Bodies and answers are whole and bounded: large files go in ranges. Limits: header 16 KiB, body `body_bytes_max`, connections
// `connections_max`, idle 60 s. The Host header must name a loopback address or one of `hosts` (DNS rebinding); anything else is 421.
// Threads: the handler runs on the server's thread and must not block; Reply may be called from any thread, once.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "schemas/base/result.h"

namespace lianxi {

struct HttpRequest {
  std::string method;                          // "GET"
  std::string path;                            // Decoded, without the query: "/api/v1/inbox"
  std::map<std::string, std::string> query;    // Decoded.
  std::map<std::string, std::string> headers;  // Names in lower case.
  std::string body{};
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json; charset=utf-8";
  std::string body{};
  std::vector<std::pair<std::string, std::string>> headers{};
};

class HttpServer {
 public:
  using Reply = std::function<void(HttpResponse)>;
  using Handler = std::function<void(HttpRequest, Reply)>;
  struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  // 0: the kernel chooses.
    std::size_t body_bytes_max = 16 << 20;
    std::size_t connections_max = 1024;
    std::vector<std::string> hosts{};  // Further allowed Host names.
  };
  // Listens and starts its thread. Code::io if the address cannot be bound.
  static Result<std::unique_ptr<HttpServer>> start(Options options, Handler handler);
  virtual ~HttpServer() = default;  // Stops; replies that come later are dropped.
  virtual std::uint16_t port() const = 0;
};

}  // namespace lianxi
