#include "schemas/store/chunk_store.h"

#include <unistd.h>

#include "schemas/base/disk.h"

namespace lianxi {

Result<std::unique_ptr<FileChunkStore>> FileChunkStore::open(std::string directory) {
  if (auto made = make_directory(directory); !made) return made.error();
  return std::unique_ptr<FileChunkStore>(new FileChunkStore(std::move(directory)));
}

std::string FileChunkStore::path_of(const Hash& digest) const {
  const auto name = hex(digest);
  return directory_ + "/" + name.substr(0, 2) + "/" + name;
}

bool FileChunkStore::has(const Hash& digest) const { return ::access(path_of(digest).c_str(), R_OK) == 0; }

Result<void> FileChunkStore::put(const Hash& digest, ByteView bytes) {
  if (has(digest)) return {};
  if (auto made = make_directory(directory_ + "/" + hex(digest).substr(0, 2)); !made) return made;
  return write_file(path_of(digest), bytes, 0600);
}

Result<Bytes> FileChunkStore::get(const Hash& digest) const {
  if (!has(digest)) return fail(Code::not_found, "chunk " + hex(digest));
  return read_file(path_of(digest));
}

}  // namespace lianxi
