#include "hub/log/hub_log.h"

#include <algorithm>

#include "schemas/messages/system_generated.h"

namespace lianxi::hub {

namespace {

using policy::Policy;

constexpr std::uint16_t kIncident = 116;
constexpr std::string_view kMarkKey = "mark";
constexpr std::string_view kEdgeKey = "edge";

std::string_view chars(ByteView bytes) { return text(bytes); }

void append_s8(std::string& key, const std::string& value) {
  key.push_back(static_cast<char>(value.size()));
  key += value;
}

std::string inbox_prefix(const AgencyId& agency) { return agency.value() + '\0'; }

std::string inbox_key(const AgencyId& agency, std::uint64_t entry) {
  std::string key = inbox_prefix(agency);
  append_u64(key, entry);
  return key;
}

std::string origins_prefix(const AgencyId& agency, Epoch epoch) {
  std::string key;
  append_s8(key, agency.value());
  append_u32(key, epoch.value());
  return key;
}

std::string block_key(std::uint64_t first, std::uint16_t part) {
  std::string key;
  append_u64(key, first);
  append_u16(key, part);
  return key;
}

std::string tile_key(std::uint8_t level, std::uint64_t index) {
  std::string key(1, static_cast<char>(level));
  append_u64(key, index);
  return key;
}

std::string string_of(const Bytes& bytes) { return std::string(chars(bytes)); }

std::string encode(const DeliveredState& state) {
  Bytes out;
  Writer w(out);
  w.u64(state.next);
  w.u64(state.count);
  w.bytes(state.chain);
  return string_of(out);
}

std::string encode(const Origin& origin) {
  Bytes out;
  Writer w(out);
  w.u32(origin.epoch.value());
  w.u64(origin.last.value());
  w.bytes(origin.last_hash);
  w.u8(origin.closed ? 1 : 0);
  return string_of(out);
}

// The end of a key range: the first string greater than every one that starts with `prefix`.
std::string after_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<std::uint8_t>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<std::uint8_t>(prefix.back()) + 1);
  return prefix;
}

}  // namespace

ByteView CommittedEntry::run() const {
  const auto parsed = codec::parse_stored_entry(stored);
  check(parsed.has_value(), "log: a committed entry does not parse");
  return parsed->run;
}

Result<std::unique_ptr<HubLog>> HubLog::open(Store& store, const evidence::Suite& suite) {
  std::unique_ptr<HubLog> log(new HubLog(store, suite));
  if (auto loaded = log->load(); !loaded) return loaded.error();
  return log;
}

