#include "tests/unit/codec/golden.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "schemas/base/check.h"

namespace lianxi::codec {

std::filesystem::path golden_directory() { return std::filesystem::path(LIANXI_SOURCE_DIR) / "tests" / "golden"; }

std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  check(in.good(), "golden: cannot read " + path.string());
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<Golden> goldens(const std::filesystem::path& directory) {
  std::vector<Golden> out;
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    const std::string name = file.path().filename().string();
    const bool numbered = name.size() > 4 && name[3] == '-' && std::all_of(name.begin(), name.begin() + 3, ::isdigit);
    if (file.path().extension() != ".json" || !numbered) continue;
    out.push_back({file.path(), static_cast<std::uint16_t>(std::stoi(name)), read_text(file.path())});
  }
  std::sort(out.begin(), out.end(), [](const Golden& a, const Golden& b) { return a.path < b.path; });
  return out;
}

Golden golden(const std::string& file) {
  const auto path = golden_directory() / (file + ".json");
  return {path, static_cast<std::uint16_t>(std::stoi(file)), read_text(path)};
}

std::filesystem::path sections_path(const Golden& golden) {
  auto path = golden.path;
  return path.replace_extension(".hex");
}

std::string sections_text(const std::vector<PlainSection>& sections) {
  std::string out;
  for (const PlainSection& section : sections) out += std::string(name(section.group)) + " " + hex(section.plaintext) + "\n";
  return out;
}

std::vector<PlainSection> parse_sections(const std::string& text) {
  std::vector<PlainSection> out;
  std::istringstream in(text);
  std::string group;
  std::string digits;
  while (in >> group >> digits) {
    const auto number = group_named(group);
    const auto bytes = from_hex(digits);
    check(number.has_value() && bytes.has_value(), "golden: bad line");
    out.push_back({*number, *bytes});
  }
  return out;
}

}  // namespace lianxi::codec
