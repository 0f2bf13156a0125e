#include <algorithm>

#include "schemas/policy/classification.h"
#include "schemas/policy/registry.h"

namespace lianxi::policy {

namespace {

using codec::Group;
using codec::MessageHeader;
using codec::MessageView;
using codec::TypeInfo;

constexpr Instant kFutureTolerance = 5 * 60 * 1000;
constexpr std::uint16_t kGenesis = 112;

MessageVerdict refuse(Code code, std::string detail) { return {code, std::move(detail)}; }
MessageVerdict admit() { return {}; }
bool admitted(const MessageVerdict& verdict) { return verdict.code == Code::ok; }

MessageVerdict check_references(const TypeInfo& type, const MessageHeader& header, Instant now) {
  for (const auto& kind : type.ids) {
    if (std::ranges::find(header.ids, kind, &codec::ObjectId::kind) == header.ids.end()) return refuse(Code::id_missing, kind);
  }
  const bool odd_id = std::ranges::any_of(header.ids, [](const codec::ObjectId& id) {
    return id.kind.empty() || id.kind.size() > 32 || id.value.empty() || id.value.size() > 64;
  });
  if (odd_id) return refuse(Code::header_malformed, "an object id needs a kind and a value of at most 64 characters");
  if (type.reply && !header.in_reply_to) return refuse(Code::reply_missing, type.name);
  for (const auto& earlier : {header.corrects, header.withdraws}) {
    if (earlier && earlier->agency != header.id.agency) {
      return refuse(Code::type_not_allowed, "only the sender of " + to_string(*earlier) + " may correct or withdraw it");
    }
  }
  if (header.event_time > now && header.event_time - now > kFutureTolerance) {
    return refuse(Code::time_in_future, to_rfc3339(header.event_time));
  }
  return admit();
}

MessageVerdict check_addressees(const Registry& registry, const MessageHeader& header) {
  if (header.addressees.size() > codec::kAddresseesMax) return refuse(Code::header_malformed, "more than 64 addressees");
  if (header.addressees.empty() && !Policy::is_broadcast(header.type)) return refuse(Code::recipient_not_allowed, "nobody is named");
  for (auto to = header.addressees.begin(); to != header.addressees.end(); ++to) {
    const auto* agency = registry.agency(to->agency);
    if (agency == nullptr) return refuse(Code::unknown_agency, to->agency.value());
    if (!to->seat.empty() && agency->seat(to->seat) == nullptr) {
      return refuse(Code::unknown_seat, to->agency.value() + " has no seat " + to->seat);
    }
    if (!registry.policy().may_receive(header.id.agency, to->agency, header.type)) {
      return refuse(Code::recipient_not_allowed, to->agency.value());
    }
    const bool twice = std::any_of(header.addressees.begin(), to, [&](const codec::Addressee& other) {
      return other.agency == to->agency && other.seat == to->seat;
    });
    if (twice) return refuse(Code::header_malformed, to->agency.value() + " is named twice");
  }
  const auto missing = registry.policy().missing_copies(header);
  return missing.empty() ? admit() : refuse(Code::copy_missing, missing.front().value());
}

MessageVerdict check_sender(const Registry& registry, const MessageHeader& header) {
  const auto* sender = registry.agency(header.id.agency);
  if (sender == nullptr) return refuse(Code::unknown_agency, header.id.agency.value());
  if (!header.seat.empty() && sender->seat(header.seat) == nullptr) {
    return refuse(Code::unknown_seat, sender->id.value() + " has no seat " + header.seat);
  }
  if (!registry.policy().may_send(header.id.agency, header.type)) {
    return refuse(Code::type_not_allowed, header.id.agency.value() + " may not send " + std::to_string(header.type));
  }
  if (header.suite != registry.genesis().suite) return refuse(Code::header_malformed, "suite " + std::to_string(header.suite));
  if (!is_operators_act(header.type) && (header.serial != 0 || !header.operators.empty())) {
    return refuse(Code::header_malformed, "only operators' acts have a serial and operators");
  }
  return admit();
}

// The section list is the type's, not the message's: nobody learns what was left empty.
MessageVerdict check_section_list(const TypeInfo& type, const MessageView& message, const MessageHeader& header) {
  if (header.sections.size() != type.groups.size() || message.sections.size() != type.groups.size()) {
    return refuse(Code::section_list, type.name + " has " + std::to_string(type.groups.size()) + " sections");
  }
  for (std::size_t i = 0; i < type.groups.size(); ++i) {
    const auto group = type.groups[i];
    if (header.sections[i].group != group || message.sections[i].group != group || message.sections[i].withheld) {
      return refuse(Code::section_list, "section " + std::to_string(i) + " must be " + std::string(codec::name(group)));
    }
  }
  for (const auto& wrap : message.wraps) {
    const auto listed = std::ranges::find(type.groups, wrap.group) != type.groups.end();
    if (!listed || codec::is_clear(wrap.group)) return refuse(Code::section_list, "a wrap of no sealed section");
  }
  for (const auto& attachment : header.attachments) {
    if (std::ranges::find(type.groups, attachment.group) == type.groups.end()) {
      return refuse(Code::section_list, "an attachment of a group that the type has not");
    }
  }
  return admit();
}

MessageVerdict check_clear(const Hash& log_id, const TypeInfo& type, const MessageHeader& header, const codec::SectionInfo& info,
                           ByteView stored) {
  const std::string name(codec::name(info.group));
  if (info.ciphertext != kZeroHash || !info.wraps.empty()) return refuse(Code::section_mismatch, name + " is clear");
  if (stored.size() < 32) return refuse(Code::section_malformed, name);
  const auto salt = *array_from<32>(stored.first(32));
  const auto plaintext = stored.subspan(32);
  if (evidence::commitment(evidence::section_context(log_id, header.id, info.group), salt, plaintext) != info.commitment) {
    return refuse(Code::section_mismatch, "commitment of " + name);
  }
  if (has_secrecy_marking(plaintext)) return refuse(Code::classified, name + " carries a secrecy marking");
  std::vector<codec::Fault> faults;
  codec::Catalogue::instance().validate(type, info.group, plaintext, faults);
  if (faults.empty()) return admit();
  return refuse(faults.front().code, name + faults.front().path + ": " + faults.front().en);
}

MessageVerdict check_sealed(const MessageView& message, const codec::SectionInfo& info, ByteView stored) {
  const std::string name(codec::name(info.group));
  if (info.ciphertext != evidence::sha256(stored)) return refuse(Code::section_mismatch, "stored bytes of " + name);
  std::size_t at = 0;
  for (const auto& wrap : message.wraps) {
    if (wrap.group != info.group) continue;
    if (at >= info.wraps.size() || info.wraps[at] != evidence::sha256(wrap.bytes)) {
      return refuse(Code::section_mismatch, "wrap " + std::to_string(at) + " of " + name);
    }
    ++at;
  }
  return at == info.wraps.size() ? admit() : refuse(Code::section_mismatch, "wraps of " + name);
}

MessageVerdict check_sections(const Hash& log_id, const TypeInfo& type, const MessageView& message, const MessageHeader& header) {
  for (std::size_t i = 0; i < header.sections.size(); ++i) {
    const auto& info = header.sections[i];
    const auto stored = message.sections[i].bytes;
    const auto verdict =
        codec::is_clear(info.group) ? check_clear(log_id, type, header, info, stored) : check_sealed(message, info, stored);
    if (!admitted(verdict)) return verdict;
  }
  return admit();
}

// Whoever is named and entitled must be able to open: a wrap for the current key of the seat that is named.
MessageVerdict check_wraps(const Registry& registry, const TypeInfo& type, const MessageView& message, const MessageHeader& header) {
  if (codec::is_clear(type.groups.back())) return admit();
  for (const auto& to : header.addressees) {
    const auto entitled = registry.policy().entitled(header, to.agency);
    for (const auto group : type.groups) {
      if (codec::is_clear(group) || !has(entitled, group)) continue;
      const auto* seat = registry.agency(to.agency)->seat(to.seat);
      if (seat == nullptr) return refuse(Code::unknown_seat, to.agency.value() + " has no sealing key");
      const bool there = std::ranges::any_of(message.wraps, [&](const codec::WrapView& wrap) {
        return wrap.group == group && wrap.reader == seat->id;
      });
      if (!there) return refuse(Code::wrap_missing, std::string(codec::name(group)) + " for " + to.agency.value());
    }
  }
  return admit();
}

MessageVerdict check_act(const Registry& registry, const MessageView& message, const MessageHeader& header) {
  if (!is_operators_act(header.type)) return admit();
  const auto c0 = message.sections.front().bytes.subspan(32);
  const auto valid = registry.check(header, c0);
  return valid ? admit() : refuse(valid.error().code, valid.error().detail);
}

// A log begins with a genesis that brings everything it is checked by.
MessageVerdict check_first(const Registry& registry, const TypeInfo& type, const MessageView& message, const MessageHeader& header,
                           Instant now) {
  if (header.type != kGenesis) return refuse(Code::type_not_allowed, "the log begins with a genesis");
  if (const auto verdict = check_section_list(type, message, header); !admitted(verdict)) return verdict;
  const auto stored = message.sections.front().bytes;
  if (stored.size() < 32) return refuse(Code::section_malformed, "C0");
  const auto facts = read_genesis(stored.subspan(32));
  if (!facts) return refuse(facts.error().code, facts.error().detail);
  if (const auto verdict = check_references(type, header, now); !admitted(verdict)) return verdict;
  if (const auto verdict = check_sections(facts->log_id, type, message, header); !admitted(verdict)) return verdict;
  return check_act(registry, message, header);
}

}  // namespace

MessageVerdict check_message(const Registry& registry, const MessageView& message, const MessageHeader& header, Instant now) {
  if (message.left_out) return refuse(Code::header_malformed, "a left-out message says nothing");
  const auto* type = codec::Catalogue::instance().by_code(header.type);
  if (type == nullptr) return refuse(Code::unknown_type, std::to_string(header.type));
  if (header.schema_version != codec::kSchemaVersion) {
    return refuse(Code::schema_version, std::to_string(header.schema_version) + ", expected " + std::to_string(codec::kSchemaVersion));
  }
  if (message.whole.size() > codec::kMessageBytesMax) return refuse(Code::message_too_large, std::to_string(message.whole.size()));
  if (!registry.started()) return check_first(registry, *type, message, header, now);
  if (const auto verdict = check_sender(registry, header); !admitted(verdict)) return verdict;
  if (const auto verdict = check_addressees(registry, header); !admitted(verdict)) return verdict;
  if (const auto verdict = check_references(*type, header, now); !admitted(verdict)) return verdict;
  if (const auto verdict = check_section_list(*type, message, header); !admitted(verdict)) return verdict;
  if (const auto verdict = check_sections(registry.genesis().log_id, *type, message, header); !admitted(verdict)) return verdict;
  if (const auto verdict = check_wraps(registry, *type, message, header); !admitted(verdict)) return verdict;
  return check_act(registry, message, header);
}

}  // namespace lianxi::policy
