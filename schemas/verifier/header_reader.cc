// A message header is a FlatBuffer. These few lines read the fields that a verifier needs, every offset checked, without the
// FlatBuffers library. FlatBuffers are little-endian.
#include "schemas/verifier/readers.h"

namespace lianxi::verifier {
namespace {

constexpr std::size_t kHeaderBytesMax = 256 << 10;
constexpr std::size_t kSectionsMax = 32;

class Buffer {
 public:
  explicit Buffer(ByteView bytes) : bytes_(bytes) {}
  template <class T>
  std::optional<T> number(std::size_t at) const {
    if (at > bytes_.size() || bytes_.size() - at < sizeof(T)) return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t i = sizeof(T); i > 0; --i) value = value << 8 | bytes_[at + i - 1];
    return static_cast<T>(value);
  }
  // Where the offset at `at` points to.
  std::optional<std::size_t> follow(std::size_t at) const {
    const auto offset = number<std::uint32_t>(at);
    if (!offset || *offset == 0 || *offset > bytes_.size() - at) return std::nullopt;
    return at + *offset;
  }
  // A vector of bytes or a string: u32 length, then its bytes.
  std::optional<ByteView> block(std::size_t at) const {
    const auto length = number<std::uint32_t>(at);
    if (!length || *length > bytes_.size() - at - 4) return std::nullopt;
    return bytes_.subspan(at + 4, *length);
  }

 private:
  ByteView bytes_;
};

// One table. A field that its vtable leaves out has its default.
class Table {
 public:
  static std::optional<Table> at(const Buffer& buffer, std::size_t at) {
    const auto back = buffer.number<std::uint32_t>(at);
    if (!back) return std::nullopt;
    const auto vtable = static_cast<std::int64_t>(at) - static_cast<std::int32_t>(*back);
    if (vtable < 0) return std::nullopt;
    const auto bytes = buffer.number<std::uint16_t>(static_cast<std::size_t>(vtable));
    if (!bytes || *bytes < 4) return std::nullopt;
    return Table(buffer, at, static_cast<std::size_t>(vtable), *bytes);
  }
  // Where field `id` lies; 0 if absent, nullopt if the vtable is broken.
  std::optional<std::size_t> field(unsigned id) const {
    const std::size_t entry = 4 + 2 * std::size_t{id};
    if (entry + 2 > vtable_bytes_) return 0;
    const auto offset = buffer_.number<std::uint16_t>(vtable_ + entry);
    if (!offset) return std::nullopt;
    return *offset == 0 ? 0 : at_ + *offset;
  }
  template <class T>
  bool read(unsigned id, T& out) const {
    const auto at = field(id);
    if (!at) return false;
    if (*at == 0) return true;
    const auto value = buffer_.number<T>(*at);
    if (value) out = *value;
    return value.has_value();
  }
  bool read(unsigned id, ByteView& out) const {
    const auto at = field(id);
    if (!at) return false;
    if (*at == 0) return true;
    const auto target = buffer_.follow(*at);
    const auto block = target ? buffer_.block(*target) : std::nullopt;
    if (block) out = *block;
    return block.has_value();
  }

 private:
  Table(const Buffer& buffer, std::size_t at, std::size_t vtable, std::size_t vtable_bytes)
      : buffer_(buffer), at_(at), vtable_(vtable), vtable_bytes_(vtable_bytes) {}
  const Buffer& buffer_;
  std::size_t at_, vtable_, vtable_bytes_;
};

// Fields in the order of their tables in header.fbs; a table only ever grows at its end.
enum Field : unsigned { kType = 1, kAgency = 3, kEpoch = 4, kNumber = 5, kEventTime = 9, kSections = 13 };
enum SectionField : unsigned { kGroup = 0, kCommitment = 1 };

bool read_sections(const Buffer& buffer, const Table& table, std::vector<HeaderParts::Section>& out) {
  const auto at = table.field(kSections);
  if (!at) return false;
  if (*at == 0) return true;
  const auto vector = buffer.follow(*at);
  const auto count = vector ? buffer.number<std::uint32_t>(*vector) : std::nullopt;
  if (!count || *count > kSectionsMax) return false;
  for (std::uint32_t i = 0; i < *count; ++i) {
    const auto target = buffer.follow(*vector + 4 + 4 * std::size_t{i});
    const auto section = target ? Table::at(buffer, *target) : std::nullopt;
    HeaderParts::Section parts;
    ByteView commitment;
    if (!section || !section->read(kGroup, parts.group) || !section->read(kCommitment, commitment)) return false;
    const auto hash = array_from<32>(commitment);
    if (!hash || (!out.empty() && parts.group <= out.back().group)) return false;  // Ascending: each group once.
    parts.commitment = *hash;
    out.push_back(parts);
  }
  return true;
}

}  // namespace

std::optional<HeaderParts> read_header(ByteView flatbuffer) {
  if (flatbuffer.size() > kHeaderBytesMax) return std::nullopt;
  const Buffer buffer(flatbuffer);
  const auto root = buffer.follow(0);
  const auto table = root ? Table::at(buffer, *root) : std::nullopt;
  if (!table) return std::nullopt;
  HeaderParts out;
  ByteView agency;
  const bool read = table->read(kType, out.type) && table->read(kAgency, agency) && table->read(kEpoch, out.epoch) &&
                    table->read(kNumber, out.number) && table->read(kEventTime, out.event_time) &&
                    read_sections(buffer, *table, out.sections);
  if (!read || agency.empty() || agency.size() > 64) return std::nullopt;
  out.agency = std::string(text(agency));
  return out;
}

}  // namespace lianxi::verifier