Result<void> HubLog::load() {
  const auto reader = [this](std::uint8_t level, std::uint64_t index) -> Result<Bytes> {
    auto tile = store_.get(kTiles, tile_key(level, index));
    if (!tile) return tile.error();
    if (!*tile) return fail(Code::not_found, "tile " + std::to_string(level) + "/" + std::to_string(index));
    return copy(view(**tile));
  };
  auto mark = store_.get(kMeta, kMarkKey);
  if (!mark) return mark.error();
  Hash root = kZeroHash;
  if (*mark) {
    Reader r(view(**mark));
    applied_ = r.u64();
    root = r.hash();
    last_time_ = r.i64();
    messages_total_ = r.u64();
    generation_ = r.u32();
    if (!r.done()) return fail(Code::corrupt, "store: mark");
  }
  auto edge = store_.get(kMeta, kEdgeKey);
  if (!edge) return edge.error();
  if (*edge) {
    auto tree = evidence::Tree::load_edge(view(**edge), reader);
    if (!tree) return tree.error();
    tree_ = std::make_unique<evidence::Tree>(std::move(*tree));
  } else {
    tree_ = std::make_unique<evidence::Tree>(reader);
  }
  if (tree_->size() > applied_) return fail(Code::corrupt, "store: tree edge beyond the mark");
  // Tiles completed on the way are in the store already: the batch that completed them wrote them.
  std::vector<evidence::Tile> known;
  while (tree_->size() < applied_) {
    auto stored = read_stored(tree_->size());
    if (!stored) return stored.error();
    const auto entry = codec::parse_stored_entry(*stored);
    if (!entry) return entry.error();
    tree_->append(evidence::leaf_hash(entry->entry_header, entry->signature, entry->hub_part), known);
  }
  opened_at_ = applied_;
  if (applied_ > 0 && tree_->root() != root) return fail(Code::corrupt, "store: the root differs from the mark's");

  Result<void> outcome;
  auto scanned = store_.scan(kMeta, "O", "P", [&](std::string_view key, std::string_view value) {
    Reader r(view(value));
    Origin origin;
    origin.epoch = Epoch(r.u32());
    origin.last = Number(r.u64());
    origin.last_hash = r.hash();
    origin.closed = r.u8() != 0;
    if (!r.done()) outcome = fail(Code::corrupt, "store: origin");
    origins_[AgencyId(std::string(key.substr(1)))] = origin;
    return outcome.has_value();
  });
  if (!scanned) return scanned;
  if (!outcome) return outcome;
  scanned = store_.scan(kMeta, "P", "Q", [&](std::string_view key, std::string_view value) {
    Reader k(view(key.substr(1)));
    const AgencyId sender{std::string(k.s8())};
    const AgencyId addressee{std::string(k.s8())};
    Reader r(view(value));
    const Epoch epoch(r.u32());
    auto& origin = origins_[sender];
    if (origin.epoch == epoch) origin.previous[addressee] = r.u64();
    return true;
  });
  if (!scanned) return scanned;
  scanned = store_.scan(kCursors, "C", "D", [&](std::string_view key, std::string_view value) {
    cursor_hints_[AgencyId(std::string(key.substr(1)))] = read_u64(value, 0);
    return true;
  });
  if (!scanned) return scanned;
  scanned = store_.scan(kCursors, "D", "E", [&](std::string_view key, std::string_view value) {
    Reader r(view(value));
    DeliveredState state;
    state.next = r.u64();
    state.count = r.u64();
    state.chain = r.hash();
    delivered_[AgencyId(std::string(key.substr(1)))] = state;
    return true;
  });
  if (!scanned) return scanned;

  std::vector<std::uint64_t> acts;
  scanned = store_.scan(kInbox, inbox_prefix(AgencyId(kEveryone)), after_prefix(inbox_prefix(AgencyId(kEveryone))),
                        [&](std::string_view key, std::string_view) {
                          acts.push_back(read_u64(key, key.size() - 8));
                          return true;
                        });
  if (!scanned) return scanned;
  for (const auto act : acts) {
    auto entry = read_entry(act);
    if (!entry) return entry.error();
    std::vector<StoreWrite> ignored;
    if (auto folded = fold(**entry, ignored); !folded) return folded;
  }
  return {};
}

Result<EntryPtr> HubLog::parse(ByteView stored) const {
  auto parsed = codec::parse_stored_entry(stored);
  if (!parsed) return parsed.error();
  auto entry = std::make_shared<CommittedEntry>();
  entry->stored = copy(parsed->whole);
  auto header = evidence::parse_entry_header(parsed->entry_header);
  if (!header) return header.error();
  auto part = evidence::parse_hub_part(parsed->hub_part);
  if (!part) return part.error();
  entry->header = std::move(*header);
  entry->part = std::move(*part);
  entry->number = entry->part.entry;
  entry->leaf = evidence::leaf_hash(parsed->entry_header, parsed->signature, parsed->hub_part);
  auto messages = codec::parse_run(parsed->run);
  if (!messages) return messages.error();
  if (messages->size() != entry->header.count) return fail(Code::corrupt, "entry " + std::to_string(entry->number) + ": count");
  std::size_t refused_at = 0;
  std::size_t offset = 0;
  for (std::uint16_t i = 0; i < messages->size(); ++i) {
    const auto& message = (*messages)[i];
    CommittedMessage committed;
    committed.offset = offset;
    committed.bytes = message.left_out ? 36 : message.whole.size();
    offset += committed.bytes;
    if (refused_at < entry->part.refused.size() && entry->part.refused[refused_at].index == i) {
      committed.refused = entry->part.refused[refused_at++].code;
    }
    if (message.left_out != (committed.refused != Code::ok)) {
      return fail(Code::corrupt, "entry " + std::to_string(entry->number) + ": refused messages do not match its hub part");
    }
    if (message.left_out) {
      committed.hash = message.hash;
    } else {
      committed.hash = evidence::message_hash(message.header);
      auto message_header = codec::parse_header(message.header);
      if (!message_header) return message_header.error();
      committed.header = std::move(*message_header);
    }
    entry->messages.push_back(std::move(committed));
  }
  if (refused_at != entry->part.refused.size()) return fail(Code::corrupt, "entry: refused list");
  return EntryPtr(std::move(entry));
}

const Origin* HubLog::find_origin(const AgencyId& agency) const {
  const auto at = origins_.find(agency);
  return at == origins_.end() ? nullptr : &at->second;
}

