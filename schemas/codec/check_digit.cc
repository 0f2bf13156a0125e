#include "schemas/codec/check_digit.h"

#include <array>
#include <chrono>

namespace lianxi::codec {

bool uscc_valid(std::string_view code) {
  static constexpr std::string_view kSymbols = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  static constexpr std::array<std::size_t, 17> kWeights = {1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28};
  if (code.size() != 18) return false;
  std::size_t sum = 0;
  for (std::size_t i = 0; i < kWeights.size(); ++i) {
    const std::size_t value = kSymbols.find(code[i]);
    if (value == std::string_view::npos) return false;
    sum += kWeights[i] * value;
  }
  return code[17] == kSymbols[(31 - sum % 31) % 31];
}

bool citizen_id_valid(std::string_view id) {
  static constexpr std::array<int, 17> kWeights = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
  if (id.size() != 18) return false;
  int sum = 0;
  for (std::size_t i = 0; i < kWeights.size(); ++i) {
    if (id[i] < '0' || id[i] > '9') return false;
    sum += kWeights[i] * (id[i] - '0');
  }
  const auto number = [&](std::size_t at, std::size_t count) {
    int out = 0;
    for (std::size_t i = 0; i < count; ++i) out = out * 10 + (id[at + i] - '0');
    return out;
  };
  const std::chrono::year_month_day birth{std::chrono::year{number(6, 4)}, std::chrono::month{static_cast<unsigned>(number(10, 2))},
                                          std::chrono::day{static_cast<unsigned>(number(12, 2))}};
  const char last = id[17] == 'x' ? 'X' : id[17];
  return birth.ok() && number(6, 4) >= 1800 && last == "10X98765432"[sum % 11];
}

std::string citizen_id_normalised(std::string_view id) {
  std::string out(id);
  if (!out.empty() && out.back() == 'x') out.back() = 'X';
  return out;
}

}  // namespace lianxi::codec
