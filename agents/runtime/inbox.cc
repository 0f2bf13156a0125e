#include "agents/runtime/inbox.h"

#include <map>

namespace lianxi::agent {

namespace {

constexpr std::string_view kNew = "new";
constexpr std::size_t kStateBytesMax = 32;
constexpr std::size_t kReasonBytesMax = 1024;

std::string inbox_row(const DeliveredMessage& message, Instant hub_time) {
  Bytes row;
  Writer w(row);
  w.i64(hub_time);
  w.u16(message.header.type);
  w.u32(message.header.id.epoch.value());
  w.u64(message.header.id.number.value());
  w.s8(message.header.id.agency.value());
  w.bytes(message.view.whole);
  return string_of(row);
}

Result<StoredMessage> parse_row(std::string_view row) {
  Reader r(view(row));
  StoredMessage stored;
  stored.hub_time = r.i64();
  stored.type = r.u16();
  stored.id.epoch = Epoch(r.u32());
  stored.id.number = Number(r.u64());
  stored.id.agency = AgencyId(std::string(r.s8()));
  stored.message = copy(r.bytes(r.left()));
  if (!r.ok()) return fail(Code::corrupt, "agent store: inbox row");
  return stored;
}

std::string act_row(const Act& act) {
  Bytes row;
  Writer w(row);
  w.u32(static_cast<std::uint32_t>(act.header.size()));
  w.bytes(act.header);
  w.bytes(act.c0_plaintext);
  return string_of(row);
}

std::string from_counter(const MessageId& id) { return "from/" + id.agency.value() + "/" + std::to_string(id.epoch.value()); }

std::string after_key(std::optional<Position> after) { return after ? key_u64(after->packed() + 1) : std::string(); }

}  // namespace

// What a frame will change, held back until all of it is proven.
struct Inbox::Staged {
  Taken taken;
  std::vector<StoreWrite> rows;
  Chain chain;
  std::uint64_t fresh = 0;
  std::optional<policy::Registry> registry;  // Set once an act was folded.
  std::map<std::string, std::uint64_t> counters;
  Instant hub_time = 0;
};

Result<std::unique_ptr<Inbox>> Inbox::open(State& state) {
  std::unique_ptr<Inbox> inbox(new Inbox(state));
  const auto row = state.edges.store.get(kMeta, "cursor");
  if (!row) return row.error();
  if (!*row) return inbox;
  Reader r(view(**row));
  inbox->chain_.generation = r.u32();
  const auto through = r.u64();
  if (through != kNoPosition) inbox->chain_.through = Position::unpack(through);
  inbox->chain_.count = r.u64();
  inbox->chain_.digest = r.hash();
  inbox->fresh_ = r.u64();
  state.saw_hub_time(r.i64());
  if (!r.done()) return fail(Code::corrupt, "agent store: cursor");
  return inbox;
}

std::vector<StoreWrite> Inbox::marks_of(const Chain& chain, std::uint64_t fresh) const {
  Bytes row;
  Writer w(row);
  w.u32(chain.generation);
  w.u64(chain.through ? chain.through->packed() : kNoPosition);
  w.u64(chain.count);
  w.bytes(chain.digest);
  w.u64(fresh);
  w.i64(state_.hub_time());
  return {{kMeta, "cursor", string_of(row)}, {kMeta, "checkpoint", state_.newest_note()}};
}

Result<Taken> Inbox::take(const wire::Deliver& frame, ByteView payload) {
  const auto note = view_of(frame.checkpoint());
  const auto checkpoint = state_.take_checkpoint(note);
  if (!checkpoint) return checkpoint.error();
  if (checkpoint->size != frame.size()) return fail(Code::verification_failed, "delivery: checkpoint of another size");
  Staged staged;
  staged.chain = chain_;
  staged.fresh = fresh_;
  if (staged.chain.generation == 0) staged.chain.generation = state_.generation();
  const auto count = frame.entries() == nullptr ? 0 : frame.entries()->size();
  std::size_t at = 0;
  for (flatbuffers::uoffset_t i = 0; i < count; ++i) {
    const auto& entry = *frame.entries()->Get(i);
    if (entry.payload_bytes() > payload.size() - at) return fail(Code::verification_failed, "delivery: payload is short");
    if (auto done = stage_entry(staged, entry, payload.subspan(at, entry.payload_bytes()), *checkpoint); !done)
      return done.error();
    at += entry.payload_bytes();
  }
  if (at != payload.size()) return fail(Code::verification_failed, "delivery: payload is long");
  if (staged.taken.fresh.empty()) return std::move(staged.taken);

  state_.saw_hub_time(staged.hub_time);
  staged.rows.push_back({kCheckpoints, key_u64(checkpoint->size), std::string(note)});
  for (const auto& [key, number] : staged.counters) staged.rows.push_back({kCounters, key, key_u64(number)});
  for (auto& row : marks_of(staged.chain, staged.fresh)) staged.rows.push_back(std::move(row));
  if (auto written = state_.write(staged.rows, Durability::synced); !written) return written.error();
  chain_ = staged.chain;
  fresh_ = staged.fresh;
  if (staged.registry) state_.registry = *std::move(staged.registry);
  return std::move(staged.taken);
}

Result<void> Inbox::stage_entry(Staged& staged, const wire::DeliveredEntry& frame, ByteView run,
                                const evidence::Checkpoint& checkpoint) {
  const auto& registry = staged.registry ? *staged.registry : state_.registry;
  const auto entry = open_delivered(state_, registry, frame, run, checkpoint);
  if (!entry) return entry.error();
  const auto before = staged.taken.fresh.size();
  for (const auto& message : entry->messages) {
    if (auto done = stage_message(staged, *entry, message); !done) return done;
  }
  const auto& after = staged.registry ? *staged.registry : state_.registry;
  if (entry->hub_part.registry_serial > after.serial()) {
    return fail(Code::verification_failed,
                "delivery: an operators' act before entry " + std::to_string(entry->hub_part.entry) + " is missing");
  }
  if (staged.taken.fresh.size() != before) {
    staged.rows.push_back({kEntries, key_u64(entry->hub_part.entry), string_of(entry->proof)});
    staged.hub_time = entry->hub_part.time;
  }
  return {};
}

Result<void> Inbox::stage_message(Staged& staged, const DeliveredEntry& entry, const DeliveredMessage& message) {
  if (staged.chain.through && message.position <= *staged.chain.through) return {};  // Delivered again.
  if (message.header.id.agency == state_.self()) return {};
  const bool act = policy::Policy::is_broadcast(message.header.type);
  if (act && message.header.type != 112) {
    auto opened = act_of(message.view, message.header, state_.options.hub.log_id);
    if (!opened) return opened.error();
    if (!staged.registry) staged.registry = state_.registry;
    if (auto applied = staged.registry->apply(message.header, opened->c0_plaintext); !applied) {
      return fail(Code::verification_failed, "delivery: operators' act: " + to_string(applied.error()));
    }
    staged.rows.push_back({kActs, to_key(message.position), act_row(*opened)});
  }
  note_gap(staged, message);
  const bool known = position_of(message.header.id).has_value();  // Logged a second time: counted, not stored twice.
  if (!known) {
    staged.rows.push_back({kInbox, to_key(message.position), inbox_row(message, entry.hub_part.time)});
    staged.rows.push_back({kById, to_key(message.header.id), to_key(message.position)});
    // Acts concern the machine: people need not deal with them.
    if (act)
      staged.rows.push_back({kInboxState, to_key(message.position), std::string("done\0", 5)});
    else
      ++staged.fresh;
  }
  staged.chain.digest = evidence::extend_delivered(staged.chain.digest, message.position, message.hash);
  staged.chain.through = message.position;
  ++staged.chain.count;
  staged.taken.fresh.push_back(message.position);
  const auto* type = codec::Catalogue::instance().by_code(message.header.type);
  if (type != nullptr && type->starts_clock) staged.taken.starts_clock = true;
  return {};
}

// A sender counts, for each addressee, which message of its own came before: what is missing shows.
void Inbox::note_gap(Staged& staged, const DeliveredMessage& message) const {
  for (const auto& addressee : message.header.addressees) {
    if (addressee.agency != state_.self()) continue;
    const auto key = from_counter(message.header.id);
    auto known = staged.counters.find(key);
    if (known == staged.counters.end()) {
      const auto row = state_.edges.store.get(kCounters, key);
      known = staged.counters.emplace(key, row && *row ? read_u64(**row, 0) : 0).first;
    }
    if (addressee.previous > known->second) {
      staged.taken.gaps.push_back(message.header.id.agency.value() + "." + std::to_string(message.header.id.epoch.value()) + "." +
                                  std::to_string(addressee.previous));
    }
    known->second = message.header.id.number.value();
    return;
  }
}

// --- reading ----------------------------------------------------------------------------------------------------------

std::string Inbox::state_of(Position position) const {
  const auto row = state_.edges.store.get(kInboxState, to_key(position));
  if (!row || !*row) return std::string(kNew);
  return (*row)->substr(0, (*row)->find('\0'));
}

std::vector<InboxRow> Inbox::list(std::optional<Position> after, std::size_t limit) const {
  std::vector<InboxRow> rows;
  if (limit == 0) return rows;
  [[maybe_unused]] const auto scanned =
      state_.edges.store.scan(kInbox, after_key(after), "", [&](std::string_view key, std::string_view value) {
        const auto stored = parse_row(value);
        if (!stored) return false;
        rows.push_back({Position::unpack(read_u64(key, 0)), stored->id, stored->type, stored->hub_time, {}});
        return rows.size() < limit;
      });
  for (auto& row : rows) row.state = state_of(row.position);
  return rows;
}

bool Inbox::any_after(std::optional<Position> after) const { return chain_.through && (!after || *after < *chain_.through); }

Result<void> Inbox::mark(Position position, std::string_view mark_state, std::string_view reason) {
  if (mark_state.empty() || mark_state.size() > kStateBytesMax || mark_state.find('\0') != std::string_view::npos) {
    return fail(Code::invalid_argument, "inbox: state");
  }
  const auto row = state_.edges.store.get(kInbox, to_key(position));
  if (!row) return row.error();
  if (!*row) return fail(Code::not_found, "inbox: " + to_string(position));
  const bool was_new = state_of(position) == kNew;
  const bool is_new = mark_state == kNew;
  const auto fresh = fresh_ + (is_new ? 1 : 0) - (was_new ? 1 : 0);
  std::vector<StoreWrite> rows = marks_of(chain_, fresh);
  rows.push_back(
      {kInboxState, to_key(position), std::string(mark_state) + '\0' + std::string(reason.substr(0, kReasonBytesMax))});
  if (auto written = state_.write(rows, Durability::synced); !written) return written;
  fresh_ = fresh;
  return {};
}

Result<StoredMessage> Inbox::message(Position position) const {
  const auto row = state_.edges.store.get(kInbox, to_key(position));
  if (!row) return row.error();
  if (!*row) return fail(Code::not_found, "inbox: " + to_string(position));
  return parse_row(**row);
}

std::optional<Position> Inbox::position_of(const MessageId& id) const {
  const auto row = state_.edges.store.get(kById, to_key(id));
  if (!row || !*row) return std::nullopt;
  return Position::unpack(read_u64(**row, 0));
}

Result<EntryProof> Inbox::proof(std::uint64_t entry) const {
  const auto row = state_.edges.store.get(kEntries, key_u64(entry));
  if (!row) return row.error();
  if (!*row) return fail(Code::not_found, "entry " + std::to_string(entry));
  return parse_entry_proof(view(**row));
}

Result<std::string> Inbox::note(std::uint64_t size) const {
  auto row = state_.edges.store.get(kCheckpoints, key_u64(size));
  if (!row) return row.error();
  if (!*row) return fail(Code::not_found, "checkpoint of size " + std::to_string(size));
  return **std::move(row);
}

}  // namespace lianxi::agent
