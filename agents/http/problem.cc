#include "agents/http/problem.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lianxi::agent {

using nlohmann::json;

std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

HttpResponse json_answer(int status, const json& body) {
  return {.status = status, .body = dump(body), .headers = {{"Cache-Control", "no-store"}}};
}

int status_of(Code code) {
  switch (code) {
    case Code::ok:
      return 200;
    case Code::not_found:
      return 404;
    case Code::invalid_argument:
      return 400;
    case Code::already_exists:
      return 409;
    case Code::not_authenticated:
      return 401;
    case Code::frame_too_large:
    case Code::message_too_large:
      return 413;
    case Code::unsupported:
      return 501;
    case Code::timed_out:
      return 504;
    case Code::io:
    case Code::corrupt:
    case Code::store_short:
    case Code::overloaded:
    case Code::unknown_outcome:
    case Code::unavailable:
    case Code::disk_full:
      return 503;
    default:
      break;
  }
  const auto number = static_cast<unsigned>(code);
  return number >= 200 || code == Code::verification_failed ? 422 : 500;
}

HttpResponse problem_answer(const Problem& problem) {
  const auto& text = describe(problem.code);
  const int status = problem.status != 0 ? problem.status : status_of(problem.code);
  std::string slug(text.name);
  std::transform(slug.begin(), slug.end(), slug.begin(), [](char c) {
    return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  json body = {{"type", "urn:lianxi:problem:" + slug},
               {"title", text.zh},
               {"status", status},
               {"code", text.name},
               {"detail_zh", problem.detail_zh.empty() ? std::string(text.zh) : problem.detail_zh},
               {"detail_en", problem.detail_en.empty() ? std::string(text.en) : problem.detail_en},
               {"next_zh", problem.next_zh.empty() ? std::string(text.next_zh) : problem.next_zh},
               {"next_en", problem.next_en.empty() ? std::string(text.next_en) : problem.next_en},
               {"errors", json::array()}};
  for (const auto& fault : problem.faults) {
    body["errors"].push_back(
        {{"path", fault.path}, {"code", describe(fault.code).name}, {"text_zh", fault.zh}, {"text_en", fault.en}});
  }
  if (problem.outcome_unknown) body["outcome"] = "unknown";
  if (!problem.id.empty()) body["id"] = problem.id;
  if (!problem.position.empty()) body["position"] = problem.position;
  HttpResponse answer = json_answer(status, body);
  answer.content_type = "application/problem+json; charset=utf-8";
  if (problem.code == Code::overloaded) answer.headers.emplace_back("Retry-After", "1");
  if (problem.code == Code::unavailable) answer.headers.emplace_back("Retry-After", "5");
  if (status == 401) answer.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"lianxi\"");
  return answer;
}

HttpResponse error_answer(const Error& error) {
  const bool failed = error.code == Code::io || error.code == Code::corrupt || error.code == Code::unknown_outcome;
  return problem_answer({.code = error.code, .detail_en = error.detail, .outcome_unknown = failed});
}

}  // namespace lianxi::agent
