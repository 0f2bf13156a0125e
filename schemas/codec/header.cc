#include <algorithm>

#include "schemas/base/check.h"
#include "schemas/codec/aligned.h"
#include "schemas/codec/payload.h"
#include "schemas/messages/header_generated.h"

namespace lianxi::codec {

namespace {

constexpr std::size_t kAgencyBytesMax = 64;
constexpr std::size_t kSeatBytesMax = 64;
constexpr std::size_t kKindBytesMax = 32;
constexpr std::size_t kValueBytesMax = 64;
constexpr std::size_t kIdsMax = 32;
constexpr std::size_t kAttachmentsMax = 64;
constexpr std::size_t kWrapsPerSectionMax = 256;
constexpr std::size_t kOperatorsMax = 16;

using ByteVector = flatbuffers::Vector<std::uint8_t>;

// Reads a verified header; `ok` turns false at the first thing out of place.
class HeaderReader {
 public:
  explicit HeaderReader(const wire::MessageHeader& in) : in_(in) {}

  bool read(MessageHeader& out) {
    out.suite = in_.suite();
    out.type = in_.type();
    out.schema_version = in_.schema_version();
    out.id = {AgencyId(text(in_.agency(), 1, kAgencyBytesMax)), Epoch(in_.epoch()), Number(in_.number())};
    require(in_.epoch() > 0 && in_.number() > 0);
    out.seat = text(in_.seat(), 0, kSeatBytesMax);
    out.event_time = in_.event_time();
    read_addressees(out);
    read_ids(out);
    out.in_reply_to = reference(in_.in_reply_to());
    out.corrects = reference(in_.corrects());
    out.withdraws = reference(in_.withdraws());
    read_sections(out);
    read_attachments(out);
    out.random = fixed<32>(in_.random());
    out.serial = in_.serial();
    read_operators(out);
    out.historical = in_.historical();
    return ok_;
  }

 private:
  void require(bool condition) { ok_ = ok_ && condition; }

  std::string text(const flatbuffers::String* value, std::size_t min, std::size_t max) {
    const std::size_t size = value == nullptr ? 0 : value->size();
    require(size >= min && size <= max);
    if (!ok_ || size == 0) return {};
    std::string out(value->c_str(), size);
    require(std::all_of(out.begin(), out.end(), [](char c) { return c > 0x20 && c < 0x7f; }));
    return out;
  }

  template <std::size_t N>
  std::array<std::uint8_t, N> fixed(const ByteVector* value) {
    std::array<std::uint8_t, N> out{};
    require(value != nullptr && value->size() == N);
    if (ok_) std::copy_n(value->data(), N, out.begin());
    return out;
  }

  template <class T>
  std::size_t count(const flatbuffers::Vector<flatbuffers::Offset<T>>* list, std::size_t max) {
    const std::size_t size = list == nullptr ? 0 : list->size();
    require(size <= max);
    return ok_ ? size : 0;
  }

  void read_addressees(MessageHeader& out) {
    const std::size_t size = count(in_.addressees(), kAddresseesMax);
    out.addressees.reserve(size);
    for (std::size_t i = 0; i < size; ++i) {
      const wire::Addressee& item = *in_.addressees()->Get(static_cast<flatbuffers::uoffset_t>(i));
      require(item.role() == wire::Role::to || item.role() == wire::Role::cc);
      out.addressees.push_back({AgencyId(text(item.agency(), 1, kAgencyBytesMax)), text(item.seat(), 0, kSeatBytesMax),
                                static_cast<Role>(item.role()), item.previous()});
    }
  }

  void read_ids(MessageHeader& out) {
    const std::size_t size = count(in_.ids(), kIdsMax);
    out.ids.reserve(size);
    for (std::size_t i = 0; i < size; ++i) {
      const wire::ObjectId& item = *in_.ids()->Get(static_cast<flatbuffers::uoffset_t>(i));
      out.ids.push_back({text(item.kind(), 1, kKindBytesMax), text(item.value(), 1, kValueBytesMax)});
    }
  }

