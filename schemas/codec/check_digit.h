// Check digits of Chinese identifiers.
#pragma once

#include <string>
#include <string_view>

namespace lianxi::codec {

// Unified social credit code, GB 32100-2015: 18 symbols, the last one computed. Some real codes fail: a warning, no refusal.
bool uscc_valid(std::string_view code);

// Citizen id, GB 11643-1999: 18 digits, last one computed (X for 10), with a birth date that exists. Lower-case x counts as X.
bool citizen_id_valid(std::string_view id);
std::string citizen_id_normalised(std::string_view id);

}  // namespace lianxi::codec
