#include "schemas/store/rocks_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/listener.h>

#include <algorithm>
#include <atomic>
#include <filesystem>

#include "schemas/base/check.h"
#include "schemas/base/disk.h"
#include "schemas/store/rocks_options.h"

namespace lianxi {
namespace {

Error error_of(const rocksdb::Status& status, std::string_view what) {
  const Code code = status.IsCorruption() ? Code::corrupt : status.IsNoSpace() ? Code::disk_full : Code::io;
  return fail(code, "store: " + std::string(what) + ": " + status.ToString());
}

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view text(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

// Remembers the first failure in RocksDB's own threads and lets it not try again.
class Failures final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status*) override { failed_ = true; }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* auto_recovery) override {
    *auto_recovery = false;
  }
  bool failed() const { return failed_; }
  void set() { failed_ = true; }

 private:
  std::atomic<bool> failed_ = false;
};

rocksdb::ReadOptions reading() {
  rocksdb::ReadOptions read;
  read.verify_checksums = true;
  return read;
}

// A scan does not push out what point reads need.
rocksdb::ReadOptions scanning(const rocksdb::Slice* until) {
  rocksdb::ReadOptions read = reading();
  read.fill_cache = false;
  read.iterate_upper_bound = until;
  return read;
}

bool has_file(const std::string& directory, const char* name) {
  std::error_code error;
  return std::filesystem::exists(directory + "/" + name, error);
}

// Missing counts as empty.
bool is_empty(const std::string& directory) {
  std::error_code error;
  return !std::filesystem::exists(directory, error) || std::filesystem::is_empty(directory, error);
}

}  // namespace

struct RocksStore::Impl {
  Mode mode = Mode::hub;
  std::shared_ptr<Failures> failures = std::make_shared<Failures>();
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;  // Families in order; then RocksDB's own, unused.
  std::size_t families = 0;
  Flush flush = Flush::none;

  rocksdb::ColumnFamilyHandle* family(Family index) const {
    check(index < families, "store: no such family");
    return handles[index];
  }
  std::uint64_t sum(const std::string& property) const {
    std::uint64_t total = 0;
    for (auto* handle : handles) {
      std::uint64_t value = 0;
      check(db->GetIntProperty(handle, property, &value), "store: RocksDB does not know a property");
      total += value;
    }
    return total;
  }
  rocksdb::Status flush_all(bool wait) {
    rocksdb::FlushOptions options;
    options.wait = wait;
    options.allow_write_stall = true;
    return db->Flush(options, handles);
  }
  ~Impl() {
    if (!db) return;
    // After a failure nothing more is written: what is on disk is what the next start looks at.
    if (failures->failed()) static_cast<void>(db->SetDBOptions({{"avoid_flush_during_shutdown", "true"}}));
    for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
  }
};

RocksStore::RocksStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RocksStore::~RocksStore() = default;

bool RocksStore::exists(const std::string& directory) { return !is_empty(directory); }

Result<std::unique_ptr<const Store>> RocksStore::inspect(Options options) {
  if (!exists(options.directory)) return fail(Code::not_found, options.directory);
  auto opened = open_database(options, options.directory, true, false);
  if (!opened) return opened.error();
  return std::unique_ptr<const Store>(std::move(*opened));
}

Result<std::unique_ptr<RocksStore>> RocksStore::open(Options options) {
  if (!exists(options.directory)) {
    if (auto made = make_store(options); !made) return made.error();
  }
  return open_database(options, options.directory, false, false);
}

// RocksDB makes a store in several steps; ours appears under its name when they are over.
Result<void> RocksStore::make_store(const Options& options) {
  const std::string temporary = options.directory + ".making";
  std::error_code error;
  std::filesystem::remove_all(temporary, error);
  if (auto made = make_directory(temporary); !made) return made;
  {
    auto store = open_database(options, temporary, false, true);
    if (!store) return store.error();
  }
  std::filesystem::rename(temporary, options.directory, error);
  if (error) return fail(Code::io, options.directory + ": rename: " + error.message());
  const auto parent = std::filesystem::path(options.directory).parent_path().string();
  return sync_directory(parent.empty() ? "." : parent);
}

