// The real tree against the rules.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/style/rules.h"

namespace lianxi::style {
namespace {

namespace fs = std::filesystem;

constexpr std::array kText{".h", ".cc", ".fbs", ".py", ".go", ".md", ".txt", ".toml", ".json", ".sh", ".js", ".css", ".html", ".service", ""};
constexpr std::uintmax_t kFileBytesMax = 4 << 20;

bool is_text(const fs::path& path) { return std::ranges::find(kText, path.extension().string()) != kText.end(); }

bool is_walked(const fs::path& folder) {
  const auto name = folder.filename().string();
  return name != "build" && name != "node_modules" && name != "__pycache__" && (!name.starts_with(".") || name == ".ci");
}

std::vector<std::string> project_files() {
  const fs::path root = LIANXI_SOURCE_DIR;
  std::vector<std::string> files;
  for (auto entry = fs::recursive_directory_iterator(root); entry != fs::recursive_directory_iterator(); ++entry) {
    if (entry->is_directory() && !is_walked(entry->path())) entry.disable_recursion_pending();
    if (!entry->is_regular_file() || !is_text(entry->path()) || entry->file_size() > kFileBytesMax) continue;
    files.push_back(entry->path().lexically_relative(root).string());
  }
  std::ranges::sort(files);
  return files;
}

std::string text_of(const std::string& file) {
  std::ifstream in(fs::path(LIANXI_SOURCE_DIR) / file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(TreeTest, EveryFileKeepsTheRules) {
  const auto files = project_files();
  // A walk that finds nothing would pass for ever.
  ASSERT_TRUE(std::ranges::binary_search(files, std::string("schemas/base/result.h")));
  for (const auto& file : files) {
    for (const auto& violation : check_file(file, text_of(file))) {
      ADD_FAILURE() << violation.path << ":" << violation.line << ": " << violation.rule << ": " << violation.detail;
    }
  }
}

}  // namespace
}  // namespace lianxi::style