void HubLog::route(CommittedEntry& entry) const {
  const bool known = registry_.started();
  for (auto& message : entry.messages) {
    message.recipients.clear();
    if (message.refused != Code::ok) continue;
    if (Policy::is_broadcast(message.header.type)) {
      message.recipients.emplace_back(kEveryone);
      continue;
    }
    if (!known) continue;
    for (const auto& [id, agency] : registry_.agencies()) {
      if (id == entry.header.agency || id == registry_.genesis().hub) continue;
      if (registry_.policy().delivered_to(message.header, id)) message.recipients.push_back(id);
    }
  }
}

Result<void> HubLog::fold(const CommittedEntry& entry, std::vector<StoreWrite>& writes) {
  // Numbering goes on from what the entry says; admission may be ahead of it already.
  auto& origin = origins_[entry.header.agency];
  const std::uint64_t last = entry.header.first.value() + entry.header.count - 1;
  if (entry.header.epoch > origin.epoch) {
    origin = Origin{};
    origin.epoch = entry.header.epoch;
  }
  if (entry.header.epoch == origin.epoch && last >= origin.last.value() && !entry.messages.empty()) {
    origin.last = Number(last);
    origin.last_hash = entry.messages.back().hash;
  }
  if (entry.header.epoch == origin.epoch) {
    while (origin.under_way.size() > origin.last.value() - last) origin.under_way.pop_front();
  }
  Origin row;
  row.epoch = entry.header.epoch;
  row.last = Number(last);
  row.last_hash = entry.messages.back().hash;
  row.closed = origin.closed;
  writes.push_back({kMeta, "O" + entry.header.agency.value(), encode(row)});

  for (std::uint16_t i = 0; i < entry.messages.size(); ++i) {
    const auto& message = entry.messages[i];
    if (message.refused != Code::ok) continue;
    for (const auto& addressee : message.header.addressees) {
      const auto number = message.header.id.number.value();
      auto& previous = origin.previous[addressee.agency];
      if (message.header.id.epoch == origin.epoch) previous = std::max(previous, number);
      std::string key = "P";
      append_s8(key, entry.header.agency.value());
      append_s8(key, addressee.agency.value());
      std::string value;
      append_u32(value, message.header.id.epoch.value());
      append_u64(value, number);
      writes.push_back({kMeta, std::move(key), std::move(value)});
    }
    const bool incident = message.header.type == kIncident && entry.header.agency == registry_.genesis().hub;
    if (!incident && !Policy::is_broadcast(message.header.type)) continue;
    if (auto folded = fold_act(entry, i, writes); !folded) return folded;
  }
  return {};
}

Result<void> HubLog::fold_act(const CommittedEntry& entry, std::uint16_t index, std::vector<StoreWrite>& writes) {
  const auto& header = entry.messages[index].header;
  const auto messages = codec::parse_run(entry.run());
  if (!messages) return messages.error();
  const auto& sections = (*messages)[index].sections;
  if (sections.empty()) return fail(Code::corrupt, "log: an operators' act without C0");
  auto opened = evidence::open_clear(sections.front().bytes);
  if (!opened) return opened.error();
  if (header.type != kIncident) {
    if (auto applied = registry_.apply(header, opened->plaintext); !applied) return applied;
    if (registry_.started()) generation_ = std::max(generation_, registry_.genesis().generation);
    return {};
  }
  auto plain = codec::split_plain(opened->plaintext);
  if (!plain) return plain.error();
  const Bytes aligned = copy(plain->body);
  flatbuffers::Verifier verifier(aligned.data(), aligned.size(), 16, 4096);
  if (!verifier.VerifyBuffer<msg::Incident>(nullptr)) return fail(Code::corrupt, "log: incident");
  const auto* incident = flatbuffers::GetRoot<msg::Incident>(aligned.data());
  if (incident->kind() != msg::IncidentKind::fork || incident->agency() == nullptr) return {};
  const AgencyId agency(incident->agency()->str());
  auto& origin = origins_[agency];
  if (origin.epoch.value() != incident->epoch()) return {};
  origin.closed = true;
  writes.push_back({kMeta, "O" + agency.value(), encode(origin)});
  return {};
}

