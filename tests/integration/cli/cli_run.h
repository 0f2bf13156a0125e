// Runs the real binary and keeps what it said.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "schemas/base/disk.h"

namespace lianxi::cli {

struct Ran {
  int exit = -1;
  std::string out, err;
};

class CliTest : public testing::Test {
 protected:
  CliTest() {
    std::string name = testing::TempDir() + "lianxi-cli-XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~CliTest() override { std::filesystem::remove_all(directory_); }

  // In Chinese unless the arguments or `language` say otherwise; stdin is `input`.
  Ran run(std::vector<std::string> arguments, const std::string& input = {}, const std::string& language = "zh_CN.UTF-8") {
    put("stdin", input);
    const auto child = ::fork();
    if (child == 0) {
      redirect("stdin", O_RDONLY, 0);
      redirect("stdout", O_WRONLY | O_CREAT | O_TRUNC, 1);
      redirect("stderr", O_WRONLY | O_CREAT | O_TRUNC, 2);
      for (const auto* name : {"LC_ALL", "LC_MESSAGES", "LIANXI_LANG", "LIANXI_AT"}) ::unsetenv(name);
      ::setenv("LANG", language.c_str(), 1);
      arguments.insert(arguments.begin(), LIANXI_BINARY);
      std::vector<char*> argv;
      for (auto& argument : arguments) argv.push_back(argument.data());
      argv.push_back(nullptr);
      ::execv(LIANXI_BINARY, argv.data());
      ::_exit(127);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), get("stdout"), get("stderr")};
  }
  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  void put(const std::string& name, const std::string& content) { ASSERT_TRUE(write_file(path(name), view(content))); }
  std::string get(const std::string& name) const {
    const auto bytes = read_file(path(name));
    return bytes ? std::string(text(*bytes)) : std::string();
  }
  std::string directory_;

 private:
  void redirect(const std::string& name, int flags, int to) const {
    const int fd = ::open(path(name).c_str(), flags, 0600);
    ::dup2(fd, to);
  }
};

}  // namespace lianxi::cli
