#include "schemas/base/bytes.h"

#include <algorithm>

#include "schemas/base/check.h"

namespace lianxi {

bool equal(ByteView a, ByteView b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

void Writer::s8(std::string_view v) {
  check(v.size() <= 255, "bytes: s8 longer than 255");
  u8(static_cast<std::uint8_t>(v.size()));
  bytes(v);
}

void Writer::label(std::string_view v) {
  bytes(v);
  u8(0);
}

std::uint64_t Reader::get(int width) {
  const auto v = bytes(static_cast<std::size_t>(width));
  std::uint64_t out = 0;
  for (const auto b : v) out = out << 8 | b;
  return out;
}

ByteView Reader::bytes(std::size_t n) {
  if (!ok_ || n > in_.size() - at_) {
    ok_ = false;
    return {};
  }
  const auto v = in_.subspan(at_, n);
  at_ += n;
  return v;
}

bool Reader::label(std::string_view expected) {
  const auto v = bytes(expected.size() + 1);
  if (!ok_ || text(v.first(expected.size())) != expected || v.back() != 0) ok_ = false;
  return ok_;
}

std::string hex(ByteView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const auto b : bytes) {
    out.push_back(kDigits[b >> 4]);
    out.push_back(kDigits[b & 15]);
  }
  return out;
}

std::optional<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  Bytes out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  return out;
}

namespace {
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

std::string base64(ByteView bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k) word = word << 8 | (k < n ? bytes[i + k] : 0u);
    for (std::size_t k = 0; k < 4; ++k) {
      out.push_back(k <= n ? kBase64[word >> (18 - 6 * k) & 63] : '=');
    }
  }
  return out;
}

std::optional<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  Bytes out;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t word = 0;
    int padding = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const char c = text[i + k];
      if (c == '=' && i + 4 == text.size() && k >= 2) {
        ++padding;
        word <<= 6;
        continue;
      }
      const auto at = kBase64.find(c);
      if (padding > 0 || at == std::string_view::npos) return std::nullopt;
      word = word << 6 | static_cast<std::uint32_t>(at);
    }
    // Bits that no byte carries must be zero: one text for one value.
    if ((padding == 1 && (word & 0xff) != 0) || (padding == 2 && (word & 0xffff) != 0)) return std::nullopt;
    for (int k = 0; k < 3 - padding; ++k) out.push_back(static_cast<std::uint8_t>(word >> (16 - 8 * k)));
  }
  return out;
}

namespace {

// CRC32C (Castagnoli, RFC 3720 B.4), eight bytes a step ("slicing by 8").
struct CrcTable {
  std::uint32_t at[8][256];
  constexpr CrcTable() : at{} {
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t c = i;
      for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? 0x82f63b78u ^ (c >> 1) : c >> 1;
      at[0][i] = c;
    }
    for (std::uint32_t i = 0; i < 256; ++i) {
      for (int t = 1; t < 8; ++t) at[t][i] = at[0][at[t - 1][i] & 0xff] ^ (at[t - 1][i] >> 8);
    }
  }
};
constexpr CrcTable kCrc;

}  // namespace

std::uint32_t crc32c(ByteView bytes, std::uint32_t seed) {
  std::uint32_t c = ~seed;
  const std::uint8_t* p = bytes.data();
  std::size_t n = bytes.size();
  for (; n >= 8; n -= 8, p += 8) {
    std::uint64_t word;
    std::memcpy(&word, p, 8);  // Little-endian hosts only; Debian's amd64 and arm64 are.
    word ^= c;
    c = 0;
    for (int k = 0; k < 8; ++k) c ^= kCrc.at[7 - k][word >> (8 * k) & 0xff];
  }
  for (; n > 0; --n, ++p) c = kCrc.at[0][(c ^ *p) & 0xff] ^ (c >> 8);
  return ~c;
}

}  // namespace lianxi