  std::optional<MessageId> reference(const wire::MessageRef* value) {
    if (value == nullptr) return std::nullopt;
    require(value->epoch() > 0 && value->number() > 0);
    return MessageId{AgencyId(text(value->agency(), 1, kAgencyBytesMax)), Epoch(value->epoch()), Number(value->number())};
  }

  Group group(std::uint8_t number) {
    const auto found = group_numbered(number);
    require(found.has_value());
    return found.value_or(Group::c0);
  }

  void read_sections(MessageHeader& out) {
    const std::size_t size = count(in_.sections(), kGroupsMax);
    out.sections.reserve(size);
    for (std::size_t i = 0; i < size; ++i) {
      const wire::SectionInfo& item = *in_.sections()->Get(static_cast<flatbuffers::uoffset_t>(i));
      SectionInfo section{group(item.group()), fixed<32>(item.commitment()), fixed<32>(item.ciphertext()), read_wraps(item.wraps())};
      require(out.sections.empty() || out.sections.back().group < section.group);
      out.sections.push_back(std::move(section));
    }
  }

  std::vector<Hash> read_wraps(const ByteVector* wraps) {
    const std::size_t size = wraps == nullptr ? 0 : wraps->size();
    require(size % 32 == 0 && size / 32 <= kWrapsPerSectionMax);
    std::vector<Hash> out(ok_ ? size / 32 : 0);
    for (std::size_t i = 0; i < out.size(); ++i) std::copy_n(wraps->data() + 32 * i, 32, out[i].begin());
    return out;
  }

  void read_attachments(MessageHeader& out) {
    const std::size_t size = count(in_.attachments(), kAttachmentsMax);
    out.attachments.reserve(size);
    for (std::size_t i = 0; i < size; ++i) {
      const wire::AttachmentInfo& item = *in_.attachments()->Get(static_cast<flatbuffers::uoffset_t>(i));
      out.attachments.push_back({fixed<32>(item.digest()), item.bytes(), group(item.group())});
    }
  }

  void read_operators(MessageHeader& out) {
    const std::size_t size = count(in_.operators(), kOperatorsMax);
    for (std::size_t i = 0; i < size; ++i) {
      const wire::OperatorSignature& item = *in_.operators()->Get(static_cast<flatbuffers::uoffset_t>(i));
      out.operators.push_back({fixed<8>(item.key_id()), fixed<64>(item.signature())});
    }
  }

