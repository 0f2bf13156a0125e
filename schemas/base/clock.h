// Time as a value. Nothing in a core reads a clock: the loop that owns it passes `Now`.
#pragma once

#include <cstdint>
#include <string>

namespace lianxi {

using Instant = std::int64_t;  // Milliseconds since 1970-01-01T00:00:00Z.

struct Now {
  Instant wall = 0;        // UTC milliseconds; may step.
  std::int64_t boot = 0;   // Milliseconds on a clock that never steps (CLOCK_BOOTTIME).
};

// The one place where a process learns the time. Implementations: the machine's clocks, the scenario
// clock of a demo (hub), the simulator's. Threads: now() may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Now now() const override;
};

// RFC 3339 in China's time, "2025-03-04T16:30:00.000+08:00". China has had one offset since 1992.
std::string to_rfc3339(Instant instant);
// Accepts Z or any numeric offset, and milliseconds or none. False if the text is not an instant.
bool parse_rfc3339(const std::string& text, Instant& out);

// Dates are int32 days since 1970-01-01 (proleptic Gregorian).
std::string date_text(std::int32_t days);                 // "2025-03-04"
bool parse_date(const std::string& text, std::int32_t& days);

}  // namespace lianxi
