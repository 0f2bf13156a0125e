// docs/reference/codes.md, printed from the table of codes.
#pragma once

#include <string>

namespace lianxi {

std::string codes_page();

}  // namespace lianxi
