// Receipts, checkpoints and entry headers: what parses is written back to the same bytes.
#include "schemas/base/check.h"
#include "schemas/evidence/entry.h"

namespace ev = lianxi::evidence;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const lianxi::ByteView bytes(data, size);
  if (const auto receipt = ev::parse_receipt(bytes)) lianxi::check(lianxi::equal(ev::encode(*receipt), bytes), "receipt: not the same bytes");
  if (const auto header = ev::parse_entry_header(bytes)) lianxi::check(lianxi::equal(ev::encode(*header), bytes), "entry header: not the same bytes");
  if (const auto part = ev::parse_hub_part(bytes)) lianxi::check(lianxi::equal(ev::encode(*part), bytes), "hub part: not the same bytes");
  const auto text = lianxi::text(bytes);
  if (const auto receipt = ev::parse_receipt_file(text)) lianxi::check(ev::receipt_file(*receipt) == text, "receipt file: not the same text");
  (void)ev::read_checkpoint_unverified(text);
  return 0;
}
