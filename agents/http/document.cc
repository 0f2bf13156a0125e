#include "agents/http/document.h"

#include <nlohmann/json.hpp>

#include "schemas/config/config.h"

namespace lianxi::agent {

using nlohmann::json;

namespace {

using Faults = std::vector<codec::Fault>;

void add(Faults& faults, std::string path, Code code, std::string zh, std::string en) {
  faults.push_back({std::move(path), code, std::move(zh), std::move(en)});
}

// RFC 6901: what stands between the slashes of a pointer.
std::string pointer_part(std::string_view name) {
  std::string out = "/";
  for (const char c : name) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

void check_members(const json& object, const std::string& path, const std::vector<std::string>& known, Faults& faults) {
  for (const auto& [name, value] : object.items()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const auto meant = config::nearest(name, known);
    add(faults, path + pointer_part(name), Code::field_unknown,
        "未知的字段“" + name + "”" + (meant ? "；是不是“" + *meant + "”？" : ""),
        "unknown field \"" + name + "\"" + (meant ? "; did you mean \"" + *meant + "\"?" : ""));
  }
}

// The text at `name`, or nothing (with a fault if it is there and no text, or if it must be there).
std::optional<std::string> text_at(const json& object, const std::string& path, const std::string& name, bool must,
                                   Faults& faults) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) {
    if (must) add(faults, path + "/" + name, Code::field_missing, "缺少字段“" + name + "”", "\"" + name + "\" is missing");
    return std::nullopt;
  }
  if (!found->is_string()) {
    add(faults, path + "/" + name, Code::field_invalid, "“" + name + "”应为文本", "\"" + name + "\" must be a text");
    return std::nullopt;
  }
  return found->get<std::string>();
}

void read_addressee(const json& item, const std::string& path, codec::Role role, Document& document, Faults& faults) {
  codec::Addressee addressee{.agency = {}, .seat = {}, .role = role, .previous = 0};
  if (item.is_string()) {
    const auto text = item.get<std::string>();
    const auto slash = text.find('/');
    addressee.agency = AgencyId(text.substr(0, slash));
    if (slash != std::string::npos) addressee.seat = text.substr(slash + 1);
  } else if (item.is_object()) {
    check_members(item, path, {"agency", "seat"}, faults);
    addressee.agency = AgencyId(text_at(item, path, "agency", true, faults).value_or("?"));
    addressee.seat = text_at(item, path, "seat", false, faults).value_or("");
  }
  if (addressee.agency.value().empty() || addressee.agency.value().size() > 64) {
    return add(faults, path, Code::field_invalid, "收件单位应写作“430922-POLICE”或“430922-POLICE/席位”",
               "an addressee is written \"430922-POLICE\" or \"430922-POLICE/SEAT\"");
  }
  document.to.push_back(std::move(addressee));
}

void read_addressees(const json& object, const std::string& name, codec::Role role, Document& document, Faults& faults) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return;
  if (found->is_string()) return read_addressee(*found, "/" + name, role, document, faults);
  if (!found->is_array()) {
    return add(faults, "/" + name, Code::field_invalid, "“" + name + "”应为单位的列表",
               "\"" + name + "\" must be a list of agencies");
  }
  if (found->size() > codec::kAddresseesMax) {
    return add(faults, "/" + name, Code::field_invalid, "收件单位过多", "too many addressees");
  }
  for (std::size_t i = 0; i < found->size(); ++i)
    read_addressee((*found)[i], "/" + name + "/" + std::to_string(i), role, document, faults);
}

void read_ids(const json& object, Document& document, Faults& faults) {
  const auto found = object.find("ids");
  if (found == object.end() || found->is_null()) return;
  if (!found->is_object()) {
    return add(faults, "/ids", Code::field_invalid, "“ids”应为对象，如 {\"referral\": \"…\"}",
               "\"ids\" must be an object: {\"referral\": \"…\"}");
  }
  for (const auto& [kind, value] : found->items()) {
    const auto values = value.is_array() ? value : json::array({value});
    for (const auto& item : values) {
      if (item.is_string()) {
        document.ids.push_back({kind, item.get<std::string>()});
      } else {
        add(faults, "/ids" + pointer_part(kind), Code::field_invalid, "编号应为文本或文本的列表",
            "an id must be a text or a list of texts");
      }
    }
  }
}

void read_message_id(const json& object, const std::string& name, std::optional<MessageId>& out, Faults& faults) {
  const auto text = text_at(object, "", name, false, faults);
  if (!text) return;
  MessageId id;
  if (parse(*text, id)) {
    out = id;
  } else {
    add(faults, "/" + name, Code::field_invalid, "消息编号应写作“430922-LAND.1.42”",
        "a message id is written \"430922-LAND.1.42\"");
  }
}

