#include "schemas/policy/act.h"

#include <algorithm>

namespace lianxi::policy {

namespace {

using evidence::KeyUse;

constexpr std::size_t kSeatsMax = 64;

using Agencies = std::map<AgencyId, Agency>;

bool all_in(std::string_view text, bool (*allowed)(char)) { return std::ranges::all_of(text, allowed); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_capital_or_digit(char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); }
bool is_seat_char(char c) { return is_capital_or_digit(c) || c == '.' || c == '-'; }

// No key has two owners: a second agency could pass for the first.
Result<void> check_unshared(const Agencies& agencies, const AgencyId& owner, KeyUse use, const PublicKey& key, const KeyId& id) {
  for (const auto& [other_id, other] : agencies) {
    const bool same = use == KeyUse::transport ? other.transport == key
                      : use == KeyUse::signing ? other.signing.contains(id)
                                               : other.sealing.contains(id);
    if (same && other_id != owner) return fail(Code::field_invalid, "key " + hex(id) + " belongs to " + other_id.value());
    if (other_id == owner && other.revoked.contains(id)) return fail(Code::field_invalid, "key " + hex(id) + " was revoked");
  }
  return {};
}

Result<std::vector<SeatKey>> seats_of(const msg::RegistryUpdate& update, const GenesisFacts& genesis, const Agencies& agencies,
                                      const AgencyId& id) {
  std::vector<SeatKey> seats;
  for (const auto* entry : elements(update.seats())) {
    const auto key = key_bytes(entry->sealing_key());
    const auto name = string_of(entry->seat());
    if (!key || name.size() > 32 || !all_in(name, is_seat_char)) return fail(Code::field_invalid, "seat " + std::string(name));
    if (std::ranges::find(seats, name, &SeatKey::seat) != seats.end()) {
      return fail(Code::field_invalid, "seat " + std::string(name) + " stands twice");
    }
    const SeatKey seat{std::string(name), evidence::key_id(genesis.suite, KeyUse::sealing, *key), *key};
    if (const auto ours = check_unshared(agencies, id, KeyUse::sealing, *key, seat.id); !ours) return ours.error();
    seats.push_back(seat);
  }
  if (seats.size() > kSeatsMax) return fail(Code::field_invalid, "more than 64 seats");
  return seats;
}

// Replaces what the update names and keeps the rest: old keys stay known, because old receipts and sections need them.
Result<void> fold_agency(const msg::RegistryUpdate& update, const GenesisFacts& genesis, Agencies& agencies, const AgencyId& id) {
  if (id == genesis.hub) return fail(Code::field_invalid, "the hub's keys change with a generation");
  const bool enrolled = agencies.contains(id);
  const auto signing = key_bytes(update.signing_key());
  const auto transport = key_bytes(update.transport_key());
  if (!enrolled && !signing) return fail(Code::field_missing, "an agency needs a signing key");
  auto seats = seats_of(update, genesis, agencies, id);
  if (!seats) return seats.error();
  Agency agency = enrolled ? agencies.at(id) : Agency{};
  agency.id = id;
  agency.name_zh = std::string(string_of(update.name_zh()));
  agency.name_en = std::string(string_of(update.name_en()));
  agency.host = std::string(string_of(update.host()));
  if (agency.name_zh.empty()) return fail(Code::field_missing, "an agency needs its Chinese name");
  if (!agency.host.empty() && !is_agency_id(AgencyId(agency.host))) return fail(Code::field_invalid, "host " + agency.host);
  if (transport) {
    const auto key = evidence::key_id(genesis.suite, KeyUse::transport, *transport);
    if (const auto ours = check_unshared(agencies, id, KeyUse::transport, *transport, key); !ours) return ours;
    if (*transport == genesis.curve_key) return fail(Code::field_invalid, "transport key belongs to the hub");
    agency.transport = *transport;
    agency.transport_revoked = false;
  }
  if (signing) {
    const auto key = evidence::key_id(genesis.suite, KeyUse::signing, *signing);
    if (const auto ours = check_unshared(agencies, id, KeyUse::signing, *signing, key); !ours) return ours;
    agency.signing.insert_or_assign(key, *signing);
    agency.current_signing = key;
  }
  if (!seats->empty()) agency.seats = std::move(*seats);
  for (const auto& seat : agency.seats) agency.sealing.insert_or_assign(seat.id, seat.key);
  if (!enrolled) agency.consented_epochs[1] = true;
  agencies.insert_or_assign(id, std::move(agency));
  return {};
}

Result<void> fold_revocation(const msg::RegistryUpdate& update, const GenesisFacts& genesis, Agency& agency) {
  const auto id = array_from<8>(bytes_of(update.revoked_key()));
  if (!id) return fail(Code::field_missing, "revoked key: 8 bytes");
  const bool transport = agency.transport != PublicKey{} && evidence::key_id(genesis.suite, KeyUse::transport, agency.transport) == *id;
  if (!transport && !agency.signing.contains(*id) && !agency.sealing.contains(*id)) {
    return fail(Code::field_invalid, agency.id.value() + " has no key " + hex(*id));
  }
  agency.revoked.insert(*id);
  if (transport) agency.transport_revoked = true;
  std::erase_if(agency.seats, [&](const SeatKey& seat) { return seat.id == *id; });
  return {};
}

}  // namespace

bool is_agency_id(const AgencyId& id) {
  const std::string_view text = id.value();
  const auto dash = text.find('-');
  if (text.size() > 64 || (dash != 6 && dash != 9)) return false;
  const auto role = text.substr(dash + 1);
  return all_in(text.substr(0, dash), is_digit) && !role.empty() && !is_digit(role.front()) && all_in(role, is_capital_or_digit);
}

Result<void> fold_update(const msg::RegistryUpdate& update, const GenesisFacts& genesis, Agencies& agencies,
                         std::shared_ptr<const Policy>& policy) {
  if (update.kind() == msg::RegistryKind::policy) {
    auto loaded = Policy::load(string_of(update.routes()), string_of(update.need_to_know()));
    if (!loaded) return fail(Code::field_invalid, loaded.error().detail);
    policy = std::make_shared<const Policy>(std::move(*loaded));
    return {};
  }
  const AgencyId id(std::string(string_of(update.agency())));
  if (!is_agency_id(id)) return fail(Code::field_invalid, "no agency id: " + id.value());
  if (update.kind() == msg::RegistryKind::agency) return fold_agency(update, genesis, agencies, id);
  const auto found = agencies.find(id);
  if (found == agencies.end()) return fail(Code::unknown_agency, id.value());
  if (update.kind() == msg::RegistryKind::revoke) return fold_revocation(update, genesis, found->second);
  if (update.kind() != msg::RegistryKind::epoch || update.epoch() == 0) return fail(Code::field_invalid, "registry update");
  found->second.consented_epochs[update.epoch()] = true;
  return {};
}

}  // namespace lianxi::policy
