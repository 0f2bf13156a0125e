#include "schemas/verifier/readers.h"

namespace lianxi::verifier {
namespace {

constexpr std::size_t kPathMax = 63;
constexpr std::size_t kNoteLinesMax = 64;
constexpr std::size_t kMessagesMax = 1024;
constexpr std::string_view kProof = "c2sp.org/tlog-proof@v1\n";
constexpr std::string_view kDash = "\xe2\x80\x94 ";

bool agency_name(std::string_view id) {
  for (const char c : id) {
    if (c <= 0x20 || c >= 0x7f) return false;
  }
  return id.size() <= 64;
}

// Digits only, no leading zero, below 2^63.
std::optional<std::uint64_t> whole_number(std::string_view digits) {
  if (digits.empty() || digits.size() > 19 || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (value >> 63 != 0) return std::nullopt;
  return value;
}

std::optional<std::string_view> next_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = text.substr(0, end);
  text = text.substr(end + 1);
  return line;
}

std::optional<Hash> hash_line(std::string_view line) {
  const auto bytes = from_base64(line);
  return bytes ? array_from<32>(*bytes) : std::nullopt;
}

bool read_entry_header(Reader& in, ReceiptParts& out) {
  in.label("lianxi/entry/v1");
  out.suite = in.u8();
  out.log_id = in.hash();
  out.facts.agency = std::string(in.s8());
  out.facts.host = std::string(in.s8());
  out.key_id = in.array<8>();
  out.facts.epoch = in.u32();
  out.facts.first = in.u64();
  out.facts.count = in.u16();
  out.batch_root = in.hash();
  const auto& facts = out.facts;
  return in.ok() && !facts.agency.empty() && agency_name(facts.agency) && agency_name(facts.host) && facts.epoch != 0 &&
         facts.first != 0 && facts.first + facts.count > facts.first && facts.count <= kMessagesMax;
}

bool read_hub_part(Reader& in, ReceiptParts& out) {
  out.generation = in.u32();
  out.facts.entry = in.u64();
  out.facts.time = in.i64();
  in.u64();  // Registry serial.
  const auto given_back = in.u8();
  if (given_back > 1 || out.facts.entry >> 48 != 0) return false;
  if (given_back == 1) {
    in.u32();
    in.u64();
    out.facts.original_time = in.i64();
  }
  const std::size_t refused = in.u16();
  if (refused > out.facts.count) return false;
  for (std::size_t i = 0; i < refused && in.ok(); ++i) {
    const auto index = in.u16();
    const auto code = in.u16();
    const auto& before = out.facts.refused;
    if (index >= out.facts.count || (!before.empty() && index <= before.back().index)) return false;
    out.facts.refused.push_back({index, code});
  }
  return in.ok();
}

// EH, signature and HP from the front of `bytes`; returns how many bytes they take, 0 if malformed.
std::size_t read_record(ByteView bytes, ReceiptParts& out) {
  Reader in(bytes);
  if (!read_entry_header(in, out)) return 0;
  const std::size_t header_end = in.offset();
  in.bytes(64);
  const std::size_t signature_end = in.offset();
  if (!read_hub_part(in, out)) return 0;
  out.entry_header = copy(bytes.first(header_end));
  out.signature = copy(bytes.subspan(header_end, 64));
  out.hub_part = copy(bytes.subspan(signature_end, in.offset() - signature_end));
  return in.offset();
}

std::optional<ReceiptParts> read_binary(ByteView bytes) {
  ReceiptParts out;
  const std::size_t record = read_record(bytes, out);
  if (record == 0) return std::nullopt;
  Reader in(bytes.subspan(record));
  out.size = in.u64();
  const std::size_t hashes = in.u8();
  if (hashes > kPathMax) return std::nullopt;
  for (std::size_t i = 0; i < hashes && in.ok(); ++i) out.path.push_back(in.hash());
  out.note = std::string(text(in.bytes(in.u16())));
  if (!in.done()) return std::nullopt;
  return out;
}

std::optional<ReceiptParts> read_file(std::string_view file) {
  file.remove_prefix(kProof.size());
  const auto extra = next_line(file);
  const auto index = next_line(file);
  if (!extra || !extra->starts_with("extra ") || !index || !index->starts_with("index ")) return std::nullopt;
  const auto record = from_base64(extra->substr(6));
  ReceiptParts out;
  if (!record || record->size() < 3) return std::nullopt;
  const ByteView body = ByteView(*record).subspan(2);
  const std::size_t header_bytes = std::size_t{(*record)[0]} << 8 | (*record)[1];
  if (read_record(body, out) != body.size() || out.entry_header.size() != header_bytes) return std::nullopt;
  if (whole_number(index->substr(6)) != out.facts.entry) return std::nullopt;
  while (true) {
    const auto line = next_line(file);
    if (!line) return std::nullopt;
    if (line->empty()) break;
    const auto hash = hash_line(*line);
    if (!hash || out.path.size() == kPathMax) return std::nullopt;
    out.path.push_back(*hash);
  }
  out.note = std::string(file);
  return out;
}

bool plain_text(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n') return false;
  }
  return true;
}

bool key_name(std::string_view name) { return !name.empty() && name.find_first_of(" +") == std::string_view::npos; }

}  // namespace

std::optional<ReceiptParts> read_receipt(ByteView receipt) {
  if (receipt.size() > kReceiptBytesMax) return std::nullopt;
  if (text(receipt).starts_with(kProof)) return read_file(text(receipt));
  return read_binary(receipt);
}

std::optional<NoteParts> read_note(std::string_view note) {
  const auto gap = note.rfind("\n\n");
  if (gap == std::string_view::npos || !plain_text(note)) return std::nullopt;
  NoteParts out;
  out.text = std::string(note.substr(0, gap + 1));
  std::string_view body = out.text;
  const auto origin = next_line(body);
  const auto size = next_line(body);
  const auto root = next_line(body);
  if (!origin || !size || !root || !body.empty() || !key_name(*origin)) return std::nullopt;
  const auto number = whole_number(*size);
  const auto hash = hash_line(*root);
  if (!number || !hash) return std::nullopt;
  out.origin = std::string(*origin);
  out.size = *number;
  out.root = *hash;
  auto rest = note.substr(gap + 2);
  while (!rest.empty()) {
    auto line = next_line(rest);
    if (!line || !line->starts_with(kDash) || out.lines.size() == kNoteLinesMax) return std::nullopt;
    line->remove_prefix(kDash.size());
    const auto space = line->find(' ');
    if (space == std::string_view::npos || !key_name(line->substr(0, space))) return std::nullopt;
    auto bytes = from_base64(line->substr(space + 1));
    if (!bytes || bytes->size() < 5) return std::nullopt;
    out.lines.push_back({std::string(line->substr(0, space)), *std::move(bytes)});
  }
  return out;
}

}  // namespace lianxi::verifier