  const wire::MessageHeader& in_;
  bool ok_ = true;
};

template <std::size_t N>
auto bytes(flatbuffers::FlatBufferBuilder& builder, const std::array<std::uint8_t, N>& value) {
  return builder.CreateVector(value.data(), value.size());
}

flatbuffers::Offset<wire::MessageRef> reference(flatbuffers::FlatBufferBuilder& builder, const std::optional<MessageId>& id) {
  if (!id) return 0;
  return wire::CreateMessageRef(builder, builder.CreateString(id->agency.value()), id->epoch.value(), id->number.value());
}

auto addressees(flatbuffers::FlatBufferBuilder& builder, const MessageHeader& header) {
  std::vector<flatbuffers::Offset<wire::Addressee>> out;
  for (const Addressee& item : header.addressees) {
    const auto agency = builder.CreateString(item.agency.value());
    const auto seat = builder.CreateString(item.seat);
    out.push_back(wire::CreateAddressee(builder, agency, seat, static_cast<wire::Role>(item.role), item.previous));
  }
  return builder.CreateVector(out);
}

auto ids(flatbuffers::FlatBufferBuilder& builder, const MessageHeader& header) {
  std::vector<flatbuffers::Offset<wire::ObjectId>> out;
  for (const ObjectId& item : header.ids) {
    const auto kind = builder.CreateString(item.kind);
    out.push_back(wire::CreateObjectId(builder, kind, builder.CreateString(item.value)));
  }
  return builder.CreateVector(out);
}

auto sections(flatbuffers::FlatBufferBuilder& builder, const MessageHeader& header) {
  std::vector<flatbuffers::Offset<wire::SectionInfo>> out;
  for (const SectionInfo& item : header.sections) {
    Bytes wraps;
    wraps.reserve(32 * item.wraps.size());
    for (const Hash& wrap : item.wraps) wraps.insert(wraps.end(), wrap.begin(), wrap.end());
    const auto commitment = bytes(builder, item.commitment);
    const auto ciphertext = bytes(builder, item.ciphertext);
    out.push_back(wire::CreateSectionInfo(builder, static_cast<std::uint8_t>(item.group), commitment, ciphertext,
                                          builder.CreateVector(wraps)));
  }
  return builder.CreateVector(out);
}

auto attachments(flatbuffers::FlatBufferBuilder& builder, const MessageHeader& header) {
  std::vector<flatbuffers::Offset<wire::AttachmentInfo>> out;
  for (const AttachmentInfo& item : header.attachments) {
    out.push_back(
        wire::CreateAttachmentInfo(builder, bytes(builder, item.digest), item.bytes, static_cast<std::uint8_t>(item.group)));
  }
  return builder.CreateVector(out);
}

auto operators(flatbuffers::FlatBufferBuilder& builder, const MessageHeader& header) {
  std::vector<flatbuffers::Offset<wire::OperatorSignature>> out;
  for (const OperatorSignature& item : header.operators) {
    const auto key_id = bytes(builder, item.key_id);
    out.push_back(wire::CreateOperatorSignature(builder, key_id, bytes(builder, item.signature)));
  }
  return builder.CreateVector(out);
}

}  // namespace

Result<MessageHeader> parse_header(ByteView bytes) {
  if (bytes.size() < kBufferBytesMin || bytes.size() > kMessageBytesMax) {
    return fail(Code::header_malformed, "message header: size");
  }
  const Aligned aligned(bytes);
  auto verifier = aligned.verifier();
  if (!verifier.VerifyBuffer<wire::MessageHeader>()) return fail(Code::header_malformed, "message header: does not verify");
  MessageHeader out;
  HeaderReader reader(*flatbuffers::GetRoot<wire::MessageHeader>(aligned.data()));
  if (!reader.read(out)) return fail(Code::header_malformed, "message header: a field is out of bounds");
  return out;
}

Bytes encode_header(const MessageHeader& header) {
  check(header.addressees.size() <= kAddresseesMax && header.ids.size() <= kIdsMax, "header: too many addressees or ids");
  check(header.attachments.size() <= kAttachmentsMax, "header: too many attachments");
  flatbuffers::FlatBufferBuilder builder(1024);
  // One statement each: the order in which arguments are evaluated is not fixed, and the same header must give the same bytes.
  const auto agency = builder.CreateString(header.id.agency.value());
  const auto seat = builder.CreateString(header.seat);
  const auto to = addressees(builder, header);
  const auto objects = ids(builder, header);
  const auto in_reply_to = reference(builder, header.in_reply_to);
  const auto corrects = reference(builder, header.corrects);
  const auto withdraws = reference(builder, header.withdraws);
  const auto parts = sections(builder, header);
  const auto files = attachments(builder, header);
  const auto random = bytes(builder, header.random);
  const auto signatures = operators(builder, header);
  builder.Finish(wire::CreateMessageHeader(builder, header.suite, header.type, header.schema_version, agency,
                                           header.id.epoch.value(), header.id.number.value(), seat, to, objects, header.event_time,
                                           in_reply_to, corrects, withdraws, parts, files, random, header.serial, signatures,
                                           header.historical));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

}  // namespace lianxi::codec
