#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "agents/cli/commands.h"
#include "agents/cli/http_client.h"
#include "agents/cli/target_options.h"
#include "schemas/base/disk.h"
#include "schemas/base/entropy.h"

namespace lianxi::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kMessageBytesMax = 1 << 20;
constexpr std::size_t kPartBytes = 8 << 20;

struct Send {
  Target target;
  std::string file, wait, key;
  std::vector<std::string> attachments;  // CODE,GROUP,FILE
};

Result<std::string> read_document(const std::string& file) {
  if (file != "-") {
    const auto bytes = read_file(file, kMessageBytesMax);
    if (!bytes) return fail(Code::invalid_argument, file + ": " + bytes.error().detail);
    return std::string(text(*bytes));
  }
  std::string all((std::istreambuf_iterator<char>(std::cin)), std::istreambuf_iterator<char>());
  if (all.size() > kMessageBytesMax) return fail(Code::message_too_large, "stdin");
  return all;
}

struct Attachment {
  std::string code, group, file;
};

std::optional<Attachment> parse_attachment(const std::string& text) {
  const auto first = text.find(',');
  const auto second = first == std::string::npos ? first : text.find(',', first + 1);
  if (second == std::string::npos || second + 1 == text.size()) return std::nullopt;
  return Attachment{text.substr(0, first), text.substr(first + 1, second - first - 1), text.substr(second + 1)};
}

std::string base_name(const std::string& path) {
  return path.substr(path.find_last_of('/') == std::string::npos ? 0 : path.find_last_of('/') + 1);
}

