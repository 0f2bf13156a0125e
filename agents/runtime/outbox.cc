#include "agents/runtime/outbox.h"

#include <algorithm>

#include "schemas/evidence/tree.h"

namespace lianxi::agent {

namespace {

constexpr std::uint8_t kRecordVersion = 1;  // On disk: never renumber.
constexpr std::uint8_t kMessageItem = 1;
constexpr std::uint8_t kEntryItem = 2;

constexpr std::size_t kRecordOverhead = 1024;  // Version, item count and an entry item.

void write_message(Writer& w, const NewMessage& message) {
  w.u8(kMessageItem);
  w.u32(message.id.epoch.value());
  w.u64(message.id.number.value());
  w.bytes(message.hash);
  w.bytes(message.content);
  w.s8(message.idempotency_key);
  w.u16(static_cast<std::uint16_t>(message.attachments.size()));
  for (const auto& digest : message.attachments) w.bytes(digest);
  w.u16(static_cast<std::uint16_t>(message.addressees.size()));
  for (const auto& agency : message.addressees) w.s8(agency.value());
  w.u32(static_cast<std::uint32_t>(message.message.size()));
  w.bytes(message.message);
}

NewMessage read_message(Reader& r, const AgencyId& self) {
  NewMessage message;
  message.id.agency = self;
  message.id.epoch = Epoch(r.u32());
  message.id.number = Number(r.u64());
  message.hash = r.hash();
  message.content = r.hash();
  message.idempotency_key = r.s8();
  for (int n = r.u16(); n > 0 && r.ok(); --n) message.attachments.push_back(r.hash());
  for (int n = r.u16(); n > 0 && r.ok(); --n) message.addressees.emplace_back(std::string(r.s8()));
  message.message = copy(r.bytes(r.u32()));
  return message;
}

void write_entry(Writer& w, const OutboxEntry& entry) {
  w.u8(kEntryItem);
  w.u32(entry.epoch.value());
  w.u64(entry.first.value());
  w.u16(entry.count);
  w.u16(static_cast<std::uint16_t>(entry.header.size()));
  w.bytes(entry.header);
  w.bytes(entry.signature);
}

// hash 32 ‖ content hash 32 ‖ s8 idempotency key ‖ message
struct OwnRow {
  Hash hash{};
  Hash content{};
  std::string key;
  ByteView message;
};
Result<OwnRow> parse_own(std::string_view row) {
  Reader r(view(row));
  OwnRow own;
  own.hash = r.hash();
  own.content = r.hash();
  own.key = r.s8();
  own.message = r.bytes(r.left());
  if (!r.ok()) return fail(Code::corrupt, "agent store: own message");
  return own;
}

std::string to_counter(const AgencyId& agency) { return "to/" + agency.value(); }

}  // namespace

std::size_t Outbox::record_bytes(const NewMessage& message) {
  std::size_t bytes = 96 + message.idempotency_key.size() + 32 * message.attachments.size() + message.message.size();
  for (const auto& agency : message.addressees) bytes += 1 + agency.value().size();
  return bytes;
}

Result<std::unique_ptr<Outbox>> Outbox::open(State& state) {
  std::unique_ptr<Outbox> outbox(new Outbox(state));
  if (auto marks = outbox->load_marks(); !marks) return marks.error();
  journal::Options options;
  options.prefix = "outbox";
  options.segment_bytes = state.options.outbox_segment_bytes;
  options.segments = 2;
  options.segments_max =
      static_cast<std::uint32_t>(std::max<std::uint64_t>(3, state.options.outbox_bytes_max / state.options.outbox_segment_bytes));
  auto opened = journal::Journal::open(state.edges.outbox_disk, state.edges.entropy, options,
                                       [&](const journal::Record& record) { return outbox->replay(record); });
  if (!opened) return opened.error();
  outbox->journal_ = *std::move(opened);
  if (outbox->journal_->next() < outbox->done_sequence_) {
    return fail(Code::store_short, "outbox: its journal ends below what the store has recorded");
  }
  outbox->journal_->release(outbox->done_sequence_);
  return outbox;
}

Result<void> Outbox::load_marks() {
  const auto row = state_.edges.store.get(kMeta, "outbox");
  if (!row) return row.error();
  if (!*row) return {};
  Reader r(view(**row));
  epoch_ = Epoch(r.u32());
  done_number_ = last_number_ = Number(r.u64());
  done_sequence_ = r.u64();
  if (!r.done()) return fail(Code::corrupt, "agent store: outbox mark");
  return {};
}

std::vector<StoreWrite> Outbox::mark_rows() const {
  std::string mark;
  append_u32(mark, epoch_.value());
  append_u64(mark, done_number_.value());
  append_u64(mark, done_sequence_);
  return {{kMeta, "outbox", mark}, {kMeta, "checkpoint", state_.newest_note()}};
}

// --- recovery ---------------------------------------------------------------------------------------------------------

Result<void> Outbox::replay(const journal::Record& record) {
  Reader r(record.payload);
  if (r.u8() != kRecordVersion) return fail(Code::corrupt, "outbox: record version");
  auto sequence = record.first;
  for (int n = r.u16(); n > 0 && r.ok(); --n) {
    const auto kind = r.u8();
    if (kind == kMessageItem) {
      if (auto taken = replay_message(r, sequence++); !taken) return taken;
    } else if (kind == kEntryItem) {
      if (auto taken = replay_entry(r); !taken) return taken;
    } else {
      return fail(Code::corrupt, "outbox: item kind");
    }
  }
  if (!r.ok() || sequence != record.first + record.count) return fail(Code::corrupt, "outbox: record shape");
  return {};
}

Result<void> Outbox::replay_message(Reader& r, std::uint64_t sequence) {
  const auto message = read_message(r, state_.self());
  if (!r.ok()) return fail(Code::corrupt, "outbox: message item");
  if (sequence < done_sequence_) return {};
  if (message.id.number.value() != last_number_.value() + 1) {
    return fail(Code::corrupt, "outbox: number " + std::to_string(message.id.number.value()) + " is not the next");
  }
  if (auto written = state_.write(rows_of(message), Durability::buffered); !written) return written;
  remember(message, sequence);
  return {};
}

Result<void> Outbox::replay_entry(Reader& r) {
  OutboxEntry entry;
  entry.epoch = Epoch(r.u32());
  entry.first = Number(r.u64());
  entry.count = r.u16();
  entry.header = copy(r.bytes(r.u16()));
  entry.signature = r.array<64>();
  if (!r.ok()) return fail(Code::corrupt, "outbox: entry item");
  if (entry.first.value() + entry.count > done_number_.value() + 1) entries_.push_back(std::move(entry));
  return {};
}

// --- storing ----------------------------------------------------------------------------------------------------------

std::vector<StoreWrite> Outbox::rows_of(const NewMessage& message) const {
  std::string own;
  own.append(text(message.hash));
  own.append(text(message.content));
  own.push_back(static_cast<char>(message.idempotency_key.size()));
  own.append(message.idempotency_key);
  own.append(text(message.message));
  std::vector<StoreWrite> rows{{kOwn, to_key(message.id.epoch, message.id.number), std::move(own)}};
  if (!message.idempotency_key.empty()) {
    rows.push_back({kIdempotency, message.idempotency_key,
                    to_key(message.id.epoch, message.id.number) + std::string(text(message.content))});
  }
  for (const auto& agency : message.addressees)
    rows.push_back({kCounters, to_counter(agency), key_u64(message.id.number.value())});
  return rows;
}

void Outbox::remember(const NewMessage& message, std::uint64_t sequence) {
  pending_.push_back({sequence, message.id.number, message.hash, message.message.size(), message.attachments});
  last_number_ = message.id.number;
}

std::uint64_t Outbox::previous(const AgencyId& agency) const {
  const auto row = state_.edges.store.get(kCounters, to_counter(agency));
  return row && *row ? read_u64(**row, 0) : 0;
}

std::optional<KeyedMessage> Outbox::keyed(const std::string& key) const {
  const auto row = state_.edges.store.get(kIdempotency, key);
  if (!row || !*row) return std::nullopt;
  Reader r(view(**row));
  KeyedMessage found;
  found.id.agency = state_.self();
  found.id.epoch = Epoch(r.u32());
  found.id.number = Number(r.u64());
  found.content = r.hash();
  return found;
}

Result<void> Outbox::room_for(std::size_t bytes) const {
  if (journal_->has_room(bytes + kRecordOverhead)) return {};
  return fail(Code::disk_full, "outbox: its quota of " + std::to_string(state_.options.outbox_bytes_max) + " bytes is used up");
}

Result<void> Outbox::store(std::span<const NewMessage> messages, std::size_t entry_bytes_max) {
  const bool idle = pending_.empty() && entries_.empty();
  auto entry = idle ? form(entry_bytes_max, messages) : std::nullopt;
  const auto first = journal_->next();
  if (auto appended = append(messages, entry); !appended) return appended;
  std::vector<StoreWrite> rows;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    auto more = rows_of(messages[i]);
    rows.insert(rows.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    remember(messages[i], first + i);
  }
  if (entry) entries_.push_back(*std::move(entry));
  return state_.write(rows, Durability::buffered);
}

Result<void> Outbox::append(std::span<const NewMessage> messages, const std::optional<OutboxEntry>& entry) {
  if (state_.failed()) return fail(Code::io, "agent: stopped after an earlier failure");
  Bytes payload;
  Writer w(payload);
  w.u8(kRecordVersion);
  w.u16(static_cast<std::uint16_t>(messages.size() + (entry ? 1 : 0)));
  for (const auto& message : messages) write_message(w, message);
  if (entry) write_entry(w, *entry);
  journal::Record record;
  record.first = journal_->next();
  record.count = static_cast<std::uint32_t>(messages.size());
  record.payload = payload;
  if (auto appended = journal_->append(record); !appended) return state_.fail_with(appended.error());
  return {};
}

// --- entries ----------------------------------------------------------------------------------------------------------

std::optional<OutboxEntry> Outbox::form(std::size_t entry_bytes_max, std::span<const NewMessage> also) const {
  std::vector<Hash> leaves;
  std::size_t bytes = 0;
  Number first;
  const auto add = [&](Number number, const Hash& hash, std::size_t size) {
    if (leaves.size() == codec::kEntryMessagesMax || (!leaves.empty() && bytes + size > entry_bytes_max)) return false;
    if (leaves.empty()) first = number;
    leaves.push_back(hash);
    bytes += size;
    return true;
  };
  bool open = true;
  const std::uint64_t formed = entries_.empty() ? 0 : entries_.back().first.value() + entries_.back().count - 1;
  for (auto it = pending_.begin(); open && it != pending_.end(); ++it) {
    if (it->number.value() > formed) open = add(it->number, it->hash, it->bytes);
  }
  for (auto it = also.begin(); open && it != also.end(); ++it) open = add(it->id.number, it->hash, it->message.size());
  if (leaves.empty()) return std::nullopt;

  evidence::EntryHeader header;
  header.suite = state_.edges.suite.id();
  header.log_id = state_.options.hub.log_id;
  header.agency = state_.self();
  header.host = state_.options.keys.host;
  header.key_id = state_.signing_id();
  header.epoch = epoch_;
  header.first = first;
  header.count = static_cast<std::uint16_t>(leaves.size());
  header.batch_root = evidence::root_of(leaves);
  OutboxEntry entry{epoch_, first, header.count, evidence::encode(header), {}};
  entry.signature = state_.edges.suite.sign(state_.options.keys.signing_secret, entry.header);
  return entry;
}

Result<const OutboxEntry*> Outbox::current(std::size_t entry_bytes_max) {
  if (!entries_.empty()) return &entries_.front();
  auto entry = form(entry_bytes_max, {});
  if (!entry) return nullptr;
  if (auto appended = append({}, entry); !appended) return appended.error();
  entries_.push_back(*std::move(entry));
  return &entries_.front();
}

Result<Bytes> Outbox::payload(const OutboxEntry& entry) const {
  Bytes run;
  for (std::uint16_t i = 0; i < entry.count; ++i) {
    const auto row = state_.edges.store.get(kOwn, to_key(entry.epoch, Number(entry.first.value() + i)));
    if (!row) return row.error();
    if (!*row) return fail(Code::corrupt, "agent store: own message is missing");
    const auto own = parse_own(**row);
    if (!own) return own.error();
    run.insert(run.end(), own->message.begin(), own->message.end());
  }
  return run;
}

std::vector<Hash> Outbox::attachments(const OutboxEntry& entry) const {
  std::vector<Hash> digests;
  for (const auto& message : pending_) {
    if (message.number < entry.first) continue;
    if (message.number.value() >= entry.first.value() + entry.count) break;
    digests.insert(digests.end(), message.attachments.begin(), message.attachments.end());
  }
  return digests;
}

Result<Bytes> Outbox::message(const MessageId& id) const {
  const auto row = state_.edges.store.get(kOwn, to_key(id.epoch, id.number));
  if (!row) return row.error();
  if (!*row) return fail(Code::not_found, to_string(id));
  const auto own = parse_own(**row);
  if (!own) return own.error();
  return copy(own->message);
}

std::optional<Logged> Outbox::logged(const MessageId& id) const {
  const auto row = state_.edges.store.get(kOwnState, to_key(id.epoch, id.number));
  if (!row || !*row) return std::nullopt;
  Reader r(view(**row));
  Logged found{id, Position::unpack(r.u64()), 0, Code::ok};
  found.hub_time = r.i64();
  found.refusal = static_cast<Code>(r.u16());
  return found;
}

std::optional<MessageId> Outbox::at(Position position) const {
  const auto row = state_.edges.store.get(kOwnPositions, to_key(position));
  if (!row || !*row) return std::nullopt;
  Reader r(view(**row));
  const Epoch epoch(r.u32());
  return MessageId{state_.self(), epoch, Number(r.u64())};
}

Result<evidence::Receipt> Outbox::receipt(const MessageId& id) const {
  const auto row = state_.edges.store.at_or_before(kReceipts, to_key(id.epoch, id.number));
  if (!row) return row.error();
  if (!logged(id) || !*row) return fail(Code::not_found, "receipt of " + to_string(id));
  return evidence::parse_receipt(view((*row)->second));
}

// --- receipts ---------------------------------------------------------------------------------------------------------

std::optional<Hash> Outbox::hash_of(Number number) const {
  const auto row = state_.edges.store.get(kOwn, to_key(epoch_, number));
  if (!row || !*row) return std::nullopt;
  return array_from<32>(view(std::string_view(**row).substr(0, 32)));
}

Result<std::vector<Hash>> Outbox::hashes(Number first, std::uint16_t count) const {
  std::vector<Hash> leaves;
  for (std::uint64_t n = first.value(); n < first.value() + count; ++n) {
    const bool pending = !pending_.empty() && n >= pending_.front().number.value() && n <= last_number_.value();
    auto hash = pending ? std::optional(pending_[n - pending_.front().number.value()].hash) : hash_of(Number(n));
    if (!hash) return fail(Code::verification_failed, "receipt: covers number " + std::to_string(n) + ", which is not ours");
    leaves.push_back(*hash);
  }
  return leaves;
}

Result<void> Outbox::check(const evidence::Receipt& receipt, const evidence::EntryHeader& header, const evidence::HubPart& part) {
  if (header.agency != state_.self() || header.epoch != epoch_ || header.log_id != state_.options.hub.log_id) {
    return fail(Code::verification_failed, "receipt: of another sender, epoch or log");
  }
  const auto leaves = hashes(header.first, header.count);
  if (!leaves) return leaves.error();
  if (evidence::root_of(*leaves) != header.batch_root) return fail(Code::verification_failed, "receipt: batch root is not ours");
  const bool as_sent = !entries_.empty() && equal(entries_.front().header, receipt.entry_header) && entries_.front().signature == receipt.signature;
  if (!as_sent && !state_.edges.suite.verify(state_.signing_public(), receipt.entry_header, receipt.signature)) {
    return fail(Code::verification_failed, "receipt: entry signature");
  }
  const auto checkpoint = state_.take_checkpoint(receipt.note);
  if (!checkpoint) return checkpoint.error();
  const auto leaf = evidence::leaf_hash(receipt.entry_header, receipt.signature, receipt.hub_part);
  if (checkpoint->size != receipt.size ||
      !evidence::verify_inclusion(leaf, part.entry, receipt.size, receipt.path, checkpoint->root)) {
    return fail(Code::verification_failed, "receipt: path does not lead to the checkpoint");
  }
  return {};
}

Result<std::vector<Logged>> Outbox::take_receipt(ByteView receipt_bytes) {
  const auto receipt = evidence::parse_receipt(receipt_bytes);
  if (!receipt) return fail(Code::verification_failed, "receipt: " + receipt.error().detail);
  const auto header = evidence::parse_entry_header(receipt->entry_header);
  if (!header) return fail(Code::verification_failed, "receipt: entry header");
  const auto part = evidence::parse_hub_part(receipt->hub_part);
  if (!part) return fail(Code::verification_failed, "receipt: hub part");
  if (auto checked = check(*receipt, *header, *part); !checked) return checked.error();
  std::vector<Logged> logged;
  if (header->first.value() > done_number_.value() + 1) {
    return fail(Code::verification_failed, "receipt: skips number " + std::to_string(done_number_.value() + 1));
  }
  if (header->first.value() + header->count <= done_number_.value() + 1) return logged;
  if (auto recorded = record(*header, *part, receipt_bytes, logged); !recorded) return recorded.error();
  return logged;
}

Result<void> Outbox::record(const evidence::EntryHeader& header, const evidence::HubPart& part, ByteView receipt,
                            std::vector<Logged>& logged) {
  state_.saw_hub_time(part.time);
  std::vector<StoreWrite> rows{{kReceipts, to_key(header.epoch, header.first), std::string(text(receipt))}};
  for (std::uint16_t i = 0; i < header.count; ++i) {
    Logged one{{state_.self(), epoch_, Number(header.first.value() + i)}, {part.entry, i}, part.time, Code::ok};
    for (const auto& refused : part.refused) {
      if (refused.index == i) one.refusal = refused.code;
    }
    std::string value = key_u64(one.position.packed());
    append_u64(value, static_cast<std::uint64_t>(one.hub_time));
    append_u16(value, static_cast<std::uint16_t>(one.refusal));
    rows.push_back({kOwnState, to_key(one.id.epoch, one.id.number), std::move(value)});
    rows.push_back({kOwnPositions, to_key(one.position), to_key(one.id.epoch, one.id.number)});
    if (one.id.number <= done_number_) continue;
    logged.push_back(one);
  }
  if (auto written = state_.write(rows, Durability::buffered); !written) return written;
  backlog_.insert(backlog_.end(), std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end()));
  for (const auto& one : logged) {
    done_number_ = one.id.number;
    done_sequence_ = pending_.front().sequence + 1;
    pending_.pop_front();
  }
  while (!entries_.empty() && entries_.front().first.value() + entries_.front().count <= done_number_.value() + 1) entries_.pop_front();
  return {};
}

