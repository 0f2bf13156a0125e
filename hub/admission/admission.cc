#include "hub/admission/admission.h"

namespace lianxi::hub {

namespace {

constexpr std::uint16_t kOpenEpoch = 113;

EntryRefused refuse(Code code, std::string detail = {}, std::uint64_t expected = 0, bool retry = false) {
  return {code, std::move(detail), expected, retry};
}

}  // namespace

Verdict Admission::admit(const AgencyId& connection, Bytes entry_header, const Signature& signature, Bytes run, Now now) {
  AdmittedEntry entry;
  auto parsed = evidence::parse_entry_header(entry_header);
  if (!parsed) return refuse(Code::bad_entry, parsed.error().detail);
  entry.header = std::move(*parsed);
  entry.entry_header = std::move(entry_header);
  entry.signature = signature;
  entry.run = std::move(run);
  if (auto refused = check_entry(connection, entry)) return *refused;
  if (auto refused = read_messages(entry)) return *refused;
  if (auto verdict = check_numbers(entry)) return *verdict;
  const auto key = log_.registry().signing_key(entry.header.agency, entry.header.key_id);
  if (!key) return refuse(Code::unknown_key);
  if (!suite_.verify(*key, entry.entry_header, entry.signature)) return refuse(Code::bad_signature);
  if (auto refused = check_attachments(entry)) return *refused;

  decide_messages(entry, now);
  auto& origin = log_.origin(entry.header.agency);
  if (entry.header.epoch > origin.epoch) {
    origin = Origin{};
    origin.epoch = entry.header.epoch;
  }
  origin.last = Number(entry.header.first.value() + entry.header.count - 1);
  origin.last_hash = entry.messages.back().hash;
  // A refused message spends its number and stands in the addressees' chains too: its sender did not know when it went on.
  for (const auto& message : entry.messages) {
    for (const auto& addressee : message.header.addressees) origin.previous[addressee.agency] = message.header.id.number.value();
    origin.under_way.push_back(message.hash);
  }
  return entry;
}

std::optional<EntryRefused> Admission::check_entry(const AgencyId& connection, const AdmittedEntry& entry) const {
  const auto& header = entry.header;
  const auto& registry = log_.registry();
  if (header.suite != registry.genesis().suite) return refuse(Code::wrong_suite);
  if (header.log_id != registry.genesis().log_id) return refuse(Code::wrong_log);
  if (header.agency != connection) return refuse(Code::wrong_sender, header.agency.value() + " over the connection of " + connection.value());
  const auto* agency = registry.agency(header.agency);
  if (agency == nullptr && header.agency != registry.genesis().hub) return refuse(Code::unknown_agency);
  if (agency != nullptr) {
    if (header.host != agency->host) return refuse(Code::wrong_sender, "host");
    if (agency->revoked.contains(header.key_id)) return refuse(Code::key_revoked);
    if (header.key_id != agency->current_signing) return refuse(Code::unknown_key);
  }
  if (header.count == 0 || header.count > codec::kEntryMessagesMax) return refuse(Code::bad_entry, "count");
  if (entry.run.size() > codec::kEntryBytesMax) return refuse(Code::entry_too_large);
  if (header.first.value() == 0 || header.first.value() > (std::uint64_t{1} << 62)) return refuse(Code::bad_entry, "number");
  return std::nullopt;
}

std::optional<EntryRefused> Admission::read_messages(AdmittedEntry& entry) const {
  auto run = codec::parse_run(entry.run);
  if (!run) return refuse(run.error().code, run.error().detail);
  if (run->size() != entry.header.count) return refuse(Code::bad_entry, "count");
  std::vector<Hash> leaves;
  leaves.reserve(run->size());
  std::size_t offset = 0;
  for (std::size_t i = 0; i < run->size(); ++i) {
    const auto& view = (*run)[i];
    if (view.left_out) return refuse(Code::bad_entry, "a message is left out");
    AdmittedMessage message;
    message.offset = offset;
    message.bytes = view.whole.size();
    offset += message.bytes;
    message.hash = evidence::message_hash(view.header);
    leaves.push_back(message.hash);
    auto header = codec::parse_header(view.header);
    if (!header) {
      message.refused = Code::header_malformed;
    } else {
      message.header = std::move(*header);
      const MessageId expected{entry.header.agency, entry.header.epoch, Number(entry.header.first.value() + i)};
      if (message.header.id != expected) return refuse(Code::bad_entry, "message " + std::to_string(i) + " is not " + to_string(expected));
    }
    entry.messages.push_back(std::move(message));
  }
  if (evidence::root_of(leaves) != entry.header.batch_root) return refuse(Code::batch_root_mismatch);
  return std::nullopt;
}

bool Admission::opens_epoch(const AdmittedEntry& entry) const {
  return entry.header.first.value() == 1 && entry.header.count == 1 && entry.messages.front().header.type == kOpenEpoch;
}

std::optional<Verdict> Admission::check_numbers(const AdmittedEntry& entry) const {
  const auto& header = entry.header;
  static const Origin kFresh{};
  const auto* known = log_.find_origin(header.agency);
  const Origin& origin = known != nullptr ? *known : kFresh;
  if (header.epoch < origin.epoch) return refuse(Code::epoch_old);
  if (header.epoch > origin.epoch) {
    const auto* agency = log_.registry().agency(header.agency);
    const bool hub = header.agency == log_.registry().genesis().hub;
    if (header.epoch.value() != origin.epoch.value() + 1 || !opens_epoch(entry)) return refuse(Code::epoch_unconsented);
    if (!hub && (agency == nullptr || !agency->consented_epochs.contains(header.epoch.value()))) return refuse(Code::epoch_unconsented);
    return std::nullopt;
  }
  if (header.first.value() <= origin.last.value()) return compare_recorded(entry, origin);
  if (origin.closed) return refuse(Code::epoch_closed);
  if (header.first.value() > origin.last.value() + 1) {
    return refuse(Code::number_gap, "expected " + std::to_string(origin.last.value() + 1), origin.last.value() + 1);
  }
  return std::nullopt;
}

// Only the holder of the key can fork: anybody else's bytes prove nothing.
Verdict Admission::forked(const AdmittedEntry& entry, std::uint64_t number, const Hash& known, const Hash& seen) const {
  const auto key = log_.registry().signing_key(entry.header.agency, entry.header.key_id);
  if (!key || !suite_.verify(*key, entry.entry_header, entry.signature)) return refuse(Code::bad_signature);
  return EntryForked{number, known, seen};
}

std::optional<Verdict> Admission::compare_recorded(const AdmittedEntry& entry, const Origin& origin) const {
  const std::uint64_t first = entry.header.first.value();
  const std::uint64_t last = first + entry.header.count - 1;
  auto entries = log_.entries_of(entry.header.agency, entry.header.epoch, first, std::min(last, origin.last.value()));
  if (!entries) return refuse(entries.error().code, entries.error().detail, 0, true);
  for (const auto number : *entries) {
    auto recorded = log_.read_entry(number);
    if (!recorded) return refuse(recorded.error().code, recorded.error().detail, 0, true);
    const auto& log_entry = **recorded;
    for (std::size_t i = 0; i < log_entry.messages.size(); ++i) {
      const std::uint64_t at = log_entry.header.first.value() + i;
      if (at < first || at > last) continue;
      const auto& seen = entry.messages[at - first].hash;
      if (seen != log_entry.messages[i].hash) return forked(entry, at, log_entry.messages[i].hash, seen);
    }
  }
  const std::uint64_t written = origin.last.value() - origin.under_way.size();
  for (std::uint64_t at = std::max(first, written + 1); at <= std::min(last, origin.last.value()); ++at) {
    const auto& known = origin.under_way[at - written - 1];
    const auto& seen = entry.messages[at - first].hash;
    if (seen != known) return forked(entry, at, known, seen);
  }
  if (last > origin.last.value()) {
    return refuse(Code::number_gap, "expected " + std::to_string(origin.last.value() + 1), origin.last.value() + 1);
  }
  return EntryRepeated{entry.header.epoch, first, last};
}

bool Admission::is_recorded_as_refused(const MessageId& id) const {
  const auto entries = log_.entries_of(id.agency, id.epoch, id.number.value(), id.number.value());
  if (!entries || entries->empty()) return false;
  const auto entry = log_.read_entry(entries->front());
  if (!entry) return false;
  const auto index = id.number.value() - (*entry)->header.first.value();
  return index < (*entry)->messages.size() && (*entry)->messages[index].refused != Code::ok;
}

// Two seats of one agency have one chain: both name the message before this one.
Code Admission::check_chain(const codec::MessageHeader& header, const std::map<AgencyId, std::uint64_t>& previous) const {
  for (const auto& addressee : header.addressees) {
    const auto at = previous.find(addressee.agency);
    const std::uint64_t last = at == previous.end() ? 0 : at->second;
    if (addressee.previous == last) continue;
    // After a restart the counters are those of the stored messages; refused ones in between are looked up.
    const MessageId named{header.id.agency, header.id.epoch, Number(addressee.previous)};
    if (addressee.previous < last || !is_recorded_as_refused(named)) return Code::chain_mismatch;
  }
  return Code::ok;
}

void Admission::decide_again(AdmittedEntry& entry, Now now) const {
  const auto& registry = log_.registry();
  if (entry.registry_serial == registry.serial()) return;
  entry.registry_serial = registry.serial();
  const auto run = codec::parse_run(entry.run);
  check(run.has_value(), "admission: a run parses twice alike");
  const auto* agency = registry.agency(entry.header.agency);
  const bool revoked = agency != nullptr && agency->revoked.contains(entry.header.key_id);
  for (std::size_t i = 0; i < entry.messages.size(); ++i) decide(entry.messages[i], (*run)[i], revoked, now);
}

void Admission::decide(AdmittedMessage& message, const codec::MessageView& view, bool revoked, Now now) const {
  if (message.refused == Code::header_malformed) return;
  message.refused = policy::check_message(log_.registry(), view, message.header, now.wall).code;
  if (message.refused == Code::ok) message.refused = message.out_of_order;
  if (message.refused == Code::ok && revoked) message.refused = Code::key_revoked;
}

void Admission::decide_messages(AdmittedEntry& entry, Now now) const {
  const auto& registry = log_.registry();
  entry.registry_serial = registry.serial();
  const auto run = codec::parse_run(entry.run);
  check(run.has_value(), "admission: a run parses twice alike");
  std::map<AgencyId, std::uint64_t> previous;
  if (const auto* origin = log_.find_origin(entry.header.agency); origin != nullptr && origin->epoch == entry.header.epoch) {
    previous = origin->previous;
  }
  for (std::size_t i = 0; i < entry.messages.size(); ++i) {
    auto& message = entry.messages[i];
    if (message.refused == Code::header_malformed) continue;
    message.out_of_order = check_chain(message.header, previous);
    if (message.header.type == kOpenEpoch && !opens_epoch(entry)) message.out_of_order = Code::epoch_misplaced;
    // Refused or not, it stands in its addressees' chains: its sender did not know when it numbered the next.
    for (const auto& addressee : message.header.addressees) previous[addressee.agency] = message.header.id.number.value();
    decide(message, (*run)[i], false, now);
  }
}

std::optional<EntryRefused> Admission::check_attachments(const AdmittedEntry& entry) const {
  for (const auto& message : entry.messages) {
    for (const auto& attachment : message.header.attachments) {
      auto bytes = chunks_.get(attachment.digest);
      if (!bytes) return refuse(Code::attachment_incomplete, "manifest " + hex(attachment.digest), 0, true);
      auto manifest = evidence::parse_manifest(*bytes);
      if (!manifest || manifest->bytes != attachment.bytes) return refuse(Code::attachment_incomplete, "manifest does not fit", 0, false);
      for (const auto& chunk : manifest->chunks) {
        if (!chunks_.has(chunk)) return refuse(Code::attachment_incomplete, "chunk " + hex(chunk), 0, true);
      }
    }
  }
  return std::nullopt;
}

}  // namespace lianxi::hub