Result<std::unique_ptr<RocksStore>> RocksStore::open_database(const Options& options, const std::string& directory,
                                                              bool read_only, bool make) {
  auto db_options = database_options(options, read_only);
  std::vector<std::string> present;
  if (!make) {
    // Without CURRENT RocksDB would see nothing, begin anew and remove what it does not know.
    if (!has_file(directory, "CURRENT")) return fail(Code::corrupt, directory + ": files, but no CURRENT");
    const auto listed = rocksdb::DB::ListColumnFamilies(db_options, directory, &present);
    if (!listed.ok()) return error_of(listed, "families");
  }
  const auto cache = block_cache();
  std::vector<rocksdb::ColumnFamilyDescriptor> wanted;
  for (const auto& family : options.families) {
    const bool there = std::find(present.begin(), present.end(), family.name) != present.end();
    if (read_only && !there) return fail(Code::unsupported, directory + ": has no family " + family.name);
    wanted.emplace_back(family.name, family_options(options, family.shape, cache));
  }
  wanted.emplace_back(rocksdb::kDefaultColumnFamilyName, family_options(options, Shape::universal, cache));
  for (const auto& name : present) {
    const bool known = std::any_of(wanted.begin(), wanted.end(), [&](const auto& w) { return w.name == name; });
    if (!known) return fail(Code::unsupported, directory + ": has a family " + name + " that this program does not know");
  }
  db_options.create_if_missing = make;
  auto impl = std::make_unique<Impl>();
  impl->mode = options.mode;
  impl->families = options.families.size();
  db_options.listeners.push_back(impl->failures);
  rocksdb::DB* db = nullptr;
  const auto status = read_only ? rocksdb::DB::OpenForReadOnly(db_options, directory, wanted, &impl->handles, &db)
                                : rocksdb::DB::Open(db_options, directory, wanted, &impl->handles, &db);
  if (!status.ok()) return error_of(status, "open");
  impl->db.reset(db);
  return std::unique_ptr<RocksStore>(new RocksStore(std::move(impl)));
}

Result<void> RocksStore::write(const std::vector<StoreWrite>& batch, Durability durability) {
  if (impl_->failures->failed()) return fail(Code::io, "store: refuses everything after a failed write");
  rocksdb::WriteBatch writes;
  for (const auto& write : batch) {
    auto* family = impl_->family(write.family);
    const auto put = write.value ? writes.Put(family, write.key, *write.value) : writes.Delete(family, write.key);
    if (!put.ok()) return error_of(put, "batch");
  }
  const bool synced = durability == Durability::synced;
  rocksdb::WriteOptions options;
  options.disableWAL = impl_->mode == Mode::hub;
  options.sync = synced && impl_->mode == Mode::agent;
  auto status = impl_->db->Write(options, &writes);
  if (status.ok() && synced && impl_->mode == Mode::hub) status = impl_->flush_all(true);
  if (status.ok()) return {};
  impl_->failures->set();
  return error_of(status, "write");
}

Result<std::optional<std::string>> RocksStore::get(Family family, std::string_view key) const {
  std::string value;
  const auto status = impl_->db->Get(reading(), impl_->family(family), slice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return error_of(status, "read");
  return std::optional(std::move(value));
}

Result<std::optional<std::pair<std::string, std::string>>> RocksStore::at_or_before(Family family,
                                                                                   std::string_view key) const {
  using Row = std::optional<std::pair<std::string, std::string>>;
  const std::unique_ptr<rocksdb::Iterator> at(impl_->db->NewIterator(reading(), impl_->family(family)));
  at->SeekForPrev(slice(key));
  if (!at->status().ok()) return error_of(at->status(), "seek");
  if (!at->Valid()) return Row();
  return Row(std::pair(at->key().ToString(), at->value().ToString()));
}

Result<void> RocksStore::scan(Family family, std::string_view from, std::string_view to,
                              const std::function<bool(std::string_view, std::string_view)>& row) const {
  const rocksdb::Slice until = slice(to);
  const std::unique_ptr<rocksdb::Iterator> at(
      impl_->db->NewIterator(scanning(to.empty() ? nullptr : &until), impl_->family(family)));
  for (at->Seek(slice(from)); at->Valid(); at->Next()) {
    if (!row(text(at->key()), text(at->value()))) return {};
  }
  if (!at->status().ok()) return error_of(at->status(), "scan");
  return {};
}

Result<void> RocksStore::start_flush() {
  check(impl_->flush != Flush::running, "store: a flush while one runs");
  if (impl_->failures->failed()) return fail(Code::io, "store: refuses everything after a failed write");
  // Closes the memtables of all families at one point and returns; RocksDB's thread writes them.
  const auto status = impl_->flush_all(false);
  if (!status.ok()) {
    impl_->failures->set();
    return error_of(status, "flush");
  }
  impl_->flush = Flush::running;
  return {};
}

Store::Flush RocksStore::poll_flush() {
  if (impl_->flush != Flush::running) return impl_->flush;
  // A memtable leaves this count when its file is in the MANIFEST, which is synced by then. One that filled up meanwhile counts
  // too: the flush then only ends later.
  const bool done = impl_->sum(rocksdb::DB::Properties::kNumImmutableMemTable) == 0;
  if (impl_->failures->failed()) {
    impl_->flush = Flush::failed;
  } else if (done) {
    impl_->flush = Flush::done;
  }
  return impl_->flush;
}

std::uint64_t RocksStore::unflushed_bytes() const {
  return impl_->sum(rocksdb::DB::Properties::kCurSizeAllMemTables);
}

Result<void> RocksStore::verify() const {
  const auto status = impl_->db->VerifyChecksum(reading());
  if (!status.ok()) return error_of(status, "verify");
  return {};
}

}  // namespace lianxi
