// A bounded queue between two loops. Full is an answer, never a wait: the producer slows down or refuses with
// Code::overloaded, and a counter says so.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace lianxi {

// Threads: push() and pop() from any thread.
template <class T>
class Queue {
 public:
  explicit Queue(std::size_t capacity) : capacity_(capacity) {}

  // False if full; `item` is then untouched.
  [[nodiscard]] bool push(T&& item) {
    const std::lock_guard lock(mutex_);
    if (items_.size() >= capacity_) {
      ++full_;
      return false;
    }
    items_.push_back(std::move(item));
    return true;
  }

  std::optional<T> pop() {
    const std::lock_guard lock(mutex_);
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    return item;
  }

  std::uint64_t times_full() const {
    const std::lock_guard lock(mutex_);
    return full_;
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::deque<T> items_;       // Guarded by mutex_.
  std::uint64_t full_ = 0;    // Guarded by mutex_.
  const std::size_t capacity_;
};

}  // namespace lianxi
