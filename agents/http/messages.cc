#include <nlohmann/json.hpp>

#include "agents/http/api.h"
#include "agents/http/document.h"
#include "agents/http/problem.h"

namespace lianxi::agent {

using nlohmann::json;

namespace {

constexpr std::int64_t kWaitSeconds = 10;
constexpr std::int64_t kWaitSecondsMax = 60;

struct Wait {
  std::optional<Stage> stage;  // Nothing: answer as soon as it is numbered.
  std::int64_t seconds = kWaitSeconds;
};

std::optional<Wait> read_wait(const HttpRequest& request) {
  Wait wait;
  const auto seconds = query_number(request, "timeout", kWaitSeconds, kWaitSecondsMax);
  if (!seconds) return std::nullopt;
  wait.seconds = *seconds;
  const auto found = request.query.find("wait");
  if (found == request.query.end() || found->second.empty() || found->second == "none") return wait;
  if (found->second == "logged") {
    wait.stage = Stage::logged;
  } else if (found->second == "delivered") {
    wait.stage = Stage::delivered;
  } else {
    return std::nullopt;
  }
  return wait;
}

HttpResponse refused_answer(const MessageStatus& status) {
  return problem_answer(
      {.code = status.refusal, .status = 422, .id = to_string(status.id), .position = to_string(status.position)});
}

HttpResponse status_answer(int code, const MessageStatus& status, bool repeat, const std::string& receipt) {
  auto body = status_json(status);
  body["repeat"] = repeat;
  if (!receipt.empty()) body["receipt"] = receipt;
  auto answer = json_answer(code, body);
  answer.headers.emplace_back("Location", "/api/v1/messages/" + to_string(status.id));
  return answer;
}

HttpResponse queued_answer(const Accepted& accepted) {
  auto status = accepted.status;
  status.stage = Stage::queued;
  return status_answer(202, status, accepted.repeat, {});
}

bool reached(Stage stage, Stage wanted) { return stage == Stage::refused || stage >= wanted; }
static_assert(Stage::queued < Stage::logged && Stage::logged < Stage::delivered);

// What to say of a message whose stage is known: 201 once it stands in the log, whatever was waited for.
HttpResponse stage_answer(const Agent& agent, const MessageStatus& status, bool repeat) {
  if (status.stage == Stage::refused) return refused_answer(status);
  if (status.stage == Stage::queued) return status_answer(202, status, repeat, {});
  const auto receipt = agent.receipt(status.id);
  return status_answer(201, status, repeat, receipt ? base64(evidence::encode(*receipt)) : std::string());
}

void answer_when_reached(Agent& agent, Now now, const Accepted& accepted, const Wait& wait,
                         std::function<void(HttpResponse, Code refused)> answer) {
  const bool repeat = accepted.repeat;
  if (!wait.stage || reached(accepted.status.stage, *wait.stage)) {
    return answer(stage_answer(agent, accepted.status, repeat), Code::ok);
  }
  agent.wait_for(accepted.status.id, *wait.stage, now.boot + wait.seconds * 1000,
                 [&agent, repeat, answer = std::move(answer)](const MessageStatus& status) {
                   answer(stage_answer(agent, status, repeat), status.stage == Stage::refused ? status.refusal : Code::ok);
                 });
}

HttpResponse refusal_answer(const Refusal& refusal) {
  const bool unknown = refusal.code == Code::io || refusal.code == Code::corrupt || refusal.code == Code::unknown_outcome;
  Problem problem{.code = refusal.code, .faults = refusal.faults, .outcome_unknown = unknown};
  if (refusal.code == Code::already_exists) {
    problem.detail_zh = "同一个 Idempotency-Key 已用于另一条内容不同的消息";
    problem.detail_en = "this Idempotency-Key was used for a message with another content";
  }
  if (refusal.code == Code::unavailable) {
    problem.detail_zh = "本单位尚未从中心取得登记簿，消息没有保存";
    problem.detail_en = "this agency has no registry from the hub yet; the message was not kept";
    problem.next_zh = "连上中心后原样重发";
    problem.next_en = "send the same again once the hub was reached";
  }
  // What was refused in the document is never a fault of the path it was sent to.
  if (refusal.code == Code::invalid_argument || refusal.code == Code::not_found) problem.status = 422;
  return problem_answer(problem);
}

const char* known_type_name(const std::string& type) {
  const auto& catalogue = codec::Catalogue::instance();
  const auto* info = catalogue.by_name(type);
  if (info == nullptr && !type.empty() && type.size() < 6 && type.find_first_not_of("0123456789") == std::string::npos) {
    info = catalogue.by_code(static_cast<std::uint16_t>(std::stoul(type)));
  }
  return info == nullptr ? "unknown" : info->name.c_str();
}

// The position of a message that this agency holds and that stands in the log.
Result<Position> position_of(const Agent& agent, const MessageName& name) {
  if (name.position) return *name.position;
  const auto text = agent.message_json(*name.id);
  if (!text) return text.error();
  const auto message = json::parse(*text, nullptr, false);
  Position position;
  const auto found = message.find("position");
  if (found == message.end() || !found->is_string() || !parse(found->get<std::string>(), position)) {
    return fail(Code::not_found, "the message is not in the log yet");
  }
  return position;
}

// The id of a message by either of its names.
Result<MessageId> id_of(const Agent& agent, const MessageName& name) {
  if (name.id) return *name.id;
  const auto text = agent.message_json(*name.position);
  if (!text) return text.error();
  const auto message = json::parse(*text, nullptr, false);
  MessageId id;
  const auto found = message.find("id");
  if (found == message.end() || !found->is_string() || !parse(found->get<std::string>(), id)) return fail(Code::not_found);
  return id;
}

HttpResponse bad_name() {
  return problem_answer({.code = Code::invalid_argument,
                         .detail_zh = "应为消息编号（430922-LAND.1.42）或位置（4711.3）",
                         .detail_en = "a message id (430922-LAND.1.42) or a position (4711.3) is expected"});
}

}  // namespace

void Api::post_message(Call call) {
  if (call.request.body.size() > kDocumentBytesMax) return call.reply(problem_answer({.code = Code::message_too_large}));
  const auto wait = read_wait(call.request);
  if (!wait) {
    return call.reply(problem_answer({.code = Code::invalid_argument,
                                      .detail_zh = "wait 只能是 logged 或 delivered，timeout 是秒数",
                                      .detail_en = "wait is logged or delivered, timeout is a number of seconds"}));
  }
  std::vector<codec::Fault> faults;
  const auto parsed = parse_json(call.request.body, faults);
  Document document;
  if (parsed) document = read_document(*parsed, faults);
  if (!faults.empty()) {
    metrics_->rejected(call.agency, Code::field_invalid);
    const auto code = parsed ? faults.front().code : Code::field_invalid;
    return call.reply(problem_answer({.code = code, .faults = std::move(faults), .status = parsed ? 422 : 400}));
  }
  if (const auto key = call.request.headers.find("idempotency-key"); key != call.request.headers.end())
    document.idempotency_key = key->second;
  const auto agency = call.agency;
  const auto reply = call.reply;
  const std::string type = known_type_name(document.type);
  const bool queued = port_.submit(
      agency, std::move(document), [metrics = metrics_, port = &port_, agency, reply, type, wait = *wait](auto outcome) {
        if (!outcome) return reply(problem_answer({.code = Code::unknown_outcome, .status = 503, .outcome_unknown = true}));
        if (const auto* refusal = std::get_if<Refusal>(&*outcome)) {
          metrics->rejected(agency, refusal->code);
          return reply(refusal_answer(*refusal));
        }
        const auto& accepted = std::get<Accepted>(*outcome);
        if (!accepted.repeat) metrics->accepted(agency, type);
        // It is durable and numbered: whatever happens from here on, "queued" is true.
        const bool waiting =
            (wait.stage || accepted.status.stage != Stage::queued) &&
            port->post(agency, [metrics, agency, reply, accepted, wait](Agent& agent, Now now) {
              answer_when_reached(agent, now, accepted, wait, [metrics, agency, reply](HttpResponse response, Code refused) {
                if (refused != Code::ok) metrics->rejected(agency, refused);
                reply(std::move(response));
              });
            });
        if (!waiting) reply(queued_answer(accepted));
      });
  if (!queued) reply(problem_answer({.code = Code::overloaded}));
}

void Api::get_message(Call call) {
  const auto name = parse_name(call.arguments[0]);
  if (!name) return call.reply(bad_name());
  on_agent(std::move(call), [name = *name](Call& asked, Agent& agent, Now) {
    auto text = message_json(agent, name);
    if (!text) return asked.reply(error_answer(text.error()));
    asked.reply({.body = *std::move(text), .headers = {{"Cache-Control", "no-store"}}});
  });
}

void Api::get_receipt(Call call) {
  const auto name = parse_name(call.arguments[0]);
  if (!name) return call.reply(bad_name());
  on_agent(std::move(call), [name = *name](Call& asked, Agent& agent, Now) {
    const auto id = id_of(agent, name);
    if (!id) return asked.reply(error_answer(id.error()));
    const auto receipt = agent.receipt(*id);
    if (!receipt) return asked.reply(error_answer(receipt.error()));
    const auto accept = asked.request.headers.find("accept");
    if (accept != asked.request.headers.end() && accept->second.find("application/octet-stream") != std::string::npos) {
      return asked.reply({.content_type = "application/octet-stream", .body = std::string(text(evidence::encode(*receipt)))});
    }
    asked.reply({.content_type = "text/plain; charset=utf-8",
                 .body = evidence::receipt_file(*receipt),
                 .headers = {{"Content-Disposition", "attachment; filename=\"" + to_string(*id) + ".receipt\""}}});
  });
}

void Api::get_evidence(Call call) {
  const auto name = parse_name(call.arguments[0]);
  if (!name) return call.reply(bad_name());
  on_agent(std::move(call), [name = *name](Call& asked, Agent& agent, Now) {
    const auto position = position_of(agent, name);
    if (!position) return asked.reply(error_answer(position.error()));
    auto bundle = agent.evidence_json(*position);
    if (!bundle) return asked.reply(error_answer(bundle.error()));
    asked.reply({.body = *std::move(bundle),
                 .headers = {{"Cache-Control", "no-store"},
                             {"Content-Disposition", "attachment; filename=\"" + to_string(*position) + ".evidence.json\""}}});
  });
}

}  // namespace lianxi::agent
