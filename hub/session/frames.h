// Frames that the hub sends, built; frames that it receives, verified. The schema is schemas/messages/frame.fbs.
#pragma once

#include "hub/commit/commit.h"
#include "schemas/messages/frame_generated.h"

namespace lianxi::hub {

inline constexpr std::uint16_t kProtocolVersion = 1;

// A received frame on an aligned copy, verified (depth 16, 4,096 tables). Code::bad_frame otherwise.
class ReceivedFrame {
 public:
  static Result<ReceivedFrame> parse(ByteView bytes);
  const wire::Frame& operator*() const { return *frame_; }
  const wire::Frame* operator->() const { return frame_; }

 private:
  Bytes bytes_;                      // Moves keep its address.
  const wire::Frame* frame_ = nullptr;
};

inline ByteView view_of(const flatbuffers::Vector<std::uint8_t>* bytes) {
  return bytes == nullptr ? ByteView{} : ByteView(bytes->data(), bytes->size());
}
inline std::string string_of(const flatbuffers::String* text) { return text == nullptr ? std::string() : text->str(); }

Bytes finish(flatbuffers::FlatBufferBuilder& builder, std::uint64_t request, wire::Body type, flatbuffers::Offset<void> body);

Bytes refusal_frame(std::uint64_t request, Code code, const std::string& detail, std::uint64_t expected = 0, bool retry = false);
Bytes busy_frame(std::uint64_t request, Code code, std::uint32_t retry_after_ms);
Bytes receipts_frame(std::uint64_t request, const std::vector<Bytes>& receipts);
Bytes view_frame(ByteView bytes);
Bytes chunk_frame(std::uint64_t request, ByteView digest, bool stored);
Bytes goodbye_frame(const std::string& reason, std::uint32_t retry_after_ms);
Bytes proof_frame(std::uint64_t request, std::uint64_t from, std::uint64_t to, const std::vector<Hash>& path, const std::string& note);

struct WelcomeFacts {
  std::string origin;
  std::uint32_t generation = 1;
  Bytes genesis, genesis_receipt;
  std::uint32_t epoch = 0;
  std::uint64_t last_number = 0;
  Bytes last_message_hash;
  std::uint32_t submit_entries = 0, submit_bytes = 0;
  std::uint64_t registry_serial = 0, size = 0;
  std::string checkpoint;
  std::uint64_t cursor = 0;
  Instant hub_time = 0;
  bool demo = false;
};
Bytes welcome_frame(std::uint64_t request, const WelcomeFacts& facts);

}  // namespace lianxi::hub
