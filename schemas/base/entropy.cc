#include "schemas/base/entropy.h"

#include <sys/random.h>

#include <cerrno>

#include "schemas/base/check.h"

namespace lianxi {

void SystemEntropy::fill(std::span<std::uint8_t> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const auto n = ::getrandom(out.data() + done, out.size() - done, 0);
    if (n < 0 && errno == EINTR) continue;
    check(n > 0, "entropy: getrandom failed");
    done += static_cast<std::size_t>(n);
  }
}

}  // namespace lianxi
