#include "schemas/codec/plain.h"

#include <algorithm>

#include "schemas/base/check.h"
#include "schemas/codec/aligned.h"
#include "schemas/messages/any_generated.h"
#include "schemas/messages/attachments_generated.h"

namespace lianxi::codec {

namespace {

using Builder = flatbuffers::FlatBufferBuilder;
using flatbuffers::uoffset_t;

// --- building ---------------------------------------------------------------------------------------------------------

class BodyBuilder {
 public:
  explicit BodyBuilder(Group group) : group_(group) {}

  Bytes run(const TableModel& model, const Value& root) {
    builder_.Finish(flatbuffers::Offset<flatbuffers::Table>(table(model, root)));
    return {builder_.GetBufferPointer(), builder_.GetBufferPointer() + builder_.GetSize()};
  }

 private:
  bool wanted(const Field& field, const Value& value) const { return value.present && field.groups.has(group_); }

  uoffset_t table(const TableModel& model, const Value& value) {
    std::vector<uoffset_t> offsets(model.fields.size());
    for (std::size_t i = 0; i < model.fields.size(); ++i) {
      const Field& field = model.fields[i];
      if (wanted(field, value.items[i]) && (field.list || !field.scalar())) offsets[i] = child(field, value.items[i]);
    }
    const uoffset_t start = builder_.StartTable();
    for (std::size_t i = 0; i < model.fields.size(); ++i) {
      const Field& field = model.fields[i];
      if (!wanted(field, value.items[i])) continue;
      if (offsets[i] != 0) builder_.AddOffset(field.slot, flatbuffers::Offset<void>(offsets[i]));
      else add_scalar(field, value.items[i].number);
    }
    return builder_.EndTable(start);
  }

  // Two-argument AddElement stores the value even if it is the default: absent and zero must differ.
  void add_scalar(const Field& field, std::int64_t number) {
    switch (field.width) {
      case 1: return builder_.AddElement(field.slot, static_cast<std::uint8_t>(number));
      case 2: return builder_.AddElement(field.slot, static_cast<std::uint16_t>(number));
      case 4: return builder_.AddElement(field.slot, static_cast<std::uint32_t>(number));
      default: return builder_.AddElement(field.slot, static_cast<std::uint64_t>(number));
    }
  }

  uoffset_t child(const Field& field, const Value& value) {
    if (!field.list) return single(field, value);
    if (field.scalar()) return scalars(field, value);
    std::vector<flatbuffers::Offset<void>> offsets;
    offsets.reserve(value.items.size());
    for (const Value& item : value.items) offsets.emplace_back(single(field, item));
    return builder_.CreateVector(offsets).o;
  }

  uoffset_t single(const Field& field, const Value& value) {
    if (field.shape == Shape::table) return table(*field.table, value);
    if (field.shape == Shape::text) return builder_.CreateString(value.text).o;
    return builder_.CreateVector(reinterpret_cast<const std::uint8_t*>(value.text.data()), value.text.size()).o;
  }

  template <class T>
  uoffset_t numbers(const Value& value) {
    std::vector<T> out;
    out.reserve(value.items.size());
    for (const Value& item : value.items) out.push_back(static_cast<T>(item.number));
    return builder_.CreateVector(out).o;
  }

  uoffset_t scalars(const Field& field, const Value& value) {
    switch (field.width) {
      case 1: return numbers<std::uint8_t>(value);
      case 2: return numbers<std::uint16_t>(value);
      case 4: return numbers<std::uint32_t>(value);
      default: return numbers<std::uint64_t>(value);
    }
  }

