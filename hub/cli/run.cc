// lianxi-hub run.
#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "hub/cli/commands.h"
#include "hub/hub.h"
#include "schemas/config/config.h"

namespace lianxi::hub {

namespace {

struct RunOptions {
  std::string config, data, http = "127.0.0.1:7780", clock = "system", start;
  HubOptions hub;
};

Result<void> read_config(RunOptions& options, Globals& globals) {
  auto document = config::Document::load(options.config);
  auto hub = document.root().table("hub");
  hub.text("data_dir", options.data, config::Need::required).text("language", globals.language);
  auto listen = document.root().table("listen");
  listen.text("submit", options.hub.submit).text("deliver", options.hub.deliver).text("chunks", options.hub.chunks).text("http", options.http);
  auto clock = document.root().table("clock");
  clock.choice("mode", options.clock, {"system", "scenario"}).text("start", options.start);
  if (auto read = document.finish(); !read) {
    for (const auto& fault : document.faults()) std::cerr << config::to_string(fault, globals.chinese()) << "\n";
    return read.error();
  }
  return {};
}

Result<void> run(RunOptions options, Globals& globals) {
  if (!options.config.empty()) {
    if (auto read = read_config(options, globals); !read) return read;
  }
  if (options.data.empty()) return fail(Code::invalid_argument, "--data or --config");
  options.hub.data_dir = options.data;
  const auto colon = options.http.rfind(':');
  if (colon == std::string::npos) return fail(Code::invalid_argument, "--http " + options.http);
  options.hub.http_address = options.http.substr(0, colon);
  options.hub.http_port = static_cast<std::uint16_t>(std::atoi(options.http.c_str() + colon + 1));
  options.hub.scenario_clock = options.clock == "scenario";
  if (!options.start.empty()) {
    Instant start = 0;
    if (!parse_rfc3339(options.start, start)) return fail(Code::invalid_argument, "--start " + options.start);
    options.hub.scenario_start = start;
  }
  // Signals are waited for by a thread of their own; every other thread inherits them blocked.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  auto hub = Hub::start(options.hub);
  if (!hub) return hub.error();
  const nlohmann::ordered_json where{{"url", "http://" + options.hub.http_address + ":" + std::to_string((*hub)->http_port())},
                                     {"submit", (*hub)->address(0)},
                                     {"deliver", (*hub)->address(1)},
                                     {"chunks", (*hub)->address(2)}};
  if (auto written = write_file(options.data + "/http.json", view(where.dump() + "\n")); !written) return written;
  std::cerr << (globals.chinese() ? "联席中心已启动 " : "lianxi hub is running ") << where["url"].get<std::string>() << "\n"
            << (globals.chinese() ? "内存上限：" : "memory bounds: ") << (*hub)->describe_bounds() << "\n";
  std::jthread waiter([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      const timespec pause{0, 200'000'000};
      if (::sigtimedwait(&signals, nullptr, &pause) > 0) (*hub)->stop();
    }
  });
  return (*hub)->wait_until_stopped();
}

}  // namespace

void add_run(CLI::App& app, Globals& globals) {
  auto options = std::make_shared<RunOptions>();
  auto* verb = app.add_subcommand("run", "运行中心 / run the hub\n\n例 / Examples:\n  lianxi-hub run --data hub\n  lianxi-hub run --config hub.toml");
  verb->add_option("-c,--config", options->config, "hub.toml");
  verb->add_option("--data", options->data, "数据目录 / data directory");
  verb->add_option("--submit", options->hub.submit, "tcp://…:7710");
  verb->add_option("--deliver", options->hub.deliver, "tcp://…:7711");
  verb->add_option("--chunks", options->hub.chunks, "tcp://…:7712");
  verb->add_option("--http", options->http, "127.0.0.1:7780");
  verb->add_option("--clock", options->clock, "system | scenario")->check(CLI::IsMember({"system", "scenario"}));
  verb->add_option("--start", options->start, "场景时间的起点 / where the scenario's time begins");
  verb->callback([options, &globals] {
    if (auto done = run(*options, globals); !done) report(globals, done.error());
  });
}

}  // namespace lianxi::hub
