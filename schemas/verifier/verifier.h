// The offline verifier: says of a receipt, and of messages shown with it, what is proven and what is not, to somebody who
// trusts neither sender nor hub. Shares no code with schemas/evidence and uses another crypto library.
//
// It trusts the hub card (compared by voice when it was handed over) and the agency cards that it is given, nothing else.
// All inputs but these are hostile. Threads: any; no state.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/base/bytes.h"

namespace lianxi::verifier {

inline constexpr std::size_t kReceiptBytesMax = 128 << 10;
inline constexpr std::size_t kBundleBytesMax = 4 << 20;

struct Check {
  std::string name;  // "note_signature": for machines; listed in docs/formats/receipt.md.
  bool passed = false;
  std::string zh, en;  // What was found, one sentence each.
};

struct Refusal {
  std::uint16_t index = 0;
  std::uint16_t code = 0;
};

struct EntryFacts {          // What the receipt says; proven only if the report is ok.
  std::string agency, host;  // Host empty = sent by the agency itself.
  std::uint32_t epoch = 0;
  std::uint64_t first = 0;
  std::uint16_t count = 0;
  std::uint64_t entry = 0;
  std::int64_t time = 0;                      // When the hub ordered it, ms UTC.
  std::optional<std::int64_t> original_time;  // Set when the entry was given back: law counts from here.
  std::vector<Refusal> refused;
  std::string origin;
  std::uint64_t size = 0;  // Entries that the checkpoint covers.
};

struct SectionFacts {
  std::string group;   // "C3"
  bool shown = false;  // False: withheld from this copy; its commitment stands all the same.
};

struct MessageFacts {
  std::string id;        // "430922-LAND.1.42"
  std::string position;  // "4711.3"
  std::uint16_t type = 0;
  std::int64_t event_time = 0;
  std::optional<std::uint16_t> refused;  // The hub logged but did not accept it: its code.
  std::vector<SectionFacts> sections;
};

struct Report {
  bool ok = false;            // Every check passed, and there was at least one.
  std::vector<Check> checks;  // In the order made; after a check that the rest depends on fails, the rest is left out.
  std::optional<EntryFacts> entry;
  std::optional<MessageFacts> message;
};

// `receipt` is a receipt file (C2SP tlog-proof text) or the receipt's bytes; `cards` are agency cards, JSON, any number.
Report verify_receipt(ByteView receipt, std::string_view hub_card, std::span<const std::string> cards);

// A bundle "lianxi-evidence/v1" (JSON): a receipt, one message header of its entry, the hashes of the others, and the sections
// that its holder chose to show. A redacted copy verifies: what is absent is reported as withheld.
Report verify_evidence(std::string_view bundle, std::string_view hub_card, std::span<const std::string> cards);

std::string to_json(const Report& report);
std::string to_text(const Report& report);  // For people: every check in Chinese and English, then the facts.

}  // namespace lianxi::verifier
