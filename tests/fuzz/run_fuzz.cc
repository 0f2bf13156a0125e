// A run from a submission: what parses is made of the bytes that came, whole and in order, and its headers are read.
#include "schemas/base/check.h"
#include "schemas/codec/payload.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const lianxi::ByteView bytes(data, size);
  const auto run = lianxi::codec::parse_run(bytes);
  if (!run) {
    (void)lianxi::codec::parse_header(bytes);
    return 0;
  }
  std::size_t whole = 0;
  for (const auto& message : *run) {
    whole += message.left_out ? 36 : message.whole.size();
    if (!message.left_out) (void)lianxi::codec::parse_header(message.header);
  }
  lianxi::check(whole == size, "a run parsed that is not made of its messages");
  return 0;
}
