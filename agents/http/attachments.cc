#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "agents/http/api.h"
#include "agents/http/problem.h"

namespace lianxi::agent {

using nlohmann::json;

namespace {

constexpr std::int64_t kFetchMs = 60'000;
constexpr std::size_t kNameBytesMax = 255;

// One part of an upload. Without Content-Range the body is the whole file.
struct Part {
  std::uint64_t first = 0;
  std::uint64_t total = 0;
  bool finish_only = false;  // "bytes */total" and no body: the last answer was lost.
};

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::optional<Part> read_part(const HttpRequest& request) {
  const auto found = request.headers.find("content-range");
  if (found == request.headers.end()) return Part{0, request.body.size(), false};
  std::string_view text = found->second;
  if (!text.starts_with("bytes ")) return std::nullopt;
  text.remove_prefix(6);
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto total = number(text.substr(slash + 1));
  const auto range = text.substr(0, slash);
  if (!total) return std::nullopt;
  if (range == "*") return request.body.empty() ? std::optional(Part{*total, *total, true}) : std::nullopt;
  const auto dash = range.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = number(range.substr(0, dash)), last = number(range.substr(dash + 1));
  if (!first || !last || *last < *first || *last >= *total || *last - *first + 1 != request.body.size()) return std::nullopt;
  return Part{*first, *total, false};
}

bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~").find(c) != std::string_view::npos;
}

std::string percent_encoded(std::string_view in) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : in) {
    const auto byte = static_cast<unsigned char>(c);
    if (unreserved(c)) {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

// X-File-Name. A broken escape stays as it is: it is a name, nothing is opened by it.
std::string percent_decoded(std::string_view in) {
  std::string out;
  for (std::size_t i = 0; i < in.size(); ++i) {
    unsigned byte = 0;
    const bool escape = in[i] == '%' && i + 2 < in.size() &&
                        std::from_chars(in.data() + i + 1, in.data() + i + 3, byte, 16).ptr == in.data() + i + 3;
    out += escape ? static_cast<char>(byte) : in[i];
    if (escape) i += 2;
  }
  return out;
}

// The last part of a path, without control characters.
std::string file_name(std::string_view name) {
  name = name.substr(name.find_last_of("/\\") == std::string_view::npos ? 0 : name.find_last_of("/\\") + 1);
  std::string out;
  for (const char c : name) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out += c;
  }
  return out;
}

std::string disposition(const std::string& name) {
  std::string ascii;
  for (const char c : name) ascii += unreserved(c) ? c : '_';
  return "attachment; filename=\"" + ascii + "\"; filename*=UTF-8''" + percent_encoded(name);
}

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

// "bytes=a-b", "bytes=a-", "bytes=-n" within `total`; nothing if it cannot be satisfied. An answer is cut to kRangeBytesMax.
std::optional<ByteRange> read_range(std::string_view text, std::uint64_t total) {
  if (!text.starts_with("bytes=") || text.find(',') != std::string_view::npos) return std::nullopt;
  text.remove_prefix(6);
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = number(text.substr(0, dash)), last = number(text.substr(dash + 1));
  const bool suffix = dash == 0, open = dash + 1 == text.size();
  if ((suffix && open) || (!suffix && !first) || (!open && !last)) return std::nullopt;
  if (suffix) {
    const auto count = std::min(*last, total);
    return count == 0 ? std::nullopt : std::optional(ByteRange{total - count, std::min<std::uint64_t>(count, kRangeBytesMax)});
  }
  if (*first >= total || (!open && *last < *first)) return std::nullopt;
  const auto end = open ? total : std::min(*last, total - 1) + 1;
  return ByteRange{*first, std::min<std::uint64_t>(end - *first, kRangeBytesMax)};
}

// What message_json says of attachment n.
struct Stored {
  Position position;
  std::uint64_t bytes = 0;
  std::string name, mime;
};

std::uint64_t number_in(const json& value) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (value.is_string()) return number(value.get<std::string>()).value_or(0);
  return 0;
}

Result<Stored> find_attachment(const Agent& agent, const MessageName& name, std::size_t n) {
  const auto text = message_json(agent, name);
  if (!text) return text.error();
  const auto message = json::parse(*text, nullptr, false);
  Stored out;
  if (!message.is_object() || !message.contains("position") || !message["position"].is_string() ||
      !parse(message["position"].get<std::string>(), out.position)) {
    return fail(Code::not_found, "the message is not in the log yet");
  }
  for (const auto& item : message.value("attachments", json::array())) {
    if (!item.is_object() || number_in(item.value("n", json())) != n) continue;
    out.bytes = number_in(item.value("bytes", json()));
    if (const auto field = item.find("name"); field != item.end() && field->is_string()) out.name = field->get<std::string>();
    if (const auto field = item.find("mime"); field != item.end() && field->is_string()) out.mime = field->get<std::string>();
    return out;
  }
  return fail(Code::not_found, "no such attachment, or its group is withheld from this agency");
}

HttpResponse unsatisfiable(std::uint64_t total) {
  auto answer = problem_answer({.code = Code::invalid_argument,
                                .detail_zh = "请用 Range 分段读取，每段不超过 8 MiB",
                                .detail_en = "ask in ranges of at most 8 MiB",
                                .status = 416});
  answer.headers.emplace_back("Content-Range", "bytes */" + std::to_string(total));
  answer.headers.emplace_back("Accept-Ranges", "bytes");
  return answer;
}

