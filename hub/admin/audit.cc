#include "hub/admin/audit.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lianxi::hub {

namespace {

Error wrong(std::uint64_t entry, const std::string& what) {
  return fail(Code::verification_failed, "entry " + std::to_string(entry) + ": " + what);
}

}  // namespace

Result<void> Audit::take(ByteView bytes) {
  rows_.clear();
  const auto number = leaves_.size();
  auto stored = codec::parse_stored_entry(bytes);
  if (!stored) return wrong(number, stored.error().detail);
  auto header = evidence::parse_entry_header(stored->entry_header);
  if (!header) return wrong(number, "entry header");
  auto part = evidence::parse_hub_part(stored->hub_part);
  if (!part) return wrong(number, "hub part");
  header_ = std::move(*header);
  part_ = std::move(*part);
  if (part_.entry != number) return wrong(number, "says that it is entry " + std::to_string(part_.entry));
  if (part_.time < last_time_) return wrong(number, "its time lies before that of the entry before it");
  last_time_ = part_.time;
  return check_entry(*stored);
}

Result<void> Audit::check_entry(const codec::StoredEntryView& stored) {
  const auto number = leaves_.size();
  auto run = codec::parse_run(stored.run);
  if (!run || run->size() != header_.count) return wrong(number, "messages");
  std::vector<Hash> hashes;
  std::size_t refused_at = 0;
  for (std::uint16_t i = 0; i < run->size(); ++i) {
    const auto& view = (*run)[i];
    Row row;
    if (refused_at < part_.refused.size() && part_.refused[refused_at].index == i) row.refused = part_.refused[refused_at++].code;
    if (view.left_out != (row.refused != Code::ok)) return wrong(number, "refused messages");
    row.hash = view.left_out ? view.hash : evidence::message_hash(view.header);
    if (!view.left_out) {
      auto message = codec::parse_header(view.header);
      if (!message) return wrong(number, "message header " + std::to_string(i));
      const MessageId expected{header_.agency, header_.epoch, Number(header_.first.value() + i)};
      if (message->id != expected) return wrong(number, "message " + std::to_string(i) + " is not " + to_string(expected));
      if (auto folded = fold(view, *message); !folded) return wrong(number, to_string(folded.error()));
      row.header = std::move(*message);
      ++messages_;
    }
    hashes.push_back(row.hash);
    rows_.push_back(std::move(row));
  }
  if (evidence::root_of(hashes) != header_.batch_root) return wrong(number, "batch root");
  auto& last = last_number_[{header_.agency, header_.epoch.value()}];
  if (header_.first.value() != last + 1) return wrong(number, "numbers of " + header_.agency.value() + " are not gapless");
  last += header_.count;
  const auto key = registry_.signing_key(header_.agency, header_.key_id);
  if (!key || !suite_.verify(*key, stored.entry_header, stored.signature)) return wrong(number, "signature of " + header_.agency.value());
  leaves_.push_back(evidence::leaf_hash(stored.entry_header, stored.signature, stored.hub_part));
  return {};
}

// Sections and wraps must fit what the header says of them (a wrap may be gone, not another); operators' acts build the registry that later signatures are checked against.
Result<void> Audit::fold(const codec::MessageView& view, const codec::MessageHeader& header) {
  for (const auto& wrap : view.wraps) {
    const auto digest = evidence::sha256(wrap.bytes);
    const bool named = std::any_of(header.sections.begin(), header.sections.end(), [&](const codec::SectionInfo& info) {
      return info.group == wrap.group && std::find(info.wraps.begin(), info.wraps.end(), digest) != info.wraps.end();
    });
    if (!named) return fail(Code::section_mismatch, "a wrap of " + std::string(codec::name(wrap.group)));
  }
  if (view.sections.size() != header.sections.size()) return fail(Code::section_list);
  for (std::size_t i = 0; i < view.sections.size(); ++i) {
    const auto& section = view.sections[i];
    if (section.group != header.sections[i].group) return fail(Code::section_list, std::string(codec::name(section.group)));
    if (!codec::is_clear(section.group)) {
      if (evidence::sha256(section.bytes) != header.sections[i].ciphertext) return fail(Code::section_mismatch, std::string(codec::name(section.group)));
      continue;
    }
    auto opened = evidence::open_clear(section.bytes);
    if (!opened) return opened.error();
    const auto context = evidence::section_context(header_.log_id, header.id, section.group);
    if (evidence::commitment(context, opened->salt, opened->plaintext) != header.sections[i].commitment) {
      return fail(Code::section_mismatch, std::string(codec::name(section.group)));
    }
    if (section.group == codec::Group::c0 && policy::Policy::is_broadcast(header.type)) {
      if (auto applied = registry_.apply(header, opened->plaintext); !applied) return applied;
    }
  }
  return {};
}

Result<void> Audit::finish(std::uint64_t size, const Hash& root, const std::string& note) const {
  if (size != leaves_.size()) return fail(Code::verification_failed, "the log says it has " + std::to_string(size) + " entries, read " + std::to_string(leaves_.size()));
  if (evidence::root_of(leaves_) != root) return fail(Code::verification_failed, "root of all entries");
  if (size == 0) return {};
  auto checkpoint = evidence::open_checkpoint(suite_, registry_.genesis().checkpoint_key, note);
  if (!checkpoint || checkpoint->size != size || checkpoint->root != root) return fail(Code::verification_failed, "checkpoint");
  return {};
}

std::vector<std::string> Audit::lines() const {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const auto& row = rows_[i];
    nlohmann::ordered_json line;
    line["position"] = to_string(Position{part_.entry, static_cast<std::uint16_t>(i)});
    line["id"] = to_string(MessageId{header_.agency, header_.epoch, Number(header_.first.value() + i)});
    line["sender"] = header_.agency.value();
    line["host"] = header_.host;
    line["time"] = to_rfc3339(part_.time);
    line["hash"] = hex(row.hash);
    if (row.refused != Code::ok) {
      line["refused"] = describe(row.refused).name;
    } else {
      line["type"] = row.header->type;
      if (const auto* type = codec::Catalogue::instance().by_code(row.header->type)) line["type_name"] = type->name;
      line["event_time"] = to_rfc3339(row.header->event_time);
      nlohmann::ordered_json to = nlohmann::ordered_json::array();
      for (const auto& addressee : row.header->addressees) {
        to.push_back({{"agency", addressee.agency.value()}, {"role", addressee.role == codec::Role::to ? "to" : "cc"}, {"previous", addressee.previous}});
      }
      line["to"] = std::move(to);
      nlohmann::ordered_json ids = nlohmann::ordered_json::object();
      for (const auto& id : row.header->ids) ids[id.kind] = id.value;
      line["ids"] = std::move(ids);
    }
    out.push_back(line.dump());
  }
  return out;
}

}  // namespace lianxi::hub
