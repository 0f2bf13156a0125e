#include "schemas/codec/pattern.h"

#include <algorithm>

namespace lianxi::codec {

class Pattern::Compiler {
 public:
  explicit Compiler(std::string_view in) : in_(in) {}

  bool run(Pattern& out) {
    while (at_ < in_.size()) {
      if (in_[at_] == '(') {
        if (!group(out)) return false;
      } else if (!item(out)) {
        return false;
      }
    }
    return out.states_.size() <= kStatesMax;
  }

 private:
  struct Count {
    std::size_t min = 1;
    std::size_t max = 1;
    bool open = false;
  };

  bool group(Pattern& out) {
    ++at_;
    const std::size_t from = out.states_.size();
    while (at_ < in_.size() && in_[at_] != ')') {
      if (in_[at_] == '(' || !item(out)) return false;
    }
    if (at_ == in_.size()) return false;
    ++at_;
    if (at_ < in_.size() && in_[at_] == '?') {
      ++at_;
      out.skips_.push_back({from, out.states_.size()});
    }
    return true;
  }

  bool item(Pattern& out) {
    std::bitset<128> accepts;
    Count count;
    if (!atom(accepts) || !quantifier(count)) return false;
    if (out.states_.size() + std::max(count.max, count.min) > kStatesMax) return false;
    for (std::size_t i = 0; i < count.min; ++i) out.states_.push_back({accepts, false, 0});
    if (count.open) {
      if (count.min > 0) {
        out.states_.back().loop = true;
      } else {
        out.states_.push_back({accepts, true, out.states_.size() + 1});
      }
    }
    for (std::size_t i = count.min; i < count.max; ++i) out.states_.push_back({accepts, false, out.states_.size() + 1});
    return true;
  }

  bool atom(std::bitset<128>& accepts) {
    const char c = in_[at_++];
    if (c == '[') return char_class(accepts);
    if (c == '.') {
      for (std::size_t i = 0x20; i < 0x7f; ++i) accepts.set(i);
      return true;
    }
    if (c == '\\') return at_ < in_.size() && literal(in_[at_++], accepts);
    if (std::string_view("?*+{}()|^$]").find(c) != std::string_view::npos) return false;
    return literal(c, accepts);
  }

  static bool literal(char c, std::bitset<128>& accepts) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 128) return false;
    accepts.set(byte);
    return true;
  }

  bool char_class(std::bitset<128>& accepts) {
    bool first = true;
    while (at_ < in_.size() && (in_[at_] != ']' || first)) {
      first = false;
      const auto low = static_cast<unsigned char>(in_[at_++]);
      auto high = low;
      if (at_ + 1 < in_.size() && in_[at_] == '-' && in_[at_ + 1] != ']') {
        high = static_cast<unsigned char>(in_[at_ + 1]);
        at_ += 2;
      }
      if (low >= 128 || high >= 128 || low > high) return false;
      for (std::size_t i = low; i <= high; ++i) accepts.set(i);
    }
    return at_ < in_.size() && in_[at_++] == ']';
  }

  bool quantifier(Count& count) {
    if (at_ == in_.size()) return true;
    switch (in_[at_]) {
      case '?': count = {0, 1, false}; break;
      case '*': count = {0, 0, true}; break;
      case '+': count = {1, 1, true}; break;
      case '{': return braces(count);
      default: return true;
    }
    ++at_;
    return true;
  }

  bool braces(Count& count) {
    ++at_;
    if (!number(count.min)) return false;
    count.max = count.min;
    if (at_ < in_.size() && in_[at_] == ',') {
      ++at_;
      if (at_ < in_.size() && in_[at_] == '}') {
        count.open = true;
      } else if (!number(count.max)) {
        return false;
      }
    }
    return at_ < in_.size() && in_[at_++] == '}' && count.max >= count.min && (count.max > 0 || count.open);
  }

  bool number(std::size_t& out) {
    const std::size_t start = at_;
    out = 0;
    while (at_ < in_.size() && in_[at_] >= '0' && in_[at_] <= '9' && out <= kStatesMax) {
      out = out * 10 + static_cast<std::size_t>(in_[at_++] - '0');
    }
    return at_ > start && out <= kStatesMax;
  }

  std::string_view in_;
  std::size_t at_ = 0;
};

std::optional<Pattern> Pattern::compile(std::string_view text) {
  Pattern out;
  out.text_ = text;
  if (!Compiler(text).run(out)) return std::nullopt;
  return out;
}

// Follows all jumps; they only lead forward, so one ascending pass is enough.
void Pattern::close(Active& active) const {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (!active[i]) continue;
    if (states_[i].skip_to != 0) active.set(states_[i].skip_to);
    for (const Skip& skip : skips_) {
      if (skip.from == i) active.set(skip.to);
    }
  }
}

bool Pattern::matches(std::string_view text) const {
  Active active;  // State i: the next byte is to be taken by states_[i]; states_.size(): done.
  active.set(0);
  close(active);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 128) return false;
    Active next;
    for (std::size_t i = 0; i < states_.size(); ++i) {
      if (!active[i] || !states_[i].accepts[byte]) continue;
      next.set(i + 1);
      if (states_[i].loop) next.set(i);
    }
    close(next);
    active = next;
  }
  return active[states_.size()];
}

}  // namespace lianxi::codec
