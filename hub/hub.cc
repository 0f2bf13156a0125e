#include "hub/hub.h"

#include <poll.h>

#include <chrono>
#include <future>

#include "hub/admin/admin_socket.h"
#include "hub/admin/metrics.h"

namespace lianxi::hub {

namespace {

constexpr std::size_t kFramesPerStep = 64;
constexpr std::chrono::seconds kActTimeout{10};
constexpr std::uint32_t kLargestCredit = kCreditBytesMax;

}  // namespace

// --- journal loop ---------------------------------------------------------------------------------------------------------

void JournalStage::write(const journal::Record& record) {
  check(jobs_.push({false, record, 0, {}}), "journal: two writes at once");
  waker_.notify();
}

void JournalStage::mark(std::uint64_t entries, const Hash& root) {
  check(jobs_.push({true, {}, entries, root}), "journal: two writes at once");
  waker_.notify();
}

std::size_t JournalStage::step() {
  auto job = jobs_.pop();
  if (!job) return 0;
  const auto begin = std::chrono::steady_clock::now();
  auto result = job->mark ? journal_->write_mark(job->entries, job->root) : journal_->append(job->record);
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin).count();
  check(outcomes_.push({job->mark, std::move(result), micros}), "journal: outcomes pile up");
  done_.notify();
  return 1;
}

void JournalStage::wait(int timeout_ms) {
  pollfd item{waker_.fd(), POLLIN, 0};
  ::poll(&item, 1, timeout_ms);
  waker_.drain();
}

// --- admin loop -----------------------------------------------------------------------------------------------------------

class Hub::AdminStage final : public Stage {
 public:
  AdminStage(std::unique_ptr<AdminSocket> socket, HubAccess& hub) : socket_(std::move(socket)), hub_(hub) {}
  std::size_t step() override {
    return socket_->serve([this](const std::string& line) { return handle_admin(hub_, line); }) ? 1 : 0;
  }
  void wait(int timeout_ms) override {
    pollfd items[] = {{socket_->fd(), POLLIN, 0}, {waker_.fd(), POLLIN, 0}};
    ::poll(items, 2, timeout_ms);
    waker_.drain();
  }
  void wake() override { waker_.notify(); }

 private:
  std::unique_ptr<AdminSocket> socket_;
  HubAccess& hub_;
  Waker waker_;
};

struct Hub::Metrics : HubMetrics {};

// --- start ----------------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<Hub>> Hub::start(HubOptions options) {
  std::unique_ptr<Hub> hub(new Hub(std::move(options)));
  if (auto opened = hub->open(); !opened) return opened.error();
  if (auto serving = hub->serve(); !serving) return serving.error();
  return hub;
}

Result<void> Hub::open_clock() {
  if (!options_.scenario_clock) {
    if (files_->keys.demo) return fail(Code::wrong_log, "this is a demo log: run it with --clock scenario");
    clock_ = std::make_unique<SystemClock>();
    return {};
  }
  if (!files_->keys.demo) return fail(Code::wrong_log, "a production log runs on the machine's clock only");
  const Instant begin = std::max(core_->log().last_time(), options_.scenario_start.value_or(0));
  auto scenario = std::make_unique<ScenarioClock>(begin);
  scenario_ = scenario.get();
  clock_ = std::move(scenario);
  return {};
}

Result<void> Hub::open() {
  auto files = HubFiles::open(options_.data_dir);
  if (!files) return files.error();
  files_ = std::move(*files);
  auto transport = Transport::open({options_.submit, options_.deliver, options_.chunks, files_->keys.curve_secret, files_->keys.curve_public});
  if (!transport) return transport.error();
  transport_ = std::move(*transport);
  // The door is tried while the log is read back.
  auto door = std::async(std::launch::async, [this] { return transport_->self_test(); });
  auto core = HubCore::open({.keys = files_->keys}, {evidence::suite1(), entropy_, *files_->store, *files_->chunks, *this});
  if (!core) return core.error();
  core_ = std::move(*core);
  journal::Options journal_options;
  journal_options.needed_from = core_->log().applied();
  auto journal = journal::Journal::open(*files_->disk, entropy_, journal_options, [&](const journal::Record& record) { return core_->replay(record); });
  if (!journal) return journal.error();
  journal_ = std::move(*journal);
  if (auto tested = door.get(); !tested) return tested;
  if (auto clock = open_clock(); !clock) return clock;
  // Keys reach the transport here, after its test; then its doors open.
  if (auto started = core_->started(*journal_, clock_->now()); !started) return started;
  if (auto bound = transport_->bind(); !bound) return bound;
  if (core_->log().applied() == 0) return fail(Code::not_found, "the log is empty: run lianxi-hub init");
  journal_stage_.attach(*journal_);
  metrics_ = std::make_shared<Metrics>();
  return {};
}

Result<void> Hub::serve() {
  auto socket = AdminSocket::listen(admin_path(options_.data_dir));
  if (!socket) return socket.error();
  admin_stage_ = std::make_unique<AdminStage>(std::move(*socket), *this);
  journal_loop_ = std::make_unique<Loop>("journal", journal_stage_);
  hub_loop_ = std::make_unique<Loop>("hub", *this);
  admin_loop_ = std::make_unique<Loop>("admin", *admin_stage_);
  auto http = HttpServer::start({.address = options_.http_address, .port = options_.http_port, .body_bytes_max = 1 << 16, .connections_max = 64, .hosts = {}},
                                [this](HttpRequest request, HttpServer::Reply reply) { on_http(request, reply); });
  if (!http) return http.error();
  http_ = std::move(*http);
  return {};
}

