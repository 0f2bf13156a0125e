#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>

#include "agents/cli/commands.h"
#include "schemas/base/disk.h"
#include "schemas/verifier/verifier.h"

namespace lianxi::cli {

namespace {

struct Verify {
  std::string file, hub;
  std::vector<std::string> cards;
};

constexpr std::size_t kCardBytesMax = 64 << 10;
constexpr std::size_t kCardsMax = 4096;

// Every *.card and *.json of a directory, in order of names; a file as it is.
Result<std::vector<std::string>> card_files(const std::vector<std::string>& places) {
  std::vector<std::string> files;
  for (const auto& place : places) {
    std::error_code error;
    if (!std::filesystem::is_directory(place, error)) {
      files.push_back(place);
      continue;
    }
    std::filesystem::recursive_directory_iterator entries(place, error);
    for (; !error && entries != std::filesystem::recursive_directory_iterator(); entries.increment(error)) {
      const auto extension = entries->path().extension();
      if (entries->is_regular_file() && extension == ".card") files.push_back(entries->path().string());
    }
    if (error) return fail(Code::io, place + ": " + error.message());
    if (files.size() > kCardsMax) return fail(Code::invalid_argument, place + ": too many cards");
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<std::string> whole(const std::string& file, std::size_t bytes_max) {
  const auto bytes = read_file(file, bytes_max);
  if (!bytes) return fail(bytes.error().code, file + ": " + bytes.error().detail);
  return std::string(text(*bytes));
}

int print_report(const Session& session, const verifier::Report& report) {
  if (session.json) {
    out(verifier::to_json(report));
    return report.ok ? kDone : kVerification;
  }
  for (const auto& check : report.checks) {
    out((check.passed ? session.green("✓ ") : session.red("✗ ")) + check.name + "  " + session.say(check.zh, check.en));
  }
  if (report.ok) {
    out(session.say("✓ 全部通过", "✓ everything holds"));
    return kDone;
  }
  out(session.say("✗ 校验未通过：不要采信该文件", "✗ not proven: do not rely on this file"));
  return kVerification;
}

int verify(const Session& session, const Verify& wanted) {
  const auto file = whole(wanted.file, verifier::kBundleBytesMax);
  if (!file) return report(session, file.error());
  const auto hub = whole(wanted.hub, kCardBytesMax);
  if (!hub) return report(session, hub.error());
  const auto paths = card_files(wanted.cards);
  if (!paths) return report(session, paths.error());
  std::vector<std::string> cards;
  for (const auto& path : *paths) {
    auto card = whole(path, kCardBytesMax);
    if (!card) return report(session, card.error());
    cards.push_back(*std::move(card));
  }
  session.detail("名片 " + std::to_string(cards.size()) + " 张", std::to_string(cards.size()) + " cards");
  const auto first = file->find_first_not_of(" \t\r\n");
  const bool bundle = first != std::string::npos && (*file)[first] == '{';
  return print_report(
      session, bundle ? verifier::verify_evidence(*file, *hub, cards) : verifier::verify_receipt(view(*file), *hub, cards));
}

}  // namespace

void add_verify_command(CLI::App& root, Session& session) {
  auto wanted = std::make_shared<Verify>();
  auto* app = command(root, session, "verify", "离线校验回执或证据包（不联网，不信任发送方与中心）",
                      "verify a receipt or evidence bundle offline, trusting neither sender nor hub",
                      {{"lianxi verify 42.receipt --hub HUB.pub --cards cards", "校验回执；未通过时退出码为 7",
                        "a receipt; exit code 7 if it does not hold"},
                       {"lianxi verify 4711.3.json --hub HUB.pub --cards land.card --json", "校验证据包，供程序读取",
                        "an evidence bundle, for programs"}});
  app->add_option("FILE", wanted->file, session.say("回执或证据包", "receipt or evidence bundle"))->required()->type_name("");
  app->add_option("--hub", wanted->hub,
                  session.say("中心名片（指纹须事先电话核对）", "the hub card (its digits compared by voice before)"))
      ->required()
      ->type_name("FILE");
  app->add_option("--cards", wanted->cards,
                  session.say("单位名片：目录（取其中 *.card）或文件，可重复",
                              "agency cards: a directory (its *.card) or a file; may be repeated"))
      ->required()
      ->type_name("DIR")
      ->expected(1)
      ->take_all();
  app->callback([wanted, &session] { session.action = [wanted, &session] { return verify(session, *wanted); }; });
}

}  // namespace lianxi::cli
