// Attachments on their way in: plaintext pieces become sealed chunks (1 MiB) and a manifest in the chunk store. Each complete chunk
// is durable, so an upload that breaks off, or a process that dies, goes on at the last chunk.
//
// Threads: one, the agent loop.
#pragma once

#include <map>

#include "agents/runtime/state.h"

namespace lianxi::agent {

struct AttachmentSource {  // What a message says of an attachment, and what only its readers learn.
  Hash digest{};
  std::uint64_t sealed_bytes = 0;
  std::string name, mime;
  Hash file_key{};
  Hash sha256{};            // Of the plaintext.
  std::uint64_t bytes = 0;  // Of the plaintext.
};

// SHA-256 in pieces, with a state that can be kept at multiples of 64 bytes.
class RunningHash {
 public:
  RunningHash();
  explicit RunningHash(ByteView saved);
  void update(ByteView bytes);
  Bytes save() const;
  Hash finish() const;  // Of what came so far; may be called again later.

 private:
  std::array<std::uint8_t, 128> state_;  // crypto_hash_sha256_state, aligned by copying.
};

class Attachments {
 public:
  static constexpr std::uint64_t kBytesMax = static_cast<std::uint64_t>(evidence::kChunksMax) * evidence::kChunkPlainBytes;
  static constexpr std::size_t kUploadsMax = 64;  // Open in memory at a time, each with up to one chunk.

  explicit Attachments(State& state) : state_(state) {}

  // As Agent::attachment_*.
  Result<std::string> begin(std::string_view name, std::string_view mime, std::uint64_t bytes);
  Result<std::uint64_t> offset(std::string_view upload);
  Result<std::uint64_t> write(std::string_view upload, std::uint64_t offset, ByteView bytes);
  Result<Hash> finish(std::string_view upload);

  Result<AttachmentSource> source(const Hash& digest) const;  // Code::not_found.
  // The manifest of an attachment in the chunk store, checked against its digest.
  Result<evidence::Manifest> manifest(const Hash& digest) const;

 private:
  struct Upload {
    std::string name, mime;
    std::uint64_t bytes = 0;
    Hash file_key{};
    std::vector<Hash> chunks;
    std::uint64_t sealed_bytes = 0;
    RunningHash hash;
    Bytes tail;  // Less than a chunk, in memory only.
    std::uint64_t received() const { return chunks.size() * evidence::kChunkPlainBytes + tail.size(); }
  };
  Result<Upload*> find(std::string_view upload);
  Result<void> seal_tail(const std::string& id, Upload& upload);
  static std::string encode(const Upload& upload);
  static Result<Upload> parse(std::string_view row);

  State& state_;
  std::map<std::string, Upload, std::less<>> uploads_;
};

}  // namespace lianxi::agent
