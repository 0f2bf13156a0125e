#include "schemas/store/rocks_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/table.h>

#include <algorithm>

namespace lianxi {
namespace {

constexpr std::size_t kBlockCacheBytes = 8 << 20;  // An idle hub stays small; consumers that keep up read memory.
constexpr std::uint64_t kTargetFileBytes = 64 << 20;

// An inspection writes nothing, an information log neither.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

}  // namespace

rocksdb::DBOptions database_options(const RocksStore::Options& options, bool read_only) {
  rocksdb::DBOptions db;
  db.create_if_missing = false;
  db.create_missing_column_families = !read_only;
  // What opens shorter without a word is not opened.
  db.paranoid_checks = true;
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db.recycle_log_file_num = 0;
  db.track_and_verify_wals_in_manifest = true;
  db.verify_sst_unique_id_in_manifest = true;
  db.avoid_flush_during_recovery = false;
  // No attempt to go on after a failed write: the process ends and a new one looks again.
  db.max_bgerror_resume_count = 0;
  db.manual_wal_flush = false;
  db.atomic_flush = options.mode == RocksStore::Mode::hub;
  db.db_write_buffer_size = 2 * options.write_buffer_bytes;
  db.max_background_jobs = 2;
  db.max_file_opening_threads = 2;
  db.max_open_files = 512;
  db.skip_stats_update_on_db_open = true;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.bytes_per_sync = 1 << 20;
  db.info_log_level = rocksdb::WARN_LEVEL;
  db.max_log_file_size = 1 << 20;
  db.keep_log_file_num = 2;
  if (read_only) db.info_log = std::make_shared<NoLog>();
  return db;
}

rocksdb::ColumnFamilyOptions family_options(const RocksStore::Options& options, RocksStore::Shape shape,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions family;
  family.write_buffer_size = options.write_buffer_bytes;
  family.max_write_buffer_number = 2;
  family.arena_block_size = 256 << 10;
  // The same on all levels, so that files move instead of being written again; and none: sealed bytes do not shrink.
  family.compression = rocksdb::kNoCompression;
  family.bottommost_compression = rocksdb::kDisableCompressionOption;
  family.target_file_size_base = kTargetFileBytes;
  family.compaction_style = shape == RocksStore::Shape::levelled ? rocksdb::kCompactionStyleLevel
                                                                 : rocksdb::kCompactionStyleUniversal;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return family;
}

std::shared_ptr<rocksdb::Cache> block_cache() { return rocksdb::NewLRUCache(kBlockCacheBytes); }

}  // namespace lianxi
