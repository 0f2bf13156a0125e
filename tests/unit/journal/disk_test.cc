#include "schemas/base/disk.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "schemas/base/entropy.h"
#include "schemas/journal/journal.h"
#include "tests/support/sim_disk.h"

namespace lianxi {
namespace {

class DiskTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "lianxi-disk-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string path(const std::string& name) const { return directory_ + "/" + name; }

  std::string directory_;
};

TEST_F(DiskTest, NewFileIsZerosOfItsSizeAndLeavesNoTemporaryName) {
  auto disk = DirectDisk::open(directory_).value();
  ASSERT_TRUE(disk->create("a", 3 * 4096));
  EXPECT_EQ(disk->list().value(), std::vector<std::string>{"a"});
  auto file = disk->open("a", Disk::Mode::buffered, nullptr).value();
  EXPECT_EQ(file->size(), 3u * 4096);
  Bytes all(3 * 4096, 1);
  ASSERT_TRUE(file->read(0, all));
  EXPECT_EQ(all, Bytes(3 * 4096, 0));
  EXPECT_EQ(disk->create("a", 4096).error().code, Code::already_exists);
}

TEST_F(DiskTest, UnalignedMemoryAndReadsWorkInBothModes) {
  auto disk = DirectDisk::open(directory_).value();
  ASSERT_TRUE(disk->create("a", 4 * 4096));
  for (const auto mode : {Disk::Mode::direct, Disk::Mode::buffered}) {
    auto file = disk->open("a", mode, nullptr).value();
    Bytes memory(4097);
    test::Random(1).fill(memory);
    ASSERT_TRUE(file->write(4096, ByteView(memory).subspan(1)));
    ASSERT_TRUE(file->sync());
    Bytes part(1000);
    ASSERT_TRUE(file->read(4096 + 777, part));
    EXPECT_TRUE(equal(part, ByteView(memory).subspan(778, 1000)));
    EXPECT_EQ(file->read(4 * 4096 - 10, part).error().code, Code::corrupt);
  }
}

TEST_F(DiskTest, MissingFileIsNotFound) {
  auto disk = DirectDisk::open(directory_).value();
  EXPECT_EQ(disk->open("none", Disk::Mode::direct, nullptr).error().code, Code::not_found);
  EXPECT_EQ(disk->remove("none").error().code, Code::not_found);
  EXPECT_EQ(read_file(path("none")).error().code, Code::not_found);
}

TEST_F(DiskTest, WholeFileIsReplacedWithItsMode) {
  const Bytes first{1, 2, 3};
  const Bytes second{4};
  ASSERT_TRUE(write_file(path("key"), first, 0400));
  ASSERT_TRUE(write_file(path("key"), second, 0400));
  EXPECT_EQ(read_file(path("key")).value(), second);
  struct ::stat status {};
  ASSERT_EQ(::stat(path("key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0400u);
  EXPECT_EQ(read_file(path("key"), 0).error().code, Code::invalid_argument);
}

TEST_F(DiskTest, ErrorsNameTheFileAndTheReason) {
  const auto failed = write_file(path("no/such/file"), Bytes{1});
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().detail.find("no/such/file"), std::string::npos);
  EXPECT_NE(failed.error().detail.find("No such file"), std::string::npos);
}

TEST_F(DiskTest, DirectoryIsMadeWithParentsForItsOwnerOnly) {
  ASSERT_TRUE(make_directory(path("a/b/c")));
  ASSERT_TRUE(make_directory(path("a/b/c")));
  struct ::stat status {};
  ASSERT_EQ(::stat(path("a/b/c").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  ASSERT_TRUE(write_file(path("file"), Bytes{1}));
  EXPECT_FALSE(make_directory(path("file")));
}

TEST_F(DiskTest, JournalOnTheMachinesDiskComesBack) {
  auto disk = DirectDisk::open(directory_).value();
  SystemEntropy entropy;
  journal::Options options;
  options.segment_bytes = 1 << 20;
  options.segments = options.segments_max = 2;
  std::uint64_t replayed = 0;
  const auto count = [&](const journal::Record& record) -> Result<void> {
    EXPECT_EQ(record.first, replayed);
    ++replayed;
    return {};
  };
  for (std::uint64_t round = 0; round < 2; ++round) {
    replayed = 0;
    auto opened = journal::Journal::open(*disk, entropy, options, count);
    ASSERT_TRUE(opened) << to_string(opened.error());
    EXPECT_EQ(replayed, round * 20);
    const Bytes payload(5000, 7);
    for (std::uint64_t i = 0; i < 20; ++i) {
      ASSERT_TRUE((*opened)->append({.first = round * 20 + i, .count = 1, .payload = payload}));
    }
  }
}

}  // namespace
}  // namespace lianxi
