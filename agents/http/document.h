// The JSON document of POST /api/v1/messages, read into a Document; every fault is found in one pass.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "agents/runtime/agent.h"

namespace lianxi::agent {

inline constexpr std::size_t kDocumentBytesMax = 1 << 20;
inline constexpr int kJsonDepthMax = 64;

// Parses JSON without an exception leaving; a fault says at which byte. Deeper than kJsonDepthMax is a fault: nlohmann's
// writer recurses.
std::optional<nlohmann::json> parse_json(std::string_view text, std::vector<codec::Fault>& faults);

// {type, to, cc, ids, event_time, in_reply_to, corrects, withdraws, seat, body, attachments}: docs/reference/http.md.
// A member that is not known is a fault which names the nearest one. Meaningful only if no fault was added. event_time is 0 if
// the document has none.
Document read_document(const nlohmann::json& json, std::vector<codec::Fault>& faults);

nlohmann::json status_json(const MessageStatus& status);
std::string_view stage_name(Stage stage);

}  // namespace lianxi::agent
