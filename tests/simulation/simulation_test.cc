// The county under faults, a thousand seeds; LIANXI_SEEDS=from-to or LIANXI_SEEDS=n chooses others.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "tests/simulation/world.h"

namespace lianxi::simulation {
namespace {

struct Range {
  std::uint64_t from = 1, to = 1000;
};

Range seeds() {
  Range range;
  if (const char* text = std::getenv("LIANXI_SEEDS")) {
    unsigned long from = 0;
    unsigned long to = 0;
    const int read = std::sscanf(text, "%lu-%lu", &from, &to);
    if (read == 2) range = {from, to};
    else if (read == 1) range = {1, from};
  }
  return range;
}

std::string describe_failure(const Settings& settings, const Outcome& outcome) {
  std::string text = "seed " + std::to_string(settings.seed) + " (repeat with LIANXI_SEEDS=" + std::to_string(settings.seed) + "-" +
                     std::to_string(settings.seed) + "):";
  for (const auto& violation : outcome.violations) text += "\n  " + violation;
  return text;
}

TEST(Simulation, EveryPromiseHoldsOnEverySeed) {
  const auto range = seeds();
  std::atomic<std::uint64_t> next{range.from};
  std::atomic<std::uint64_t> accepted{0}, delivered{0}, crashes{0}, steps{0};
  std::mutex mutex;
  std::vector<std::string> failures;  // Guarded by mutex.
  const auto work = [&] {
    for (std::uint64_t seed = next++; seed <= range.to; seed = next++) {
      const Settings settings{.seed = seed};
      const auto outcome = run(settings);
      accepted += outcome.accepted;
      delivered += outcome.delivered;
      crashes += outcome.crashes_in_flight;
      steps += outcome.steps;
      const bool thin = outcome.accepted < settings.messages || outcome.crashes_in_flight == 0;
      const std::lock_guard lock(mutex);
      if (!outcome.violations.empty()) failures.push_back(describe_failure(settings, outcome));
      else if (thin) failures.push_back("seed " + std::to_string(seed) + " tried too little");
      if (failures.size() >= 5) next = range.to + 1;
    }
  };
  std::vector<std::jthread> workers;
  for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i) workers.emplace_back(work);
  workers.clear();
  for (const auto& failure : failures) ADD_FAILURE() << failure;
  std::printf("%llu seeds: %llu accepted, %llu delivered, %llu crashes in a write or a recovery, %llu steps\n",
              static_cast<unsigned long long>(range.to - range.from + 1), static_cast<unsigned long long>(accepted.load()),
              static_cast<unsigned long long>(delivered.load()), static_cast<unsigned long long>(crashes.load()),
              static_cast<unsigned long long>(steps.load()));
}

TEST(Simulation, TheSameSeedGivesTheSameTrace) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const auto first = run({.seed = seed});
    const auto second = run({.seed = seed});
    EXPECT_EQ(hex(first.trace), hex(second.trace)) << "seed " << seed;
  }
  EXPECT_NE(hex(run({.seed = 1}).trace), hex(run({.seed = 2}).trace));
}

// A journal that wraps many times under messages of 200 bytes, one at a time: `busy` must end by itself.
TEST(Simulation, BusyEndsByItselfWithSmallMessagesAtWindowOne) {
  const auto outcome = run({.seed = 77, .messages = 900, .hub_crashes = 1, .agent_crashes = 0, .cuts = 0, .journal_segment_bytes = 256 << 10});
  for (const auto& violation : outcome.violations) ADD_FAILURE() << violation;
  EXPECT_GE(outcome.accepted, 900u);
}

}  // namespace
}  // namespace lianxi::simulation
