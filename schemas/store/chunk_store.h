// Attachment chunks (ciphertext) and manifests as content-addressed blobs: files <hh>/<digest> in processes, memory in the
// simulator. put() is durable when it returns (write, sync, rename, sync of the directory); a blob is never changed.
// Threads: one writer; get() and has() from any.
#pragma once

#include <memory>

#include "schemas/base/bytes.h"
#include "schemas/base/result.h"

namespace lianxi {

class ChunkStore {
 public:
  virtual ~ChunkStore() = default;
  virtual bool has(const Hash& digest) const = 0;
  // `digest` is SHA-256 of `bytes`; the caller has checked it.
  virtual Result<void> put(const Hash& digest, ByteView bytes) = 0;
  virtual Result<Bytes> get(const Hash& digest) const = 0;  // Code::not_found; Code::corrupt is the caller's to find by the digest.
};

class FileChunkStore final : public ChunkStore {
 public:
  static Result<std::unique_ptr<FileChunkStore>> open(std::string directory);
  bool has(const Hash& digest) const override;
  Result<void> put(const Hash& digest, ByteView bytes) override;
  Result<Bytes> get(const Hash& digest) const override;

 private:
  explicit FileChunkStore(std::string directory) : directory_(std::move(directory)) {}
  std::string path_of(const Hash& digest) const;
  std::string directory_;
};

}  // namespace lianxi
