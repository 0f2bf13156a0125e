#include "schemas/store/store.h"

#include "schemas/base/check.h"

namespace lianxi {
namespace {

void append(std::string& key, std::uint64_t v, int width) {
  for (int i = width - 1; i >= 0; --i) key.push_back(static_cast<char>(v >> (8 * i) & 0xff));
}

}  // namespace

std::string key_u64(std::uint64_t v) {
  std::string key;
  append(key, v, 8);
  return key;
}

void append_u64(std::string& key, std::uint64_t v) { append(key, v, 8); }
void append_u32(std::string& key, std::uint32_t v) { append(key, v, 4); }
void append_u16(std::string& key, std::uint16_t v) { append(key, v, 2); }

std::uint64_t read_u64(std::string_view key, std::size_t offset) {
  check(offset + 8 <= key.size(), "store: key shorter than its number");
  std::uint64_t v = 0;
  for (std::size_t i = 0; i < 8; ++i) v = v << 8 | static_cast<std::uint8_t>(key[offset + i]);
  return v;
}

}  // namespace lianxi
