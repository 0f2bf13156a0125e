// Memory that O_DIRECT accepts: starts on 4 KiB, grows, never shrinks, is reused.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>

#include "schemas/base/check.h"

namespace lianxi {

class AlignedBuffer {
 public:
  static constexpr std::size_t kAlign = 4096;

  // At least `bytes`, rounded up to 4 KiB. Growing loses the content; the pointer stays valid until it grows again.
  void reserve(std::size_t bytes) {
    if (bytes <= capacity_) return;
    const std::size_t rounded = (bytes + kAlign - 1) / kAlign * kAlign;
    memory_.reset(static_cast<std::uint8_t*>(std::aligned_alloc(kAlign, rounded)));
    check(memory_ != nullptr, "aligned: out of memory");
    capacity_ = rounded;
  }
  void release() {
    memory_.reset();
    capacity_ = 0;
  }
  std::uint8_t* data() { return memory_.get(); }
  const std::uint8_t* data() const { return memory_.get(); }
  std::size_t capacity() const { return capacity_; }

 private:
  struct Free {
    void operator()(std::uint8_t* p) const { std::free(p); }
  };
  std::unique_ptr<std::uint8_t, Free> memory_;
  std::size_t capacity_ = 0;
};

}  // namespace lianxi
