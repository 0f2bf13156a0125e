#include "tests/unit/agent/fake_hub.h"

#include "agents/runtime/wire.h"
#include "schemas/codec/stored_entry.h"
#include "schemas/evidence/tree.h"

namespace lianxi::agent::test {

namespace {

constexpr Instant kTime = 1735689600000;

template <class T>
Bytes finish(flatbuffers::FlatBufferBuilder& builder, std::uint64_t request, wire::Body kind, flatbuffers::Offset<T> body) {
  builder.Finish(wire::CreateFrame(builder, kProtocolVersion, request, kind, body.Union()));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

// The Merkle path by the definition of RFC 6962, 2.1.1: independent of the tree under test.
void path_to(std::span<const Hash> leaves, std::uint64_t index, std::vector<Hash>& out) {
  if (leaves.size() <= 1) return;
  std::size_t left = 1;
  while (left * 2 < leaves.size()) left *= 2;
  if (index < left) {
    path_to(leaves.first(left), index, out);
    out.push_back(evidence::root_of(leaves.subspan(left)));
  } else {
    path_to(leaves.subspan(left), index - left, out);
    out.push_back(evidence::root_of(leaves.first(left)));
  }
}

}  // namespace

FakeHub::FakeHub(Entropy& entropy) : county_(entropy, evidence::suite1(), {.agencies = {kLand, kPolice, "430922-PROC"}}) {
  log(county_.hub().value(), {county_.genesis()});
  log(county_.hub().value(), county_.enrolments());
}

HubCard FakeHub::card() const {
  const auto& facts = county_.registry().genesis();
  HubCard card;
  card.log_id = county_.log_id();
  card.genesis_leaf = leaves_.front();
  card.checkpoint_key = facts.checkpoint_key;
  card.curve_key = facts.curve_key;
  card.operators = facts.operators;
  return card;
}

AgencyKeys FakeHub::keys(const std::string& agency) const {
  const auto& keys = county_.keys(agency);
  AgencyKeys out;
  out.agency = keys.agency;
  out.signing_secret = keys.signing;
  for (const auto& seat : keys.seats) out.seats.push_back({seat.seat, seat.sealing});
  return out;
}

std::uint64_t FakeHub::log(Bytes entry_header, const Signature& signature, Bytes run, std::vector<evidence::Refused> refused) {
  const auto number = entries_.size();
  evidence::HubPart part;
  part.generation = 1;
  part.entry = number;
  part.time = kTime + static_cast<Instant>(number) * 1000;
  part.registry_serial = number == 0 ? 0 : county_.enrolments().size();
  part.refused = std::move(refused);
  LoggedEntry entry{std::move(entry_header), signature, evidence::encode(part), std::move(run), {}};
  const auto messages = codec::parse_run(entry.run);
  check(messages.has_value(), "fake hub: run");
  for (const auto& message : *messages) entry.leaves.push_back(evidence::message_hash(message.header));
  leaves_.push_back(evidence::leaf_hash(entry.entry_header, entry.signature, entry.hub_part));
  entries_.push_back(std::move(entry));
  return number;
}

std::uint64_t FakeHub::log(const std::string& sender, const std::vector<policy::Composed>& messages) {
  auto entry = county_.entry(sender, messages);
  return log(std::move(entry.header), entry.signature, std::move(entry.run));
}

std::string FakeHub::note() const {
  const auto origin = evidence::origin_line(county_.log_id(), 1, county_.registry().genesis().demo);
  return evidence::sign_checkpoint(county_.suite(), county_.hub_keys().checkpoint,
                                   {origin, leaves_.size(), evidence::root_of(leaves_)});
}

std::vector<Hash> FakeHub::path(std::uint64_t entry) const {
  std::vector<Hash> out;
  path_to(leaves_, entry, out);
  return out;
}

Bytes FakeHub::welcome(std::uint64_t last_number, ByteView last_hash, std::uint32_t epoch) const {
  flatbuffers::FlatBufferBuilder builder;
  const auto& first = entries_.front();
  Bytes stored;
  codec::append_stored_entry(stored, first.entry_header, first.signature, first.hub_part, first.run);
  const auto receipt =
      evidence::encode(evidence::Receipt{first.entry_header, first.signature, first.hub_part, leaves_.size(), path(0), note()});
  const std::vector<std::uint8_t> hash(last_hash.begin(), last_hash.end());
  const auto origin = evidence::origin_line(county_.log_id(), 1, county_.registry().genesis().demo);
  return finish(builder, 0, wire::Body::Welcome,
                wire::CreateWelcomeDirect(builder, origin.c_str(), 1, &stored, &receipt, epoch, last_number, &hash, 16, 1 << 20,
                                          county_.enrolments().size(), leaves_.size(), note().c_str(), 0, kTime, true));
}

Bytes FakeHub::receipts(std::uint64_t request, std::vector<std::uint64_t> entries) const {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<wire::ReceiptBytes>> rows;
  for (const auto number : entries) {
    const auto& entry = entries_.at(number);
    const auto bytes = evidence::encode(
        evidence::Receipt{entry.entry_header, entry.signature, entry.hub_part, leaves_.size(), path(number), note()});
    rows.push_back(wire::CreateReceiptBytesDirect(builder, &bytes));
  }
  return finish(builder, request, wire::Body::ReceiptFrame, wire::CreateReceiptFrameDirect(builder, &rows));
}

Bytes FakeHub::refusal(std::uint64_t request, Code code, std::uint64_t expected, bool retry) const {
  flatbuffers::FlatBufferBuilder builder;
  return finish(builder, request, wire::Body::Refusal,
                wire::CreateRefusalDirect(builder, static_cast<std::uint16_t>(code), "", "", "", expected, retry));
}

Bytes FakeHub::busy(std::uint64_t request, std::uint32_t retry_after_ms) const {
  flatbuffers::FlatBufferBuilder builder;
  return finish(builder, request, wire::Body::Busy,
                wire::CreateBusy(builder, static_cast<std::uint16_t>(Code::overloaded), retry_after_ms));
}

Bytes FakeHub::chunk(std::uint64_t request, const Hash& digest, bool stored) const {
  flatbuffers::FlatBufferBuilder builder;
  const std::vector<std::uint8_t> bytes(digest.begin(), digest.end());
  return finish(builder, request, wire::Body::Chunk, wire::CreateChunkDirect(builder, &bytes, stored));
}

Bytes FakeHub::view(const std::string& agency, Position through) const {
  flatbuffers::FlatBufferBuilder builder;
  Bytes bytes;
  Writer w(bytes);
  w.u64(through.packed());
  w.s8(agency);
  return finish(builder, 0, wire::Body::View, wire::CreateViewDirect(builder, &bytes));
}

FakeHub::Delivery FakeHub::deliver(const std::vector<std::uint64_t>& entries, Lie lie) const {
  flatbuffers::FlatBufferBuilder builder;
  Delivery out;
  std::vector<flatbuffers::Offset<wire::DeliveredEntry>> rows;
  std::uint32_t messages = 0;
  for (const auto number : entries) {
    const auto& entry = entries_.at(number);
    const auto part = evidence::parse_hub_part(entry.hub_part);
    const auto views = codec::parse_run(entry.run);
    std::vector<std::uint16_t> indices;
    Bytes run, others;
    for (std::uint16_t i = 0; i < views->size(); ++i) {
      bool refused = false;
      for (const auto& one : part->refused) refused = refused || one.index == i;
      const bool withheld = lie.withhold && number == entries.back() && i + 1u == views->size();
      if (refused) others.insert(others.end(), entry.leaves[i].begin(), entry.leaves[i].end());
      if (refused || withheld) continue;
      indices.push_back(i);
      run.insert(run.end(), (*views)[i].whole.begin(), (*views)[i].whole.end());
    }
    Bytes path_bytes;
    for (const auto& hash : path(number)) path_bytes.insert(path_bytes.end(), hash.begin(), hash.end());
    Bytes signature(entry.signature.begin(), entry.signature.end());
    if (lie.signature) signature[5] ^= 1;
    if (lie.path) path_bytes[5] ^= 1;
    if (lie.body) run[run.size() - 3] ^= 1;
    messages += static_cast<std::uint32_t>(indices.size());
    rows.push_back(wire::CreateDeliveredEntryDirect(builder, &entry.entry_header, &signature, &entry.hub_part, &path_bytes,
                                                    static_cast<std::uint32_t>(run.size()), &indices, &others));
    out.payload.insert(out.payload.end(), run.begin(), run.end());
  }
  auto signed_note = note();
  if (lie.note) signed_note[signed_note.size() - 20] = signed_note[signed_note.size() - 20] == 'A' ? 'B' : 'A';
  out.frame = finish(builder, 0, wire::Body::Deliver,
                     wire::CreateDeliverDirect(builder, &rows, leaves_.size(), signed_note.c_str(), leaves_.size(), messages));
  return out;
}

}  // namespace lianxi::agent::test
