#include "schemas/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace lianxi {

void fail_check(std::string_view what, const std::source_location& where) {
  std::fprintf(stderr, "lianxi: check failed: %.*s (%s:%u)\n", static_cast<int>(what.size()), what.data(),
               where.file_name(), where.line());
  std::fflush(stderr);
  std::abort();
}

}  // namespace lianxi