void read_attachment(const json& item, const std::string& path, Document& document, Faults& faults) {
  if (!item.is_object())
    return add(faults, path, Code::field_invalid, "附件应为对象 {code, group, id}",
               "an attachment is an object {code, group, id}");
  check_members(item, path, {"code", "group", "id"}, faults);
  DocumentAttachment attachment;
  attachment.code = text_at(item, path, "code", true, faults).value_or("");
  if (const auto group = text_at(item, path, "group", true, faults)) {
    if (const auto known = codec::group_named(*group)) {
      attachment.group = *known;
    } else {
      add(faults, path + "/group", Code::field_invalid, "未知的披露组“" + *group + "”",
          "unknown disclosure group \"" + *group + "\"");
    }
  }
  if (const auto id = text_at(item, path, "id", true, faults)) {
    const auto bytes = from_hex(*id);
    if (const auto hash = bytes ? array_from<32>(*bytes) : std::nullopt) {
      attachment.id = *hash;
    } else {
      add(faults, path + "/id", Code::field_invalid, "附件编号应为上传时返回的 64 位十六进制数",
          "an attachment id is the 64 hex digits that the upload returned");
    }
  }
  document.attachments.push_back(std::move(attachment));
}

void read_attachments(const json& object, Document& document, Faults& faults) {
  const auto found = object.find("attachments");
  if (found == object.end() || found->is_null()) return;
  if (!found->is_array())
    return add(faults, "/attachments", Code::field_invalid, "“attachments”应为列表", "\"attachments\" must be a list");
  for (std::size_t i = 0; i < found->size(); ++i)
    read_attachment((*found)[i], "/attachments/" + std::to_string(i), document, faults);
}

// Brackets outside of texts; what is wrong with them otherwise is the parser's to say.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kJsonDepthMax) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace

std::optional<json> parse_json(std::string_view text, Faults& faults) {
  if (too_deep(text)) {
    add(faults, "", Code::field_invalid, "JSON 嵌套过深", "the JSON is nested too deep");
    return std::nullopt;
  }
  try {
    return json::parse(text);
  } catch (const json::exception& error) {
    const auto* parse_error = dynamic_cast<const json::parse_error*>(&error);
    const auto at = parse_error == nullptr ? std::string() : std::to_string(parse_error->byte);
    add(faults, "", Code::field_invalid, "不是正确的 JSON（第 " + at + " 字节处）", "this is not JSON (at byte " + at + ")");
    return std::nullopt;
  }
}

Document read_document(const json& object, Faults& faults) {
  Document document;
  if (!object.is_object()) {
    add(faults, "", Code::field_invalid, "消息应为 JSON 对象", "a message is a JSON object");
    return document;
  }
  check_members(object, "",
                {"type", "to", "cc", "ids", "event_time", "in_reply_to", "corrects", "withdraws", "seat", "body", "attachments"},
                faults);
  if (const auto type = object.find("type"); type != object.end() && type->is_number_unsigned()) {
    document.type = std::to_string(type->get<std::uint64_t>());
  } else {
    document.type = text_at(object, "", "type", true, faults).value_or("");
  }
  document.seat = text_at(object, "", "seat", false, faults).value_or("");
  read_addressees(object, "to", codec::Role::to, document, faults);
  read_addressees(object, "cc", codec::Role::cc, document, faults);
  read_ids(object, document, faults);
  if (const auto time = text_at(object, "", "event_time", false, faults); time && !parse_rfc3339(*time, document.event_time)) {
    add(faults, "/event_time", Code::field_invalid, "时间应写作“2025-03-04T16:30:00+08:00”",
        "a time is written \"2025-03-04T16:30:00+08:00\"");
  }
  read_message_id(object, "in_reply_to", document.in_reply_to, faults);
  read_message_id(object, "corrects", document.corrects, faults);
  read_message_id(object, "withdraws", document.withdraws, faults);
  read_attachments(object, document, faults);
  const auto body = object.find("body");
  if (body == object.end() || !body->is_object()) {
    add(faults, "/body", body == object.end() ? Code::field_missing : Code::field_invalid, "“body”应为对象",
        "\"body\" must be an object");
  } else {
    document.body_json = body->dump();
  }
  return document;
}

std::string_view stage_name(Stage stage) {
  switch (stage) {
    case Stage::queued:
      return "queued";
    case Stage::logged:
      return "logged";
    case Stage::refused:
      return "refused";
    case Stage::delivered:
      return "delivered";
  }
  return "queued";
}

json status_json(const MessageStatus& status) {
  json out = {{"id", to_string(status.id)}, {"status", stage_name(status.stage)}};
  if (status.stage == Stage::queued) return out;
  out["position"] = to_string(status.position);
  out["hub_time"] = to_rfc3339(status.logged_at);
  if (status.stage == Stage::refused) out["code"] = describe(status.refusal).name;
  out["delivered_to"] = json::array();
  for (const auto& agency : status.delivered_to) out["delivered_to"].push_back(agency.value());
  return out;
}

}  // namespace lianxi::agent
