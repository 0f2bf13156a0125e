// The settings of RocksDB that our promise rests on, in one place. Private to this folder.
#pragma once

#include <rocksdb/options.h>

#include "schemas/store/rocks_store.h"

namespace lianxi {

rocksdb::DBOptions database_options(const RocksStore::Options& options, bool read_only);
// `cache` is shared by all families.
rocksdb::ColumnFamilyOptions family_options(const RocksStore::Options& options, RocksStore::Shape shape,
                                            const std::shared_ptr<rocksdb::Cache>& cache);
std::shared_ptr<rocksdb::Cache> block_cache();

}  // namespace lianxi
