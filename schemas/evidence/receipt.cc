#include "schemas/base/check.h"
#include "schemas/evidence/entry.h"
#include "schemas/evidence/entry_parse.h"
#include "schemas/evidence/tree.h"

namespace lianxi::evidence {
namespace {

constexpr std::string_view kFileHeader = "c2sp.org/tlog-proof@v1";

Error malformed(std::string detail) { return fail(Code::bad_entry, "receipt: " + std::move(detail)); }
Error unproven(std::string detail) { return fail(Code::verification_failed, "receipt: " + std::move(detail)); }

// EH ‖ signature ‖ HP, each as far as it says itself.
bool read_signed_part(ByteView bytes, Reader& in, Receipt& receipt) {
  EntryHeader header;
  std::size_t from = in.offset();
  if (!read(in, header)) return false;
  receipt.entry_header = copy(bytes.subspan(from, in.offset() - from));
  receipt.signature = in.array<64>();
  from = in.offset();
  HubPart part;
  if (!read(in, part)) return false;
  receipt.hub_part = copy(bytes.subspan(from, in.offset() - from));
  return true;
}

Result<void> check_agency(const Suite& suite, const Receipt& receipt, const EntryHeader& header, const KeyFinder& keys) {
  if (header.suite != suite.id()) return unproven("another suite");
  const auto key = keys.signing_key(header.agency, header.key_id);
  if (!key) return fail(Code::unknown_key, "receipt: key " + hex(header.key_id) + " of " + header.agency.value());
  if (key_id(suite.id(), KeyUse::signing, *key) != header.key_id) return unproven("the key has another id");
  if (!suite.verify(*key, receipt.entry_header, receipt.signature)) return unproven("the agency's signature does not verify");
  return {};
}

bool same_log(const std::string& origin_text, const EntryHeader& header, const HubPart& part) {
  const auto origin = parse_origin(origin_text);
  return origin && origin->log_prefix == hex(ByteView(header.log_id).first(8)) && part.generation <= origin->generation;
}

// Takes "<word> <value>\n" off the front of `text`.
std::optional<std::string_view> take(std::string_view& text, std::string_view word) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos || !text.starts_with(word)) return std::nullopt;
  const auto value = text.substr(word.size(), end - word.size());
  text.remove_prefix(end + 1);
  return value;
}

bool read_path(std::string_view& text, std::vector<Hash>& path) {
  while (path.size() <= kPathMax) {
    const auto line = take(text, "");
    if (!line) return false;
    if (line->empty()) return true;
    const auto bytes = from_base64(*line);
    const auto hash = bytes ? array_from<32>(*bytes) : std::nullopt;
    if (!hash) return false;
    path.push_back(*hash);
  }
  return false;
}

}  // namespace

Bytes encode(const Receipt& receipt) {
  check(receipt.path.size() <= kPathMax && receipt.note.size() <= kNoteBytesMax, "receipt: path or note too long");
  Bytes bytes;
  bytes.reserve(receipt.entry_header.size() + receipt.hub_part.size() + 32 * receipt.path.size() + receipt.note.size() + 80);
  Writer out(bytes);
  out.bytes(receipt.entry_header);
  out.bytes(receipt.signature);
  out.bytes(receipt.hub_part);
  out.u64(receipt.size);
  out.u8(static_cast<std::uint8_t>(receipt.path.size()));
  for (const auto& hash : receipt.path) out.bytes(hash);
  out.u16(static_cast<std::uint16_t>(receipt.note.size()));
  out.bytes(receipt.note);
  return bytes;
}

Result<Receipt> parse_receipt(ByteView bytes) {
  Reader in(bytes);
  Receipt receipt;
  if (!read_signed_part(bytes, in, receipt)) return malformed("entry header or hub part");
  receipt.size = in.u64();
  const std::size_t count = in.u8();
  if (count > kPathMax) return malformed("path too long");
  for (std::size_t i = 0; i < count && in.ok(); ++i) receipt.path.push_back(in.hash());
  receipt.note = std::string(text(in.bytes(in.u16())));
  if (!in.done()) return malformed("wrong length");
  return receipt;
}

Result<Checkpoint> check_receipt(const Suite& suite, const Receipt& receipt, const PublicKey& checkpoint_key,
                                 const KeyFinder& keys) {
  const auto header = parse_entry_header(receipt.entry_header);
  if (!header) return header.error();
  const auto part = parse_hub_part(receipt.hub_part);
  if (!part) return part.error();
  if (!part->refused.empty() && part->refused.back().index >= header->count) return malformed("refuses what is not there");
  if (const auto agency = check_agency(suite, receipt, *header, keys); !agency) return agency.error();
  auto checkpoint = open_checkpoint(suite, checkpoint_key, receipt.note);
  if (!checkpoint) return checkpoint;
  if (checkpoint->size != receipt.size) return unproven("the note is for another size");
  if (!same_log(checkpoint->origin, *header, *part)) return unproven("the note is of another log");
  const Hash leaf = leaf_hash(receipt.entry_header, receipt.signature, receipt.hub_part);
  if (!verify_inclusion(leaf, part->entry, receipt.size, receipt.path, checkpoint->root)) {
    return unproven("the path does not lead to the root");
  }
  return checkpoint;
}

std::string receipt_file(const Receipt& receipt) {
  const auto part = parse_hub_part(receipt.hub_part);
  check(part.has_value(), "receipt: file of a malformed hub part");
  std::string file(kFileHeader);
  file += "\nextra " + base64(leaf_data(receipt.entry_header, receipt.signature, receipt.hub_part));
  file += "\nindex " + std::to_string(part->entry) + '\n';
  for (const auto& hash : receipt.path) file += base64(hash) + '\n';
  return file + '\n' + receipt.note;
}

Result<Receipt> parse_receipt_file(std::string_view file) {
  if (file.size() > kReceiptFileBytesMax || take(file, kFileHeader) != "") return malformed("not a tlog-proof");
  const auto extra = take(file, "extra ");
  const auto index = take(file, "index ");
  const auto data = extra ? from_base64(*extra) : std::nullopt;
  if (!data || !index || data->size() < 2) return malformed("extra or index line");
  Receipt receipt;
  const ByteView leaf = ByteView(*data).subspan(2);
  Reader in(leaf);
  if (!read_signed_part(leaf, in, receipt) || !in.done()) return malformed("extra data");
  if (leaf_data(receipt.entry_header, receipt.signature, receipt.hub_part) != *data) return malformed("extra data");
  if (*index != std::to_string(parse_hub_part(receipt.hub_part)->entry)) return malformed("index is another entry's");
  if (!read_path(file, receipt.path)) return malformed("path");
  const auto checkpoint = read_checkpoint_unverified(file);
  if (!checkpoint) return checkpoint.error();
  receipt.size = checkpoint->size;
  receipt.note = std::string(file);
  return receipt;
}

}  // namespace lianxi::evidence
