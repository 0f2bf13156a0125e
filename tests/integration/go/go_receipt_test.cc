#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/unit/evidence/sample_log.h"

namespace lianxi::evidence {
namespace {

struct Answer {
  int exit_code = -1;
  std::string text;
  std::size_t lines_starting(const std::string& start) const {
    std::size_t count = text.starts_with(start) ? 1 : 0;
    for (auto at = text.find('\n' + start); at != std::string::npos; at = text.find('\n' + start, at + 1)) ++count;
    return count;
  }
};

class GoReceiptTest : public testing::Test {
 protected:
  GoReceiptTest() {
    std::string name = (std::filesystem::temp_directory_path() / "lianxi-go-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    log_.grow_to(300);
  }
  ~GoReceiptTest() override { std::filesystem::remove_all(directory_); }

  void write(std::uint64_t entry, std::uint64_t size) { write(log_.receipt(entry, size)); }
  void write(const Receipt& receipt) {
    files_.push_back(directory_ + "/" + std::to_string(files_.size()) + ".tlog-proof");
    std::ofstream(files_.back(), std::ios::binary) << receipt_file(receipt);
  }
  Answer go(const std::string& command) { return go(command, log_.card().vkey); }
  Answer go(const std::string& command, const std::string& vkey) {
    std::string line = std::string(LIANXI_GO_CHECK) + " " + command + " '" + vkey + "'";
    for (const auto& file : files_) line += " '" + file + "'";
    Answer answer;
    FILE* pipe = popen((line + " 2>&1").c_str(), "r");
    if (pipe == nullptr) return answer;
    char buffer[4096];
    for (std::size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) answer.text.append(buffer, n);
    const int status = pclose(pipe);
    answer.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return answer;
  }

  sample::SampleLog log_;
  std::string directory_;
  std::vector<std::string> files_;
};

TEST_F(GoReceiptTest, GoAcceptsEveryGenuineReceipt) {
  for (std::uint64_t size = 1; size <= 20; ++size) {
    for (std::uint64_t entry = 0; entry < size; ++entry) write(entry, size);
  }
  for (const std::uint64_t size : {255u, 256u, 257u, 300u}) {
    for (const std::uint64_t entry : {0u, 1u, 127u, 128u, 200u, 254u}) write(entry, size);
    write(size - 1, size);
  }
  const auto answer = go("check");
  EXPECT_EQ(answer.exit_code, 0) << answer.text;
  EXPECT_EQ(answer.lines_starting("OK "), files_.size()) << answer.text;
}

TEST_F(GoReceiptTest, GoRefusesEverySingleBitChange) {
  write(0, 1);
  write(3, 11);
  write(299, 300);
  write(41, 300);
  std::string expected;
  for (const auto& file : files_) {
    expected += file + ": " + std::to_string(std::filesystem::file_size(file) * 8) + " tried, 0 accepted\n";
  }
  const auto answer = go("mutate");
  EXPECT_EQ(answer.text, expected);
  EXPECT_EQ(answer.exit_code, 0);
}

TEST_F(GoReceiptTest, GoRefusesTheReceiptOfAnotherLogAndTheNoteOfAnotherSize) {
  sample::SampleLog other(2);
  other.grow_to(5);
  write(other.receipt(1, 5));
  auto receipt = log_.receipt(3, 11);
  receipt.note = log_.note(12);
  write(receipt);
  const auto answer = go("check");
  EXPECT_EQ(answer.exit_code, 1);
  EXPECT_EQ(answer.lines_starting("REFUSED "), 2u) << answer.text;
}

TEST_F(GoReceiptTest, GoRefusesAVerifierKeyThatIsNotWellFormed) {
  write(0, 1);
  auto vkey = log_.card().vkey;
  vkey.back() = vkey.back() == 'A' ? 'B' : 'A';
  EXPECT_EQ(go("check", vkey).exit_code, 2);
}

TEST_F(GoReceiptTest, GoReadsACheckpointWithUnknownSignatures) {
  auto receipt = log_.receipt(7, 9);
  receipt.note += "\xe2\x80\x94 agency.example/witness " + base64(Bytes(76, 1)) + "\n";
  write(receipt);
  const auto answer = go("check");
  EXPECT_EQ(answer.exit_code, 0) << answer.text;
}

}  // namespace
}  // namespace lianxi::evidence
