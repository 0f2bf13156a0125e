// The disk as a seam: what the journal needs of a file system, no more. DirectDisk is the machine's; the
// simulator's (tests/support) keeps readable and durable bytes apart.
//
// Every call may fail with Code::io or Code::disk_full. After a failed write or sync the caller must never ack and never
// retry: on Linux a second sync may report success for pages that were lost.
// Threads: a File is used by one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "schemas/base/bytes.h"
#include "schemas/base/result.h"

namespace lianxi {

class File {
 public:
  virtual ~File() = default;
  // Reads exactly out.size() bytes at `offset`; Code::corrupt when the file ends before.
  virtual Result<void> read(std::uint64_t offset, std::span<std::uint8_t> out) = 0;
  // Overwrites in place. Offset and size are multiples of 4,096 for files opened `direct`.
  virtual Result<void> write(std::uint64_t offset, ByteView bytes) = 0;
  virtual Result<void> sync() = 0;  // fdatasync.
  virtual std::uint64_t size() const = 0;
};

class Disk {
 public:
  enum class Mode { direct, buffered };
  virtual ~Disk() = default;
  // Opens an existing file for reading and overwriting. `direct` means O_DIRECT where the file system has it; where it is
  // refused the file is opened buffered and says so by was_direct = false.
  virtual Result<std::unique_ptr<File>> open(const std::string& name, Mode mode, bool* was_direct = nullptr) = 0;
  // Makes a file of `bytes` zeros, synced, visible under its name only when complete (temporary name, sync, rename, sync of
  // the directory). Code::already_exists if there is one.
  virtual Result<void> create(const std::string& name, std::uint64_t bytes) = 0;
  virtual Result<void> remove(const std::string& name) = 0;  // And syncs the directory.
  virtual Result<std::vector<std::string>> list() = 0;       // Names in this directory, sorted.
};

// Files of one directory, which is created (0700) if missing.
class DirectDisk final : public Disk {
 public:
  static Result<std::unique_ptr<DirectDisk>> open(std::string directory);
  Result<std::unique_ptr<File>> open(const std::string& name, Mode mode, bool* was_direct) override;
  Result<void> create(const std::string& name, std::uint64_t bytes) override;
  Result<void> remove(const std::string& name) override;
  Result<std::vector<std::string>> list() override;

 private:
  explicit DirectDisk(std::string directory) : directory_(std::move(directory)) {}
  std::string directory_;
};

// Whole small files (keys, cards, tokens, configuration). write_file: temporary name, sync, rename, sync of the directory.
Result<Bytes> read_file(const std::string& path, std::size_t bytes_max = 64 << 20);
Result<void> write_file(const std::string& path, ByteView bytes, unsigned mode = 0644);
Result<void> make_directory(const std::string& path);  // With parents, 0700 for each that was missing.
Result<void> sync_directory(const std::string& path);  // Makes names made, renamed or removed in it durable.

}  // namespace lianxi
