#include "schemas/evidence/key_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "schemas/base/disk.h"
#include "schemas/evidence/entry.h"

namespace lianxi::evidence {
namespace {

using Json = nlohmann::ordered_json;

// Takes fields out of one JSON object; remembers the first that is missing or wrong.
class Fields {
 public:
  Fields(const Json& object, std::string of) : object_(object), of_(std::move(of)) {
    if (!object.is_object()) wrong("an object");
  }
  std::string text(const char* name, std::size_t bytes_max = 255) {
    const auto* field = find(name);
    if (field == nullptr || !field->is_string() || field->get_ref<const std::string&>().size() > bytes_max)
      return wrong(name), "";
    return field->get<std::string>();
  }
  std::uint32_t number(const char* name, std::uint32_t max = UINT32_MAX) {
    const auto* field = find(name);
    if (field == nullptr || !field->is_number_unsigned() || field->get<std::uint64_t>() > max) return wrong(name), 0;
    return field->get<std::uint32_t>();
  }
  bool truth(const char* name) {
    const auto* field = find(name);
    if (field == nullptr || !field->is_boolean()) return wrong(name), false;
    return field->get<bool>();
  }
  Hash key(const char* name) { return key_of(find(name), name); }
  Hash key_of(const Json* field, const char* name) {
    const auto bytes = field != nullptr && field->is_string() ? from_hex(field->get_ref<const std::string&>()) : std::nullopt;
    const auto key = bytes ? array_from<32>(*bytes) : std::nullopt;
    return key ? *key : (wrong(name), Hash{});
  }
  const Json& list(const char* name, std::size_t max) {
    static const Json kNone = Json::array();
    const auto* field = find(name);
    if (field == nullptr || !field->is_array() || field->size() > max) return wrong(name), kNone;
    return *field;
  }
  const Json& object(const char* name) {
    static const Json kNone = Json::object();
    const auto* field = find(name);
    if (field == nullptr || !field->is_object()) return wrong(name), kNone;
    return *field;
  }
  void expect(bool holds, const char* what) {
    if (!holds) wrong(what);
  }
  void format(const char* expected) {
    if (text("format") != expected) wrong("format");
  }
  void take_faults(const Fields& inner) {
    if (!inner.fault_.empty() && fault_.empty()) fault_ = inner.fault_;
  }
  bool ok() const { return fault_.empty(); }
  Error error() const { return fail(Code::invalid_config, fault_); }

 private:
  const Json* find(const char* name) const {
    if (!object_.is_object()) return nullptr;
    const auto at = object_.find(name);
    return at == object_.end() ? nullptr : &*at;
  }
  void wrong(const char* name) {
    if (fault_.empty()) fault_ = of_ + ": " + name + " is missing or wrong";
  }
  const Json& object_;
  std::string of_;
  std::string fault_;
};

Json parse(std::string_view json) {
  if (json.size() > kKeyFileBytesMax) return Json();
  return Json::parse(json, nullptr, false);
}

std::string print(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

bool is_agency_id(const std::string& id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) { return c > 0x20 && c < 0x7f; });
}

Result<std::string> read_text(const std::string& path) {
  auto bytes = read_file(path, kKeyFileBytesMax);
  if (!bytes) return bytes.error();
  return std::string(text(*bytes));
}

Result<std::string> read_secret(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return fail(errno == ENOENT ? Code::not_found : Code::io, path + ": " + std::strerror(errno));
  }
  if ((status.st_mode & 077) != 0) return fail(Code::invalid_config, path + ": others may read this secret file: chmod 600");
  return read_text(path);
}

template <class T>
Result<T> parse_with(Result<std::string> json, const std::string& path, Result<T> (*parser)(std::string_view)) {
  if (!json) return json.error();
  auto value = parser(*json);
  if (!value) return fail(value.error().code, path + ": " + value.error().detail);
  return value;
}

}  // namespace

std::string to_json(const AgencyKeys& keys) {
  Json seats = Json::array();
  for (const auto& seat : keys.seats) seats.push_back({{"seat", seat.seat}, {"sealing_secret", hex(seat.sealing)}});
  return print({{"format", "lianxi-agency-keys/v1"},
                {"agency", keys.agency.value()},
                {"suite", keys.suite},
                {"transport_secret", hex(keys.transport_secret)},
                {"transport_public", hex(keys.transport_public)},
                {"signing_seed", hex(keys.signing)},
                {"seats", seats}});
}

