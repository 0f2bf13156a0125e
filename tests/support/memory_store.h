// The store of a simulated world: ordered maps, and an exact notion of what a crash leaves.
//
// A synced write makes itself and everything before it durable. A buffered write is durable once a flush that was asked for
// after it has ended. crash() takes back, newest first and batch by batch, what is not. Copies are independent.
// Threads: one.
#pragma once

#include <map>

#include "schemas/store/store.h"
#include "tests/support/random.h"

namespace lianxi::test {

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(std::size_t families) : families_(families) {}

  Result<void> write(const std::vector<StoreWrite>& batch, Durability durability) override;
  Result<std::optional<std::string>> get(Family family, std::string_view key) const override;
  Result<std::optional<std::pair<std::string, std::string>>> at_or_before(Family family,
                                                                          std::string_view key) const override;
  Result<void> scan(Family family, std::string_view from, std::string_view to,
                    const std::function<bool(std::string_view key, std::string_view value)>& row) const override;
  Result<void> start_flush() override;
  Flush poll_flush() override;
  std::uint64_t unflushed_bytes() const override { return unflushed_; }

  // A flush asked for ends at its `polls`th poll; kNever: only finish_flush() ends it. The default is 1.
  static constexpr std::uint64_t kNever = ~0ULL;
  void flush_takes(std::uint64_t polls) { polls_per_flush_ = polls; }
  // Ends the running flush now; check()ed that one runs.
  void finish_flush();
  // What a process end or power cut leaves. A flush under way has not happened, or, with `random`, may have.
  void crash();
  void crash(Random& random);
  // From now on writes and flushes fail with `code`; Code::ok heals.
  void fail_with(Code code) { fail_after(0, code); }
  // The write after the next `writes` ones fails, and all that follow until heal().
  void fail_after(std::uint64_t writes, Code code) {
    fail_at_ = batches_ + writes;
    fault_ = code;
  }
  void heal() { fault_ = Code::ok; }

  std::size_t rows(Family family) const { return families_.at(family).size(); }
  std::uint64_t batches() const { return batches_; }
  std::uint64_t flushes() const { return flushes_; }

 private:
  using Rows = std::map<std::string, std::string, std::less<>>;
  struct Undo {
    Family family;
    std::string key;
    std::optional<std::string> before;
  };
  struct Batch {
    std::vector<Undo> undo;
    std::uint64_t bytes = 0;
  };

  bool struck() const { return fault_ != Code::ok && batches_ >= fail_at_; }
  void make_durable(std::size_t batches);

  std::vector<Rows> families_;
  std::vector<Batch> unflushed_batches_;  // Oldest first.
  std::uint64_t unflushed_ = 0;
  std::size_t flush_covers_ = 0;          // Batches that the running flush makes durable.
  Flush flush_ = Flush::none;
  std::uint64_t polls_left_ = 0;
  std::uint64_t polls_per_flush_ = 1;
  Code fault_ = Code::ok;
  std::uint64_t fail_at_ = 0;
  std::uint64_t batches_ = 0;
  std::uint64_t flushes_ = 0;
};

}  // namespace lianxi::test
