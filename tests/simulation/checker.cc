#include "tests/simulation/checker.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lianxi::simulation {

namespace {
constexpr std::uint16_t kAcknowledgement = 110;
}

void Checker::accepted(const MessageId& id, std::string note, std::vector<AgencyId> readers) {
  if (promised_.contains(id)) violation("two documents were accepted as " + to_string(id));
  auto& promise = promised_[id] = {std::move(note), std::move(readers), std::nullopt, {}};
  for (const auto& [agency, text] : early_[id]) check_note(agency, id, text, promise);
  early_.erase(id);
}

void Checker::check_note(const AgencyId& agency, const MessageId& id, const std::string& note, const Promise& promise) {
  if (note != promise.note) violation(agency.value() + " does not find the note of " + to_string(id));
}

void Checker::logged(const agent::AgentCore& agent, const agent::MessageStatus& status, const policy::Registry& registry) {
  const auto at = promised_.find(status.id);
  if (at == promised_.end()) return;  // The agent's own 102s.
  if (status.stage == agent::Stage::refused) return violation(to_string(status.id) + " was refused: " + std::string(describe(status.refusal).name));
  if (at->second.position && *at->second.position != status.position) violation(to_string(status.id) + " changed its position");
  at->second.position = status.position;
  auto receipt = agent.receipt(status.id);
  if (!receipt) return violation(to_string(status.id) + " is logged without a receipt: " + to_string(receipt.error()));
  auto checkpoint = evidence::check_receipt(suite_, *receipt, checkpoint_key_, registry);
  if (!checkpoint) return violation(to_string(status.id) + ": its receipt does not verify: " + to_string(checkpoint.error()));
  const auto part = evidence::parse_hub_part(receipt->hub_part);
  if (!part || part->entry != status.position.entry) return violation(to_string(status.id) + ": its receipt is for another entry");
  const auto leaf = evidence::leaf_hash(receipt->entry_header, receipt->signature, receipt->hub_part);
  const auto [known, fresh] = leaves_.emplace(part->entry, leaf);
  if (!fresh && known->second != leaf) violation("entry " + std::to_string(part->entry) + " has two leaves");
  if (checkpoint->size > log_size_) {
    log_size_ = checkpoint->size;
    log_root_ = checkpoint->root;
  }
}

void Checker::check_log(const hub::HubCore& hub, bool deep) {
  const auto size = hub.commit().durable();
  if (size < log_size_) return violation("the log has " + std::to_string(size) + " entries, a receipt covers " + std::to_string(log_size_));
  if (log_size_ > 0) {
    const auto root = hub.log().tree().root_at(log_size_);
    if (!root || *root != log_root_) violation("the tree of size " + std::to_string(log_size_) + " has another root than a receipt says");
  }
  if (deep) {
    read_to_ = 0;
    in_log_.clear();
  }
  for (; read_to_ < size; ++read_to_) {
    auto entry = hub.log().read_entry(read_to_);
    if (!entry) return violation("entry " + std::to_string(read_to_) + ": " + to_string(entry.error()));
    if (const auto leaf = leaves_.find(read_to_); leaf != leaves_.end() && leaf->second != (*entry)->leaf) {
      violation("entry " + std::to_string(read_to_) + " is not the one that was acked");
    }
    for (std::uint16_t i = 0; i < (*entry)->messages.size(); ++i) {
      const MessageId id{(*entry)->header.agency, (*entry)->header.epoch, Number((*entry)->header.first.value() + i)};
      if (!in_log_.emplace(id, Position{read_to_, i}).second) violation(to_string(id) + " stands in the log twice");
    }
  }
  if (!deep) return;
  for (const auto& [id, promise] : promised_) {
    if (!promise.position) continue;
    const auto at = in_log_.find(id);
    if (at == in_log_.end()) violation(to_string(id) + " was acked and is lost");
    else if (at->second != *promise.position) violation(to_string(id) + " stands elsewhere than acked");
  }
}

void Checker::check_inbox(const AgencyId& agency, const agent::AgentCore& agent, bool from_scratch) {
  auto& seen = inboxes_[agency];
  std::set<MessageId> before;
  if (from_scratch) {
    before = std::move(seen.ids);
    seen = {};
  }
  for (;;) {
    const auto rows = agent.inbox(seen.last, 64);
    for (const auto& row : rows) {
      if (seen.last && row.position <= *seen.last) violation(agency.value() + ": the inbox is not in log order at " + to_string(row.position));
      seen.last = row.position;
      if (!seen.ids.insert(row.id).second) violation(agency.value() + " has " + to_string(row.id) + " twice");
      auto& number = seen.last_number[row.id.agency];
      if (row.id.number.value() <= number) violation(agency.value() + ": order of " + row.id.agency.value() + " broken at " + to_string(row.id));
      number = row.id.number.value();
      if (row.type != kAcknowledgement || before.contains(row.id)) continue;
      ++delivered_;
      const auto text = agent.message_json(row.position);
      const auto json = text ? nlohmann::json::parse(*text, nullptr, false) : nlohmann::json();
      if (!json.is_object()) {
        violation(agency.value() + " cannot read " + to_string(row.id));
        continue;
      }
      const auto note = json["body"].value("note", "");
      const auto promise = promised_.find(row.id);
      if (promise == promised_.end()) early_[row.id].emplace_back(agency, note);
      else check_note(agency, row.id, note, promise->second);
    }
    if (rows.size() < 64) break;
  }
  for (const auto& id : before) {
    if (!seen.ids.contains(id)) violation(agency.value() + " lost " + to_string(id) + " from its inbox");
  }
}

bool Checker::everything_arrived() const {
  return std::all_of(promised_.begin(), promised_.end(), [this](const auto& promised) {
    return std::all_of(promised.second.readers.begin(), promised.second.readers.end(), [&](const AgencyId& reader) {
      const auto inbox = inboxes_.find(reader);
      return inbox != inboxes_.end() && inbox->second.ids.contains(promised.first);
    });
  });
}

void Checker::check_complete() {
  for (const auto& [id, promise] : promised_) {
    if (!promise.position) violation(to_string(id) + " was accepted and never logged");
    for (const auto& reader : promise.readers) {
      if (!inboxes_[reader].ids.contains(id)) violation(to_string(id) + " never reached " + reader.value());
    }
  }
  for (const auto& [id, receivers] : early_) violation(to_string(id) + " was delivered, and nobody was ever told that it is accepted");
}

}  // namespace lianxi::simulation
