// lianxi-load: senders and a receiver over the raw protocol, in one process and on one thread.
//
//   lianxi-load keys --out DIR --senders 16                    keys and cards, for `lianxi-hub enrol`
//   lianxi-load run --card HUB.pub --keys DIR --senders 4 …    what the hub takes, and how fast it answers
//   lianxi-load first --card HUB.pub --keys DIR                one message: until its receipt, from when this process starts
//   lianxi-load catch-up --card HUB.pub --keys DIR             the receiver reads the whole log
//
// The result is one JSON object on stdout. Exit 1: something did not hold, or was not answered.
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "benchmarks/correspondents.h"
#include "benchmarks/receiver.h"
#include "benchmarks/sender.h"

namespace lianxi::bench {

namespace {

using Json = nlohmann::ordered_json;

constexpr Nanos kConnectMax = 30 * kSecond;
constexpr Nanos kFirstMax = 120 * kSecond;
constexpr Nanos kDrainMax = 20 * kSecond;
constexpr Nanos kStallMax = 10 * kSecond;
constexpr Nanos kFirstWelcomeMax = 100 * kMilli;
constexpr int kWaitMs = 50;

struct Options {
  std::string card, keys, out;
  std::size_t senders = 1, window = 1, batch = 1, bytes = 1024;
  double seconds = 30, warm_up = 2, rate = 0;
  std::uint64_t messages = 0;
  bool receive = true;
};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Wakes the edge's wait() at an instant of the steady clock: its own timeout counts milliseconds.
class Alarm {
 public:
  Alarm() : fd_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) { lianxi::check(fd_ >= 0, "load: timerfd"); }
  ~Alarm() { ::close(fd_); }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  int fd() const { return fd_; }
  void set(Nanos at) {
    itimerspec spec{};
    spec.it_value.tv_sec = at / kSecond;
    spec.it_value.tv_nsec = at % kSecond;
    lianxi::check(::timerfd_settime(fd_, TFD_TIMER_ABSTIME, &spec, nullptr) == 0, "load: timer");
  }
  void drain() {
    std::uint64_t times = 0;
    [[maybe_unused]] const auto read = ::read(fd_, &times, sizeof times);
  }

 private:
  int fd_;
};

class Load {
 public:
  explicit Load(Options options) : options_(std::move(options)) {}

  Result<void> open(bool from_start) {
    auto hub = evidence::read_hub_card(options_.card);
    if (!hub) return hub.error();
    auto everybody = read_correspondents(options_.keys, options_.senders);
    if (!everybody) return everybody.error();
    // A socket that waits for a hub to start tries again at once; none is given up for being busy.
    auto edge = agent::link::ZmqEdge::open(
        {.queue_frames_max = 20'000, .heartbeat_timeout_ms = 60'000, .reconnect_ms = 1, .reconnect_max_ms = 4});
    if (!edge) return edge.error();
    edge_ = std::move(*edge);
    const Sender::Options sending{options_.window, options_.batch, options_.rate > 0, options_.messages, true};
    for (const auto& keys : everybody->senders) {
      auto stamper = Stamper::make(hub->log_id, keys, everybody->receiver_card, options_.bytes);
      if (!stamper) return stamper.error();
      message_bytes_ = stamper->message_bytes();
      senders_.push_back(std::make_unique<Sender>(sending, *hub, keys, std::move(*stamper)));
      if (auto connected = senders_.back()->connect(*edge_, hub->endpoints.submit); !connected) return connected;
    }
    if (!options_.receive) return {};
    receiver_ = std::make_unique<Receiver>(
        *hub, everybody->receiver, from_start,
        [this](const AgencyId& agency, std::uint64_t number, Nanos now) { on_delivered(agency, number, now); });
    return receiver_->connect(*edge_, hub->endpoints.deliver);
  }

