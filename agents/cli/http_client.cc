#include "agents/cli/http_client.h"

#include <curl/curl.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "schemas/base/disk.h"

namespace lianxi::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kSmallFileBytesMax = 64 << 10;
constexpr std::size_t kAnswerBytesMax = 64 << 20;

std::string trimmed(std::string_view text) {
  while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  while (!text.empty() && std::string_view(" \t").find(text.front()) != std::string_view::npos) text.remove_prefix(1);
  return std::string(text);
}

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* to) {
  auto& body = *static_cast<std::string*>(to);
  if (body.size() + size * count > kAnswerBytesMax) return 0;
  body.append(data, size * count);
  return size * count;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* to) {
  const std::string_view line(data, size * count);
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return line.size();
  std::string name(line.substr(0, colon));
  for (auto& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  (*static_cast<std::map<std::string, std::string>*>(to))[name] = trimmed(line.substr(colon + 1));
  return line.size();
}

Result<std::string> small_file(const std::string& path) {
  const auto bytes = read_file(path, kSmallFileBytesMax);
  if (!bytes) return fail(Code::unavailable, path + ": " + bytes.error().detail);
  return std::string(text(*bytes));
}

std::string text_in(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                       c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

Result<HttpClient> HttpClient::open(const Target& target) {
  HttpClient client;
  client.url_ = target.url;
  std::string token_file = target.token_file;
  std::string at = target.at;
  if (const char* env = std::getenv("LIANXI_AT"); at.empty() && target.url.empty() && env != nullptr) at = env;
  if (!at.empty()) {
    const auto published = small_file(at + "/http.json");
    if (!published) return published.error();
    const auto parsed = json::parse(*published, nullptr, false);
    if (!parsed.is_object()) return fail(Code::unavailable, at + "/http.json is not JSON");
    if (client.url_.empty()) client.url_ = text_in(parsed, "url");
    if (token_file.empty()) token_file = text_in(parsed, "token_file");
  }
  if (client.url_.empty()) return fail(Code::invalid_argument, "--at DIR or --url URL --token-file FILE");
  while (client.url_.ends_with('/')) client.url_.pop_back();
  if (!token_file.empty()) {
    const auto token = small_file(token_file);
    if (!token) return token.error();
    client.token_ = trimmed(*token);
  }
  return client;
}

Result<Answer> HttpClient::ask(const Request& request) const {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(ready ? curl_easy_init() : nullptr, &curl_easy_cleanup);
  if (!handle) return fail(Code::io, "libcurl does not start");
  Answer answer;
  curl_slist* list = nullptr;
  const auto add = [&list](const std::string& line) { list = curl_slist_append(list, line.c_str()); };
  if (!token_.empty()) add("Authorization: Bearer " + token_);
  for (const auto& [name, value] : request.headers) add(name + ": " + value);
  if (request.method == "POST" && !request.headers.contains("Content-Type")) add("Content-Type: application/json");
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(list, &curl_slist_free_all);
  auto* curl = handle.get();
  curl_easy_setopt(curl, CURLOPT_URL, (url_ + request.path).c_str());
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout_ms));
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer.headers);
  if (request.method == "POST") {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
  }
  const auto done = curl_easy_perform(curl);
  if (done == CURLE_COULDNT_CONNECT || done == CURLE_COULDNT_RESOLVE_HOST || done == CURLE_UNSUPPORTED_PROTOCOL ||
      done == CURLE_URL_MALFORMAT) {
    return fail(Code::unavailable, url_ + ": " + curl_easy_strerror(done));
  }
  if (done != CURLE_OK) {
    return fail(request.method == "POST" ? Code::unknown_outcome : Code::timed_out, url_ + ": " + curl_easy_strerror(done));
  }
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

int report_no_answer(const Session& session, const Error& error) {
  if (error.code != Code::unavailable || session.json) return report(session, error);
  std::cerr << session.say("错误 UNAVAILABLE 连不上代理程序：", "error UNAVAILABLE the agent cannot be reached: ") << error.detail
            << "\n"
            << session.say("下一步：确认 lianxi agent run 正在运行，--at 指向该单位的数据目录",
                           "next: see that lianxi agent run is running and --at names the agency's directory")
            << std::endl;
  return kUnreachable;
}

int report_problem(const Session& session, const Answer& answer) {
  const auto problem = json::parse(answer.body, nullptr, false);
  int exit = answer.status == 404 ? kNotFound : answer.status < 500 ? kRefused : answer.status == 503 ? kUnreachable : kFailed;
  if (problem.is_object() && text_in(problem, "outcome") == "unknown") exit = kUnknownOutcome;
  if (!problem.is_object() || text_in(problem, "code").empty()) {
    std::cerr << session.say("错误 HTTP ", "error HTTP ") << answer.status << std::endl;
    return exit;
  }
  if (session.json) {
    std::cerr << answer.body << std::endl;
    return exit;
  }
  std::cerr << session.say("错误 ", "error ") << text_in(problem, "code") << " "
            << text_in(problem, session.chinese ? "detail_zh" : "detail_en") << "\n";
  for (const auto& fault : problem.value("errors", json::array())) {
    std::cerr << "  " << text_in(fault, "path") << " " << text_in(fault, "code") << " "
              << text_in(fault, session.chinese ? "text_zh" : "text_en") << "\n";
  }
  std::cerr << session.say("下一步：", "next: ") << text_in(problem, session.chinese ? "next_zh" : "next_en") << std::endl;
  return exit;
}

}  // namespace lianxi::cli
