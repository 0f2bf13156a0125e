#include "hub/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "schemas/store/rocks_store.h"

namespace lianxi::hub {

namespace {

RocksStore::Options store_options(const std::string& directory) {
  RocksStore::Options options;
  options.directory = directory;
  for (const auto& name : kHubFamilies) {
    options.families.push_back({name, name == "entries" ? RocksStore::Shape::levelled : RocksStore::Shape::universal});
  }
  options.mode = RocksStore::Mode::hub;
  return options;
}

}  // namespace

HubFiles::~HubFiles() {
  if (lock_fd >= 0) ::close(lock_fd);
}

Result<std::unique_ptr<HubFiles>> HubFiles::open(const std::string& directory) {
  auto files = std::make_unique<HubFiles>();
  files->directory = directory;
  auto keys = evidence::read_hub_keys(key_path(directory));
  if (!keys) return keys.error();
  files->keys = std::move(*keys);
  files->lock_fd = ::open((directory + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (files->lock_fd < 0) return fail(Code::io, directory + "/lock");
  if (::flock(files->lock_fd, LOCK_EX | LOCK_NB) != 0) return fail(Code::already_exists, "another process runs on " + directory);
  auto disk = DirectDisk::open(directory + "/journal");
  if (!disk) return disk.error();
  files->disk = std::move(*disk);
  auto store = RocksStore::open(store_options(directory + "/store"));
  if (!store) return store.error();
  files->store = std::move(*store);
  auto chunks = FileChunkStore::open(directory + "/chunks");
  if (!chunks) return chunks.error();
  files->chunks = std::move(*chunks);
  return files;
}

Result<std::unique_ptr<journal::Journal>> start_core(HubCore& core, HubFiles& files, Entropy& entropy, Now now) {
  journal::Options options;
  options.needed_from = core.log().applied();
  auto opened = journal::Journal::open(*files.disk, entropy, options, [&](const journal::Record& record) { return core.replay(record); });
  if (!opened) return opened.error();
  if (auto started = core.started(**opened, now); !started) return started.error();
  return std::move(*opened);
}

}  // namespace lianxi::hub