  // Until everybody was welcomed.
  Result<void> connect(Nanos within = kConnectMax) {
    const auto end = now_ns() + within;
    while (!ready()) {
      if (now_ns() > end) return fail(Code::unavailable, "no welcome");
      step(now_ns() + kWaitMs * kMilli);
      if (error_) return *error_;
    }
    return {};
  }

  Result<void> run() {
    const auto begin = now_ns();
    from_ = begin + static_cast<Nanos>(options_.warm_up * 1e9);
    to_ = from_ + static_cast<Nanos>(options_.seconds * 1e9);
    for (auto& sender : senders_) sender->measure(from_, to_);
    double cpu_from = 0;
    bool measuring = false;
    Nanos due = begin;
    while (!error_ && now_ns() < to_ && !all_sent()) {
      const auto now = now_ns();
      if (!measuring && now >= from_) measuring = true, cpu_from = cpu_seconds();
      while (options_.rate > 0 && due <= now) due = offer(due);
      pump(now);
      step(options_.rate > 0 ? due : now + kWaitMs * kMilli);
    }
    cpu_ = cpu_seconds() - cpu_from;
    elapsed_ = static_cast<double>(std::min(now_ns(), to_) - begin) / 1e9;
    for (auto& sender : senders_) sender->stop_offering();
    drain();
    if (error_) return *error_;
    return finish();
  }

  Result<void> first() {
    while (!error_ && senders_.front()->first_receipt() == 0) {
      pump(now_ns());
      step(now_ns() + kWaitMs * kMilli);
    }
    if (error_) return *error_;
    return finish();
  }

  Result<void> catch_up() {
    auto seen = receiver_->messages();
    auto seen_at = now_ns();
    while (!error_ && !receiver_->caught_up()) {
      step(now_ns() + kWaitMs * kMilli);
      if (receiver_->messages() != seen) seen = receiver_->messages(), seen_at = now_ns();
      if (now_ns() - seen_at > kStallMax)
        return fail(Code::timed_out, "nothing came for 10 s, after message " + std::to_string(seen));
    }
    if (error_) return *error_;
    return finish();
  }

  Json result() {
    SenderCounters all;
    Latencies receipts;
    std::uint64_t unanswered = 0, notes = 0;
    for (auto& sender : senders_) {
      const auto& one = sender->counters();
      all.messages += one.messages, all.entries += one.entries, all.messages_all += one.messages_all;
      all.receipts_checked += one.receipts_checked, all.busy += one.busy, all.resent += one.resent;
      unanswered += sender->unanswered();
      notes += sender->check().notes_checked();
      receipts.append(sender->latencies());
    }
    Json out{
        {"senders", options_.senders}, {"window", options_.window}, {"batch", options_.batch}, {"message_bytes", message_bytes_}};
    if (options_.rate > 0) out["rate"] = options_.rate;
    const double seconds = options_.messages > 0 ? elapsed_ : options_.seconds;
    const auto counted = options_.messages > 0 ? all.messages_all : all.messages;
    out["seconds"] = seconds;
    out["messages"] = counted;
    out["messages_per_s"] = seconds > 0 ? static_cast<double>(counted) / seconds : 0;
    out["entries"] = all.entries;
    out["messages_sent"] = all.messages_all;
    out["receipt_ms"] = times(receipts);
    if (receiver_) {
      out["delivered"] = receiver_->messages();
      out["undelivered"] = all.messages_all - delivered_of_ours_;
      out["delivery_ms"] = times(deliveries_);
    }
    out["busy"] = all.busy;
    out["resent"] = all.resent;
    out["unanswered"] = unanswered;
    out["receipts_checked"] = all.receipts_checked;
    out["checkpoints_checked"] = notes + (receiver_ ? receiver_->check().notes_checked() : 0);
    out["client_cpu_s"] = cpu_;
    return out;
  }

  Nanos first_receipt() const { return senders_.front()->first_receipt(); }
  const Receiver& receiver() const { return *receiver_; }

