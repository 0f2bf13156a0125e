// State secrets never travel here (保守国家秘密法): what is marked as one is refused at the sender and again at the hub.
#pragma once

#include <string_view>

#include "schemas/base/bytes.h"

namespace lianxi::policy {

// Whether the bytes carry the marking of a classified document: 绝密★, 机密★ or 秘密★ (UTF-8).
bool has_secrecy_marking(ByteView bytes);
inline bool has_secrecy_marking(std::string_view text) { return has_secrecy_marking(view(text)); }

// Whether any field named `classification` of the JSON text says more than SENSITIVE. Text that is no JSON says nothing.
bool declares_secret(std::string_view json);

}  // namespace lianxi::policy
