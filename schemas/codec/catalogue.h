// The message types as the schemas declare them, read by reflection from the binary schema compiled in. No code per type:
// adding a type is adding a table to schemas/messages and its name to the union there.
//
// Threads: a Catalogue is immutable after construction.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/base/result.h"
#include "schemas/codec/payload.h"

namespace lianxi::codec {

struct TypeInfo {
  std::uint16_t code = 0;              // 203
  std::string name;                    // "CriminalReferral"
  std::string zh;                      // "涉嫌犯罪案件移送书"
  std::string en;
  std::vector<Group> groups;           // The section list, ascending: the groups of its fields.
  std::vector<std::string> ids;        // Kinds of object id that the header must carry.
  bool reply = false;                  // in_reply_to is required.
  bool starts_clock = false;           // The addressee's agent logs Delivered at once.
};

// One fault of a document; all are reported at once.
struct Fault {
  std::string path;                    // JSON pointer: "/parties/0/name"
  Code code = Code::field_invalid;
  std::string zh;
  std::string en;
};

// A section before sealing or salting.
struct PlainSection {
  Group group{};
  Bytes plaintext;
};

// An attachment as the sender knows it; what of it lies in the section of its group.
struct AttachmentKey {
  std::uint16_t index = 0;             // In the message header's list.
  Group group{};
  std::string code;                    // DOC_REFERRAL_LETTER, ...
  std::string name;
  std::string mime;
  Hash file_key{};                     // 32 random bytes: the chunks' AEAD key.
  Hash sha256{};                       // Of the plaintext file.
  std::uint64_t bytes = 0;             // Of the plaintext file.
};

class Catalogue {
 public:
  static const Catalogue& instance();  // Built once from the compiled-in schema; check()s it.

  const TypeInfo* by_code(std::uint16_t code) const;
  const TypeInfo* by_name(std::string_view name) const;
  const std::vector<TypeInfo>& types() const;

  // JSON object (the `body` of a document) -> one plaintext per group of the type, in group order, empty groups included.
  // Derived fields (mask: C3 -> C3M) are filled here. Appends every fault found to `faults`; the result is only meaningful if
  // none was added.
  std::vector<PlainSection> split(const TypeInfo& type, std::string_view json, const std::vector<AttachmentKey>& attachments,
                                  std::vector<Fault>& faults) const;

  // The opposite: what the given plaintexts hold, merged into one JSON object. `attachments` gets the keys found. Sections
  // that are missing are simply absent. Code::section_malformed if a plaintext does not verify.
  Result<std::string> merge(const TypeInfo& type, const std::vector<PlainSection>& sections,
                            std::vector<AttachmentKey>* attachments = nullptr) const;

  // Checks one plaintext as foreign bytes: generated verifier, no field of another group, then the field rules.
  void validate(const TypeInfo& type, Group group, ByteView plaintext, std::vector<Fault>& faults) const;

  // What only several sections together show: a list that is not as long as its clear count says, a masked form that is not that of
  // the original. Readers call it with what they have; sections that are missing are no fault.
  void cross_check(const TypeInfo& type, const std::vector<PlainSection>& sections, std::vector<Fault>& faults) const;

  // What is doubtful in a document but no reason to refuse it: a social credit code whose check digit fails.
  std::vector<Fault> warnings(const TypeInfo& type, std::string_view json) const;

  // JSON Schema (2020-12) of the type's body.
  std::string json_schema(const TypeInfo& type) const;

  ~Catalogue();

 private:
  Catalogue();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lianxi::codec
