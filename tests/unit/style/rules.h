// What the tree allows: who may include whom, which library lives where, which calls and words appear nowhere.
//
// Pure functions over a file's path (from the project root) and its text, so that each rule can be shown to fail.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lianxi::style {

struct Violation {
  std::string path;
  int line = 0;
  std::string rule;    // "arrow", "library", "header", "clock", "sleep", "outside".
  std::string detail;  // What stands there.
  bool operator==(const Violation&) const = default;
};

// All violations of one file, in line order. C++ rules apply to .h and .cc, the rule "outside" to every file.
std::vector<Violation> check_file(std::string_view path, std::string_view text);

// The text with comments, and on demand the insides of string literals, turned into spaces; lines keep their numbers.
std::string without_comments(std::string_view text, bool blank_strings);

}  // namespace lianxi::style
