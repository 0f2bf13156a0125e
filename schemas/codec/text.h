// Text as the codec needs it: UTF-8 that can be shown, the masked forms (张某某), the nearest of several names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lianxi::codec {

// Characters (code points) in `text`; nothing if it is not UTF-8 or holds a control character other than tab and line feed.
std::optional<std::size_t> characters(std::string_view text);

enum class Mask { none, name, phone, address };

// name: first character (two of a compound surname) and 某 or 某某; an organisation keeps its last word (张某某公司).
// phone: 3 digits, ****, 4 digits. address: up to town and village. What cannot be read so is hidden whole.
std::string masked(Mask mask, std::string_view text);

// The name that differs in the fewest letters, if in at most a third of them; else empty.
std::string nearest(std::string_view wanted, const std::vector<std::string>& names);

}  // namespace lianxi::codec