  Builder builder_;
  Group group_;
};

// --- reading ----------------------------------------------------------------------------------------------------------

std::int64_t scalar(const std::uint8_t* at, const Field& field) {
  switch (field.width) {
    case 1: return field.is_unsigned || field.shape == Shape::boolean ? std::int64_t{*at} : std::int64_t{static_cast<std::int8_t>(*at)};
    case 2:
      return field.is_unsigned ? std::int64_t{flatbuffers::ReadScalar<std::uint16_t>(at)}
                               : std::int64_t{flatbuffers::ReadScalar<std::int16_t>(at)};
    case 4:
      return field.is_unsigned ? std::int64_t{flatbuffers::ReadScalar<std::uint32_t>(at)}
                               : std::int64_t{flatbuffers::ReadScalar<std::int32_t>(at)};
    default: return flatbuffers::ReadScalar<std::int64_t>(at);
  }
}

// Reads a verified table. A field of another group, or one that no schema knows, ends the reading.
class BodyReader {
 public:
  explicit BodyReader(Group group) : group_(group) {}

  bool table(const TableModel& model, const flatbuffers::Table& in, Value& out) {
    out.present = true;
    out.items.resize(model.fields.size());
    if (has_unknown_slots(model, in)) return false;
    for (std::size_t i = 0; i < model.fields.size(); ++i) {
      const Field& field = model.fields[i];
      const auto offset = in.GetOptionalFieldOffset(field.slot);
      if (offset == 0) continue;
      if (!field.groups.has(group_)) return false;
      const auto* at = reinterpret_cast<const std::uint8_t*>(&in) + offset;
      out.items[i].present = true;
      if (!read(field, at, out.items[i])) return false;
    }
    return true;
  }

 private:
  static bool has_unknown_slots(const TableModel& model, const flatbuffers::Table& in) {
    const std::uint8_t* vtable = in.GetVTable();
    const auto size = flatbuffers::ReadScalar<flatbuffers::voffset_t>(vtable);
    for (std::size_t slot = 4 + 2 * model.fields.size(); slot + 2 <= size; slot += 2) {
      if (flatbuffers::ReadScalar<flatbuffers::voffset_t>(vtable + slot) != 0) return true;
    }
    return false;
  }

  bool read(const Field& field, const std::uint8_t* at, Value& out) {
    if (field.list) return list(field, at + flatbuffers::ReadScalar<uoffset_t>(at), out);
    if (field.scalar()) {
      out.number = scalar(at, field);
      return field.shape != Shape::boolean || out.number <= 1;
    }
    return single(field, at + flatbuffers::ReadScalar<uoffset_t>(at), out);
  }

  bool single(const Field& field, const std::uint8_t* at, Value& out) {
    out.present = true;
    if (field.shape == Shape::table) return table(*field.table, *reinterpret_cast<const flatbuffers::Table*>(at), out);
    const auto size = flatbuffers::ReadScalar<uoffset_t>(at);
    out.text.assign(reinterpret_cast<const char*>(at) + sizeof(uoffset_t), size);
    return true;
  }

  bool list(const Field& field, const std::uint8_t* at, Value& out) {
    const auto size = flatbuffers::ReadScalar<uoffset_t>(at);
    if (size > field.max_items) return false;
    out.items.resize(size);
    const std::size_t step = field.scalar() ? field.width : sizeof(uoffset_t);
    for (uoffset_t i = 0; i < size; ++i) {
      const std::uint8_t* element = at + sizeof(uoffset_t) + i * step;
      Value& item = out.items[i];
      item.present = true;
      if (field.scalar()) {
        item.number = scalar(element, field);
        if (field.shape == Shape::boolean && item.number > 1) return false;
      } else if (!single(field, element + flatbuffers::ReadScalar<uoffset_t>(element), item)) {
        return false;
      }
    }
    return true;
  }

