// Foreign FlatBuffers are verified and read on an aligned copy: reading a scalar at an odd address is undefined.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include "schemas/base/bytes.h"

namespace lianxi::codec {

inline constexpr std::size_t kBufferBytesMin = 8;  // A root offset and an empty table.
inline constexpr flatbuffers::uoffset_t kDepthMax = 16;
inline constexpr flatbuffers::uoffset_t kTablesMax = 4096;

// Borrows `bytes` if they stand at a multiple of 8, else holds a copy. Neither outlives the bytes it was made from.
class Aligned {
 public:
  explicit Aligned(ByteView bytes) : view_(bytes) {
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 == 0) return;
    copy_.assign(bytes.begin(), bytes.end());
    view_ = copy_;
  }
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;
  ByteView view() const { return view_; }
  const std::uint8_t* data() const { return view_.data(); }
  flatbuffers::Verifier verifier() const { return {view_.data(), view_.size(), kDepthMax, kTablesMax, true}; }

 private:
  ByteView view_;
  Bytes copy_;
};

}  // namespace lianxi::codec
