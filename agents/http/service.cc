#include "agents/http/service.h"

#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "agents/http/problem.h"
#include "schemas/base/disk.h"

namespace lianxi::agent {

namespace {

constexpr std::size_t kTokenFileBytesMax = 256;

// The agency's token; made at the first start. A file that others can read is no secret and is refused.
Result<std::string> token_in(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    SystemEntropy entropy;
    const auto token = hex(entropy.array<32>());
    if (auto written = write_file(path, view(token + "\n"), 0600); !written) return written.error();
    return token;
  }
  if ((status.st_mode & 077) != 0) return fail(Code::invalid_config, path + ": others may read this token: chmod 600");
  const auto bytes = read_file(path, kTokenFileBytesMax);
  if (!bytes) return bytes.error();
  std::string token(text(*bytes));
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' ')) token.pop_back();
  if (token.size() < 32) return fail(Code::invalid_config, path + ": a token has at least 32 characters");
  return token;
}

bool loopback(const std::string& address) { return address == "::1" || address.starts_with("127."); }

}  // namespace

std::optional<ListenAddress> parse_listen(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  ListenAddress out;
  const auto digits = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  auto address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  out.address = address == "localhost" ? "127.0.0.1" : std::string(address);
  return out;
}

Result<std::unique_ptr<HttpService>> HttpService::start(Options options, AgentPort& port) {
  const auto listen = parse_listen(options.listen);
  if (!listen) return fail(Code::invalid_config, "listen address: " + options.listen);
  Api::Options api{.tokens = {},
                   .open_operations = loopback(listen->address),
                   .version = options.version,
                   .fallback = std::move(options.fallback)};
  for (const auto& [agency, directory] : options.directories) {
    const auto token = token_in(directory + "/http.token");
    if (!token) return token.error();
    api.tokens[agency] = *token;
  }
  std::unique_ptr<HttpService> service(new HttpService);
  service->api_ = std::make_unique<Api>(port, std::move(api));
  auto server = HttpServer::start(
      {.address = listen->address, .port = listen->port, .body_bytes_max = kRangeBytesMax, .hosts = options.hosts},
      [api = service->api_.get()](HttpRequest request, HttpServer::Reply reply) {
        api->handle(std::move(request), std::move(reply));
      });
  if (!server) return server.error();
  service->server_ = *std::move(server);
  const bool v6 = listen->address.find(':') != std::string::npos;
  service->base_ = "http://" + (v6 ? "[" + listen->address + "]" : listen->address) + ":" + std::to_string(service->port());
  std::error_code ignored;
  for (const auto& [agency, directory] : options.directories) {
    // Absolute: whoever reads http.json may run elsewhere.
    const auto absolute = std::filesystem::absolute(directory, ignored).lexically_normal().string();
    const auto path = directory + "/http.json";
    const auto token_file = absolute + "/http.token";
    const auto published = dump({{"url", service->url(agency)}, {"token_file", token_file}, {"agency", agency.value()}}) + "\n";
    if (auto written = write_file(path, view(published), 0600); !written) return written.error();
    service->published_.push_back(path);
  }
  return service;
}

HttpService::~HttpService() {
  for (const auto& path : published_) ::unlink(path.c_str());
}

std::string HttpService::url(const AgencyId& agency) const { return base_ + "/as/" + agency.value(); }

}  // namespace lianxi::agent
