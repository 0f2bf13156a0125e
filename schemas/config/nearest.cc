#include <algorithm>
#include <limits>
#include <numeric>

#include "schemas/config/config.h"

namespace lianxi::config {

namespace {

// Damerau-Levenshtein with neighbours swapped counting once: "fsnyc" is one slip away from "fsync".
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates) {
  const std::size_t close_enough = std::min<std::size_t>(3, std::max<std::size_t>(1, word.size() / 3));
  std::size_t best = std::numeric_limits<std::size_t>::max();
  std::optional<std::string> found;
  for (const auto& candidate : candidates) {
    const auto d = distance(word, candidate);
    if (d < best && d <= close_enough) {
      best = d;
      found = candidate;
    }
  }
  return found;
}

}  // namespace lianxi::config
