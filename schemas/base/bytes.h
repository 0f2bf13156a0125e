// Bytes as they travel and lie on disk: big-endian readers and writers, hex, base64.
//
// Every multi-byte integer that is hashed, signed or stored is big-endian (PROTOCOL: docs/protocol.md).
// Threads: values only; no shared state.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lianxi {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using Hash = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

inline constexpr Hash kZeroHash{};

inline ByteView view(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes copy(ByteView bytes) { return {bytes.begin(), bytes.end()}; }
bool equal(ByteView a, ByteView b);

// Appends to a byte vector that the caller owns.
class Writer {
 public:
  explicit Writer(Bytes& out) : out_(out) {}
  void u8(std::uint8_t v) { out_.push_back(v); }
  void u16(std::uint16_t v) { put(v, 2); }
  void u32(std::uint32_t v) { put(v, 4); }
  void u64(std::uint64_t v) { put(v, 8); }
  void i64(std::int64_t v) { put(static_cast<std::uint64_t>(v), 8); }
  void bytes(ByteView v) { out_.insert(out_.end(), v.begin(), v.end()); }
  void bytes(std::string_view v) { bytes(view(v)); }
  // s8: u8 length, then ASCII. At most 255 bytes, checked.
  void s8(std::string_view v);
  // L(x): the ASCII label, then one zero byte.
  void label(std::string_view v);
  std::size_t size() const { return out_.size(); }

 private:
  void put(std::uint64_t v, int width) {
    for (int i = width - 1; i >= 0; --i) out_.push_back(static_cast<std::uint8_t>(v >> (8 * i)));
  }
  Bytes& out_;
};

// Reads from borrowed bytes. After the first short read `ok()` is false and every further read
// yields zeros or empty views, so a parser checks once at its end.
class Reader {
 public:
  explicit Reader(ByteView in) : in_(in) {}
  std::uint8_t u8() { return static_cast<std::uint8_t>(get(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(get(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(get(4)); }
  std::uint64_t u64() { return get(8); }
  std::int64_t i64() { return static_cast<std::int64_t>(get(8)); }
  ByteView bytes(std::size_t n);
  std::string_view s8() { return text(bytes(u8())); }
  bool label(std::string_view expected);
  template <std::size_t N>
  std::array<std::uint8_t, N> array() {
    std::array<std::uint8_t, N> out{};
    const auto v = bytes(N);
    if (v.size() == N) std::memcpy(out.data(), v.data(), N);
    return out;
  }
  Hash hash() { return array<32>(); }
  std::size_t left() const { return in_.size() - at_; }
  std::size_t offset() const { return at_; }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && at_ == in_.size(); }

 private:
  std::uint64_t get(int width);
  ByteView in_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

std::string hex(ByteView bytes);
std::optional<Bytes> from_hex(std::string_view text);
std::string base64(ByteView bytes);  // RFC 4648, padded.
std::optional<Bytes> from_base64(std::string_view text);

template <std::size_t N>
std::optional<std::array<std::uint8_t, N>> array_from(ByteView bytes) {
  if (bytes.size() != N) return std::nullopt;
  std::array<std::uint8_t, N> out;
  std::memcpy(out.data(), bytes.data(), N);
  return out;
}

std::uint32_t crc32c(ByteView bytes, std::uint32_t seed = 0);

}  // namespace lianxi
