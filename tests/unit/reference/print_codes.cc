#include <cstdio>

#include "tests/unit/reference/codes_page.h"

int main() {
  const auto page = lianxi::codes_page();
  return std::fwrite(page.data(), 1, page.size(), stdout) == page.size() ? 0 : 1;
}