 private:
  static Json times(Latencies& latencies) {
    return {{"count", latencies.count()},
            {"p50", latencies.at(0.5)},
            {"p99", latencies.at(0.99)},
            {"p999", latencies.at(0.999)},
            {"max", latencies.at(1)}};
  }

  bool ready() const {
    return std::ranges::all_of(senders_, [](const auto& sender) { return sender->ready(); }) &&
           (!receiver_ || receiver_->ready());
  }
  bool all_sent() const {
    return options_.messages > 0 && std::ranges::all_of(senders_, [&](const auto& sender) {
             return sender->counters().messages_all >= options_.messages;
           });
  }

  Nanos offer(Nanos due) {
    senders_[turn_++ % senders_.size()]->offer(due);
    return begin_of_rate(due) + static_cast<Nanos>(static_cast<double>(++offered_) * 1e9 / options_.rate);
  }
  Nanos begin_of_rate(Nanos due) {
    if (rate_begin_ == 0) rate_begin_ = due;
    return rate_begin_;
  }

  void pump(Nanos now) {
    for (auto& sender : senders_) {
      if (auto done = sender->pump(now); !done) error_ = done.error();
    }
  }

  // Takes what has come; if nothing has, waits for it, at most until `until`.
  void step(Nanos until) {
    if (receive() > 0) return;
    alarm_.set(until);
    edge_->wait(alarm_.fd(), kWaitMs);
    alarm_.drain();
    receive();
  }

  std::size_t receive() {
    return edge_->receive(
        [this](std::size_t socket, ByteView frame, ByteView payload) {
          const auto now = now_ns();
          auto done =
              socket < senders_.size() ? senders_[socket]->on_frame(frame, now) : receiver_->on_frame(frame, payload, now);
          if (!done && !error_) error_ = done.error();
        },
        [this](std::size_t socket, agent::link::Event event) {
          if (event != agent::link::Event::connected) return;
          if (socket < senders_.size())
            senders_[socket]->on_connected();
          else
            receiver_->on_connected();
        });
  }

  void on_delivered(const AgencyId& agency, std::uint64_t number, Nanos now) {
    for (const auto& sender : senders_) {
      if (sender->agency() != agency) continue;
      const auto due = sender->intended(number);
      if (due) ++delivered_of_ours_;
      if (due && *due >= from_ && *due < to_) deliveries_.add(now - *due);
      return;
    }
  }

  // What was sent in time is waited for: its times count.
  void drain() {
    const auto end = now_ns() + kDrainMax;
    const auto waiting = [this] {
      std::uint64_t logged = 0;
      for (const auto& sender : senders_) {
        if (!sender->idle()) return true;
        logged += sender->counters().messages_all;
      }
      return receiver_ != nullptr && delivered_of_ours_ < logged;
    };
    while (!error_ && waiting() && now_ns() < end) {
      pump(now_ns());
      step(now_ns() + kMilli);
    }
  }

  Result<void> finish() {
    for (auto& sender : senders_) {
      if (auto held = sender->check().finish(); !held) return held;
    }
    return receiver_ ? receiver_->check().finish() : Result<void>();
  }