Result<AgencyKeys> parse_agency_keys(std::string_view json) {
  const Json document = parse(json);
  Fields fields(document, "agency keys");
  fields.format("lianxi-agency-keys/v1");
  AgencyKeys keys;
  keys.agency = AgencyId(fields.text("agency"));
  keys.suite = static_cast<std::uint8_t>(fields.number("suite", 255));
  keys.transport_secret = fields.key("transport_secret");
  keys.transport_public = fields.key("transport_public");
  keys.signing = fields.key("signing_seed");
  for (const auto& item : fields.list("seats", kSeatsMax)) {
    Fields seat(item, "agency keys: seat");
    keys.seats.push_back({seat.text("seat", 64), seat.key("sealing_secret")});
    fields.take_faults(seat);
  }
  fields.expect(is_agency_id(keys.agency.value()), "agency");
  fields.expect(keys.suite == 1, "suite");
  fields.expect(!keys.seats.empty(), "seats");
  fields.expect(curve_public(keys.transport_secret) == keys.transport_public, "transport_public");
  if (!fields.ok()) return fields.error();
  return keys;
}

std::string to_json(const AgencyCard& card) {
  Json seats = Json::array();
  for (const auto& seat : card.seats) seats.push_back({{"seat", seat.seat}, {"sealing", hex(seat.sealing)}});
  return print({{"format", "lianxi-agency-card/v1"},
                {"agency", card.agency.value()},
                {"suite", card.suite},
                {"name_zh", card.name_zh},
                {"name_en", card.name_en},
                {"host", card.host},
                {"transport", hex(card.transport)},
                {"signing", hex(card.signing)},
                {"signing_key_id", hex(key_id(card.suite, KeyUse::signing, card.signing))},
                {"seats", seats}});
}

Result<AgencyCard> parse_agency_card(std::string_view json) {
  const Json document = parse(json);
  Fields fields(document, "agency card");
  fields.format("lianxi-agency-card/v1");
  AgencyCard card;
  card.agency = AgencyId(fields.text("agency"));
  card.suite = static_cast<std::uint8_t>(fields.number("suite", 255));
  card.name_zh = fields.text("name_zh");
  card.name_en = fields.text("name_en");
  card.host = fields.text("host");
  card.transport = fields.key("transport");
  card.signing = fields.key("signing");
  for (const auto& item : fields.list("seats", kSeatsMax)) {
    Fields seat(item, "agency card: seat");
    card.seats.push_back({seat.text("seat", 64), seat.key("sealing")});
    fields.take_faults(seat);
  }
  fields.expect(is_agency_id(card.agency.value()), "agency");
  fields.expect(card.suite == 1, "suite");
  fields.expect(card.host.empty() || is_agency_id(card.host), "host");
  fields.expect(fields.text("signing_key_id") == hex(key_id(card.suite, KeyUse::signing, card.signing)), "signing_key_id");
  if (!fields.ok()) return fields.error();
  return card;
}

std::string to_json(const HubKeys& keys) {
  return print({{"format", "lianxi-hub-keys/v1"},
                {"hub", keys.hub.value()},
                {"log_id", hex(keys.log_id)},
                {"generation", keys.generation},
                {"demo", keys.demo},
                {"checkpoint_seed", hex(keys.checkpoint)},
                {"message_seed", hex(keys.message)},
                {"curve_secret", hex(keys.curve_secret)},
                {"curve_public", hex(keys.curve_public)}});
}

Result<HubKeys> parse_hub_keys(std::string_view json) {
  const Json document = parse(json);
  Fields fields(document, "hub keys");
  fields.format("lianxi-hub-keys/v1");
  HubKeys keys;
  keys.hub = AgencyId(fields.text("hub"));
  keys.log_id = fields.key("log_id");
  keys.generation = fields.number("generation");
  keys.demo = fields.truth("demo");
  keys.checkpoint = fields.key("checkpoint_seed");
  keys.message = fields.key("message_seed");
  keys.curve_secret = fields.key("curve_secret");
  keys.curve_public = fields.key("curve_public");
  fields.expect(is_agency_id(keys.hub.value()), "hub");
  fields.expect(keys.generation > 0, "generation");
  fields.expect(curve_public(keys.curve_secret) == keys.curve_public, "curve_public");
  if (!fields.ok()) return fields.error();
  return keys;
}

