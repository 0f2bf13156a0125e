// check(): we were wrong. Stops the process in every build, because a hub that continues on a broken
// invariant signs false receipts. The world's failures are `Result`s (result.h), never check()s.
#pragma once

#include <source_location>
#include <string_view>

namespace lianxi {

[[noreturn]] void fail_check(std::string_view what, const std::source_location& where);

inline void check(bool condition, std::string_view what,
                  const std::source_location& where = std::source_location::current()) {
  if (!condition) [[unlikely]] fail_check(what, where);
}

}  // namespace lianxi
