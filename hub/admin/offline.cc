// HubAccess without a running hub: the core on the same files, each write done at once.
#include <optional>

#include "hub/admin/access.h"
#include "hub/files.h"

namespace lianxi::hub {

namespace {

class NoNetwork final : public HubEdges {
 public:
  void attach(journal::Journal& journal) { journal_ = &journal; }
  void start(const journal::Record& record) override { outcome_ = journal_->append(record); }
  void start_mark(std::uint64_t entries, const Hash& root) override { mark_ = journal_->write_mark(entries, root); }
  void send(const Peer&, Bytes, Bytes) override { check(false, "offline: there is nobody to send to"); }
  void keys_changed(const policy::Registry&) override {}

  std::optional<Result<void>> take() { return std::exchange(outcome_, std::nullopt); }
  std::optional<Result<void>> take_mark() { return std::exchange(mark_, std::nullopt); }

 private:
  journal::Journal* journal_ = nullptr;         // Not owned.
  std::optional<Result<void>> outcome_, mark_;
};

class Offline final : public HubAccess {
 public:
  explicit Offline(std::unique_ptr<HubFiles> files) : files_(std::move(files)) {}

  Result<void> open() {
    auto core = HubCore::open({.keys = files_->keys}, {evidence::suite1(), entropy_, *files_->store, *files_->chunks, edges_});
    if (!core) return core.error();
    core_ = std::move(*core);
    auto journal = start_core(*core_, *files_, entropy_, clock_.now());
    if (!journal) return journal.error();
    journal_ = std::move(*journal);
    edges_.attach(*journal_);
    return {};
  }

  void run(const std::function<void(HubCore&, Now)>& work) override {
    work(*core_, log_time());
    settle();
  }

  Result<Position> act(std::uint16_t type, const std::string& body_json, const std::vector<codec::OperatorSignature>& signatures,
                       std::uint64_t serial) override {
    std::optional<Result<Position>> outcome;
    core_->submit_act(type, body_json, signatures, serial, log_time(), [&](Result<Position> done) { outcome = std::move(done); });
    settle();
    if (core_->fatal()) return *core_->fatal();
    return outcome.value_or(Result<Position>(fail(Code::unknown_outcome)));
  }

  bool advance_clock(Instant) override { return false; }
  void stop() override {}

 private:
  // A demo's log lives in its own time: what is logged now follows its last entry. Wall and boot clock are moved alike.
  Now log_time() const {
    Now now = clock_.now();
    if (!files_->keys.demo || core_->log().applied() == 0) return now;
    const auto back = now.wall - core_->log().last_time();
    return {now.wall - back, now.boot - back};
  }

  void settle() {
    for (;;) {
      const Now now = log_time();
      const auto done = core_->pump(now);
      if (auto outcome = edges_.take()) core_->on_written(*outcome, now);
      else if (auto mark = edges_.take_mark()) core_->on_mark_written(*mark);
      else if (done == 0) return;
    }
  }

  std::unique_ptr<HubFiles> files_;
  SystemEntropy entropy_;
  SystemClock clock_;
  NoNetwork edges_;
  std::unique_ptr<HubCore> core_;
  std::unique_ptr<journal::Journal> journal_;
};

}  // namespace

Result<std::unique_ptr<HubAccess>> open_offline(const std::string& directory) {
  auto files = HubFiles::open(directory);
  if (!files) return files.error();
  auto offline = std::make_unique<Offline>(std::move(*files));
  if (auto opened = offline->open(); !opened) return opened.error();
  return std::unique_ptr<HubAccess>(std::move(offline));
}

}  // namespace lianxi::hub
