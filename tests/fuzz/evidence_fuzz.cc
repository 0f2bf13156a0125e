// The verifier on hostile files: it never proves what nobody signed, and judges twice alike.
#include "schemas/base/check.h"
#include "schemas/verifier/verifier.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const lianxi::ByteView bytes(data, size);
  const auto text = lianxi::text(bytes);
  // Neither card nor receipt can be genuine: no key of ours has signed anything.
  const auto receipt = lianxi::verifier::verify_receipt(bytes, text, {});
  lianxi::check(!receipt.ok, "verifier: proved a receipt without agency cards");
  const auto bundle = lianxi::verifier::verify_evidence(text, text, {});
  lianxi::check(!bundle.ok, "verifier: proved a bundle without agency cards");
  return 0;
}
