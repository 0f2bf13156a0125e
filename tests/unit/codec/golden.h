// The documents of tests/golden: a body in JSON, and beside it the sections it was once encoded to, which must decode for ever.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "schemas/codec/catalogue.h"

namespace lianxi::codec {

struct Golden {
  std::filesystem::path path;            // 203-criminal-referral.json
  std::uint16_t code = 0;
  std::string json;
};

std::filesystem::path golden_directory();
std::vector<Golden> goldens(const std::filesystem::path& directory);
Golden golden(const std::string& file);

// One line a section: "C0 <hex>".
std::filesystem::path sections_path(const Golden& golden);
std::string sections_text(const std::vector<PlainSection>& sections);
std::vector<PlainSection> parse_sections(const std::string& text);
std::string read_text(const std::filesystem::path& path);

}  // namespace lianxi::codec
