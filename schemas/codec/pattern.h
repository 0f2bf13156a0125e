// A small matcher for the patterns of our schemas: literals, "." , character classes, ? * + {m} {m,n} {m,}, and one level of groups
// "( … )" or "( … )?". Always matches the whole text. Runs in time proportional to text × pattern: no backtracking.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lianxi::codec {

class Pattern {
 public:
  static constexpr std::size_t kStatesMax = 255;

  // Nothing if `text` is not such a pattern or needs more than kStatesMax states.
  static std::optional<Pattern> compile(std::string_view text);
  bool matches(std::string_view text) const;
  const std::string& text() const { return text_; }

 private:
  struct State {
    std::bitset<128> accepts;
    bool loop = false;             // May take another byte of the same class.
    std::size_t skip_to = 0;       // May be left out: 0 = may not, else the state after it.
  };
  using Active = std::bitset<kStatesMax + 1>;

  class Compiler;
  void close(Active& active) const;

  std::string text_;
  std::vector<State> states_;
  struct Skip {
    std::size_t from;
    std::size_t to;
  };
  std::vector<Skip> skips_;        // Optional groups: from may jump to `to` (always forward), ascending `from`.
};

}  // namespace lianxi::codec
