// Seeded randomness: the same seed gives the same run on every machine.
#pragma once

#include <cstdint>

#include "schemas/base/check.h"
#include "schemas/base/entropy.h"

namespace lianxi::test {

// SplitMix64: one addition and three mixing steps a number, no bad seeds.
// Threads: one.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // 0 <= result < n. The bias of the remainder is below n / 2^64.
  std::uint64_t below(std::uint64_t n) {
    check(n > 0, "random: below(0)");
    return next() % n;
  }
  std::uint64_t between(std::uint64_t low, std::uint64_t high) { return low + below(high - low + 1); }
  // True with probability `p` in 0..1.
  bool chance(double p) { return static_cast<double>(next() >> 11) < p * 9007199254740992.0; }
  void fill(std::span<std::uint8_t> out) {
    for (std::size_t i = 0; i < out.size();) {
      std::uint64_t word = next();
      for (int k = 0; k < 8 && i < out.size(); ++k, word >>= 8) out[i++] = static_cast<std::uint8_t>(word);
    }
  }
  Bytes bytes(std::size_t n) {
    Bytes out(n);
    fill(out);
    return out;
  }
  // A generator of its own, for a part that must not disturb the others' numbers.
  Random fork() { return Random(next()); }

 private:
  std::uint64_t state_;
};

// Keys, salts and nonces of a simulated world. Threads: one.
class SimEntropy final : public Entropy {
 public:
  explicit SimEntropy(std::uint64_t seed) : random_(seed) {}
  void fill(std::span<std::uint8_t> out) override { random_.fill(out); }

 private:
  Random random_;
};

}  // namespace lianxi::test
