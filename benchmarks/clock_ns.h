// Time and percentiles of a measurement. Nanoseconds of the steady clock.
// Threads: values only.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

namespace lianxi::bench {

using Nanos = std::int64_t;
inline constexpr Nanos kMilli = 1'000'000;
inline constexpr Nanos kSecond = 1'000'000'000;

inline Nanos now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Every single time is kept: no bucket rounds a p99. 4 bytes each, in microseconds; one hour is the most that fits.
class Latencies {
 public:
  void add(Nanos duration) {
    micros_.push_back(static_cast<std::uint32_t>(std::clamp<Nanos>(duration / 1000, 0, 3'600'000'000)));
  }
  void append(const Latencies& other) { micros_.insert(micros_.end(), other.micros_.begin(), other.micros_.end()); }
  std::size_t count() const { return micros_.size(); }
  // In milliseconds; `share` 0.5 is the median, 1 the largest. 0 if there is none.
  double at(double share) {
    if (micros_.empty()) return 0;
    const auto last = micros_.size() - 1;
    const auto index = std::min(last, static_cast<std::size_t>(share * static_cast<double>(micros_.size())));
    std::nth_element(micros_.begin(), micros_.begin() + static_cast<std::ptrdiff_t>(index), micros_.end());
    return static_cast<double>(micros_[index]) / 1000.0;
  }

 private:
  std::vector<std::uint32_t> micros_;
};

}  // namespace lianxi::bench