Hub::~Hub() {
  http_.reset();
  admin_loop_.reset();
  hub_loop_.reset();
  journal_loop_.reset();
}

std::string Hub::describe_bounds() const {
  const auto agencies = core_->log().registry().agencies().size();
  const auto mib = [](std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; };
  return "pending " + mib(kPendingBytesMax) + ", recent " + mib(kRecentBytesMax) + ", deliveries " + std::to_string(agencies) + " x " + mib(kLargestCredit);
}

void Hub::keys_changed(const policy::Registry& registry) {
  std::map<PublicKey, AgencyId> keys;
  for (const auto& [id, agency] : registry.agencies()) {
    if (!agency.transport_revoked) keys[agency.transport] = id;
  }
  transport_->set_keys(std::move(keys));
}

// --- hub loop -------------------------------------------------------------------------------------------------------------

std::size_t Hub::step() {
  waker_.drain();
  const Now now = clock_->now();
  std::size_t done = 0;
  while (auto outcome = journal_stage_.take()) {
    ++done;
    if (outcome->mark) {
      core_->on_mark_written(outcome->result);
    } else {
      metrics_->sync_seconds(outcome->micros);
      core_->on_written(outcome->result, now);
    }
    for (auto& probe : std::exchange(probes_, {})) probe(outcome->result.has_value());
  }
  while (auto work = posted_.pop()) {
    ++done;
    (*work)(*core_, now);
  }
  done += transport_->receive(kFramesPerStep, [&](int endpoint, std::uint64_t connection, const AgencyId& agency, ByteView frame, Bytes payload) {
    core_->on_frame({endpoint, connection}, agency, frame, std::move(payload), now);
  });
  core_->on_tick(now);
  done += core_->pump(now);
  // A broken disk or an impossible state: not one ack after it, and the process ends.
  if (core_->fatal()) finish(*core_->fatal());
  return done;
}

void Hub::finish(Result<void> outcome) {
  const std::lock_guard lock(mutex_);
  if (!outcome_) outcome_ = std::move(outcome);
  stopped_.notify_all();
}

Result<void> Hub::wait_until_stopped() {
  std::unique_lock lock(mutex_);
  stopped_.wait(lock, [this] { return outcome_.has_value(); });
  return *outcome_;
}

void Hub::stop() { finish({}); }

// --- requests from other threads ------------------------------------------------------------------------------------------

bool Hub::post(std::function<void(HubCore&, Now)> work) {
  if (!posted_.push(std::move(work))) return false;
  waker_.notify();
  return true;
}

void Hub::run(const std::function<void(HubCore&, Now)>& work) {
  auto done = std::make_shared<std::promise<void>>();
  auto ended = done->get_future();
  const bool posted = post([&work, done](HubCore& core, Now now) {
    work(core, now);
    done->set_value();
  });
  if (posted) ended.wait();
}

Result<Position> Hub::act(std::uint16_t type, const std::string& body_json, const std::vector<codec::OperatorSignature>& signatures,
                          std::uint64_t serial) {
  auto done = std::make_shared<std::promise<Result<Position>>>();
  auto ended = done->get_future();
  const bool posted = post([=](HubCore& core, Now now) {
    core.submit_act(type, body_json, signatures, serial, now, [done](Result<Position> outcome) { done->set_value(std::move(outcome)); });
  });
  if (!posted) return fail(Code::overloaded);
  if (ended.wait_for(kActTimeout) != std::future_status::ready) return fail(Code::timed_out);
  return ended.get();
}

bool Hub::advance_clock(Instant to) { return scenario_ != nullptr && scenario_->advance_to(to); }

// --- http -----------------------------------------------------------------------------------------------------------------

void Hub::on_http(const HttpRequest& request, const HttpServer::Reply& reply) {
  if (request.method != "GET") return reply({.status = 405, .body = "{}", .headers = {}});
  if (request.path == "/healthz") return reply({.body = "{\"status\":\"ok\"}\n", .headers = {}});
  if (request.path == "/readyz") return on_ready(reply);
  if (request.path == "/metrics" || request.path == "/status") {
    const bool metrics = request.path == "/metrics";
    const bool posted = post([this, reply, metrics](HubCore& core, Now now) {
      if (metrics) {
        metrics_->update(core, transport_->counters(), transport_->auth_failures(), now);
        return reply({.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics_->text(), .headers = {}});
      }
      reply({.body = "{\"entries\":" + std::to_string(core.commit().durable()) + ",\"messages\":" + std::to_string(core.log().messages_total()) + "}\n",
             .headers = {}});
    });
    if (!posted) reply({.status = 503, .body = "{}", .headers = {}});
    return;
  }
  reply({.status = 404, .body = "{}", .headers = {}});
}

// Does the real thing: a write and sync on the journal's disk by the journal's loop must end well within two seconds.
void Hub::on_ready(const HttpServer::Reply& reply) {
  const bool posted = post([this, reply](HubCore& core, Now) {
    const auto stopped = core.fatal().has_value() || core.commit().stopped_by_clock();
    if (stopped || !core.probe()) {
      return reply({.status = 503, .body = std::string("{\"status\":\"") + (stopped ? "stopped" : "busy") + "\"}\n", .headers = {}});
    }
    probes_.push_back([reply](bool good) {
      reply({.status = good ? 200 : 503, .body = good ? "{\"status\":\"ready\"}\n" : "{\"status\":\"disk\"}\n", .headers = {}});
    });
  });
  if (!posted) reply({.status = 503, .body = "{\"status\":\"busy\"}\n", .headers = {}});
}

}  // namespace lianxi::hub
