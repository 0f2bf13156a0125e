// Frames from the network: what is verified can be read to the end.
#include "hub/session/frames.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto frame = lianxi::hub::ReceivedFrame::parse({data, size});
  if (!frame) return 0;
  std::size_t read = 0;
  if (const auto* hello = (*frame)->body_as_Hello()) {
    read += lianxi::hub::string_of(hello->agency()).size() + lianxi::hub::string_of(hello->checkpoint()).size();
    read += lianxi::hub::view_of(hello->genesis_leaf()).size();
  }
  if (const auto* submit = (*frame)->body_as_Submit()) {
    for (const auto byte : lianxi::hub::view_of(submit->entry_header())) read += byte;
    for (const auto byte : lianxi::hub::view_of(submit->signature())) read += byte;
  }
  return read == ~std::size_t{0} ? 1 : 0;
}
