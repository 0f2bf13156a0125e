#include "agents/runtime/delivery.h"

#include <algorithm>

#include "schemas/evidence/tree.h"

namespace lianxi::agent {

namespace {

Error wrong(std::string what) { return fail(Code::verification_failed, "delivery: " + std::move(what)); }

void write_hashes(Writer& w, const std::vector<Hash>& hashes) {
  w.u16(static_cast<std::uint16_t>(hashes.size()));
  for (const auto& hash : hashes) w.bytes(hash);
}

std::vector<Hash> read_hashes(Reader& r, std::size_t count) {
  std::vector<Hash> hashes;
  for (std::size_t i = 0; i < count && r.ok(); ++i) hashes.push_back(r.hash());
  return hashes;
}

Result<std::vector<Hash>> split_hashes(ByteView bytes, const char* what) {
  if (bytes.size() % 32 != 0) return wrong(what);
  Reader r(bytes);
  return read_hashes(r, bytes.size() / 32);
}

// Clear sections by their commitment, sealed ones by the digest of their bytes: a hub that changes either is seen at once.
Result<void> check_sections(const Hash& log_id, const codec::MessageView& message, const codec::MessageHeader& header) {
  if (message.sections.size() != header.sections.size()) return wrong("section list of " + to_string(header.id));
  for (std::size_t i = 0; i < message.sections.size(); ++i) {
    const auto& section = message.sections[i];
    const auto& info = header.sections[i];
    if (section.group != info.group) return wrong("section order of " + to_string(header.id));
    if (section.withheld) continue;
    if (!codec::is_clear(section.group)) {
      if (evidence::sha256(section.bytes) != info.ciphertext) return wrong("sealed section of " + to_string(header.id));
      continue;
    }
    const auto opened = evidence::open_clear(section.bytes);
    if (!opened) return wrong("clear section of " + to_string(header.id));
    const auto context = evidence::section_context(log_id, header.id, section.group);
    if (evidence::commitment(context, opened->salt, opened->plaintext) != info.commitment) {
      return wrong("commitment in " + to_string(header.id));
    }
  }
  return {};
}

// A wrap whose digest the header does not list was changed on its way; one that is absent was withheld or destroyed.
Result<void> check_wraps(const codec::MessageView& message, const codec::MessageHeader& header) {
  for (const auto& wrap : message.wraps) {
    const auto info = std::ranges::find(header.sections, wrap.group, &codec::SectionInfo::group);
    if (info == header.sections.end() || std::ranges::find(info->wraps, evidence::sha256(wrap.bytes)) == info->wraps.end()) {
      return wrong("wrap in " + to_string(header.id));
    }
  }
  return {};
}

Result<DeliveredMessage> open_message(const State& state, const DeliveredEntry& entry, std::uint16_t index,
                                      const codec::MessageView& view) {
  if (view.left_out) return wrong("a message is left out of the run");
  auto header = codec::parse_header(view.header);
  if (!header) return wrong("message header: " + header.error().detail);
  const MessageId expected{entry.header.agency, entry.header.epoch, Number(entry.header.first.value() + index)};
  if (header->id != expected)
    return wrong("message " + to_string(header->id) + " stands where " + to_string(expected) + " belongs");
  if (auto sections = check_sections(state.options.hub.log_id, view, *header); !sections) return sections.error();
  if (auto wraps = check_wraps(view, *header); !wraps) return wraps.error();
  return DeliveredMessage{{entry.hub_part.entry, index}, view, *std::move(header), evidence::message_hash(view.header)};
}

// The hashes of all messages of the entry: delivered ones computed, the others as the hub names them.
Result<std::vector<Hash>> leaves_of(const DeliveredEntry& entry, ByteView others) {
  const auto rest = split_hashes(others, "others");
  if (!rest) return rest.error();
  if (rest->size() + entry.messages.size() != entry.header.count) return wrong("not every message of the entry is accounted for");
  std::vector<Hash> leaves;
  auto delivered = entry.messages.begin();
  auto other = rest->begin();
  for (std::uint16_t i = 0; i < entry.header.count; ++i) {
    if (delivered != entry.messages.end() && delivered->position.index == i)
      leaves.push_back((delivered++)->hash);
    else if (other != rest->end())
      leaves.push_back(*other++);
    else
      return wrong("indices");
  }
  return leaves;
}

Result<void> open_messages(const State& state, DeliveredEntry& entry, const wire::DeliveredEntry& frame, ByteView run) {
  const auto messages = codec::parse_run(run);
  if (!messages) return wrong("payload: " + messages.error().detail);
  const auto count = frame.indices() == nullptr ? 0 : frame.indices()->size();
  if (count != messages->size()) return wrong("indices and messages differ in number");
  for (flatbuffers::uoffset_t i = 0; i < count; ++i) {
    const auto index = frame.indices()->Get(i);
    if (index >= entry.header.count || (i > 0 && index <= frame.indices()->Get(i - 1))) return wrong("indices");
    for (const auto& refused : entry.hub_part.refused) {
      if (refused.index == index) return wrong("a refused message was delivered");
    }
    auto message = open_message(state, entry, index, (*messages)[i]);
    if (!message) return message.error();
    entry.messages.push_back(*std::move(message));
  }
  return {};
}

}  // namespace

Bytes encode(const EntryProof& proof) {
  Bytes row;
  Writer w(row);
  w.u16(static_cast<std::uint16_t>(proof.entry_header.size()));
  w.bytes(proof.entry_header);
  w.bytes(proof.signature);
  w.u16(static_cast<std::uint16_t>(proof.hub_part.size()));
  w.bytes(proof.hub_part);
  w.u64(proof.size);
  write_hashes(w, proof.path);
  write_hashes(w, proof.leaves);
  return row;
}

Result<EntryProof> parse_entry_proof(ByteView row) {
  Reader r(row);
  EntryProof proof;
  proof.entry_header = copy(r.bytes(r.u16()));
  proof.signature = r.array<64>();
  proof.hub_part = copy(r.bytes(r.u16()));
  proof.size = r.u64();
  proof.path = read_hashes(r, r.u16());
  proof.leaves = read_hashes(r, r.u16());
  if (!r.done()) return fail(Code::corrupt, "agent store: entry proof");
  return proof;
}

Result<DeliveredEntry> open_delivered(const State& state, const policy::Registry& registry, const wire::DeliveredEntry& frame,
                                      ByteView run, const evidence::Checkpoint& checkpoint) {
  const auto entry_header = view_of(frame.entry_header());
  const auto hub_part = view_of(frame.hub_part());
  const auto signature = array_from<64>(view_of(frame.signature()));
  auto header = evidence::parse_entry_header(entry_header);
  auto part = evidence::parse_hub_part(hub_part);
  auto path = split_hashes(view_of(frame.path()), "path");
  if (!header || !part || !path || !signature) return wrong("entry is malformed");
  const auto name = "entry " + std::to_string(part->entry);
  if (header->log_id != state.options.hub.log_id || part->generation != registry.genesis().generation)
    return wrong(name + ": another log");

  const auto key = registry.signing_key(header->agency, header->key_id);
  if (!key) return wrong(name + ": the key of " + header->agency.value() + " is not in the registry");
  if (!state.edges.suite.verify(*key, entry_header, *signature)) return wrong(name + ": signature of " + header->agency.value());

  DeliveredEntry entry{*std::move(header), *std::move(part), {}, {}};
  if (auto opened = open_messages(state, entry, frame, run); !opened) return opened.error();
  auto leaves = leaves_of(entry, view_of(frame.others()));
  if (!leaves) return leaves.error();
  if (evidence::root_of(*leaves) != entry.header.batch_root) return wrong(name + ": batch root");
  const auto leaf = evidence::leaf_hash(entry_header, *signature, hub_part);
  if (!evidence::verify_inclusion(leaf, entry.hub_part.entry, checkpoint.size, *path, checkpoint.root))
    return wrong(name + ": path");
  entry.proof =
      encode(EntryProof{copy(entry_header), *signature, copy(hub_part), checkpoint.size, *std::move(path), *std::move(leaves)});
  return entry;
}

}  // namespace lianxi::agent
