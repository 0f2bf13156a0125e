// Reading the body of an operators' act, and what a RegistryUpdate does to the agencies. Inside this folder only.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include "schemas/codec/payload.h"
#include "schemas/messages/system_generated.h"
#include "schemas/policy/registry.h"

namespace lianxi::policy {

// An aligned, verified copy of a section's body, read as one table.
template <class Table>
class Body {
 public:
  static Result<Body> read(ByteView plaintext) {
    const auto parts = codec::split_plain(plaintext);
    if (!parts) return parts.error();
    Body body(copy(parts->body));
    flatbuffers::Verifier verifier(body.bytes_.data(), body.bytes_.size(), 16, 4096);
    if (!verifier.template VerifyBuffer<Table>(nullptr)) return fail(Code::section_malformed, "operators' act: C0");
    return body;
  }
  const Table& table() const { return *flatbuffers::GetRoot<Table>(bytes_.data()); }

 private:
  explicit Body(Bytes bytes) : bytes_(std::move(bytes)) {}
  Bytes bytes_;
};

inline std::string_view string_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

inline ByteView bytes_of(const flatbuffers::Vector<std::uint8_t>* bytes) {
  return bytes == nullptr ? ByteView() : ByteView(bytes->data(), bytes->size());
}

// 32 bytes that are not all zero.
inline std::optional<PublicKey> key_bytes(const flatbuffers::Vector<std::uint8_t>* bytes) {
  auto key = array_from<32>(bytes_of(bytes));
  return key == PublicKey{} ? std::nullopt : key;
}

template <class T>
std::vector<const T*> elements(const flatbuffers::Vector<flatbuffers::Offset<T>>* list) {
  std::vector<const T*> out;
  if (list == nullptr) return out;
  for (const auto* item : *list) out.push_back(item);
  return out;
}

// "430922-POLICE", "430922113-TOWN": six or nine digits, a dash, a role.
bool is_agency_id(const AgencyId& id);

// Changes `agencies` and `policy` as the update says. On an error they may be half changed: pass copies when that matters.
Result<void> fold_update(const msg::RegistryUpdate& update, const GenesisFacts& genesis, std::map<AgencyId, Agency>& agencies,
                         std::shared_ptr<const Policy>& policy);

}  // namespace lianxi::policy
