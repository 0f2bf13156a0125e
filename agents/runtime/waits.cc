#include "agents/runtime/waits.h"

#include <algorithm>

namespace lianxi::agent {

bool MessageWaits::reached(const MessageStatus& status, Stage stage) {
  if (status.stage == Stage::refused) return true;
  return static_cast<int>(status.stage) >= static_cast<int>(stage) || (stage == Stage::refused && status.stage != Stage::queued);
}

bool MessageWaits::add(MessageId id, Stage stage, std::int64_t deadline, Done done) {
  if (waits_.size() >= kWaitsMax) return false;
  waits_.push_back({std::move(id), stage, deadline, std::move(done)});
  return true;
}

// Callbacks run after the list is in order again: they may wait anew.
template <class Over>
void MessageWaits::call(const StatusOf& status_of, Over over) {
  std::vector<std::pair<Done, MessageStatus>> ready;
  for (auto it = waits_.begin(); it != waits_.end();) {
    auto status = over(*it) ? status_of(it->id) : std::nullopt;
    if (!status) {
      ++it;
      continue;
    }
    ready.emplace_back(std::move(it->done), *std::move(status));
    it = waits_.erase(it);
  }
  for (auto& [done, status] : ready) done(std::move(status));
}

void MessageWaits::settle(std::span<const MessageId> ids, const StatusOf& status_of) {
  if (waits_.empty()) return;
  call(status_of, [&](const Wait& wait) {
    if (!ids.empty() && std::ranges::find(ids, wait.id) == ids.end()) return false;
    const auto status = status_of(wait.id);
    return status && reached(*status, wait.stage);
  });
}

void MessageWaits::expire(std::int64_t boot, const StatusOf& status_of) {
  call(status_of, [&](const Wait& wait) { return wait.deadline <= boot; });
}

bool InboxWaits::add(std::int64_t deadline, std::function<void()> wake) {
  if (waits_.size() >= kWaitsMax) return false;
  waits_.push_back({deadline, std::move(wake)});
  return true;
}

void InboxWaits::wake_all() {
  std::list<Wait> all;
  all.swap(waits_);
  for (auto& wait : all) wait.wake();
}

void InboxWaits::expire(std::int64_t boot) {
  std::list<Wait> over;
  for (auto it = waits_.begin(); it != waits_.end();) {
    const auto next = std::next(it);
    if (it->deadline <= boot) over.splice(over.end(), waits_, it);
    it = next;
  }
  for (auto& wait : over) wait.wake();
}

}  // namespace lianxi::agent