HttpResponse attachment_answer(const Stored& stored, ByteRange range, bool partial, const Bytes& bytes) {
  HttpResponse answer{.status = partial ? 206 : 200,
                      .content_type = stored.mime.empty() ? "application/octet-stream" : stored.mime,
                      .body = std::string(text(bytes)),
                      .headers = {{"Accept-Ranges", "bytes"},
                                  {"Content-Disposition", disposition(stored.name.empty() ? "attachment" : stored.name)},
                                  {"Content-Security-Policy", "sandbox; default-src 'none'"},
                                  {"Cache-Control", "no-store"}}};
  if (partial) {
    answer.headers.emplace_back("Content-Range", "bytes " + std::to_string(range.first) + "-" +
                                                     std::to_string(range.first + bytes.size() - 1) + "/" +
                                                     std::to_string(stored.bytes));
  }
  return answer;
}

HttpResponse finish(Agent& agent, const std::string& upload, std::uint64_t bytes) {
  const auto id = agent.attachment_finish(upload);
  if (!id) return error_answer(id.error());
  return json_answer(201, {{"id", hex(*id)}, {"bytes", bytes}});
}

HttpResponse wrong_offset(const std::string& upload, std::uint64_t offset) {
  auto answer = problem_answer({.code = Code::invalid_argument,
                                .detail_zh = "应从字节 " + std::to_string(offset) + " 继续上传",
                                .detail_en = "the upload goes on at byte " + std::to_string(offset),
                                .status = 409});
  answer.headers.emplace_back("X-Upload", upload);
  answer.headers.emplace_back("X-Upload-Offset", std::to_string(offset));
  return answer;
}

HttpResponse store_part(Agent& agent, std::string upload, const Part& part, const HttpRequest& request, const std::string& name) {
  if (upload.empty()) {
    const auto mime = request.headers.find("content-type");
    const auto begun =
        agent.attachment_begin(name, mime == request.headers.end() ? "application/octet-stream" : mime->second, part.total);
    if (!begun) return error_answer(begun.error());
    upload = begun->upload;
  }
  const auto offset = agent.attachment_offset(upload);
  if (!offset) return error_answer(offset.error());
  if (*offset != part.first) return wrong_offset(upload, *offset);
  auto next = *offset;
  if (!request.body.empty()) {
    const auto written = agent.attachment_write(upload, part.first, view(request.body));
    if (!written) return error_answer(written.error());
    next = *written;
  }
  if (next == part.total) return finish(agent, upload, part.total);
  return json_answer(202, {{"upload", upload}, {"offset", next}});
}

}  // namespace

void Api::post_attachment(Call call) {
  const auto part = read_part(call.request);
  auto upload = call.request.query["upload"];
  if (const auto header = call.request.headers.find("x-upload"); upload.empty() && header != call.request.headers.end())
    upload = header->second;
  std::string name = "attachment";
  if (const auto header = call.request.headers.find("x-file-name"); header != call.request.headers.end())
    name = file_name(percent_decoded(header->second));
  if (!part || (upload.empty() && (part->first != 0 || part->finish_only)) || name.empty() || name.size() > kNameBytesMax) {
    return call.reply(problem_answer(
        {.code = Code::invalid_argument,
         .detail_zh = "Content-Range 应为“bytes 起-止/总长”并与正文长度一致；从第二段起须带 upload；文件名不超过 255 字节",
         .detail_en =
             "Content-Range is \"bytes first-last/total\" and agrees with the body; from the second part on upload is given; "
             "a file name has at most 255 bytes"}));
  }
  on_agent(std::move(call), [part = *part, upload, name](Call& asked, Agent& agent, Now) {
    asked.reply(store_part(agent, upload, part, asked.request, name));
  });
}

void Api::get_upload(Call call) {
  on_agent(std::move(call), [](Call& asked, Agent& agent, Now) {
    const auto offset = agent.attachment_offset(asked.arguments[0]);
    if (!offset) return asked.reply(error_answer(offset.error()));
    asked.reply(json_answer(200, {{"upload", asked.arguments[0]}, {"offset", *offset}}));
  });
}

void Api::get_attachment(Call call) {
  const auto name = parse_name(call.arguments[0]);
  const auto n = number(call.arguments[1]);
  if (!name || !n) return call.reply(problem_answer({.code = Code::not_found}));
  on_agent(std::move(call), [name = *name, n = static_cast<std::size_t>(*n)](Call& asked, Agent& agent, Now now) {
    auto stored = find_attachment(agent, name, n);
    if (!stored) return asked.reply(error_answer(stored.error()));
    const auto asked_range = asked.request.headers.find("range");
    const bool partial = asked_range != asked.request.headers.end();
    if (!partial && stored->bytes > kRangeBytesMax) return asked.reply(unsatisfiable(stored->bytes));
    const auto range = partial ? read_range(asked_range->second, stored->bytes) : ByteRange{0, stored->bytes};
    if (!range) return asked.reply(unsatisfiable(stored->bytes));
    agent.attachment_read(stored->position, n, range->first, static_cast<std::size_t>(range->count), now.boot + kFetchMs,
                          [reply = asked.reply, stored = *stored, range = *range, partial](Result<Bytes> bytes) {
                            if (!bytes) return reply(error_answer(bytes.error()));
                            reply(attachment_answer(stored, range, partial, *bytes));
                          });
  });
}

}  // namespace lianxi::agent