// Rows written before without a sync are written again with one, so that the journal may forget what they hold.
Result<void> Outbox::settle() {
  if (backlog_.empty()) return {};
  auto rows = std::move(backlog_);
  backlog_.clear();
  const auto receipt_rows = rows.size();
  for (std::size_t i = 0; i < receipt_rows; ++i) {
    if (rows[i].family != kOwnState) continue;
    auto own_row = state_.edges.store.get(kOwn, rows[i].key);
    if (!own_row) return state_.fail_with(own_row.error());
    if (!*own_row) return state_.fail_with(fail(Code::corrupt, "agent store: own message is missing"));
    const auto own = parse_own(**own_row);
    if (!own) return state_.fail_with(own.error());
    if (!own->key.empty()) rows.push_back({kIdempotency, own->key, rows[i].key + std::string(text(own->content))});
    rows.push_back({kOwn, rows[i].key, std::move(**own_row)});
  }
  const auto scanned = state_.edges.store.scan(kCounters, "to/", "to0", [&](std::string_view key, std::string_view value) {
    rows.push_back({kCounters, std::string(key), std::string(value)});
    return true;
  });
  if (!scanned) return state_.fail_with(scanned.error());
  for (auto& row : mark_rows()) rows.push_back(std::move(row));
  if (auto written = state_.write(rows, Durability::synced); !written) return written;
  journal_->release(done_sequence_);
  return {};
}

}  // namespace lianxi::agent
