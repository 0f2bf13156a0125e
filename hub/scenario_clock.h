// The clock of a demo: it starts at a given instant, runs on with real time, and jumps forward when told. Only a hub whose
// genesis says `demo` may use it; its origin line says so to every reader.
// Threads: any.
#pragma once

#include <atomic>

#include "schemas/base/clock.h"

namespace lianxi::hub {

class ScenarioClock final : public Clock {
 public:
  explicit ScenarioClock(Instant start) : start_boot_(system_.now().boot), wall_(start) {}

  Now now() const override {
    const Instant wall = wall_ + (system_.now().boot - start_boot_);
    return {wall, wall};  // Both move alike: a jump of the scenario is no step of the clock.
  }
  // False if that would go back.
  bool advance_to(Instant wall) {
    const Instant current = now().wall;
    if (wall < current) return false;
    wall_ += wall - current;
    return true;
  }

 private:
  SystemClock system_;
  std::int64_t start_boot_;
  std::atomic<Instant> wall_;
};

}  // namespace lianxi::hub
