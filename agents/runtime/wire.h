// Frames of the wire (schemas/messages/frame.fbs), made and opened. Foreign bytes are verified on an aligned copy, depth 16,
// 4,096 tables, before anything is read.
//
// Threads: values only.
#pragma once

#include "schemas/base/bytes.h"
#include "schemas/base/result.h"
#include "schemas/messages/frame_generated.h"

namespace lianxi::agent {

inline constexpr std::uint16_t kProtocolVersion = 1;
inline constexpr std::uint64_t kNoPosition = ~0ull;  // Subscribe.after of an agent that has nothing yet.

// A frame that was verified. Pointers from frame() live as long as this.
class OpenFrame {
 public:
  // Code::bad_frame, or Code::bad_version for another protocol version.
  static Result<OpenFrame> open(ByteView bytes);
  const wire::Frame& frame() const { return *flatbuffers::GetRoot<wire::Frame>(storage_.data()); }

 private:
  explicit OpenFrame(std::vector<std::uint64_t> storage) : storage_(std::move(storage)) {}
  std::vector<std::uint64_t> storage_;
};

ByteView view_of(const flatbuffers::Vector<std::uint8_t>* bytes);
std::string_view view_of(const flatbuffers::String* text);

struct HelloFacts {
  wire::Endpoint endpoint{};
  std::string agency;
  Hash genesis_leaf{};
  std::string checkpoint;
  std::int64_t wall_ms = 0;
};
Bytes hello_frame(std::uint64_t request, const HelloFacts& facts);
Bytes submit_frame(std::uint64_t request, ByteView entry_header, const Signature& signature);
Bytes subscribe_frame(std::uint64_t request, std::uint32_t generation, std::uint64_t after, std::uint32_t messages,
                      std::uint32_t bytes);
Bytes credit_frame(std::uint32_t messages, std::uint32_t bytes);
Bytes cursor_ack_frame(std::uint32_t generation, std::uint64_t after);
Bytes put_chunk_frame(std::uint64_t request, const Hash& digest);
Bytes get_chunk_frame(std::uint64_t request, const Hash& attachment, const Hash& digest, std::uint64_t position);

}  // namespace lianxi::agent
