#include "schemas/codec/text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace lianxi::codec {

namespace {

// Length of the UTF-8 sequence at `at`, 0 if there is none that is well formed.
std::size_t sequence(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u; };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0u) == 0x80u; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return tail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    if (!tail(1) || !tail(2) || (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f)) return 0;
    return 3;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    if (!tail(1) || !tail(2) || !tail(3) || (lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f)) return 0;
    return 4;
  }
  return 0;
}

std::vector<std::string_view> split_characters(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = std::max<std::size_t>(sequence(text, at), 1);
    out.push_back(text.substr(at, length));
    at += length;
  }
  return out;
}

constexpr std::array kCompoundSurnames = {
    std::string_view("欧阳"), std::string_view("上官"), std::string_view("司马"), std::string_view("诸葛"), std::string_view("夏侯"),
    std::string_view("皇甫"), std::string_view("尉迟"), std::string_view("公孙"), std::string_view("令狐"), std::string_view("慕容"),
    std::string_view("司徒"), std::string_view("东方"), std::string_view("南宫"), std::string_view("长孙"), std::string_view("宇文"),
    std::string_view("轩辕"), std::string_view("钟离"), std::string_view("端木"), std::string_view("百里"), std::string_view("呼延"),
    std::string_view("赫连"), std::string_view("澹台"), std::string_view("公冶"), std::string_view("申屠"), std::string_view("太史"),
    std::string_view("独孤"), std::string_view("闻人"), std::string_view("西门"), std::string_view("完颜"), std::string_view("拓跋")};

constexpr std::array kOrganisationEnds = {
    std::string_view("公司"), std::string_view("合作社"), std::string_view("厂"), std::string_view("场"), std::string_view("矿"),
    std::string_view("店"),   std::string_view("站"),     std::string_view("队"), std::string_view("部"), std::string_view("社"),
    std::string_view("院"),   std::string_view("所"),     std::string_view("局"), std::string_view("中心")};

std::string masked_name(std::string_view text) {
  const auto letters = split_characters(text);
  if (letters.size() >= 5) {
    for (const std::string_view end : kOrganisationEnds) {
      if (text.ends_with(end)) return std::string(letters[0]) + "某某" + std::string(end);
    }
  }
  if (letters.size() <= 1) return "某";
  const std::string two = std::string(letters[0]) + std::string(letters[1]);
  const bool compound =
      letters.size() > 2 && std::find(kCompoundSurnames.begin(), kCompoundSurnames.end(), two) != kCompoundSurnames.end();
  const std::size_t kept = compound ? 2 : 1;
  return (compound ? two : std::string(letters[0])) + (letters.size() - kept == 1 ? "某" : "某某");
}

std::string masked_phone(std::string_view text) {
  if (text.size() < 8) return "****";
  return std::string(text.substr(0, 3)) + "****" + std::string(text.substr(text.size() - 4));
}

// End of the first of `words` at or behind `from`; 0 if none stands there.
template <std::size_t N>
std::size_t end_of_first(std::string_view text, std::size_t from, const std::array<std::string_view, N>& words) {
  std::size_t best = std::string_view::npos;
  std::size_t end = 0;
  for (const std::string_view word : words) {
    const std::size_t at = text.find(word, from);
    if (at < best) {
      best = at;
      end = at + word.size();
    }
  }
  return end;
}

std::string masked_address(std::string_view text) {
  static constexpr std::array kTowns = {std::string_view("镇"), std::string_view("乡"), std::string_view("街道")};
  static constexpr std::array kVillages = {std::string_view("村"), std::string_view("社区"), std::string_view("居委会")};
  const std::size_t town = end_of_first(text, 0, kTowns);
  if (town == 0) return "（略）";
  const std::size_t village = end_of_first(text, town, kVillages);
  return std::string(text.substr(0, village == 0 ? town : village));
}

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<std::size_t> characters(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) {
    const std::size_t length = sequence(text, at);
    const auto lead = static_cast<unsigned char>(text[at]);
    if (length == 0 || (lead < 0x20 && lead != '\n' && lead != '\t') || lead == 0x7f) return std::nullopt;
    at += length;
  }
  return count;
}

std::string masked(Mask mask, std::string_view text) {
  switch (mask) {
    case Mask::name: return masked_name(text);
    case Mask::phone: return masked_phone(text);
    case Mask::address: return masked_address(text);
    case Mask::none: break;
  }
  return {};
}

std::string nearest(std::string_view wanted, const std::vector<std::string>& names) {
  std::string best;
  std::size_t least = 0;
  if (wanted.size() > 64) return best;
  for (const std::string& name : names) {
    const std::size_t d = distance(wanted, name);
    if (d * 3 > std::max(wanted.size(), name.size()) + 2) continue;
    if (best.empty() || d < least) {
      best = name;
      least = d;
    }
  }
  return best;
}

}  // namespace lianxi::codec
