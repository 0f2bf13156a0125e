#include "agents/runtime/composer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lianxi::agent {

namespace {

const codec::TypeInfo* type_of(const std::string& name) {
  const auto& catalogue = codec::Catalogue::instance();
  const bool digits = !name.empty() && name.size() <= 5 && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return catalogue.by_name(name);
  const auto code = std::stoul(name);
  return code > 0xffff ? nullptr : catalogue.by_code(static_cast<std::uint16_t>(code));
}

Refusal refuse(Code code, std::string path = {}) {
  const auto& row = describe(code);
  return {code, {codec::Fault{std::move(path), code, std::string(row.zh), std::string(row.en)}}};
}

void put(Writer& w, std::string_view value) {
  w.u32(static_cast<std::uint32_t>(value.size()));
  w.bytes(value);
}
void put(Writer& w, const std::optional<MessageId>& id) { put(w, id ? to_string(*id) : std::string()); }

}  // namespace

Hash content_hash(const Document& document) {
  Bytes bytes;
  Writer w(bytes);
  w.label("lianxi/document/v1");
  put(w, document.type);
  put(w, document.seat);
  w.u32(static_cast<std::uint32_t>(document.to.size()));
  for (const auto& addressee : document.to) {
    put(w, addressee.agency.value());
    put(w, addressee.seat);
    w.u8(static_cast<std::uint8_t>(addressee.role));
  }
  w.u32(static_cast<std::uint32_t>(document.ids.size()));
  for (const auto& id : document.ids) put(w, id.kind), put(w, id.value);
  w.i64(document.event_time);
  put(w, document.in_reply_to);
  put(w, document.corrects);
  put(w, document.withdraws);
  const auto body = nlohmann::json::parse(document.body_json, nullptr, false);
  put(w, body.is_discarded() ? document.body_json : body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  for (const auto& attachment : document.attachments) {
    put(w, attachment.code);
    w.u8(static_cast<std::uint8_t>(attachment.group));
    w.bytes(attachment.id);
  }
  return evidence::sha256(bytes);
}

std::variant<NewMessage, Refusal> Composer::compose(const Document& document, const Hash& content, Now now) {
  const auto* type = type_of(document.type);
  if (type == nullptr) return refuse(Code::unknown_type, "/type");
  policy::Draft draft;
  draft.sender = state_.self();
  draft.seat = document.seat;
  draft.type = type->code;
  draft.addressees = document.to;
  draft.ids = document.ids;
  draft.event_time = document.event_time != 0 ? document.event_time : state_.stated_time(now);
  draft.in_reply_to = document.in_reply_to;
  draft.corrects = document.corrects;
  draft.withdraws = document.withdraws;
  draft.body_json = document.body_json;
  if (auto refused = add_attachments(document, draft)) return *std::move(refused);
  add_copies(draft);
  if (draft.addressees.size() > codec::kAddresseesMax) return refuse(Code::invalid_argument, "/to");
  count_addressees(draft);

  Refusal refusal;
  // A scenario's time is known to the hub alone: it is the hub that refuses what lies in its future.
  const auto limit = state_.options.scenario_clock ? std::nullopt : std::optional<Instant>(now.wall);
  auto composed = policy::compose(state_.registry, state_.edges.suite, state_.edges.entropy, draft, next_, refusal.faults,
                                  limit);
  if (!composed) {
    refusal.code = composed.error().code;
    return refusal;
  }
  NewMessage message;
  message.id = next_;
  message.hash = composed->hash;
  message.message = std::move(composed->message);
  message.idempotency_key = document.idempotency_key;
  message.content = content;
  for (const auto& attachment : draft.attachments) message.attachments.push_back(attachment.digest);
  for (const auto& addressee : draft.addressees) {
    previous_[addressee.agency] = next_.number.value();
    if (std::ranges::find(message.addressees, addressee.agency) == message.addressees.end())
      message.addressees.push_back(addressee.agency);
  }
  next_.number = Number(next_.number.value() + 1);
  return message;
}

std::optional<Refusal> Composer::add_attachments(const Document& document, policy::Draft& draft) const {
  for (std::size_t i = 0; i < document.attachments.size(); ++i) {
    const auto& wanted = document.attachments[i];
    const auto source = attachments_.source(wanted.id);
    if (!source) return refuse(source.error().code, "/attachments/" + std::to_string(i));
    draft.attachments.push_back({source->digest, source->sealed_bytes, wanted.group});
    draft.attachment_keys.push_back({static_cast<std::uint16_t>(i), wanted.group, wanted.code, source->name, source->mime,
                                     source->file_key, source->sha256, source->bytes});
  }
  return std::nullopt;
}

void Composer::add_copies(policy::Draft& draft) const {
  codec::MessageHeader header;
  header.type = draft.type;
  header.id = next_;
  header.seat = draft.seat;
  header.addressees = draft.addressees;
  header.ids = draft.ids;
  header.in_reply_to = draft.in_reply_to;
  for (const auto& agency : state_.registry.policy().missing_copies(header)) {
    draft.addressees.push_back({agency, {}, codec::Role::cc, 0});
  }
}

void Composer::count_addressees(policy::Draft& draft) const {
  for (auto& addressee : draft.addressees) {
    const auto known = previous_.find(addressee.agency);
    addressee.previous = known != previous_.end() ? known->second : outbox_.previous(addressee.agency);
  }
}

}  // namespace lianxi::agent
