// What an agent answers about what it has sent and received.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "agents/runtime/agent_core.h"
#include "schemas/evidence/bundle.h"

namespace lianxi::agent {

namespace {

using Json = nlohmann::json;

const char* stage_name(Stage stage) {
  switch (stage) {
    case Stage::queued:
      return "queued";
    case Stage::logged:
      return "logged";
    case Stage::refused:
      return "refused";
    case Stage::delivered:
      return "delivered";
  }
  return "queued";
}

Json addressees_json(const codec::MessageHeader& header, codec::Role role) {
  Json list = Json::array();
  for (const auto& addressee : header.addressees) {
    if (addressee.role == role) list.push_back({{"agency", addressee.agency.value()}, {"seat", addressee.seat}});
  }
  return list;
}

Json groups_json(const std::vector<codec::Group>& groups) {
  Json list = Json::array();
  for (const auto group : groups) list.push_back(std::string(codec::name(group)));
  return list;
}

Json attachments_json(const codec::MessageHeader& header, const policy::OpenedMessage& opened) {
  Json list = Json::array();
  for (std::size_t n = 0; n < header.attachments.size(); ++n) {
    const auto& info = header.attachments[n];
    Json one{{"n", n}, {"group", std::string(codec::name(info.group))}, {"sealed_bytes", info.bytes}};
    for (const auto& key : opened.attachments) {
      if (key.index != n) continue;
      one.update({{"code", key.code}, {"name", key.name}, {"mime", key.mime}, {"bytes", key.bytes}, {"sha256", hex(key.sha256)}});
    }
    list.push_back(std::move(one));
  }
  return list;
}

Json header_json(const codec::MessageHeader& header) {
  const auto* type = codec::Catalogue::instance().by_code(header.type);
  Json ids = Json::array();
  for (const auto& id : header.ids) ids.push_back({{"kind", id.kind}, {"value", id.value}});
  Json out{{"id", to_string(header.id)},
           {"type", header.type},
           {"type_name", type == nullptr ? "" : type->name},
           {"type_zh", type == nullptr ? "" : type->zh},
           {"sender", header.id.agency.value()},
           {"seat", header.seat},
           {"to", addressees_json(header, codec::Role::to)},
           {"cc", addressees_json(header, codec::Role::cc)},
           {"ids", std::move(ids)},
           {"event_time", to_rfc3339(header.event_time)},
           {"historical", header.historical}};
  if (header.in_reply_to) out["in_reply_to"] = to_string(*header.in_reply_to);
  if (header.corrects) out["corrects"] = to_string(*header.corrects);
  if (header.withdraws) out["withdraws"] = to_string(*header.withdraws);
  return out;
}

struct Parsed {
  std::vector<codec::MessageView> run;
  codec::MessageHeader header;
};
Result<Parsed> parse_one(ByteView message) {
  auto run = codec::parse_run(message);
  if (!run) return run.error();
  if (run->size() != 1 || run->front().left_out) return fail(Code::corrupt, "agent store: message");
  auto header = codec::parse_header(run->front().header);
  if (!header) return header.error();
  return Parsed{*std::move(run), *std::move(header)};
}

Result<Json> whole_json(const State& state, ByteView message) {
  const auto parsed = parse_one(message);
  if (!parsed) return parsed.error();
  auto out = header_json(parsed->header);
  auto opened = policy::open_message(state.registry, state.edges.suite, state.self(), state.seat_secrets(), parsed->run.front(),
                                     parsed->header);
  if (!opened) return opened.error();
  auto body = Json::parse(opened->body_json, nullptr, false);
  out["body"] = body.is_discarded() ? Json::object() : std::move(body);
  out["shown"] = groups_json(opened->shown);
  out["withheld"] = groups_json(opened->withheld);
  out["attachments"] = attachments_json(parsed->header, *opened);
  Json faults = Json::array();
  for (const auto& fault : opened->faults) {
    const auto& row = describe(fault.code);
    faults.push_back({{"group", std::string(codec::name(fault.group))},
                      {"code", std::string(row.name)},
                      {"zh", std::string(row.zh)},
                      {"en", std::string(row.en)}});
  }
  out["faults"] = std::move(faults);
  return out;
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::optional<MessageStatus> AgentCore::status(const MessageId& id) const {
  if (id.agency != state_.self() || id.number.value() == 0) return std::nullopt;
  if (id.epoch == outbox_->epoch() && id.number > outbox_->last_number()) return std::nullopt;
  MessageStatus status;
  status.id = id;
  const auto logged = outbox_->logged(id);
  if (!logged) return status;
  status.position = logged->position;
  status.logged_at = logged->hub_time;
  status.refusal = logged->refusal;
  status.stage = logged->refusal == Code::ok ? Stage::logged : Stage::refused;
  if (status.stage == Stage::refused) return status;
  const auto message = outbox_->message(id);
  const auto parsed = message ? parse_one(*message) : Result<Parsed>(message.error());
  if (!parsed) return status;
  bool all = true;
  for (const auto& addressee : parsed->header.addressees) {
    const auto through = state_.edges.store.get(kDeliveredTo, addressee.agency.value());
    const bool covered = through && *through && read_u64(**through, 0) >= status.position.packed();
    if (covered) status.delivered_to.push_back(addressee.agency);
    // The hub has what is in its log.
    if (addressee.role == codec::Role::to && addressee.agency != state_.registry.genesis().hub) all = all && covered;
  }
  if (all) status.stage = Stage::delivered;
  return status;
}

std::vector<InboxRow> AgentCore::inbox(std::optional<Position> after, std::size_t limit) const {
  return inbox_->list(after, limit);
}

void AgentCore::wait_inbox(std::optional<Position> after, std::int64_t deadline, std::function<void()> wake) {
  if (inbox_->any_after(after) || !inbox_waits_.add(deadline, wake)) wake();
}

Result<void> AgentCore::mark(Position position, std::string_view state, std::string_view reason) {
  return inbox_->mark(position, state, reason);
}

Result<std::string> AgentCore::message_json(const MessageId& id) const {
  if (id.agency != state_.self()) {
    const auto position = inbox_->position_of(id);
    if (!position) return fail(Code::not_found, to_string(id));
    return message_json(*position);
  }
  const auto message = outbox_->message(id);
  if (!message) return message.error();
  auto out = whole_json(state_, *message);
  if (!out) return out.error();
  if (const auto known = status(id)) {
    (*out)["status"] = stage_name(known->stage);
    if (known->stage != Stage::queued) {
      (*out)["position"] = to_string(known->position);
      (*out)["hub_time"] = to_rfc3339(known->logged_at);
    }
    if (known->stage == Stage::refused) (*out)["refusal"] = std::string(describe(known->refusal).name);
  }
  return dump(*out);
}

Result<std::string> AgentCore::message_json(Position position) const {
  const auto stored = inbox_->message(position);
  if (!stored) return stored.error();
  auto out = whole_json(state_, stored->message);
  if (!out) return out.error();
  (*out)["position"] = to_string(position);
  (*out)["hub_time"] = to_rfc3339(stored->hub_time);
  (*out)["status"] = inbox_->state_of(position);
  return dump(*out);
}

Result<evidence::Receipt> AgentCore::receipt(const MessageId& own) const { return outbox_->receipt(own); }

Result<EntryProof> AgentCore::proof_at(Position position, std::string& note) const {
  const auto own = outbox_->at(position);
  if (!own) {
    auto proof = inbox_->proof(position.entry);
    if (!proof) return proof.error();
    auto found = inbox_->note(proof->size);
    if (!found) return found.error();
    note = *std::move(found);
    return proof;
  }
  auto receipt = outbox_->receipt(*own);
  if (!receipt) return receipt.error();
  const auto header = evidence::parse_entry_header(receipt->entry_header);
  if (!header) return header.error();
  EntryProof proof{receipt->entry_header, receipt->signature, receipt->hub_part, receipt->size, receipt->path, {}};
  for (std::uint64_t i = 0; i < header->count; ++i) {
    const auto hash = outbox_->hash_of(Number(header->first.value() + i));
    if (!hash) return fail(Code::not_found, "own message of entry " + std::to_string(position.entry));
    proof.leaves.push_back(*hash);
  }
  note = receipt->note;
  return proof;
}

std::optional<evidence::Opened> AgentCore::open_section(const codec::MessageView& message, const MessageId& id,
                                                        const codec::SectionView& section) const {
  if (codec::is_clear(section.group)) {
    auto opened = evidence::open_clear(section.bytes);
    return opened ? std::optional(*std::move(opened)) : std::nullopt;
  }
  const auto context = evidence::section_context(state_.options.hub.log_id, id, section.group);
  for (const auto& seat : state_.seat_secrets()) {
    auto opened =
        evidence::open_sealed(state_.edges.suite, context, section.bytes, message.wraps, section.group, seat.id, seat.secret);
    if (opened) return *std::move(opened);
  }
  return std::nullopt;
}

// Everything that proves a message: the hub's and the sender's words about its entry, the hashes of all messages of the entry, the
// message header, and the sections that this agency can open.
Result<std::string> AgentCore::evidence_json(Position position) const {
  const auto message = message_at(position);
  if (!message) return message.error();
  std::string note;
  const auto proof = proof_at(position, note);
  if (!proof) return proof.error();
  const auto parsed = parse_one(*message);
  if (!parsed) return parsed.error();
  const auto& view = parsed->run.front();
  evidence::Bundle bundle{{proof->entry_header, proof->signature, proof->hub_part, proof->size, proof->path, note},
                          position.index,
                          copy(view.header),
                          proof->leaves,
                          {}};
  if (position.index >= bundle.others.size()) return fail(Code::corrupt, "agent store: proof of " + to_string(position));
  bundle.others.erase(bundle.others.begin() + position.index);
  for (const auto& section : view.sections) {
    const auto opened = section.withheld ? std::nullopt : open_section(view, parsed->header.id, section);
    if (opened) bundle.sections.push_back({std::string(codec::name(section.group)), opened->salt, opened->plaintext});
  }
  return evidence::to_json(bundle);
}

AgentCore::Health AgentCore::health() const {
  Health health;
  health.submit_ready = submit_session_.ready() && !submitter_->stopped();
  health.deliver_ready = deliver_session_.ready();
  health.registry_known = state_.registry.started();
  health.failed = failed();
  health.queued = outbox_->queued();
  health.in_flight = outbox_->in_flight();
  health.inbox_new = inbox_->fresh();
  const auto& through = inbox_->chain().through;
  if (through) health.cursor = *through;
  const auto next = through ? through->entry + 1 : 0;
  health.behind_entries = head_ > next ? head_ - next : 0;
  health.last_problem_zh = state_.problem_zh();
  health.last_problem_en = state_.problem_en();
  if (health.last_problem_en.empty() && !gap_.empty()) {
    health.last_problem_zh = "发件单位的计数表明未收到消息 " + gap_;
    health.last_problem_en = "the sender's counts show that message " + gap_ + " was not received";
  }
  if (health.last_problem_en.empty() && !(submit_session_.ready() && deliver_session_.ready())) {
    health.last_problem_zh = describe(Code::unavailable).zh;
    health.last_problem_en = describe(Code::unavailable).en;
  }
  health.last_contact = last_contact_;
  return health;
}

// --- attachments ------------------------------------------------------------------------------------------------------

Result<Agent::Upload> AgentCore::attachment_begin(std::string_view name, std::string_view mime, std::uint64_t bytes) {
  auto id = attachments_.begin(name, mime, bytes);
  if (!id) return id.error();
  return Upload{*std::move(id), 0};
}
Result<std::uint64_t> AgentCore::attachment_offset(std::string_view upload) const { return attachments_.offset(upload); }
Result<std::uint64_t> AgentCore::attachment_write(std::string_view upload, std::uint64_t offset, ByteView bytes) {
  return attachments_.write(upload, offset, bytes);
}
Result<Hash> AgentCore::attachment_finish(std::string_view upload) { return attachments_.finish(upload); }

void AgentCore::attachment_read(Position position, std::size_t n, std::uint64_t offset, std::size_t bytes_max,
                                std::int64_t deadline, std::function<void(Result<Bytes>)> done) {
  reads_.push_back({position, n, offset, bytes_max, deadline, std::move(done)});
  retry_reads(now_);
}

Result<Bytes> AgentCore::message_at(Position position) const {
  auto stored = inbox_->message(position);
  if (stored) return std::move(stored->message);
  const auto own = outbox_->at(position);
  if (!own) return stored.error();
  return outbox_->message(*own);
}

Result<std::optional<Bytes>> AgentCore::try_read(const AttachmentRead& read, Now now) {
  const auto message = message_at(read.position);
  if (!message) return message.error();
  const auto parsed = parse_one(*message);
  if (!parsed) return parsed.error();
  if (read.n >= parsed->header.attachments.size()) return fail(Code::not_found, "attachment " + std::to_string(read.n));
  const auto opened = policy::open_message(state_.registry, state_.edges.suite, state_.self(), state_.seat_secrets(),
                                           parsed->run.front(), parsed->header);
  if (!opened) return opened.error();
  const auto key = std::ranges::find_if(opened->attachments, [&](const auto& one) { return one.index == read.n; });
  if (key == opened->attachments.end()) return fail(Code::not_found, "attachment: its key is not for this agency");
  if (read.offset > key->bytes) return fail(Code::invalid_argument, "attachment: offset");

  const auto& whole = parsed->header.attachments[read.n].digest;
  const auto missing = [&](const Hash& digest) -> Result<std::optional<Bytes>> {
    if (const auto code = chunk_client_.take_failure(digest); code != Code::ok)
      return fail(code, "attachment: chunk " + hex(digest));
    chunk_client_.fetch(whole, digest, read.position, now);
    return std::optional<Bytes>();
  };
  if (!state_.edges.chunks.has(whole)) return missing(whole);
  const auto manifest = attachments_.manifest(whole);
  if (!manifest) return manifest.error();
  const auto index = read.offset / evidence::kChunkPlainBytes;
  if (read.offset == key->bytes) return std::optional(Bytes());
  if (index >= manifest->chunks.size()) return fail(Code::verification_failed, "attachment: the manifest is short");
  const auto& digest = manifest->chunks[index];
  if (!state_.edges.chunks.has(digest)) return missing(digest);
  const auto sealed = state_.edges.chunks.get(digest);
  if (!sealed) return sealed.error();
  if (evidence::sha256(*sealed) != digest) return fail(Code::corrupt, "chunk store: " + hex(digest));
  const auto plain = evidence::open_chunk(key->file_key, index, index + 1 == manifest->chunks.size(), *sealed);
  if (!plain) return plain.error();
  const auto within = read.offset % evidence::kChunkPlainBytes;
  if (within > plain->size()) return fail(Code::verification_failed, "attachment: a chunk is short");
  const auto bytes = std::min<std::size_t>(read.bytes_max, plain->size() - within);
  return std::optional(copy(ByteView(*plain).subspan(within, bytes)));
}

void AgentCore::retry_reads(Now now) {
  std::list<AttachmentRead> waiting;
  waiting.swap(reads_);
  for (auto it = waiting.begin(); it != waiting.end();) {
    auto tried = try_read(*it, now);
    if (tried && !*tried && now.boot < it->deadline) {
      ++it;
      continue;
    }
    if (!tried)
      it->done(tried.error());
    else if (*tried)
      it->done(**std::move(tried));
    else
      it->done(fail(Code::timed_out, "attachment: its chunk did not come"));
    it = waiting.erase(it);
  }
  reads_.splice(reads_.begin(), waiting);
}

}  // namespace lianxi::agent
