#include "hub/delivery/delivery.h"

#include <algorithm>

namespace lianxi::hub {

namespace {

constexpr std::size_t kEntryFrameOverhead = 1024;  // Headers, path and tables of one delivered entry.

}  // namespace

void Delivery::subscribe(const AgencyId& agency, std::uint64_t after, std::uint32_t messages, std::uint32_t bytes) {
  // 2^64 - 1 wraps to 0: from the beginning.
  streams_[agency] = {after + 1, std::min(messages, kCreditMessagesMax), std::min(bytes, kCreditBytesMax), std::nullopt, 0};
}

void Delivery::unsubscribe(const AgencyId& agency) { streams_.erase(agency); }

void Delivery::credit(const AgencyId& agency, std::uint32_t messages, std::uint32_t bytes) {
  const auto at = streams_.find(agency);
  if (at == streams_.end()) return;
  at->second.messages = std::min<std::int64_t>(at->second.messages + messages, kCreditMessagesMax);
  at->second.bytes = std::min<std::int64_t>(at->second.bytes + bytes, kCreditBytesMax);
}

std::vector<AgencyId> Delivery::subscribers() const {
  std::vector<AgencyId> out;
  for (const auto& [agency, stream] : streams_) out.push_back(agency);
  return out;
}

bool Delivery::receives(const CommittedMessage& message, const AgencyId& agency, const AgencyId& sender) const {
  if (message.refused != Code::ok || sender == agency) return false;
  return policy::Policy::is_broadcast(message.header.type) || log_.registry().policy().delivered_to(message.header, agency);
}

// The inbox rows from entry `from` on: those read for the frame before, as long as they last. The index of the first in stream.page.
Result<std::size_t> Delivery::rows_from(const AgencyId& agency, Stream& stream, std::uint64_t from) const {
  if (stream.page && !stream.page->rows.empty() && from <= stream.page->rows.back().entry && stream.page_from <= from) {
    const auto at = std::lower_bound(stream.page->rows.begin(), stream.page->rows.end(), from,
                                     [](const InboxRow& row, std::uint64_t entry) { return row.entry < entry; });
    return static_cast<std::size_t>(at - stream.page->rows.begin());
  }
  auto page = log_.inbox(agency, from, kCatchUpRowsMax);
  if (!page) return page.error();
  stream.page = std::move(*page);
  stream.page_from = from;
  return std::size_t{0};
}

// What comes next for this subscriber. Who keeps up is served from memory; who is behind reads inbox rows, bounded.
Result<std::vector<Delivery::Piece>> Delivery::gather(const AgencyId& agency, Stream& stream) const {
  std::vector<Piece> pieces;
  const std::uint64_t durable = commit_.durable();
  std::int64_t messages = std::min<std::int64_t>(stream.messages, kDeliverMessagesMax);
  std::int64_t bytes = std::min<std::int64_t>(stream.bytes, kDeliverBytesMax);
  // Takes those messages of an entry that lie at or after stream.next. False: the frame is full.
  const auto take = [&](EntryPtr entry, const std::vector<std::uint16_t>& indices) {
    Piece piece;
    std::int64_t cost = kEntryFrameOverhead + 32 * static_cast<std::int64_t>(entry->messages.size());
    bool whole = true;
    for (const auto index : indices) {
      if (Position{entry->number, index}.packed() < stream.next) continue;
      const auto size = static_cast<std::int64_t>(entry->messages[index].bytes);
      const bool first = pieces.empty() && piece.indices.empty();
      if (!first && (messages < 1 || bytes < cost + size)) {
        whole = false;
        break;
      }
      piece.indices.push_back(index);
      cost += size;
      --messages;
    }
    if (!piece.indices.empty()) {
      bytes -= cost;
      stream.next = Position{entry->number, piece.indices.back()}.packed() + 1;
      piece.entry = std::move(entry);
      pieces.push_back(std::move(piece));
    }
    return whole;
  };

  while (stream.next >> 16 < durable && messages > 0 && bytes > 0) {
    const std::uint64_t from = stream.next >> 16;
    if (const auto* recent = log_.recent_from(from); recent != nullptr) {
      for (auto at = recent->lower_bound(from); at != recent->end() && messages > 0 && bytes > 0; ++at) {
        std::vector<std::uint16_t> indices;
        for (std::uint16_t i = 0; i < at->second->messages.size(); ++i) {
          const auto& recipients = at->second->messages[i].recipients;
          const bool named = std::any_of(recipients.begin(), recipients.end(), [&](const AgencyId& recipient) {
            return recipient == agency || recipient.value() == kEveryone;
          });
          if (named && at->second->header.agency != agency) indices.push_back(i);
        }
        if (!indices.empty() && !take(at->second, indices)) return pieces;
        stream.next = std::max(stream.next, Position{at->first + 1, 0}.packed());
      }
      break;
    }
    auto read = rows_from(agency, stream, from);
    if (!read) return read.error();
    const auto& page = stream.page;
    for (auto at = *read; at < page->rows.size(); ++at) {
      if (messages <= 0 || bytes <= 0) return pieces;
      const auto& row = page->rows[at];
      auto entry = log_.read_entry(row.entry);
      if (!entry) return entry.error();
      std::vector<std::uint16_t> indices;
      for (const auto& [index, hash] : row.messages) indices.push_back(index);
      if (!take(*entry, indices)) return pieces;
      stream.next = std::max(stream.next, Position{row.entry + 1, 0}.packed());
    }
    if (!page->next) {
      stream.next = std::max(stream.next, Position{durable, 0}.packed());
      break;
    }
    stream.next = std::max(stream.next, Position{*page->next, 0}.packed());
    if (!pieces.empty()) break;
  }
  return pieces;
}

Result<flatbuffers::Offset<wire::DeliveredEntry>> Delivery::build(flatbuffers::FlatBufferBuilder& builder, const AgencyId& agency,
                                                                  const Piece& piece, std::uint64_t size, Bytes& payload) const {
  const auto& entry = *piece.entry;
  const auto stored = codec::parse_stored_entry(entry.stored);
  if (!stored) return stored.error();
  const auto run = codec::parse_run(stored->run);
  if (!run) return run.error();
  const std::size_t before = payload.size();
  Bytes others;
  std::size_t at = 0;
  for (std::uint16_t i = 0; i < entry.messages.size(); ++i) {
    if (at == piece.indices.size() || piece.indices[at] != i) {
      others.insert(others.end(), entry.messages[i].hash.begin(), entry.messages[i].hash.end());
      continue;
    }
    ++at;
    const auto groups = log_.registry().policy().entitled(entry.messages[i].header, agency);
    std::vector<bool> keep(codec::kGroupsMax + 1);
    for (std::size_t g = 0; g < keep.size(); ++g) keep[g] = groups.test(g);
    codec::append_filtered(payload, (*run)[i], keep);
  }
  auto path = log_.inclusion(entry.number, size);
  if (!path) return path.error();
  Bytes hashes;
  for (const auto& hash : *path) hashes.insert(hashes.end(), hash.begin(), hash.end());
  const auto bytes = [&](ByteView v) { return builder.CreateVector(v.data(), v.size()); };
  const auto header = bytes(stored->entry_header);
  const auto signature = bytes(stored->signature);
  const auto hub_part = bytes(stored->hub_part);
  const auto path_bytes = bytes(hashes);
  const auto indices = builder.CreateVector(piece.indices);
  const auto other_bytes = bytes(others);
  return wire::CreateDeliveredEntry(builder, header, signature, hub_part, path_bytes,
                                    static_cast<std::uint32_t>(payload.size() - before), indices, other_bytes);
}

Result<std::optional<Outgoing>> Delivery::next(const AgencyId& agency) {
  const auto at = streams_.find(agency);
  if (at == streams_.end() || at->second.messages <= 0 || at->second.bytes <= 0) return std::optional<Outgoing>();
  auto& stream = at->second;
  auto pieces = gather(agency, stream);
  if (!pieces) return pieces.error();
  if (pieces->empty()) return std::optional<Outgoing>();
  const auto& newest = commit_.newest();
  flatbuffers::FlatBufferBuilder builder;
  Outgoing out;
  std::vector<flatbuffers::Offset<wire::DeliveredEntry>> rows;
  std::uint32_t messages = 0;
  for (const auto& piece : *pieces) {
    auto row = build(builder, agency, piece, newest.size, out.payload);
    if (!row) return row.error();
    rows.push_back(*row);
    messages += static_cast<std::uint32_t>(piece.indices.size());
  }
  const auto entries = builder.CreateVector(rows);
  const auto note = builder.CreateString(newest.note);
  const auto body = wire::CreateDeliver(builder, entries, newest.size, note, newest.size, messages);
  out.frame = finish(builder, 0, wire::Body::Deliver, body.Union());
  stream.messages -= messages;
  stream.bytes -= static_cast<std::int64_t>(out.payload.size());  // What docs/protocol.md says that the agent gives back.
  return std::optional<Outgoing>(std::move(out));
}

Result<Outgoing> Delivery::fetch(const AgencyId& agency, std::uint64_t request, const wire::Fetch& wanted) const {
  Piece piece;
  std::optional<std::uint64_t> number;
  std::optional<std::uint16_t> index;
  if (wanted.by_number()) {
    const AgencyId sender(string_of(wanted.agency()));
    auto entries = log_.entries_of(sender, Epoch(wanted.epoch()), wanted.number(), wanted.number());
    if (!entries) return entries.error();
    if (!entries->empty()) number = entries->front();
  } else {
    const auto position = Position::unpack(wanted.position());
    number = position.entry;
    index = position.index;
  }
  Outgoing out;
  flatbuffers::FlatBufferBuilder builder;
  flatbuffers::Offset<wire::DeliveredEntry> row;
  const auto& newest = commit_.newest();
  if (number && *number < commit_.durable()) {
    auto entry = log_.read_entry(*number);
    if (!entry) return entry.error();
    piece.entry = *entry;
    for (std::uint16_t i = 0; i < piece.entry->messages.size(); ++i) {
      const auto& message = piece.entry->messages[i];
      const bool own = piece.entry->header.agency == agency && message.refused == Code::ok;
      if (index && *index != i) continue;
      if (wanted.by_number() && !own && piece.entry->header.first.value() + i != wanted.number()) continue;
      if (own || receives(message, agency, piece.entry->header.agency)) piece.indices.push_back(i);
    }
    if (!piece.indices.empty()) {
      auto built = build(builder, agency, piece, newest.size, out.payload);
      if (!built) return built.error();
      row = *built;
    }
  }
  const auto note = builder.CreateString(newest.note);
  const auto body = wire::CreateFetched(builder, !piece.indices.empty(), row, newest.size, note);
  out.frame = finish(builder, request, wire::Body::Fetched, body.Union());
  return out;
}

}  // namespace lianxi::hub