// Uploads in parts; the id, or an exit code already reported.
std::variant<std::string, int> upload(const Session& session, const HttpClient& client, const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return report(session, kFailed, fail(Code::not_found, path));
  const auto total = static_cast<std::uint64_t>(in.tellg());
  in.seekg(0);
  std::string id;
  for (std::uint64_t offset = 0;;) {
    std::string part(static_cast<std::size_t>(std::min<std::uint64_t>(kPartBytes, total - offset)), '\0');
    if (!in.read(part.data(), static_cast<std::streamsize>(part.size()))) return report(session, kFailed, fail(Code::io, path));
    HttpClient::Request request{
        .method = "POST",
        .path = "/api/v1/attachments" + (id.empty() ? "" : "?upload=" + percent_encoded(id)),
        .body = std::move(part),
        .headers = {{"Content-Type", "application/octet-stream"}, {"X-File-Name", percent_encoded(base_name(path))}},
        .timeout_ms = 120'000};
    if (total > kPartBytes) {
      request.headers["Content-Range"] = "bytes " + std::to_string(offset) + "-" +
                                         std::to_string(offset + request.body.size() - 1) + "/" + std::to_string(total);
    }
    const auto answer = client.ask(request);
    if (!answer) return report_no_answer(session, answer.error());
    if (answer->status != 201 && answer->status != 202) return report_problem(session, *answer);
    const auto body = json::parse(answer->body, nullptr, false);
    if (answer->status == 201) return body.value("id", std::string());
    id = body.value("upload", std::string());
    offset += request.body.size();
    session.detail(path + " " + std::to_string(offset) + "/" + std::to_string(total),
                   path + " " + std::to_string(offset) + "/" + std::to_string(total));
  }
}

// Puts what --attach names into the document; an exit code if something failed.
std::optional<int> attach_all(const Session& session, const HttpClient& client, const Send& send, std::string& document) {
  if (send.attachments.empty()) return std::nullopt;
  auto parsed = json::parse(document, nullptr, false);
  if (!parsed.is_object())
    return report(session, kRefused,
                  fail(Code::field_invalid, session.say("消息不是 JSON 对象", "the message is no JSON object")));
  for (const auto& text : send.attachments) {
    const auto wanted = parse_attachment(text);
    if (!wanted) return usage(session, "--attach 应写作 代码,披露组,文件", "--attach is written CODE,GROUP,FILE");
    auto id = upload(session, client, wanted->file);
    if (const auto* exit = std::get_if<int>(&id)) return *exit;
    parsed["attachments"].push_back({{"code", wanted->code}, {"group", wanted->group}, {"id", std::get<std::string>(id)}});
  }
  document = parsed.dump(-1, ' ', false, json::error_handler_t::replace);
  return std::nullopt;
}

void print_sent(const Session& session, const Answer& answer, const json& body) {
  if (session.json) return out(answer.body);
  const auto id = body.value("id", std::string()), position = body.value("position", std::string());
  out(id + (position.empty() ? "" : "  " + position));
  if (answer.status == 202) return session.talk("已保存在本单位，等待发往中心", "kept here; on its way to the hub");
  const auto time = body.value("hub_time", std::string());
  const bool delivered = body.value("status", std::string()) == "delivered";
  session.talk(std::string("✓ 已入库 ") + time + (delivered ? "，已送达" : ""),
               std::string("✓ logged ") + time + (delivered ? ", delivered" : ""));
}

int send_message(const Session& session, Send send) {
  auto document = read_document(send.file);
  if (!document) return report(session, kFailed, document.error());
  const auto client = HttpClient::open(send.target);
  if (!client) return report_no_answer(session, client.error());
  if (const auto exit = attach_all(session, *client, send, *document)) return *exit;
  if (send.key.empty()) send.key = hex(SystemEntropy().array<16>());
  const auto seconds = std::to_string(std::max<std::int64_t>(1, session.timeout_ms / 1000));
  const auto query = send.wait.empty() ? std::string() : "?wait=" + send.wait + "&timeout=" + seconds;
  const auto answer = client->ask({.method = "POST",
                                   .path = "/api/v1/messages" + query,
                                   .body = *document,
                                   .headers = {{"Idempotency-Key", send.key}},
                                   .timeout_ms = session.timeout_ms + 5'000});
  int exit = kDone;
  if (!answer) {
    exit = report_no_answer(session, answer.error());
  } else if (answer->status / 100 != 2) {
    exit = report_problem(session, *answer);
  } else {
    print_sent(session, *answer, json::parse(answer->body, nullptr, false));
  }
  if (exit == kUnknownOutcome) session.talk("原样重发：加上 --key " + send.key, "send the same again with --key " + send.key);
  return exit;
}

struct Get {
  Target target;
  std::string name, out_file;
  std::int64_t n = 0;
};

int save(const Session& session, const std::string& file, const std::string& bytes) {
  if (file.empty() || file == "-") {
    std::cout << bytes << std::flush;
    return kDone;
  }
  if (const auto written = write_file(file, view(bytes)); !written) return report(session, kFailed, written.error());
  session.talk("已保存 " + file, "saved " + file);
  return kDone;
}

int get_message(const Session& session, const Get& get) {
  const auto client = HttpClient::open(get.target);
  if (!client) return report_no_answer(session, client.error());
  const auto answer = client->ask({.path = "/api/v1/messages/" + percent_encoded(get.name), .timeout_ms = session.timeout_ms});
  if (!answer) return report_no_answer(session, answer.error());
  if (answer->status != 200) return report_problem(session, *answer);
  const auto parsed = json::parse(answer->body, nullptr, false);
  out(session.json || parsed.is_discarded() ? answer->body : parsed.dump(2, ' ', false, json::error_handler_t::replace));
  return kDone;
}

int get_file(const Session& session, const Get& get, const std::string& what) {
  const auto client = HttpClient::open(get.target);
  if (!client) return report_no_answer(session, client.error());
  const auto answer =
      client->ask({.path = "/api/v1/messages/" + percent_encoded(get.name) + "/" + what, .timeout_ms = session.timeout_ms});
  if (!answer) return report_no_answer(session, answer.error());
  if (answer->status != 200) return report_problem(session, *answer);
  return save(session, get.out_file, answer->body);
}

// In ranges: an attachment may be larger than one answer.
int get_attachment(const Session& session, const Get& get) {
  const auto client = HttpClient::open(get.target);
  if (!client) return report_no_answer(session, client.error());
  std::ofstream file;
  if (get.out_file != "-") {
    file.open(get.out_file, std::ios::binary | std::ios::trunc);
    if (!file) return report(session, kFailed, fail(Code::io, get.out_file));
  }
  std::ostream& to = get.out_file == "-" ? std::cout : file;
  for (std::uint64_t offset = 0, total = 1; offset < total;) {
    const auto answer =
        client->ask({.path = "/api/v1/messages/" + percent_encoded(get.name) + "/attachments/" + std::to_string(get.n),
                     .headers = {{"Range", "bytes=" + std::to_string(offset) + "-"}},
                     .timeout_ms = session.timeout_ms + 60'000});
    if (!answer) return report_no_answer(session, answer.error());
    const auto range = answer->headers.find("content-range");
    if (answer->status == 416 && offset == 0 && range != answer->headers.end() && range->second == "bytes */0") break;
    if (answer->status != 206 || range == answer->headers.end() || answer->body.empty()) return report_problem(session, *answer);
    total = std::strtoull(range->second.substr(range->second.find('/') + 1).c_str(), nullptr, 10);
    to << answer->body;
    offset += answer->body.size();
  }
  to.flush();
  if (!to) return report(session, kFailed, fail(Code::io, get.out_file));
  if (get.out_file != "-") session.talk("已保存 " + get.out_file, "saved " + get.out_file);
  return kDone;
}

CLI::App* add_get(CLI::App& root, Session& session, const std::shared_ptr<Get>& get, const std::string& name,
                  const std::string& zh, const std::string& en, const std::vector<Example>& examples) {
  auto* app = command(root, session, name, zh, en, examples);
  app->add_option(
         "ID", get->name,
         session.say("消息编号（430922-LAND.1.42）或位置（4711.3）", "message id (430922-LAND.1.42) or position (4711.3)"))
      ->required()
      ->type_name("");
  add_target_options(*app, session, get->target);
  return app;
}

}  // namespace

void add_message_commands(CLI::App& root, Session& session) {
  auto send = std::make_shared<Send>();
  auto* app = command(
      root, session, "send", "发送一条消息", "send a message",
      {{"lianxi send referral.json --at data/430922-LAND --wait logged", "发送并等到入库", "send and wait until it is logged"},
       {"lianxi send - --at data/430922-LAND --attach DOC_REFERRAL_LETTER,C3,letter.pdf < referral.json",
        "带一个附件，正文来自标准输入", "with an attachment, from stdin"}});
  app->add_option("FILE", send->file, session.say("JSON 文件；- 为标准输入", "JSON file; - is stdin"))->required()->type_name("");
  app->add_option("--wait", send->wait,
                  session.say("等到 logged（入库）或 delivered（送达）", "wait until it is logged or delivered"))
      ->check(CLI::IsMember({"logged", "delivered"}))
      ->type_name("STAGE");
  app->add_option("--key", send->key,
                  session.say("幂等键：同一个键不会重复发送", "idempotency key: the same key never sends twice"))
      ->type_name("KEY");
  app->add_option("--attach", send->attachments,
                  session.say("附件：代码,披露组,文件；可重复", "attachment: CODE,GROUP,FILE; may be repeated"))
      ->type_name("SPEC")
      ->expected(1)
      ->take_all();
  add_target_options(*app, session, send->target);
  app->callback([send, &session] { session.action = [send, &session] { return send_message(session, *send); }; });

  auto get = std::make_shared<Get>();
  app = add_get(root, session, get, "get", "显示一条消息（本单位可见的部分）", "show a message, as far as this agency may see it",
                {{"lianxi get 430922-LAND.1.42 --at data/430922-POLICE", "按编号", "by its id"},
                 {"lianxi get 4711.3 --at data/430922-POLICE --json", "按位置，供程序读取", "by position, for programs"}});
  app->callback([get, &session] { session.action = [get, &session] { return get_message(session, *get); }; });

  for (const bool receipt : {true, false}) {
    auto file = std::make_shared<Get>();
    app = receipt ? add_get(root, session, file, "receipt", "取回本单位所发消息的回执",
                            "fetch the receipt of a message of this agency",
                            {{"lianxi receipt 430922-LAND.1.42 --out 42.receipt --at data/430922-LAND", "保存为文件", "save it"},
                             {"lianxi receipt 430922-LAND.1.42 --at data/430922-LAND", "输出到屏幕", "print it"}})
                  : add_get(root, session, file, "evidence", "取回一条消息的证据包", "fetch the evidence bundle of a message",
                            {{"lianxi evidence 4711.3 --out 4711.3.json --at data/430922-POLICE", "保存为文件", "save it"},
                             {"lianxi evidence 430922-LAND.1.42 --at data/430922-POLICE", "输出到屏幕", "print it"}});
    app->add_option("--out", file->out_file, session.say("写到哪个文件", "file to write to"))->type_name("FILE");
    const std::string what = receipt ? "receipt" : "evidence";
    app->callback([file, what, &session] { session.action = [file, what, &session] { return get_file(session, *file, what); }; });
  }

  auto attachment = std::make_shared<Get>();
  app = add_get(root, session, attachment, "attachment", "取回一条消息的附件", "fetch an attachment of a message",
                {{"lianxi attachment 4711.3 0 --out letter.pdf --at data/430922-POLICE", "第一个附件", "the first attachment"},
                 {"lianxi attachment 4711.3 1 --out - --at data/430922-POLICE > photo.jpg", "输出到标准输出", "to stdout"}});
  app->add_option("N", attachment->n, session.say("附件序号，从 0 起", "number of the attachment, from 0"))
      ->required()
      ->type_name("");
  app->add_option("--out", attachment->out_file, session.say("写到哪个文件；- 为标准输出", "file to write to; - is stdout"))
      ->required()
      ->type_name("FILE");
  app->callback(
      [attachment, &session] { session.action = [attachment, &session] { return get_attachment(session, *attachment); }; });
}

}  // namespace lianxi::cli
