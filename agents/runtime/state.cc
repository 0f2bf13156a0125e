#include "agents/runtime/state.h"

#include "schemas/codec/stored_entry.h"
#include "schemas/evidence/tree.h"

namespace lianxi::agent {

const std::vector<std::string>& family_names() {
  static const std::vector<std::string> names{
      "meta",     "inbox",       "inbox_state",  "entries",     "checkpoints", "by_id", "own",      "own_state",
      "receipts", "idempotency", "delivered_to", "attachments", "uploads",     "acts",  "counters", "own_positions"};
  return names;
}

std::string to_key(Position position) { return key_u64(position.packed()); }

std::string to_key(Epoch epoch, Number number) {
  std::string key;
  append_u32(key, epoch.value());
  append_u64(key, number.value());
  return key;
}

std::string to_key(const MessageId& id) { return id.agency.value() + '\0' + to_key(id.epoch, id.number); }

Result<Act> act_of(const codec::MessageView& message, const codec::MessageHeader& header, const Hash& log_id) {
  for (std::size_t i = 0; i < message.sections.size() && i < header.sections.size(); ++i) {
    const auto& section = message.sections[i];
    if (section.group != codec::Group::c0 || section.withheld) continue;
    auto opened = evidence::open_clear(section.bytes);
    if (!opened) return opened.error();
    const auto context = evidence::section_context(log_id, header.id, section.group);
    if (evidence::commitment(context, opened->salt, opened->plaintext) != header.sections[i].commitment) break;
    return Act{copy(message.header), std::move(opened->plaintext)};
  }
  return fail(Code::verification_failed, "act " + to_string(header.id) + ": C0 section");
}

namespace {

struct GenesisParts {
  codec::StoredEntryView entry;
  codec::MessageHeader header;
  Act act;
};

Result<GenesisParts> open_genesis(ByteView stored_entry, const Hash& log_id) {
  auto entry = codec::parse_stored_entry(stored_entry);
  if (!entry) return entry.error();
  auto run = codec::parse_run(entry->run);
  if (!run) return run.error();
  if (run->size() != 1 || run->front().left_out) return fail(Code::wrong_log, "genesis: not one message");
  auto header = codec::parse_header(run->front().header);
  if (!header) return header.error();
  auto act = act_of(run->front(), *header, log_id);
  if (!act) return act.error();
  return GenesisParts{*entry, *std::move(header), *std::move(act)};
}

bool matches_card(const policy::GenesisFacts& facts, const HubCard& card) {
  return facts.log_id == card.log_id && facts.checkpoint_key == card.checkpoint_key && facts.curve_key == card.curve_key &&
         facts.operators == card.operators;
}

}  // namespace

State::State(Agent::Options agent_options, Agent::Edges agent_edges)
    : options(std::move(agent_options)), edges(agent_edges), registry(edges.suite) {
  const auto& keys = options.keys;
  signing_public_ = edges.suite.signing_public(keys.signing_secret);
  signing_id_ = evidence::key_id(edges.suite.id(), evidence::KeyUse::signing, signing_public_);
  for (const auto& seat : keys.seats) {
    const auto open_key = edges.suite.sealing_public(seat.secret);
    seat_secrets_.push_back({evidence::key_id(edges.suite.id(), evidence::KeyUse::sealing, open_key), seat.secret});
  }
}

std::string State::origin() const { return evidence::origin_line(options.hub.log_id, generation(), registry.genesis().demo); }

Result<void> State::load() {
  const auto genesis = edges.store.get(kMeta, "genesis");
  if (!genesis) return genesis.error();
  if (!*genesis) return {};
  if (auto folded = fold_genesis(view(**genesis)); !folded) return folded;
  Result<void> outcome;
  const auto scanned = edges.store.scan(kActs, "", "", [&](std::string_view, std::string_view value) {
    Reader r(view(value));
    const auto header_bytes = r.bytes(r.u32());
    const auto plaintext = r.bytes(r.left());
    auto header = codec::parse_header(header_bytes);
    outcome = header ? registry.apply(*header, plaintext) : Result<void>(header.error());
    return outcome.has_value();
  });
  if (!scanned) return scanned;
  if (!outcome) return fail(Code::corrupt, "agent store: operators' act: " + to_string(outcome.error()));
  const auto note = edges.store.get(kMeta, "checkpoint");
  if (!note) return note.error();
  if (*note) {
    if (auto taken = take_checkpoint(**note); !taken)
      return fail(Code::corrupt, "agent store: checkpoint: " + to_string(taken.error()));
  }
  return {};
}

Result<void> State::fold_genesis(ByteView stored_entry) {
  auto parts = open_genesis(stored_entry, options.hub.log_id);
  if (!parts) return parts.error();
  const auto leaf = evidence::leaf_hash(parts->entry.entry_header, parts->entry.signature, parts->entry.hub_part);
  if (leaf != options.hub.genesis_leaf) return fail(Code::wrong_log, "genesis: leaf is not the hub card's");
  const auto eh = evidence::parse_entry_header(parts->entry.entry_header);
  if (!eh) return eh.error();
  if (evidence::root_of(std::vector{evidence::message_hash(parts->act.header)}) != eh->batch_root) {
    return fail(Code::wrong_log, "genesis: batch root");
  }
  policy::Registry folded(edges.suite);
  if (auto applied = folded.apply(parts->header, parts->act.c0_plaintext); !applied) return applied;
  if (!folded.started() || !matches_card(folded.genesis(), options.hub))
    return fail(Code::wrong_log, "genesis: keys are not the hub card's");
  if (!edges.suite.verify(folded.genesis().message_key, parts->entry.entry_header, parts->entry.signature)) {
    return fail(Code::wrong_log, "genesis: signature");
  }
  registry = std::move(folded);
  genesis_ = copy(stored_entry);
  return {};
}

Result<void> State::take_genesis(ByteView stored_entry, ByteView receipt_bytes) {
  if (!genesis_.empty()) {
    if (!equal(genesis_, stored_entry)) return fail(Code::wrong_log, "genesis: differs from the one known");
    return {};
  }
  if (auto folded = fold_genesis(stored_entry); !folded) return folded;
  const auto forget = [this](Error error) {
    registry = policy::Registry(edges.suite);
    genesis_.clear();
    return error;
  };
  auto receipt = evidence::parse_receipt(receipt_bytes);
  if (!receipt) return forget(receipt.error());
  auto checkpoint = take_checkpoint(receipt->note);
  if (!checkpoint) return forget(checkpoint.error());
  if (checkpoint->size != receipt->size ||
      !evidence::verify_inclusion(options.hub.genesis_leaf, 0, receipt->size, receipt->path, checkpoint->root)) {
    return forget(fail(Code::wrong_log, "genesis: its receipt does not hold"));
  }
  return write({{kMeta, "genesis", string_of(genesis_)}, {kMeta, "checkpoint", newest_note_}}, Durability::synced);
}

Result<evidence::Checkpoint> State::take_checkpoint(std::string_view note) {
  if (!checked_note_.empty() && note == checked_note_) return checked_;
  auto opened = evidence::open_checkpoint(edges.suite, options.hub.checkpoint_key, note);
  if (!opened) return fail(Code::verification_failed, "checkpoint: " + opened.error().detail);
  if (opened->origin != origin()) return fail(Code::verification_failed, "checkpoint: origin " + opened->origin);
  if (opened->size == newest_.size && newest_.size != 0 && opened->root != newest_.root) {
    return fail(Code::verification_failed, "checkpoint: two roots for size " + std::to_string(opened->size));
  }
  checked_note_ = note;
  checked_ = *opened;
  if (opened->size > newest_.size) {
    newest_ = *opened;
    newest_note_ = note;
  }
  return checked_;
}

Result<void> State::write(const std::vector<StoreWrite>& batch, Durability durability) {
  if (failed_) return fail(Code::io, "agent: stopped after an earlier failure");
  if (auto written = edges.store.write(batch, durability); !written) return fail_with(written.error());
  return {};
}

Error State::fail_with(Error error) {
  failed_ = true;
  report(error);
  return error;
}

void State::report(std::string zh, std::string en) {
  problem_zh_ = std::move(zh);
  problem_en_ = std::move(en);
}

void State::report(const Error& error) {
  const auto& row = describe(error.code);
  const std::string detail = error.detail.empty() ? "" : " (" + error.detail + ")";
  report(std::string(row.zh) + detail, std::string(row.en) + detail);
}

}  // namespace lianxi::agent
