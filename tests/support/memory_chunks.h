// Attachment chunks in memory; put() is durable at once, as in processes.
#pragma once

#include <map>

#include "schemas/store/chunk_store.h"

namespace lianxi::test {

class MemoryChunks final : public ChunkStore {
 public:
  bool has(const Hash& digest) const override { return chunks_.contains(digest); }
  Result<void> put(const Hash& digest, ByteView bytes) override {
    chunks_[digest] = copy(bytes);
    return {};
  }
  Result<Bytes> get(const Hash& digest) const override {
    const auto at = chunks_.find(digest);
    if (at == chunks_.end()) return fail(Code::not_found);
    return at->second;
  }

 private:
  std::map<Hash, Bytes> chunks_;
};

}  // namespace lianxi::test