  Group group_;
};

bool merge_list(const Field& field, Value& whole, Value&& part) {
  if (whole.items.size() != part.items.size()) return false;
  for (std::size_t i = 0; i < whole.items.size(); ++i) {
    if (field.shape != Shape::table) continue;
    if (!merge_into(*field.table, whole.items[i], std::move(part.items[i]))) return false;
  }
  return true;
}

}  // namespace

Bytes build_body(const TypeModel& type, Group group, const Value& root) { return BodyBuilder(group).run(type.root, root); }

Bytes build_attachments(const std::vector<AttachmentKey>& keys, Group group) {
  Builder builder;
  std::vector<flatbuffers::Offset<wire::AttachmentKeyInfo>> items;
  for (const AttachmentKey& key : keys) {
    if (key.group != group) continue;
    const auto code = builder.CreateString(key.code);
    const auto name = builder.CreateString(key.name);
    const auto mime = builder.CreateString(key.mime);
    const auto file_key = builder.CreateVector(key.file_key.data(), key.file_key.size());
    const auto sha256 = builder.CreateVector(key.sha256.data(), key.sha256.size());
    items.push_back(wire::CreateAttachmentKeyInfo(builder, key.index, code, name, mime, file_key, sha256, key.bytes));
  }
  if (items.empty()) return {};
  builder.Finish(wire::CreateAttachmentList(builder, builder.CreateVector(items)));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

Result<Value> read_body(const TypeModel& type, Group group, ByteView body) {
  const auto malformed = [&](std::string_view why) {
    return fail(Code::section_malformed, "section " + std::string(name(group)) + ": " + std::string(why));
  };
  if (body.size() < kBufferBytesMin || body.size() > kMessageBytesMax) return malformed("size");
  const Aligned aligned(body);
  auto verifier = aligned.verifier();
  const uoffset_t root = verifier.VerifyOffset(std::size_t{0});
  if (root == 0) return malformed("root");
  const std::uint8_t* at = aligned.data() + root;
  if (!msg::VerifyAnyMessage(verifier, at, static_cast<msg::AnyMessage>(type.union_value))) return malformed("does not verify");
  Value out;
  if (!BodyReader(group).table(type.root, *reinterpret_cast<const flatbuffers::Table*>(at), out)) {
    return malformed("a field of another group, an unknown field, or a list too long");
  }
  return out;
}

Result<std::vector<AttachmentKey>> read_attachments(Group group, ByteView bytes) {
  std::vector<AttachmentKey> out;
  if (bytes.empty()) return out;
  const Error malformed = fail(Code::section_malformed, "section " + std::string(name(group)) + ": attachments");
  if (bytes.size() < kBufferBytesMin || bytes.size() > kMessageBytesMax) return malformed;
  const Aligned aligned(bytes);
  auto verifier = aligned.verifier();
  if (!verifier.VerifyBuffer<wire::AttachmentList>()) return malformed;
  const auto* items = flatbuffers::GetRoot<wire::AttachmentList>(aligned.data())->items();
  if (items == nullptr || items->size() > 64) return malformed;
  for (const auto* item : *items) {
    const bool whole = item->code() != nullptr && item->name() != nullptr && item->mime() != nullptr && item->file_key() != nullptr &&
                       item->sha256() != nullptr && item->file_key()->size() == 32 && item->sha256()->size() == 32;
    if (!whole) return malformed;
    AttachmentKey key{item->index(), group, item->code()->str(), item->name()->str(), item->mime()->str(), {}, {}, item->bytes()};
    std::copy_n(item->file_key()->data(), 32, key.file_key.begin());
    std::copy_n(item->sha256()->data(), 32, key.sha256.begin());
    if (!characters(key.code) || !characters(key.name) || !characters(key.mime)) return malformed;
    out.push_back(std::move(key));
  }
  return out;
}

bool merge_into(const TableModel& table, Value& whole, Value&& part) {
  whole.present = true;
  whole.items.resize(table.fields.size());
  for (std::size_t i = 0; i < table.fields.size(); ++i) {
    const Field& field = table.fields[i];
    Value& from = part.items[i];
    Value& to = whole.items[i];
    if (!from.present) continue;
    if (!to.present) {
      to = std::move(from);
    } else if (field.list) {
      if (!merge_list(field, to, std::move(from))) return false;
    } else if (field.shape == Shape::table && !merge_into(*field.table, to, std::move(from))) {
      return false;
    }
  }
  return true;
}

}  // namespace lianxi::codec
