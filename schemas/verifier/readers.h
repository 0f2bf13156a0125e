// Readers of foreign bytes: receipts, notes, cards, message headers. Private to this folder. Each returns false or nullopt on
// anything malformed and never reads outside what it was given.
#pragma once

#include <optional>

#include "schemas/verifier/crypto.h"
#include "schemas/verifier/verifier.h"

namespace lianxi::verifier {

using KeyName = std::array<std::uint8_t, 8>;

struct ReceiptParts {
  Bytes entry_header;  // EH
  Bytes signature;
  Bytes hub_part;  // HP
  std::vector<Hash> path;
  std::string note;
  std::optional<std::uint64_t> size;  // What a binary receipt says; a file has it in the note only.
  // Out of EH and HP:
  Hash log_id{};
  std::uint8_t suite = 0;
  KeyName key_id{};
  Hash batch_root{};
  std::uint32_t generation = 0;
  EntryFacts facts;
};
std::optional<ReceiptParts> read_receipt(ByteView receipt);

struct NoteParts {
  std::string text;  // What is signed.
  std::string origin;
  std::uint64_t size = 0;
  Hash root{};
  struct Line {
    std::string name;
    Bytes key_and_signature;
  };
  std::vector<Line> lines;
};
std::optional<NoteParts> read_note(std::string_view note);

struct HubCard {
  Hash log_id{};
  std::string origin;
  std::uint32_t generation = 0;
  Hash leaf0{};
  Key checkpoint_key{};
};
// nullopt also if log id, origin, key and vkey do not agree.
std::optional<HubCard> read_hub_card(std::string_view json);

struct AgencyCard {
  std::string agency;
  Key signing{};
  KeyName key_id{};  // Computed, not read.
};
std::optional<AgencyCard> read_agency_card(std::string_view json);

struct HeaderParts {
  std::uint16_t type = 0;
  std::string agency;
  std::uint32_t epoch = 0;
  std::uint64_t number = 0;
  std::int64_t event_time = 0;
  struct Section {
    std::uint8_t group = 0;
    Hash commitment{};
  };
  std::vector<Section> sections;
};
std::optional<HeaderParts> read_header(ByteView flatbuffer);

struct Bundle {
  Bytes receipt;
  std::uint16_t index = 0;
  Bytes header;
  std::vector<Hash> others;
  struct Section {
    std::uint8_t group = 0;
    Hash salt{};
    Bytes plaintext;
  };
  std::vector<Section> sections;
};
std::optional<Bundle> read_bundle(std::string_view json);

std::array<std::uint8_t, 4> note_key(std::string_view name, const Key& key);
std::string group_name(std::uint8_t group);  // "C3M"; "#99" for one without a name.
std::optional<std::uint8_t> group_number(std::string_view name);

}  // namespace lianxi::verifier
