// An entry as the hub stores it and hands it to its owner (Welcome.genesis):
//   u32 bytes that follow ‖ u16 EH length ‖ EH ‖ signature 64 ‖ u16 HP length ‖ HP ‖ u32 run length ‖ run (P2)
// Messages refused at message level stand in the run as left out: 0xFFFFFFFF ‖ message hash.
#pragma once

#include "schemas/base/bytes.h"
#include "schemas/base/result.h"

namespace lianxi::codec {

struct StoredEntryView {
  ByteView whole;
  ByteView entry_header;
  Signature signature{};
  ByteView hub_part;
  ByteView run;
};

inline void append_stored_entry(Bytes& out, ByteView entry_header, const Signature& signature, ByteView hub_part, ByteView run) {
  Writer w(out);
  w.u32(static_cast<std::uint32_t>(2 + entry_header.size() + 64 + 2 + hub_part.size() + 4 + run.size()));
  w.u16(static_cast<std::uint16_t>(entry_header.size()));
  w.bytes(entry_header);
  w.bytes(signature);
  w.u16(static_cast<std::uint16_t>(hub_part.size()));
  w.bytes(hub_part);
  w.u32(static_cast<std::uint32_t>(run.size()));
  w.bytes(run);
}

// Takes one stored entry from the front of `bytes`; what follows it is ignored.
inline Result<StoredEntryView> parse_stored_entry(ByteView bytes) {
  Reader r(bytes);
  const auto length = r.u32();
  if (!r.ok() || length > r.left()) return fail(Code::corrupt, "stored entry: length");
  StoredEntryView entry;
  entry.whole = bytes.first(4 + std::size_t{length});
  entry.entry_header = r.bytes(r.u16());
  entry.signature = r.array<64>();
  entry.hub_part = r.bytes(r.u16());
  entry.run = r.bytes(r.u32());
  if (!r.ok() || r.offset() != entry.whole.size()) return fail(Code::corrupt, "stored entry: shape");
  return entry;
}

}  // namespace lianxi::codec