void HubLog::write_blocks(const std::vector<EntryPtr>& batch, std::vector<StoreWrite>& writes) const {
  std::string block;
  std::uint64_t first = 0;
  const auto close = [&] {
    for (std::size_t part = 0; part * kBlockBytesMax < block.size(); ++part) {
      writes.push_back({kEntries, block_key(first, static_cast<std::uint16_t>(part)),
                        block.substr(part * kBlockBytesMax, kBlockBytesMax)});
    }
    block.clear();
  };
  for (const auto& entry : batch) {
    if (!block.empty() && block.size() + entry->stored.size() > kBlockBytesMax) close();
    if (block.empty()) first = entry->number;
    block += chars(entry->stored);
  }
  close();
}

Result<void> HubLog::apply(const std::vector<EntryPtr>& batch) {
  std::vector<StoreWrite> writes;
  for (const auto& entry : batch) {
    check(entry->number == applied_, "log: entries are applied in order, without gaps");
    std::map<AgencyId, std::string> rows;
    for (std::uint16_t i = 0; i < entry->messages.size(); ++i) {
      const auto& message = entry->messages[i];
      if (message.refused == Code::ok) ++messages_total_;
      for (const auto& recipient : message.recipients) {
        auto& row = rows[recipient];
        if (row.empty()) append_s8(row, entry->header.agency.value());
        append_u16(row, i);
        row += chars(message.hash);
      }
    }
    for (auto& [recipient, row] : rows) writes.push_back({kInbox, inbox_key(recipient, entry->number), std::move(row)});
    std::string key = origins_prefix(entry->header.agency, entry->header.epoch);
    append_u64(key, entry->header.first.value());
    std::string value;
    append_u64(value, entry->number);
    append_u16(value, entry->header.count);
    writes.push_back({kOrigins, std::move(key), std::move(value)});
    if (auto folded = fold(*entry, writes); !folded) return folded;
    ++applied_;
    last_time_ = entry->part.time;
    recent_[entry->number] = entry;
    recent_bytes_ += entry->stored.size();
  }
  write_blocks(batch, writes);
  for (auto& tile : full_tiles_) writes.push_back({kTiles, tile_key(tile.level, tile.index), string_of(tile.hashes)});
  full_tiles_.clear();
  for (const auto& agency : dirty_cursors_) writes.push_back({kCursors, "C" + agency.value(), key_u64(cursor_hints_[agency])});
  dirty_cursors_.clear();
  auto root = tree_->root_at(applied_);
  if (!root) return root.error();
  Bytes mark;
  Writer w(mark);
  w.u64(applied_);
  w.bytes(*root);
  w.i64(last_time_);
  w.u64(messages_total_);
  w.u32(generation_);
  writes.push_back({kMeta, std::string(kMarkKey), string_of(mark)});
  while (recent_bytes_ > kRecentBytesMax && !recent_.empty()) {
    recent_bytes_ -= recent_.begin()->second->stored.size();
    recent_.erase(recent_.begin());
  }
  return store_.write(writes, Durability::buffered);
}

Result<void> HubLog::save_edge() {
  // Only an edge of exactly the applied entries may be stored: the tree can be one batch ahead.
  if (tree_->size() != applied_) return {};
  return store_.write({{kMeta, std::string(kEdgeKey), string_of(tree_->save_edge())}}, Durability::buffered);
}

Result<Bytes> HubLog::read_stored(std::uint64_t entry) const {
  if (const auto at = recent_.find(entry); at != recent_.end()) return at->second->stored;
  if (entry >= applied_) return fail(Code::not_found, "entry " + std::to_string(entry));
  auto row = store_.at_or_before(kEntries, block_key(entry, 0xffff));
  if (!row) return row.error();
  if (!*row || (**row).first.size() != 10) return fail(Code::corrupt, "store: no block holds entry " + std::to_string(entry));
  const std::uint64_t first = read_u64((**row).first, 0);
  std::string block = std::move((**row).second);
  if ((**row).first.substr(8) != std::string_view("\0\0", 2)) {
    block.clear();
    auto scanned = store_.scan(kEntries, block_key(first, 0), block_key(first + 1, 0), [&](std::string_view, std::string_view part) {
      block += part;
      return true;
    });
    if (!scanned) return scanned.error();
  }
  ByteView rest = view(block);
  for (std::uint64_t at = first;; ++at) {
    auto stored = codec::parse_stored_entry(rest);
    if (!stored) return fail(Code::corrupt, "store: entry " + std::to_string(at) + ": " + stored.error().detail);
    if (at == entry) return copy(stored->whole);
    rest = rest.subspan(stored->whole.size());
  }
}

Result<EntryPtr> HubLog::read_entry(std::uint64_t number) const {
  if (const auto at = recent_.find(number); at != recent_.end()) return at->second;
  auto stored = read_stored(number);
  if (!stored) return stored.error();
  auto entry = parse(*stored);
  if (entry && (*entry)->number != number) return fail(Code::corrupt, "store: entry " + std::to_string(number) + " says it is another");
  return entry;
}

