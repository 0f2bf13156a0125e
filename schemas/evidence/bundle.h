// The evidence bundle "lianxi-evidence/v1": one message with its receipt, and those of its sections that are to be shown. What is
// left out of `sections` stays withheld and the copy still verifies (schemas/verifier reads it; docs/formats/receipt.md).
#pragma once

#include "schemas/evidence/entry.h"

namespace lianxi::evidence {

struct ShownSection {
  std::string group;  // codec::name(): "C3".
  Hash salt{};
  Bytes plaintext;  // Unpadded: what the commitment covers.
};
struct Bundle {
  Receipt receipt;
  std::uint16_t index = 0;   // Of the message in its entry.
  Bytes header;              // The message header as received.
  std::vector<Hash> others;  // Message hashes of the entry's other messages, ascending index.
  std::vector<ShownSection> sections;
};
std::string to_json(const Bundle& bundle);

}  // namespace lianxi::evidence
