#include "tests/support/memory_store.h"

#include <algorithm>

#include "schemas/base/check.h"

namespace lianxi::test {

Result<void> MemoryStore::write(const std::vector<StoreWrite>& batch, Durability durability) {
  if (struck()) return fail(fault_, "memory store: injected");
  ++batches_;
  const bool buffered = durability == Durability::buffered;
  Batch record;
  for (const auto& write : batch) {
    Rows& rows = families_.at(write.family);
    const auto found = rows.find(write.key);
    if (buffered) {
      record.undo.push_back({write.family, write.key,
                             found == rows.end() ? std::nullopt : std::optional(std::move(found->second))});
      record.bytes += write.key.size() + (write.value ? write.value->size() : 0);
    }
    if (!write.value) {
      if (found != rows.end()) rows.erase(found);
    } else if (found != rows.end()) {
      found->second = *write.value;
    } else {
      rows.emplace(write.key, *write.value);
    }
  }
  if (buffered) {
    unflushed_ += record.bytes;
    unflushed_batches_.push_back(std::move(record));
  } else {
    make_durable(unflushed_batches_.size());
  }
  return {};
}

Result<std::optional<std::string>> MemoryStore::get(Family family, std::string_view key) const {
  const Rows& rows = families_.at(family);
  const auto found = rows.find(key);
  if (found == rows.end()) return std::optional<std::string>();
  return std::optional(found->second);
}

Result<std::optional<std::pair<std::string, std::string>>> MemoryStore::at_or_before(Family family,
                                                                                    std::string_view key) const {
  using Row = std::optional<std::pair<std::string, std::string>>;
  const Rows& rows = families_.at(family);
  auto after = rows.upper_bound(key);
  if (after == rows.begin()) return Row();
  --after;
  return Row(std::pair(after->first, after->second));
}

Result<void> MemoryStore::scan(Family family, std::string_view from, std::string_view to,
                               const std::function<bool(std::string_view, std::string_view)>& row) const {
  const Rows& rows = families_.at(family);
  for (auto at = rows.lower_bound(from); at != rows.end() && (to.empty() || at->first < to); ++at) {
    if (!row(at->first, at->second)) break;
  }
  return {};
}

Result<void> MemoryStore::start_flush() {
  if (struck()) return fail(fault_, "memory store: injected");
  check(flush_ != Flush::running, "memory store: a flush while one runs");
  flush_ = Flush::running;
  flush_covers_ = unflushed_batches_.size();
  polls_left_ = polls_per_flush_;
  return {};
}

Store::Flush MemoryStore::poll_flush() {
  if (flush_ == Flush::running && struck()) flush_ = Flush::failed;
  if (flush_ == Flush::running && polls_left_ != kNever && (polls_left_ == 0 || --polls_left_ == 0)) finish_flush();
  return flush_;
}

void MemoryStore::finish_flush() {
  check(flush_ == Flush::running, "memory store: no flush runs");
  make_durable(flush_covers_);
  flush_ = Flush::done;
  ++flushes_;
}

void MemoryStore::crash() {
  for (auto batch = unflushed_batches_.rbegin(); batch != unflushed_batches_.rend(); ++batch) {
    for (auto undo = batch->undo.rbegin(); undo != batch->undo.rend(); ++undo) {
      Rows& rows = families_.at(undo->family);
      if (undo->before) {
        rows[undo->key] = std::move(*undo->before);
      } else {
        rows.erase(undo->key);
      }
    }
  }
  unflushed_batches_.clear();
  unflushed_ = 0;
  flush_covers_ = 0;
  flush_ = Flush::none;
  fault_ = Code::ok;
}

void MemoryStore::crash(Random& random) {
  if (flush_ == Flush::running && random.chance(0.5)) finish_flush();
  crash();
}

void MemoryStore::make_durable(std::size_t batches) {
  for (std::size_t i = 0; i < batches; ++i) unflushed_ -= unflushed_batches_[i].bytes;
  unflushed_batches_.erase(unflushed_batches_.begin(),
                           unflushed_batches_.begin() + static_cast<std::ptrdiff_t>(batches));
  flush_covers_ -= std::min(flush_covers_, batches);
}

}  // namespace lianxi::test
