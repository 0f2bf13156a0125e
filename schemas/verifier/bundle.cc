// What comes as JSON: cards and evidence bundles.
#include <nlohmann/json.hpp>

#include "schemas/verifier/readers.h"

namespace lianxi::verifier {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kCardBytesMax = 64 << 10;
constexpr std::size_t kOthersMax = 1023;
constexpr const char* kGroups[] = {"C0", "CP", "C1", "C2", "C2X", "C3", "C3M", "C3R", "C3D", "C4", "C5", "C5X", "C6", "C7"};

std::optional<Json> parse(std::string_view json, std::size_t bytes_max, const char* format) {
  if (json.size() > bytes_max) return std::nullopt;
  auto document = Json::parse(json, nullptr, false);
  if (!document.is_object() || !document.contains("format") || document["format"] != format) return std::nullopt;
  return document;
}

std::optional<std::string> string_of(const Json& object, const char* name) {
  const auto at = object.is_object() ? object.find(name) : object.end();
  if (!object.is_object() || at == object.end() || !at->is_string()) return std::nullopt;
  return at->get<std::string>();
}

std::optional<std::uint64_t> number_of(const Json& object, const char* name, std::uint64_t max) {
  const auto at = object.find(name);
  if (at == object.end() || !at->is_number_unsigned() || at->get<std::uint64_t>() > max) return std::nullopt;
  return at->get<std::uint64_t>();
}

std::optional<Hash> hash_from_hex(const std::optional<std::string>& text) {
  const auto bytes = text ? from_hex(*text) : std::nullopt;
  return bytes ? array_from<32>(*bytes) : std::nullopt;
}

std::optional<Bytes> bytes_of(const Json& object, const char* name) {
  const auto text = string_of(object, name);
  return text ? from_base64(*text) : std::nullopt;
}

const Json* array_of(const Json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_array() ? &*at : nullptr;
}

KeyName signing_key_name(const Key& key) {
  static constexpr std::string_view kPrefix("lianxi/key/v1\0\x01\x02", 16);  // Suite 1, use 2: signing.
  const Hash hash = digest({view(kPrefix), key});
  KeyName name;
  std::memcpy(name.data(), hash.data(), name.size());
  return name;
}

std::string origin_of(const HubCard& card) {
  const bool demo = card.origin.starts_with("lianxi-demo/");
  return (demo ? "lianxi-demo/" : "lianxi/") + hex(ByteView(card.log_id).first(8)) + "/g" + std::to_string(card.generation);
}

std::optional<Bundle::Section> read_section(const Json& item) {
  const auto name = string_of(item, "group");
  const auto group = name ? group_number(*name) : std::nullopt;
  const auto salt = hash_from_hex(string_of(item, "salt"));
  auto plaintext = bytes_of(item, "plaintext");
  if (!group || !salt || !plaintext) return std::nullopt;
  return Bundle::Section{*group, *salt, *std::move(plaintext)};
}

}  // namespace

std::array<std::uint8_t, 4> note_key(std::string_view name, const Key& key) {
  static constexpr std::string_view kSeparator("\n\x01", 2);  // 1 = Ed25519.
  const Hash hash = digest({view(name), view(kSeparator), key});
  return {hash[0], hash[1], hash[2], hash[3]};
}

std::string group_name(std::uint8_t group) {
  return group >= 1 && group <= std::size(kGroups) ? kGroups[group - 1] : "#" + std::to_string(group);
}

std::optional<std::uint8_t> group_number(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kGroups); ++i) {
    if (name == kGroups[i]) return static_cast<std::uint8_t>(i + 1);
  }
  return std::nullopt;
}

std::optional<HubCard> read_hub_card(std::string_view json) {
  const auto document = parse(json, kCardBytesMax, "lianxi-hub-card/v1");
  if (!document) return std::nullopt;
  const auto log_id = hash_from_hex(string_of(*document, "log_id"));
  const auto leaf0 = hash_from_hex(string_of(*document, "leaf0"));
  const auto key = hash_from_hex(string_of(*document, "checkpoint_key"));
  const auto origin = string_of(*document, "origin");
  const auto generation = number_of(*document, "generation", UINT32_MAX);
  const auto vkey = string_of(*document, "vkey");
  if (!log_id || !leaf0 || !key || !origin || !generation || !vkey) return std::nullopt;
  HubCard card{*log_id, *origin, static_cast<std::uint32_t>(*generation), *leaf0, *key};
  Bytes typed{1};
  typed.insert(typed.end(), key->begin(), key->end());
  const std::string expected = *origin + "+" + hex(note_key(*origin, *key)) + "+" + base64(typed);
  if (origin_of(card) != *origin || expected != *vkey) return std::nullopt;
  return card;
}

std::optional<AgencyCard> read_agency_card(std::string_view json) {
  const auto document = parse(json, kCardBytesMax, "lianxi-agency-card/v1");
  if (!document) return std::nullopt;
  const auto agency = string_of(*document, "agency");
  const auto suite = number_of(*document, "suite", 255);
  const auto signing = hash_from_hex(string_of(*document, "signing"));
  if (!agency || agency->empty() || suite != 1u || !signing) return std::nullopt;
  return AgencyCard{*agency, *signing, signing_key_name(*signing)};
}

std::optional<Bundle> read_bundle(std::string_view json) {
  const auto document = parse(json, kBundleBytesMax, "lianxi-evidence/v1");
  if (!document) return std::nullopt;
  auto receipt = bytes_of(*document, "receipt");
  auto header = bytes_of(*document, "header");
  const auto index = number_of(*document, "index", kOthersMax);
  const auto* others = array_of(*document, "others");
  const auto* sections = array_of(*document, "sections");
  if (!receipt || !header || !index || others == nullptr || sections == nullptr) return std::nullopt;
  if (others->size() > kOthersMax || sections->size() > std::size(kGroups)) return std::nullopt;
  Bundle out{*std::move(receipt), static_cast<std::uint16_t>(*index), *std::move(header), {}, {}};
  for (const auto& item : *others) {
    const auto hash = item.is_string() ? hash_from_hex(item.get<std::string>()) : std::nullopt;
    if (!hash) return std::nullopt;
    out.others.push_back(*hash);
  }
  for (const auto& item : *sections) {
    auto section = read_section(item);
    if (!section) return std::nullopt;
    out.sections.push_back(*std::move(section));
  }
  return out;
}

}  // namespace lianxi::verifier
