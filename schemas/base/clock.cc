#include "schemas/base/clock.h"

#include <chrono>
#include <cstdio>
#include <ctime>

namespace lianxi {

namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kChinaOffsetMs = 8 * 3'600'000;

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

Now SystemClock::now() const {
  timespec wall{};
  timespec boot{};
  clock_gettime(CLOCK_REALTIME, &wall);
  clock_gettime(CLOCK_BOOTTIME, &boot);
  const auto ms = [](const timespec& t) { return std::int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000; };
  return {ms(wall), ms(boot)};
}

std::string date_text(std::int32_t days) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  char out[32];
  std::snprintf(out, sizeof out, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  return out;
}

bool parse_date(const std::string& text, std::int32_t& days) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int used = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (const std::size_t i : {0u, 1u, 2u, 3u, 5u, 6u, 8u, 9u}) {
    if (text[i] < '0' || text[i] > '9') return false;
  }
  if (std::sscanf(text.c_str(), "%4d-%2u-%2u%n", &year, &month, &day, &used) != 3 || used != 10) return false;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
  if (!date.ok()) return false;
  days = static_cast<std::int32_t>(std::chrono::sys_days{date}.time_since_epoch().count());
  return true;
}

std::string to_rfc3339(Instant instant) {
  const std::int64_t local = instant + kChinaOffsetMs;
  const std::int64_t day = floor_div(local, kDayMs);
  const std::int64_t ms = local - day * kDayMs;
  char out[32];
  std::snprintf(out, sizeof out, "T%02d:%02d:%02d.%03d+08:00", static_cast<int>(ms / 3'600'000),
                static_cast<int>(ms / 60'000 % 60), static_cast<int>(ms / 1000 % 60), static_cast<int>(ms % 1000));
  return date_text(static_cast<std::int32_t>(day)) + out;
}

bool parse_rfc3339(const std::string& text, Instant& out) {
  std::int32_t day = 0;
  if (text.size() < 20 || !parse_date(text.substr(0, 10), day)) return false;
  if (text[10] != 'T' && text[10] != 't') return false;
  std::size_t at = 11;
  const auto two = [&](int max, int& value) {
    if (at + 2 > text.size() || text[at] < '0' || text[at] > '9' || text[at + 1] < '0' || text[at + 1] > '9') return false;
    value = (text[at] - '0') * 10 + (text[at + 1] - '0');
    at += 2;
    return value <= max;
  };
  const auto sign = [&](char c) { return at < text.size() && text[at] == c && ++at > 0; };
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!two(23, hour) || !sign(':') || !two(59, minute) || !sign(':') || !two(59, second)) return false;
  int ms = 0;
  if (sign('.')) {
    int scale = 100;
    const std::size_t start = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10) ms += (text[at] - '0') * scale;
    if (at == start || at - start > 9) return false;
  }
  std::int64_t offset = 0;
  if (at < text.size() && (text[at] == 'Z' || text[at] == 'z')) {
    ++at;
  } else {
    int direction = 0;
    if (sign('+')) direction = 1;
    else if (sign('-')) direction = -1;
    int hours = 0;
    int minutes = 0;
    if (direction == 0 || !two(23, hours) || !sign(':') || !two(59, minutes)) return false;
    offset = direction * (hours * 3'600'000LL + minutes * 60'000LL);
  }
  if (at != text.size()) return false;
  out = day * kDayMs + hour * 3'600'000LL + minute * 60'000LL + second * 1000LL + ms - offset;
  return true;
}

}  // namespace lianxi
