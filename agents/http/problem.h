// Answers of the HTTP edge: JSON, and RFC 9457 problems with a code, what happened and what to do next, in both languages.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "schemas/base/http_server.h"
#include "schemas/codec/catalogue.h"

namespace lianxi::agent {

HttpResponse json_answer(int status, const nlohmann::json& body);
// Never throws: text that is not UTF-8 is replaced.
std::string dump(const nlohmann::json& value);

// 422 for refusals of a message, 404, 409, 503 … as the code asks for.
int status_of(Code code);

// What stands in a problem besides the texts of its code.
struct Problem {
  Code code{};
  std::string detail_zh{};  // Empty: the code's own sentence.
  std::string detail_en{};
  std::string next_zh{};  // Empty: the code's own.
  std::string next_en{};
  std::vector<codec::Fault> faults{};
  int status = 0;                // 0: status_of(code)
  bool outcome_unknown = false;  // It may have happened: the client sends the same again.
  std::string id{};              // Of the message, if it has one.
  std::string position{};
};
HttpResponse problem_answer(const Problem& problem);
HttpResponse error_answer(const Error& error);

}  // namespace lianxi::agent
