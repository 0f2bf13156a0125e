// The wiring: which loops run, what they own, how they talk. Read this first.
//
//   loop      owns                                                   takes                       gives
//   hub       sockets, sessions, admission, commit, delivery, log    frames, ended writes,       frames, records to write
//                                                                    posted requests
//   journal   the journal's blocking write and sync                  records, marks              their outcome
//   zap       the table of CURVE keys (transport/zap.h)              handshakes                  agency ids
//   admin     DIR/admin.sock, one request at a time                  operators' commands         posted requests
//   http      /healthz /readyz /metrics /status                      GET                         posted requests
//
// Nothing else has a thread (RocksDB's and ZeroMQ's own aside).
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "hub/admin/access.h"
#include "hub/files.h"
#include "hub/scenario_clock.h"
#include "hub/transport/transport.h"
#include "schemas/base/http_server.h"
#include "schemas/base/loop.h"
#include "schemas/base/queue.h"

namespace lianxi::hub {

struct HubOptions {
  std::string data_dir;
  std::string submit = "tcp://127.0.0.1:7710";
  std::string deliver = "tcp://127.0.0.1:7711";
  std::string chunks = "tcp://127.0.0.1:7712";
  std::string http_address = "127.0.0.1";
  std::uint16_t http_port = 7780;
  bool scenario_clock = false;
  std::optional<Instant> scenario_start;   // Default: the last entry's time.
};

// The journal's writer: takes one job at a time, blocks on the disk, hands the outcome back.
class JournalStage final : public Stage {
 public:
  struct Outcome {
    bool mark = false;
    Result<void> result;
    std::int64_t micros = 0;           // How long write and sync took.
  };
  explicit JournalStage(Waker& done) : done_(done) {}
  void attach(journal::Journal& journal) { journal_ = &journal; }
  void write(const journal::Record& record);
  void mark(std::uint64_t entries, const Hash& root);
  std::optional<Outcome> take() { return outcomes_.pop(); }

  std::size_t step() override;
  void wait(int timeout_ms) override;
  void wake() override { waker_.notify(); }

 private:
  struct Job {
    bool mark = false;
    journal::Record record;
    std::uint64_t entries = 0;
    Hash root{};
  };
  journal::Journal* journal_ = nullptr;   // Not owned.
  Waker& done_;                           // Not owned.
  Waker waker_;
  Queue<Job> jobs_{2};
  Queue<Outcome> outcomes_{4};
};

class Hub final : public Stage, public HubEdges, public HubAccess {
 public:
  // Opens everything, replays, tests its own door, serves. Code::… with the reason if it must not run.
  static Result<std::unique_ptr<Hub>> start(HubOptions options);
  ~Hub() override;

  // Blocks until stop() or a fatal error; what it was.
  Result<void> wait_until_stopped();
  std::string address(int endpoint) const { return transport_->address(endpoint); }
  std::uint16_t http_port() const { return http_ ? http_->port() : 0; }
  std::string describe_bounds() const;    // The memory bounds that follow from the configuration.

  // Stage (hub loop).
  std::size_t step() override;
  void wait(int timeout_ms) override { transport_->wait(waker_.fd(), timeout_ms); }
  void wake() override { waker_.notify(); }

  // HubEdges (hub loop).
  void start(const journal::Record& record) override { journal_stage_.write(record); }
  void start_mark(std::uint64_t entries, const Hash& root) override { journal_stage_.mark(entries, root); }
  void send(const Peer& peer, Bytes frame, Bytes payload) override {
    transport_->send(peer.endpoint, peer.connection, std::move(frame), std::move(payload));
  }
  void keys_changed(const policy::Registry& registry) override;

  // HubAccess (any thread but the hub loop).
  void run(const std::function<void(HubCore&, Now)>& work) override;
  Result<Position> act(std::uint16_t type, const std::string& body_json, const std::vector<codec::OperatorSignature>& signatures,
                       std::uint64_t serial) override;
  bool advance_clock(Instant to) override;
  void stop() override;

 private:
  explicit Hub(HubOptions options) : options_(std::move(options)), journal_stage_(waker_) {}
  Result<void> open();
  Result<void> open_clock();
  Result<void> serve();
  bool post(std::function<void(HubCore&, Now)> work);
  void on_http(const HttpRequest& request, const HttpServer::Reply& reply);
  void on_ready(const HttpServer::Reply& reply);
  std::string metrics();
  void finish(Result<void> outcome);

  HubOptions options_;
  SystemEntropy entropy_;
  std::unique_ptr<Clock> clock_;
  ScenarioClock* scenario_ = nullptr;     // Not owned: clock_, if it is one.
  std::unique_ptr<HubFiles> files_;
  std::unique_ptr<HubCore> core_;
  std::unique_ptr<journal::Journal> journal_;
  std::unique_ptr<Transport> transport_;
  Waker waker_;
  Queue<std::function<void(HubCore&, Now)>> posted_{256};
  std::vector<std::function<void(bool)>> probes_;   // Waiting for a write to end (readyz).
  JournalStage journal_stage_;
  struct Metrics;
  std::shared_ptr<Metrics> metrics_;

  std::mutex mutex_;
  std::condition_variable stopped_;
  std::optional<Result<void>> outcome_;   // Guarded by mutex_.

  class AdminStage;  // hub.cc
  std::unique_ptr<Stage> admin_stage_;
  std::unique_ptr<HttpServer> http_;
  // Threads last: they stop before what they use goes away.
  std::unique_ptr<Loop> journal_loop_, hub_loop_, admin_loop_;
};

}  // namespace lianxi::hub
