// Opening: what one agency can read of a message that reached it, as JSON.
//
// Threads: any, on a registry that does not change meanwhile.
#pragma once

#include "schemas/policy/registry.h"

namespace lianxi::policy {

// The secret half of a sealing key of one of my seats; old keys too, since old messages were sealed to them.
struct SeatSecret {
  KeyId id{};
  evidence::SecretKey secret{};
};

// A section that I should be able to read and cannot.
struct SectionFault {
  codec::Group group{};
  // Whose fault: Code::corrupt = stored bytes or wrap differ from the digests in the header: the hub's.
  // Code::verification_failed = digests hold, yet it does not open, or its commitment differs: the sender's.
  // Code::not_found = the policy gives me this group but the section, or a wrap for one of my keys, was not delivered.
  // Code::section_malformed = opened, but it is no section of this type: the sender's.
  Code code = Code::ok;
  std::string detail;
};

struct OpenedMessage {
  std::string body_json;                             // One JSON object: the groups in `shown`, merged.
  std::vector<codec::AttachmentKey> attachments;     // Keys of the attachments that I may open.
  std::vector<codec::Group> shown;                   // Ascending; every commitment was recomputed.
  std::vector<codec::Group> withheld;                // Ascending: the type's other groups, entitled or not.
  std::vector<SectionFault> faults;                  // Empty when all is well.
  // The sender's contradictions between sections that are well each by itself: a list that is not as long as its clear count
  // says, a masked name that is not that of the original. Shown beside the document; nothing is hidden for it.
  std::vector<codec::Fault> contradictions;
};

// Opens the clear sections and those sealed ones that hold a wrap for one of `secrets`, checks digests and commitments, merges.
// `me` is the reading agency: it decides which absent groups are faults and which are simply not for it.
// Error: the header's type is unknown to this version (Code::unknown_type), or `message` is a left-out one (Code::not_found).
Result<OpenedMessage> open_message(const Registry& registry, const evidence::Suite& suite, const AgencyId& me,
                                   std::span<const SeatSecret> secrets, const codec::MessageView& message,
                                   const codec::MessageHeader& header);

}  // namespace lianxi::policy
