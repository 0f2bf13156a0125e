// A disk that tells what was written from what would survive a power cut.
//
// write() changes what can be read; sync() makes it durable. power_cut(): of every 512-byte sector written since the last
// sync, each by itself keeps or loses the write; a create or remove that had not returned may or may not have happened.
// A failed sync is as on Linux: the pages count as clean, so that a second sync says ok and changes nothing.
// process_end(): what was written stays readable and stays unsynced. After either, Files opened before are dead.
// Files hold a pointer into the disk: it must outlive them. Threads: one.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "schemas/base/disk.h"
#include "tests/support/random.h"

namespace lianxi::test {

class SimDisk final : public Disk {
 public:
  static constexpr std::size_t kSectorBytes = 512;

  SimDisk() = default;
  // A deep copy, for looking at and damaging; open Files stay with the original.
  SimDisk(const SimDisk& other);
  SimDisk& operator=(const SimDisk& other);

  Result<std::unique_ptr<File>> open(const std::string& name, Mode mode, bool* was_direct = nullptr) override;
  Result<void> create(const std::string& name, std::uint64_t bytes) override;
  Result<void> remove(const std::string& name) override;
  Result<std::vector<std::string>> list() override;

  void power_cut(Random& random);
  void process_end();

  // The operation after the next `operations` ones that change the disk (write, sync, create, remove) fails with `code`, and
  // so do all that follow until heal(). With Code::io the failing one may have taken effect in part, as in a power cut; with
  // Code::disk_full it has not.
  void fail_after(std::uint64_t operations, Code code);
  void heal();
  bool failed() const { return failed_; }              // The fault has struck.
  std::uint64_t operations() const { return operations_; }  // Changing operations so far.
  std::uint64_t syncs() const { return syncs_; }

  // The raw bytes, to damage them; durable at once. nullptr if there is no such file.
  Bytes* bytes(const std::string& name);
  void flip(const std::string& name, std::uint64_t bit);
  void erase(const std::string& name) { files_.erase(name); }

 private:
  friend class SimFile;
  using Sector = std::array<std::uint8_t, kSectorBytes>;
  struct Node {
    Bytes readable;
    struct Unsynced {
      Sector durable;          // What a power cut may bring back.
      bool abandoned = false;  // A sync failed: no later one makes this durable, only writing it again does.
    };
    std::map<std::uint64_t, Unsynced> unsynced;  // By sector.
  };

  std::optional<Error> fault(const std::string& what);
  void write(Node& node, std::uint64_t offset, ByteView bytes);

  std::map<std::string, std::shared_ptr<Node>> files_;
  std::map<std::string, std::shared_ptr<Node>> maybe_made_;     // A create cut off.
  std::vector<std::string> maybe_removed_;                      // A remove cut off.
  std::uint64_t life_ = 0;  // Counts crashes: a File of an earlier life is dead.
  std::uint64_t operations_ = 0;
  std::uint64_t syncs_ = 0;
  std::optional<std::uint64_t> fail_at_;
  Code fail_code_ = Code::io;
  bool failed_ = false;
};

}  // namespace lianxi::test
