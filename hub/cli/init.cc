// lianxi-hub init: keys, genesis, card.
#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "hub/admin/access.h"
#include "hub/cli/commands.h"
#include "hub/files.h"

namespace lianxi::hub {

namespace {

struct InitOptions {
  std::string data, county, operators_out, routes, need_to_know, start;
  std::uint32_t operators = 2, threshold = 0;
  bool demo = false;
  evidence::Endpoints endpoints{"tcp://127.0.0.1:7710", "tcp://127.0.0.1:7711", "tcp://127.0.0.1:7712"};
};

std::string policy_dir() {
  if (const char* dir = std::getenv("LIANXI_POLICY_DIR")) return dir;
  return LIANXI_POLICY_DIR;
}

Result<std::string> text_file(const std::string& path) {
  auto bytes = read_file(path);
  if (!bytes) return bytes.error();
  return std::string(text(*bytes));
}

Result<std::string> genesis_body(const InitOptions& options, const evidence::HubKeys& keys, const std::vector<evidence::PublicKey>& operators) {
  const auto& suite = evidence::suite1();
  auto routes = text_file(options.routes.empty() ? policy_dir() + "/routes.toml" : options.routes);
  if (!routes) return routes.error();
  auto need = text_file(options.need_to_know.empty() ? policy_dir() + "/need_to_know.toml" : options.need_to_know);
  if (!need) return need.error();
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const auto& key : operators) rows.push_back({{"use", static_cast<int>(evidence::KeyUse::operator_)}, {"public_key", hex(key)}});
  const nlohmann::ordered_json body{{"log_id", hex(keys.log_id)},
                                    {"generation", keys.generation},
                                    {"suite", suite.id()},
                                    {"demo", keys.demo},
                                    {"county", options.county},
                                    {"hub", keys.hub.value()},
                                    {"checkpoint_key", hex(suite.signing_public(keys.checkpoint))},
                                    {"message_key", hex(suite.signing_public(keys.message))},
                                    {"curve_key", hex(keys.curve_public)},
                                    {"operators", rows},
                                    {"threshold", options.threshold},
                                    {"routes", *routes},
                                    {"need_to_know", *need}};
  return body.dump();
}

Result<std::string> init(InitOptions options) {
  if (options.threshold == 0) options.threshold = std::min<std::uint32_t>(2, options.operators);
  if (options.threshold > options.operators) return fail(Code::invalid_argument, "--threshold is larger than --operators");
  Instant start = SystemClock().now().wall;
  if (!options.start.empty() && !parse_rfc3339(options.start, start)) return fail(Code::invalid_argument, "--start " + options.start);
  if (auto made = make_directory(options.data); !made) return made.error();
  if (read_file(key_path(options.data))) return fail(Code::already_exists, key_path(options.data));
  SystemEntropy entropy;
  auto keys = evidence::generate_hub_keys(AgencyId(options.county + "-HUB"), options.demo, entropy);
  if (auto made = make_directory(options.operators_out); !made) return made.error();
  std::vector<evidence::SecretKey> secrets;
  std::vector<evidence::PublicKey> publics;
  for (std::uint32_t i = 1; i <= options.operators; ++i) {
    auto key = evidence::generate_operator_key("operator-" + std::to_string(i), entropy);
    const auto path = options.operators_out + "/operator-" + std::to_string(i) + ".key";
    if (auto written = evidence::write_secret_file(path, evidence::to_json(key)); !written) return written.error();
    publics.push_back(evidence::suite1().signing_public(key.secret));
    secrets.push_back(key.secret);
  }
  auto body = genesis_body(options, keys, publics);
  if (!body) return body.error();
  if (auto written = evidence::write_secret_file(key_path(options.data), evidence::to_json(keys)); !written) return written.error();
  auto hub = open_offline(options.data);
  if (!hub) return hub.error();
  Result<void> submitted;
  Hash leaf{};
  (*hub)->run([&](HubCore& core, Now now) {
    now.boot += start - now.wall;  // Both clocks alike: a start of one's own choice is no step.
    now.wall = start;
    submitted = core.submit_genesis(*body, secrets, start, now);
    core.pump(now);
  });
  if (!submitted) return submitted.error();
  Result<void> logged = fail(Code::unknown_outcome, "genesis");
  (*hub)->run([&](HubCore& core, Now) {
    auto entry = core.log().read_entry(0);
    if (!entry) {
      logged = core.fatal() ? *core.fatal() : entry.error();
      return;
    }
    leaf = (*entry)->leaf;
    logged = {};
  });
  if (!logged) return logged.error();
  const auto card = evidence::card_of(keys, leaf, publics, options.threshold, options.endpoints);
  if (auto written = evidence::write_card_file(card_path(options.data), evidence::to_json(card)); !written) return written.error();
  return evidence::fingerprint(card);
}

}  // namespace

void add_init(CLI::App& app, Globals& globals) {
  auto options = std::make_shared<InitOptions>();
  auto* verb = app.add_subcommand("init", "建立新的中心：密钥、创世条目、中心名片 / make a new hub: keys, genesis entry, hub card\n\n例 / Example:\n"
                                          "  lianxi-hub init --data hub --county 430922 --operators-out operators");
  verb->add_option("--data", options->data, "数据目录 / data directory")->required();
  verb->add_option("--county", options->county, "县代码 (GB/T 2260) / county code")->required();
  verb->add_option("--operators-out", options->operators_out, "运维密钥写到此目录 / directory for the operators' keys")->required();
  verb->add_option("--operators", options->operators, "运维人数 / how many operators")->check(CLI::Range(1, 16));
  verb->add_option("--threshold", options->threshold, "须几人签署（默认 2）/ how many must sign (default 2)");
  verb->add_option("--routes", options->routes, "routes.toml");
  verb->add_option("--need-to-know", options->need_to_know, "need_to_know.toml");
  verb->add_option("--submit", options->endpoints.submit, "名片上的地址 / address on the card");
  verb->add_option("--deliver", options->endpoints.deliver, "名片上的地址 / address on the card");
  verb->add_option("--chunks", options->endpoints.chunks, "名片上的地址 / address on the card");
  verb->add_option("--start", options->start, "创世时间 RFC 3339（演示用）/ time of the genesis (demo)");
  verb->add_flag("--demo", options->demo, "演示日志 / a demo log");
  verb->callback([options, &globals] {
    auto fingerprint = init(*options);
    if (!fingerprint) return report(globals, fingerprint.error());
    if (globals.json) {
      std::cout << nlohmann::ordered_json{{"card", card_path(options->data)}, {"fingerprint", *fingerprint}}.dump() << "\n";
      return;
    }
    std::cout << (globals.chinese() ? "中心已建立。名片：" : "The hub is made. Card: ") << card_path(options->data) << "\n"
              << (globals.chinese() ? "请电话核对指纹：" : "Compare the fingerprint by voice: ") << *fingerprint << "\n";
  });
}

}  // namespace lianxi::hub