Result<std::vector<std::uint64_t>> HubLog::entries_of(const AgencyId& agency, Epoch epoch, std::uint64_t first, std::uint64_t last) const {
  std::vector<std::uint64_t> out;
  const auto prefix = origins_prefix(agency, epoch);
  std::string from = prefix;
  append_u64(from, first);
  auto before = store_.at_or_before(kOrigins, from);
  if (!before) return before.error();
  if (*before && (**before).first.starts_with(prefix)) from = (**before).first;
  auto scanned = store_.scan(kOrigins, from, after_prefix(prefix), [&](std::string_view key, std::string_view value) {
    const auto row_first = read_u64(key, key.size() - 8);
    if (row_first > last) return false;
    Reader r(view(value));
    const auto entry = r.u64();
    if (row_first + r.u16() > first) out.push_back(entry);
    return true;
  });
  if (!scanned) return scanned.error();
  return out;
}

Result<HubLog::InboxPage> HubLog::inbox(const AgencyId& agency, std::uint64_t from, std::size_t limit) const {
  InboxPage page;
  std::vector<InboxRow> rows;
  const auto take = [&](const AgencyId& name) {
    std::size_t taken = 0;
    return store_.scan(kInbox, inbox_key(name, from), after_prefix(inbox_prefix(name)), [&](std::string_view key, std::string_view value) {
      InboxRow row;
      row.entry = read_u64(key, key.size() - 8);
      Reader r(view(value));
      row.sender = AgencyId(std::string(r.s8()));
      while (r.left() > 0 && r.ok()) {
        const auto index = r.u16();
        row.messages.emplace_back(index, r.hash());
      }
      if (++taken >= limit) page.next = std::min(page.next.value_or(row.entry + 1), row.entry + 1);
      rows.push_back(std::move(row));
      return taken < limit;
    });
  };
  if (auto scanned = take(agency); !scanned) return scanned.error();
  if (auto scanned = take(AgencyId(kEveryone)); !scanned) return scanned.error();
  std::sort(rows.begin(), rows.end(), [](const InboxRow& a, const InboxRow& b) { return a.entry < b.entry; });
  for (auto& row : rows) {
    if (row.sender == agency || (page.next && row.entry >= *page.next)) continue;
    // An entry may hold both broadcasts and messages to this agency: one row.
    if (!page.rows.empty() && page.rows.back().entry == row.entry) {
      auto& messages = page.rows.back().messages;
      messages.insert(messages.end(), row.messages.begin(), row.messages.end());
      std::sort(messages.begin(), messages.end());
    } else {
      page.rows.push_back(std::move(row));
    }
  }
  return page;
}

const DeliveredState& HubLog::delivered(const AgencyId& agency) const {
  static const DeliveredState kNone{};
  const auto at = delivered_.find(agency);
  return at == delivered_.end() ? kNone : at->second;
}

Result<DeliveredState> HubLog::due(const AgencyId& agency, std::uint64_t through) const {
  DeliveredState state = delivered(agency);
  constexpr std::size_t kRowsAtOnce = 1024;
  for (std::uint64_t from = state.next >> 16;;) {
    auto page = inbox(agency, from, kRowsAtOnce);
    if (!page) return page.error();
    for (const auto& row : page->rows) {
      for (const auto& [index, hash] : row.messages) {
        const Position position{row.entry, index};
        if (position.packed() < state.next || position.packed() > through) continue;
        state.chain = evidence::extend_delivered(state.chain, position, hash);
        ++state.count;
      }
    }
    if (!page->next || *page->next > through >> 16) break;
    from = *page->next;
  }
  state.next = std::max(state.next, through + 1);
  return state;
}

Result<void> HubLog::set_delivered(const AgencyId& agency, const DeliveredState& state) {
  delivered_[agency] = state;
  return store_.write({{kCursors, "D" + agency.value(), encode(state)}}, Durability::buffered);
}

std::uint64_t HubLog::cursor_hint(const AgencyId& agency) const {
  const auto at = cursor_hints_.find(agency);
  return at == cursor_hints_.end() ? ~std::uint64_t{0} : at->second;
}

void HubLog::set_cursor_hint(const AgencyId& agency, std::uint64_t after) {
  cursor_hints_[agency] = after;
  dirty_cursors_.insert(agency);
}

}  // namespace lianxi::hub