  Options options_;
  std::unique_ptr<agent::link::ZmqEdge> edge_;
  std::vector<std::unique_ptr<Sender>> senders_;
  std::unique_ptr<Receiver> receiver_;
  Alarm alarm_;
  std::optional<Error> error_;
  std::size_t message_bytes_ = 0;
  std::uint64_t turn_ = 0, offered_ = 0, delivered_of_ours_ = 0;
  Nanos from_ = 0, to_ = 0, rate_begin_ = 0;
  double cpu_ = 0, elapsed_ = 0;
  Latencies deliveries_;
};

int failed(const Error& error, Json result = Json::object()) {
  result["error"] = to_string(error);
  std::cout << result.dump() << "\n";
  return 1;
}

int run(const Options& options) {
  Load load(options);
  if (auto opened = load.open(false); !opened) return failed(opened.error());
  if (auto connected = load.connect(); !connected) return failed(connected.error());
  const auto done = load.run();
  auto result = load.result();
  if (!done) return failed(done.error(), result);
  std::cout << result.dump() << "\n";
  return result["unanswered"] == 0 && result.value("undelivered", 0) == 0 ? 0 : 1;
}

double ms(Nanos duration) { return static_cast<double>(duration) / 1e6; }

int first(Options options, Nanos begin) {
  options.senders = 1, options.window = 1, options.batch = 1, options.messages = 1, options.receive = false;
  // A hub that starts may drop whoever comes too early: the next try is a new connection.
  for (int tries = 1; now_ns() - begin < kFirstMax; ++tries) {
    Load load(options);
    if (auto opened = load.open(false); !opened) return failed(opened.error());
    if (!load.connect(kFirstWelcomeMax)) continue;
    const auto welcomed = now_ns();
    if (auto done = load.first(); !done) return failed(done.error());
    std::cout << Json{{"welcome_ms", ms(welcomed - begin)},
                      {"first_receipt_ms", ms(load.first_receipt() - begin)},
                      {"receipt_at_ns", load.first_receipt()},
                      {"connections", tries}}
                     .dump()
              << "\n";
    return 0;
  }
  return failed(fail(Code::unavailable, "no welcome within 120 s"));
}

int catch_up(Options options) {
  options.senders = 0, options.receive = true;
  Load load(options);
  if (auto opened = load.open(true); !opened) return failed(opened.error());
  if (auto connected = load.connect(); !connected) return failed(connected.error());
  const auto begin = now_ns();
  if (auto done = load.catch_up(); !done) return failed(done.error());
  const double seconds = static_cast<double>(now_ns() - begin) / 1e9;
  const auto messages = load.receiver().messages();
  std::cout << Json{{"messages", messages},
                    {"seconds", seconds},
                    {"messages_per_s", static_cast<double>(messages) / seconds},
                    {"bytes", load.receiver().bytes()}}
                   .dump()
            << "\n";
  return 0;
}

}  // namespace

int main_of(int argc, char** argv) {
  const auto begin = now_ns();
  Options options;
  int status = 0;
  CLI::App app{"load over the raw protocol of lianxi"};
  app.require_subcommand(1);
  auto* keys = app.add_subcommand("keys", "make keys and cards");
  keys->add_option("--out", options.out)->required();
  keys->add_option("--senders", options.senders);
  keys->callback([&] {
    const auto made = make_correspondents(options.out, options.senders);
    if (!made) status = failed(made.error());
  });
  const auto verb = [&](const char* name, const char* help) {
    auto* sub = app.add_subcommand(name, help);
    sub->add_option("--card", options.card, "the hub's card")->required();
    sub->add_option("--keys", options.keys, "folder of `keys`")->required();
    sub->add_option("--bytes", options.bytes, "a message is at least this long");
    return sub;
  };
  auto* sub = verb("run", "send and receive");
  sub->add_option("--senders", options.senders);
  sub->add_option("--window", options.window, "entries under way of one sender");
  sub->add_option("--batch", options.batch, "messages in an entry, at most");
  sub->add_option("--seconds", options.seconds, "measured time");
  sub->add_option("--warm-up", options.warm_up, "seconds before");
  sub->add_option("--rate", options.rate, "messages a second of all senders (open loop); 0: as fast as it goes");
  sub->add_option("--messages", options.messages, "of each sender, then stop");
  sub->add_flag("!--no-receiver", options.receive, "nobody subscribes");
  sub->callback([&] { status = run(options); });
  verb("first", "one message")->callback([&] { status = first(options, begin); });
  verb("catch-up", "read the whole log")->callback([&] { status = catch_up(options); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {
    return app.exit(done);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return 2;
  }
  return status;
}

}  // namespace lianxi::bench

int main(int argc, char** argv) { return lianxi::bench::main_of(argc, argv); }
