// The reference pages of all message types, in Chinese and English, printed from the schemas.
#pragma once

#include <string>
#include <vector>

namespace lianxi::codec {

struct ReferencePage {
  std::string file;                    // "203.zh.md"; index: "README.md" (English), "README.zh-CN.md"
  std::string text;
};

std::vector<ReferencePage> reference_pages();

}  // namespace lianxi::codec
