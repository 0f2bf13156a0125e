#include "schemas/evidence/entry.h"

#include <algorithm>

#include "schemas/evidence/entry_parse.h"

namespace lianxi::evidence {
namespace {

constexpr std::size_t kAgencyBytesMax = 64;
constexpr std::uint64_t kEntryEnd = std::uint64_t{1} << 48;  // A position packs entry and index into 64 bits.

bool is_agency(std::string_view id) {
  return id.size() <= kAgencyBytesMax && std::ranges::all_of(id, [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

Bytes encode(const EntryHeader& header) {
  Bytes bytes;
  bytes.reserve(192);
  Writer out(bytes);
  out.label("lianxi/entry/v1");
  out.u8(header.suite);
  out.bytes(header.log_id);
  out.s8(header.agency.value());
  out.s8(header.host);
  out.bytes(header.key_id);
  out.u32(header.epoch.value());
  out.u64(header.first.value());
  out.u16(header.count);
  out.bytes(header.batch_root);
  return bytes;
}

bool read(Reader& in, EntryHeader& header) {
  in.label("lianxi/entry/v1");
  header.suite = in.u8();
  header.log_id = in.hash();
  header.agency = AgencyId(std::string(in.s8()));
  header.host = std::string(in.s8());
  header.key_id = in.array<8>();
  header.epoch = Epoch(in.u32());
  header.first = Number(in.u64());
  header.count = in.u16();
  header.batch_root = in.hash();
  return in.ok() && !header.agency.value().empty() && is_agency(header.agency.value()) && is_agency(header.host) &&
         header.epoch.value() > 0 && header.first.value() > 0 && header.count > 0 && header.count <= codec::kEntryMessagesMax &&
         header.first.value() <= UINT64_MAX - header.count;
}

Result<EntryHeader> parse_entry_header(ByteView bytes) {
  Reader in(bytes);
  EntryHeader header;
  if (!read(in, header) || !in.done()) return fail(Code::bad_entry, "entry header is malformed");
  return header;
}

Bytes encode(const HubPart& part) {
  Bytes bytes;
  bytes.reserve(64);
  Writer out(bytes);
  out.u32(part.generation);
  out.u64(part.entry);
  out.i64(part.time);
  out.u64(part.registry_serial);
  out.u8(part.original ? 1 : 0);
  if (part.original) {
    out.u32(part.original->generation);
    out.u64(part.original->entry);
    out.i64(part.original->time);
  }
  out.u16(static_cast<std::uint16_t>(part.refused.size()));
  for (const auto& refused : part.refused) {
    out.u16(refused.index);
    out.u16(static_cast<std::uint16_t>(refused.code));
  }
  return bytes;
}

bool read(Reader& in, HubPart& part) {
  part.generation = in.u32();
  part.entry = in.u64();
  part.time = in.i64();
  part.registry_serial = in.u64();
  const std::uint8_t original = in.u8();
  if (original == 1) {
    auto& before = part.original.emplace();
    before.generation = in.u32();
    before.entry = in.u64();
    before.time = in.i64();
  }
  const std::size_t refused = in.u16();
  if (!in.ok() || original > 1 || refused > codec::kEntryMessagesMax || part.entry >= kEntryEnd) return false;
  for (std::size_t i = 0; i < refused && in.ok(); ++i) {
    const std::uint16_t index = in.u16();
    const auto code = static_cast<Code>(in.u16());
    if (!part.refused.empty() && index <= part.refused.back().index) return false;
    part.refused.push_back({index, code});
  }
  return in.ok();
}

Result<HubPart> parse_hub_part(ByteView bytes) {
  Reader in(bytes);
  HubPart part;
  if (!read(in, part) || !in.done()) return fail(Code::bad_entry, "hub part is malformed");
  return part;
}

Hash message_hash(ByteView message_header) {
  static constexpr std::string_view kPrefix("\0lianxi/message/v1\0", 19);
  return sha256({view(kPrefix), message_header});
}

Bytes leaf_data(ByteView entry_header, const Signature& signature, ByteView hub_part) {
  Bytes data;
  data.reserve(2 + entry_header.size() + signature.size() + hub_part.size());
  Writer out(data);
  out.u16(static_cast<std::uint16_t>(entry_header.size()));
  out.bytes(entry_header);
  out.bytes(signature);
  out.bytes(hub_part);
  return data;
}

Hash leaf_hash(ByteView entry_header, const Signature& signature, ByteView hub_part) {
  const std::array<std::uint8_t, 3> prefix = {0, static_cast<std::uint8_t>(entry_header.size() >> 8),
                                              static_cast<std::uint8_t>(entry_header.size())};
  return sha256({prefix, entry_header, signature, hub_part});
}

Hash extend_delivered(const Hash& chain, Position position, const Hash& message_hash) {
  Bytes bytes;
  Writer out(bytes);
  out.label("lianxi/delivered/v1");
  out.bytes(chain);
  out.u64(position.packed());
  out.bytes(message_hash);
  return sha256(bytes);
}

Bytes operator_statement(const Hash& log_id, std::uint64_t serial, std::uint16_t type, ByteView c0_plaintext) {
  Bytes bytes;
  Writer out(bytes);
  out.label("lianxi/operator/v1");
  out.bytes(log_id);
  out.u64(serial);
  out.u16(type);
  out.bytes(sha256(c0_plaintext));
  return bytes;
}

}  // namespace lianxi::evidence
