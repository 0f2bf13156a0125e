// A directory for one test's store. A death test's child, which runs the test again from its beginning, gets its parent's.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "schemas/store/rocks_store.h"

namespace lianxi {

class StoreDirectoryTest : public testing::Test {
 protected:
  static constexpr const char* kInherited = "LIANXI_STORE_TEST_DIRECTORY";

  void SetUp() override {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    if (const char* inherited = ::getenv(kInherited)) {
      base_ = inherited;
      return;
    }
    std::string pattern = (std::filesystem::temp_directory_path() / "lianxi-store-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    owner_ = true;
    ::setenv(kInherited, base_.c_str(), 1);
  }
  void TearDown() override {
    if (!owner_) return;
    ::unsetenv(kInherited);
    std::filesystem::remove_all(base_);
  }

  RocksStore::Options options(RocksStore::Mode mode = RocksStore::Mode::hub) const {
    return {base_ + "/store",
            {{"entries", RocksStore::Shape::levelled}, {"meta", RocksStore::Shape::universal}},
            mode,
            1 << 20};
  }
  std::unique_ptr<RocksStore> open(RocksStore::Mode mode = RocksStore::Mode::hub) {
    auto opened = RocksStore::open(options(mode));
    EXPECT_TRUE(opened) << to_string(opened.error());
    return opened ? std::move(*opened) : nullptr;
  }
  static Store::Flush wait_for_flush(Store& store) {
    auto state = store.poll_flush();
    while (state == Store::Flush::running) state = store.poll_flush();
    return state;
  }
  // One batch over both families: entry `n` and the mark that it is applied.
  static std::vector<StoreWrite> batch(std::uint64_t n, std::size_t bytes = 100) {
    return {{0, key_u64(n), std::string(bytes, static_cast<char>('a' + n % 26))}, {1, "applied", key_u64(n)}};
  }
  static std::uint64_t applied(const Store& store) {
    const auto value = store.get(1, "applied");
    return value && *value ? read_u64(**value, 0) : 0;
  }
  static std::uint64_t rows(const Store& store) {
    std::uint64_t n = 0;
    EXPECT_TRUE(store.scan(0, "", "", [&](auto, auto) { return ++n > 0; }));
    return n;
  }
  // Files of the store whose name ends so.
  std::vector<std::filesystem::path> files(const std::string& suffix) const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(base_ + "/store")) {
      if (entry.path().filename().string().ends_with(suffix)) found.push_back(entry.path());
    }
    return found;
  }

  std::string base_;
  bool owner_ = false;
};

}  // namespace lianxi
