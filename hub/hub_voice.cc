// What the hub itself says: entry 0, operators' acts, incidents; and what it makes of agents' Delivered (102).
#include <algorithm>
#include <cstdlib>

#include "hub/hub_core.h"
#include "schemas/messages/system_generated.h"
#include "schemas/policy/compose.h"

namespace lianxi::hub {

namespace {

constexpr std::uint16_t kGenesis = 112;
constexpr std::uint16_t kClockStep = 114;
constexpr std::uint16_t kIncident = 116;
constexpr int kDeliverEndpoint = 1;

std::string first_of(const std::vector<codec::Fault>& faults) {
  return faults.empty() ? std::string() : faults.front().path + ": " + faults.front().en;
}

// The FlatBuffer of a clear C0 section of a committed message, copied out.
Result<Bytes> c0_body(const CommittedEntry& entry, std::size_t index) {
  const auto run = codec::parse_run(entry.run());
  if (!run) return run.error();
  const auto& sections = (*run)[index].sections;
  if (sections.empty() || sections.front().withheld) return fail(Code::section_list);
  auto opened = evidence::open_clear(sections.front().bytes);
  if (!opened) return opened.error();
  const auto plain = codec::split_plain(opened->plaintext);
  if (!plain) return plain.error();
  return copy(plain->body);
}

// What the operators confirm must be what this clock says: entries are timed by it from then on. (A demo's clock is its own.)
Result<void> check_confirmed_time(const std::string& body_json, Now now) {
  const auto plaintext = HubCore::act_plaintext(kClockStep, body_json);
  if (!plaintext) return plaintext.error();
  const auto plain = codec::split_plain(*plaintext);
  if (!plain) return plain.error();
  const Bytes aligned = copy(plain->body);
  const Instant confirmed = flatbuffers::GetRoot<msg::ClockStep>(aligned.data())->confirmed();
  if (std::abs(confirmed - now.wall) <= kClockStepMsMax) return {};
  return fail(Code::field_invalid, "confirmed " + to_rfc3339(confirmed) + ", the hub's clock says " + to_rfc3339(now.wall));
}

}  // namespace

AdmittedEntry HubCore::sign_entry(const policy::Composed& message, const MessageId& id) const {
  AdmittedEntry entry;
  entry.header.suite = parts_.suite.id();
  entry.header.log_id = options_.keys.log_id;
  entry.header.agency = id.agency;
  entry.header.key_id = evidence::key_id(parts_.suite.id(), evidence::KeyUse::signing, parts_.suite.signing_public(options_.keys.message));
  entry.header.epoch = id.epoch;
  entry.header.first = id.number;
  entry.header.count = 1;
  entry.header.batch_root = message.hash;
  entry.entry_header = evidence::encode(entry.header);
  entry.signature = parts_.suite.sign(options_.keys.message, entry.entry_header);
  entry.run = message.message;
  return entry;
}

Result<void> HubCore::submit_genesis(const std::string& body_json, const std::vector<evidence::SecretKey>& operators, Instant event_time, Now now) {
  if (log_->applied() > 0 || !commit_->idle()) return fail(Code::already_exists, "the log has a genesis");
  policy::Draft draft;
  draft.sender = options_.keys.hub;
  draft.type = kGenesis;
  draft.event_time = event_time;
  draft.body_json = body_json;
  draft.operators = operators;
  const MessageId id{options_.keys.hub, Epoch(options_.keys.generation), Number(1)};
  std::vector<codec::Fault> faults;
  auto composed = policy::compose(log_->registry(), parts_.suite, parts_.entropy, draft, id, faults, now.wall);
  if (!composed) return fail(composed.error().code, composed.error().detail + " " + first_of(faults));
  auto entry = sign_entry(*composed, id);
  auto header = codec::parse_header(composed->header);
  if (!header) return header.error();
  AdmittedMessage message;
  message.header = std::move(*header);
  message.hash = composed->hash;
  message.bytes = entry.run.size();
  entry.messages.push_back(std::move(message));
  auto& origin = log_->origin(options_.keys.hub);
  origin.epoch = id.epoch;
  origin.last = id.number;
  origin.last_hash = composed->hash;
  commit_->add(std::move(entry));
  return {};
}

Result<Bytes> HubCore::act_plaintext(std::uint16_t type, const std::string& body_json) {
  const auto& catalogue = codec::Catalogue::instance();
  const auto* info = catalogue.by_code(type);
  if (info == nullptr) return fail(Code::unknown_type);
  std::vector<codec::Fault> faults;
  auto sections = catalogue.split(*info, body_json, {}, faults);
  if (!faults.empty()) return fail(faults.front().code, first_of(faults));
  if (sections.empty() || sections.front().group != codec::Group::c0) return fail(Code::section_list);
  return std::move(sections.front().plaintext);
}

Result<MessageId> HubCore::say(policy::Draft draft, Now now) {
  auto& origin = log_->origin(options_.keys.hub);
  draft.sender = options_.keys.hub;
  for (auto& addressee : draft.addressees) {
    const auto at = origin.previous.find(addressee.agency);
    addressee.previous = at == origin.previous.end() ? 0 : at->second;
  }
  const MessageId id{options_.keys.hub, origin.epoch, Number(origin.last.value() + 1)};
  std::vector<codec::Fault> faults;
  auto composed = policy::compose(log_->registry(), parts_.suite, parts_.entropy, draft, id, faults, now.wall);
  if (!composed) return fail(composed.error().code, composed.error().detail + " " + first_of(faults));
  auto signed_entry = sign_entry(*composed, id);
  auto verdict = admission_->admit(options_.keys.hub, std::move(signed_entry.entry_header), signed_entry.signature, std::move(signed_entry.run), now);
  if (const auto* refused = std::get_if<EntryRefused>(&verdict)) return fail(refused->code, refused->detail);
  auto* admitted = std::get_if<AdmittedEntry>(&verdict);
  check(admitted != nullptr, "hub: its own next message is neither admitted nor refused");
  const auto refused = admitted->messages.front().refused;
  commit_->add(std::move(*admitted));
  if (refused != Code::ok) return fail(refused, "refused at message level");
  return id;
}

void HubCore::submit_act(std::uint16_t type, const std::string& body_json, const std::vector<codec::OperatorSignature>& signatures,
                         std::uint64_t serial, Now now, Done done) {
  if (type == kClockStep && !options_.keys.demo) {
    if (auto confirmed = check_confirmed_time(body_json, now); !confirmed) return done(confirmed.error());
  }
  policy::Draft draft;
  draft.type = type;
  draft.event_time = now.wall;
  draft.body_json = body_json;
  draft.serial = serial;
  draft.signatures = signatures;
  auto id = say(std::move(draft), now);
  if (!id) return done(id.error());
  acts_.emplace_back(*id, std::move(done));
}

void HubCore::report_incident(const std::string& body_json, std::vector<AgencyId> to, Now now) {
  ++counters_.incidents;
  policy::Draft draft;
  draft.type = kIncident;
  draft.event_time = now.wall;
  draft.body_json = body_json;
  const AgencyId office(options_.keys.hub.value().substr(0, options_.keys.hub.value().rfind('-')) + "-OFFICE");
  if (log_->registry().agency(office) != nullptr && std::find(to.begin(), to.end(), office) == to.end()) to.push_back(office);
  for (auto& agency : to) draft.addressees.push_back({std::move(agency), {}, codec::Role::to, 0});
  // An incident that cannot be logged must not pass in silence.
  if (auto id = say(std::move(draft), now); !id) stop(fail(id.error().code, "an incident could not be logged: " + id.error().detail));
}

// The operators' side hears what became of its act: durable, or refused at its place in the log because another overtook it.
void HubCore::answer_act(const CommittedEntry& entry, std::size_t index) {
  const MessageId id{entry.header.agency, entry.header.epoch, Number(entry.header.first.value() + index)};
  const auto at = std::find_if(acts_.begin(), acts_.end(), [&](const auto& act) { return act.first == id; });
  if (at == acts_.end()) return;
  auto done = std::move(at->second);
  acts_.erase(at);
  const Code refused = entry.messages[index].refused;
  if (refused != Code::ok) return done(fail(refused, "refused at " + to_string(Position{entry.number, static_cast<std::uint16_t>(index)})));
  done(Position{entry.number, static_cast<std::uint16_t>(index)});
}

// Only a chain equal to what was due counts; then it is kept. Nothing if the message is older than what is known.
Result<std::optional<HubCore::Confirmation>> HubCore::fold_delivered(const CommittedEntry& entry, std::size_t index) {
  auto body = c0_body(entry, index);
  if (!body) return body.error();
  const auto* delivered = flatbuffers::GetRoot<msg::Delivered>(body->data());  // Verified at admission.
  const AgencyId& agency = entry.header.agency;
  Confirmation out;
  out.from = log_->delivered(agency).next;
  out.through = delivered->through();
  if (out.through < out.from) return std::optional<Confirmation>();
  // Nobody has what stands at or behind the entry that says so.
  const std::uint64_t end = Position{entry.number, 0}.packed();
  auto due = log_->due(agency, std::min(out.through, end - 1));
  if (!due) return due.error();
  if (delivered->chain() != nullptr) out.seen.assign(delivered->chain()->begin(), delivered->chain()->end());
  out.due = due->chain;
  out.holds = delivered->generation() == log_->generation() && out.through < end && due->count == delivered->count() && equal(out.seen, due->chain);
  if (out.holds) {
    if (auto kept = log_->set_delivered(agency, *due); !kept) return kept.error();
  }
  return std::optional<Confirmation>(std::move(out));
}

// An equal chain starts clocks; an unequal one is an incident that names the range and starts nothing.
void HubCore::on_delivered(const CommittedEntry& entry, std::size_t index, Now now) {
  auto confirmation = fold_delivered(entry, index);
  if (!confirmation) return stop(confirmation.error());
  if (!*confirmation) return;
  const auto& said = **confirmation;
  const AgencyId& agency = entry.header.agency;
  if (said.holds) return announce_delivered(agency, said.from, said.through);
  report_incident("{\"kind\":\"delivered_chain\",\"agency\":\"" + agency.value() + "\",\"from\":\"" + to_string(Position::unpack(said.from)) +
                      "\",\"through\":\"" + to_string(Position::unpack(said.through)) + "\",\"digest_known\":\"" + hex(said.due) +
                      "\",\"digest_seen\":\"" + hex(said.seen) + "\"}",
                  {agency}, now);
}

// View = repeated {u64 packed position ‖ s8 agency}: what that agency has confirmed, up to and with that position. For senders
// to it; an announcement, never evidence.
void HubCore::announce_delivered(const AgencyId& recipient, std::uint64_t from, std::uint64_t through) {
  std::set<AgencyId> senders;
  constexpr std::size_t kRowsAtOnce = 1024;
  for (std::optional<std::uint64_t> at = from >> 16; at && *at <= through >> 16;) {
    auto page = log_->inbox(recipient, *at, kRowsAtOnce);
    if (!page) return stop(page.error());
    for (const auto& row : page->rows) {
      if (row.entry <= through >> 16) senders.insert(row.sender);
    }
    at = page->next;
  }
  Bytes view_bytes;
  Writer w(view_bytes);
  w.u64(through);
  w.s8(recipient.value());
  for (const auto& sender : senders) {
    const auto session = sessions_.find({kDeliverEndpoint, sender});
    if (session != sessions_.end()) parts_.edges.send({kDeliverEndpoint, session->second.connection}, view_frame(view_bytes), {});
  }
}

void HubCore::send_delivered_view(const AgencyId& sender) {
  const auto* origin = log_->find_origin(sender);
  const auto session = sessions_.find({kDeliverEndpoint, sender});
  if (origin == nullptr || session == sessions_.end()) return;
  Bytes view_bytes;
  Writer w(view_bytes);
  for (const auto& [recipient, number] : origin->previous) {
    const auto& state = log_->delivered(recipient);
    if (state.next == 0) continue;
    w.u64(state.next - 1);
    w.s8(recipient.value());
  }
  if (!view_bytes.empty()) parts_.edges.send({kDeliverEndpoint, session->second.connection}, view_frame(view_bytes), {});
}

}  // namespace lianxi::hub