std::string to_json(const OperatorKey& key) {
  return print({{"format", "lianxi-operator-key/v1"},
                {"name", key.name},
                {"seed", hex(key.secret)},
                {"public", hex(suite1().signing_public(key.secret))}});
}

Result<OperatorKey> parse_operator_key(std::string_view json) {
  const Json document = parse(json);
  Fields fields(document, "operator key");
  fields.format("lianxi-operator-key/v1");
  OperatorKey key{fields.text("name"), fields.key("seed")};
  fields.expect(fields.key("public") == suite1().signing_public(key.secret), "public");
  if (!fields.ok()) return fields.error();
  return key;
}

std::string to_json(const HubCard& card) {
  Json operators = Json::array();
  for (const auto& key : card.operators) operators.push_back(hex(key));
  const Json endpoints = {
      {"submit", card.endpoints.submit}, {"deliver", card.endpoints.deliver}, {"chunks", card.endpoints.chunks}};
  return print({{"format", "lianxi-hub-card/v1"},
                {"log_id", hex(card.log_id)},
                {"origin", card.origin},
                {"generation", card.generation},
                {"leaf0", hex(card.leaf0)},
                {"operators", operators},
                {"threshold", card.threshold},
                {"checkpoint_key", hex(card.checkpoint_key)},
                {"vkey", card.vkey},
                {"curve_key", hex(card.curve_key)},
                {"endpoints", endpoints}});
}

Result<HubCard> parse_hub_card(std::string_view json) {
  const Json document = parse(json);
  Fields fields(document, "hub card");
  fields.format("lianxi-hub-card/v1");
  HubCard card;
  card.log_id = fields.key("log_id");
  card.origin = fields.text("origin");
  card.generation = fields.number("generation");
  card.leaf0 = fields.key("leaf0");
  for (const auto& item : fields.list("operators", kOperatorsMax)) card.operators.push_back(fields.key_of(&item, "operators"));
  card.threshold = fields.number("threshold");
  card.checkpoint_key = fields.key("checkpoint_key");
  card.vkey = fields.text("vkey");
  card.curve_key = fields.key("curve_key");
  Fields endpoints(fields.object("endpoints"), "hub card: endpoints");
  card.endpoints = {endpoints.text("submit"), endpoints.text("deliver"), endpoints.text("chunks")};
  fields.take_faults(endpoints);
  const auto origin = parse_origin(card.origin);
  fields.expect(origin && origin_line(card.log_id, card.generation, origin->demo) == card.origin, "origin");
  fields.expect(card.threshold > 0 && card.threshold <= card.operators.size(), "threshold");
  fields.expect(card.vkey == note_verifier_key(card.origin, card.checkpoint_key), "vkey");
  if (!fields.ok()) return fields.error();
  return card;
}

Result<AgencyKeys> read_agency_keys(const std::string& path) { return parse_with(read_secret(path), path, parse_agency_keys); }
Result<AgencyCard> read_agency_card(const std::string& path) { return parse_with(read_text(path), path, parse_agency_card); }
Result<HubKeys> read_hub_keys(const std::string& path) { return parse_with(read_secret(path), path, parse_hub_keys); }
Result<OperatorKey> read_operator_key(const std::string& path) { return parse_with(read_secret(path), path, parse_operator_key); }
Result<HubCard> read_hub_card(const std::string& path) { return parse_with(read_text(path), path, parse_hub_card); }

Result<void> write_secret_file(const std::string& path, const std::string& json) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) return fail(Code::already_exists, path + ": will not replace a secret file");
  return write_file(path, view(json), 0600);
}

Result<void> write_card_file(const std::string& path, const std::string& json) { return write_file(path, view(json), 0644); }

}  // namespace lianxi::evidence
