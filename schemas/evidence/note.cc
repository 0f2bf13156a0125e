// C2SP signed-note and tlog-checkpoint.
#include <algorithm>
#include <charconv>

#include "schemas/evidence/entry.h"

namespace lianxi::evidence {
namespace {

constexpr std::string_view kDash = "\xe2\x80\x94 ";
constexpr std::uint8_t kEd25519Note = 1;
constexpr std::uint64_t kSizeEnd = std::uint64_t{1} << 63;

using NoteKeyId = std::array<std::uint8_t, 4>;

struct Line {
  std::string_view name;
  NoteKeyId key{};
  Bytes signature;
};

struct Note {
  std::string_view text;  // What is signed, with its last newline.
  Checkpoint checkpoint;
  std::vector<Line> lines;
};

Bytes typed_key(const PublicKey& key) {
  Bytes bytes{kEd25519Note};
  bytes.insert(bytes.end(), key.begin(), key.end());
  return bytes;
}

NoteKeyId note_key_id(std::string_view name, const PublicKey& key) {
  const Hash digest = sha256({view(name), view("\n"), typed_key(key)});
  NoteKeyId id;
  std::memcpy(id.data(), digest.data(), id.size());
  return id;
}

// Bytes of the UTF-8 sequence that starts `text`, 0 if it is none.
std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  const bool beyond = (lead == 0xed && byte(1) > 0x9f) || (lead == 0xf4 && byte(1) > 0x8f);
  return overlong || beyond ? 0 : length;
}

bool is_note_text(std::string_view text) {
  while (!text.empty()) {
    const auto byte = static_cast<std::uint8_t>(text[0]);
    const std::size_t length = utf8_sequence(text);
    if (length == 0 || (byte < 0x20 && byte != '\n')) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool is_key_name(std::string_view name) { return !name.empty() && name.find_first_of(" +\n") == std::string_view::npos; }

// The next line of `text` without its newline; nullopt if none ends in one.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<std::uint64_t> decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || at != end || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  return value;
}

std::string checkpoint_text(const Checkpoint& checkpoint) {
  return checkpoint.origin + '\n' + std::to_string(checkpoint.size) + '\n' + base64(checkpoint.root) + '\n';
}

std::optional<Checkpoint> parse_text(std::string_view text) {
  const auto origin = take_line(text);
  const auto size = take_line(text);
  const auto root = take_line(text);
  if (!origin || !size || !root || !text.empty() || !is_key_name(*origin)) return std::nullopt;
  const auto number = decimal(*size);
  const auto bytes = from_base64(*root);
  const auto hash = bytes ? array_from<32>(*bytes) : std::nullopt;
  if (!number || *number >= kSizeEnd || !hash) return std::nullopt;
  return Checkpoint{std::string(*origin), *number, *hash};
}

std::optional<Line> parse_line(std::string_view line) {
  if (!line.starts_with(kDash)) return std::nullopt;
  line.remove_prefix(kDash.size());
  const auto space = line.find(' ');
  if (space == std::string_view::npos || !is_key_name(line.substr(0, space))) return std::nullopt;
  const auto bytes = from_base64(line.substr(space + 1));
  if (!bytes || bytes->size() < 5) return std::nullopt;
  Line out{line.substr(0, space), {}, Bytes(bytes->begin() + 4, bytes->end())};
  std::memcpy(out.key.data(), bytes->data(), 4);
  return out;
}

std::optional<Note> parse_note(std::string_view note) {
  if (note.size() > kNoteBytesMax || !is_note_text(note)) return std::nullopt;
  const auto split = note.rfind("\n\n");
  if (split == std::string_view::npos) return std::nullopt;
  Note out;
  out.text = note.substr(0, split + 1);
  auto checkpoint = parse_text(out.text);
  if (!checkpoint) return std::nullopt;
  out.checkpoint = *std::move(checkpoint);
  auto rest = note.substr(split + 2);
  while (!rest.empty()) {
    const auto text = take_line(rest);
    auto line = text ? parse_line(*text) : std::nullopt;
    if (!line || out.lines.size() == kNoteSignaturesMax) return std::nullopt;
    out.lines.push_back(*std::move(line));
  }
  if (out.lines.empty()) return std::nullopt;
  return out;
}

}  // namespace

std::string origin_line(const Hash& log_id, std::uint32_t generation, bool demo) {
  return (demo ? "lianxi-demo/" : "lianxi/") + hex(ByteView(log_id).first(8)) + "/g" + std::to_string(generation);
}

std::optional<Origin> parse_origin(std::string_view line) {
  const auto first = line.find('/');
  const auto second = line.find("/g");
  if (first == std::string_view::npos || second != first + 17) return std::nullopt;
  const auto prefix = line.substr(first + 1, 16);
  const auto generation = decimal(line.substr(second + 2));
  const bool is_hex = std::ranges::all_of(prefix, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  const auto name = line.substr(0, first);
  if ((name != "lianxi" && name != "lianxi-demo") || !is_hex || !generation || *generation > UINT32_MAX) return std::nullopt;
  return Origin{name == "lianxi-demo", std::string(prefix), static_cast<std::uint32_t>(*generation)};
}

std::string sign_checkpoint(const Suite& suite, const SecretKey& secret, const Checkpoint& checkpoint) {
  const std::string text = checkpoint_text(checkpoint);
  const auto id = note_key_id(checkpoint.origin, suite.signing_public(secret));
  const Signature signature = suite.sign(secret, view(text));
  Bytes line(id.begin(), id.end());
  line.insert(line.end(), signature.begin(), signature.end());
  return text + '\n' + std::string(kDash) + checkpoint.origin + ' ' + base64(line) + '\n';
}

Result<Checkpoint> open_checkpoint(const Suite& suite, const PublicKey& key, std::string_view note) {
  const auto parsed = parse_note(note);
  if (!parsed) return fail(Code::verification_failed, "checkpoint: malformed note");
  const auto id = note_key_id(parsed->checkpoint.origin, key);
  bool signed_by_key = false;
  for (const auto& line : parsed->lines) {
    if (line.name != parsed->checkpoint.origin || line.key != id) continue;
    const auto signature = array_from<64>(line.signature);
    if (!signature || !suite.verify(key, view(parsed->text), *signature)) {
      return fail(Code::verification_failed, "checkpoint: signature does not verify");
    }
    signed_by_key = true;
  }
  if (!signed_by_key) return fail(Code::verification_failed, "checkpoint: not signed by this key");
  return parsed->checkpoint;
}

Result<Checkpoint> read_checkpoint_unverified(std::string_view note) {
  auto parsed = parse_note(note);
  if (!parsed) return fail(Code::verification_failed, "checkpoint: malformed note");
  return std::move(parsed->checkpoint);
}

std::string note_verifier_key(const std::string& name, const PublicKey& key) {
  return name + '+' + hex(note_key_id(name, key)) + '+' + base64(typed_key(key));
}

}  // namespace lianxi::evidence
