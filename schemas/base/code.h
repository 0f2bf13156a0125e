// Every refusal has a code, a sentence in Chinese and English, and what to do next.
//
// A code's number is on the wire and in the log (hub part of an entry): never renumber. The table in code.cc is
// the only list; docs/reference/codes.md is printed from it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace lianxi {

enum class Code : std::uint16_t {
  ok = 0,
  // 1..99: our own failures and the world's: files, network, configuration.
  io = 1,                    // A write, sync or read failed.
  corrupt = 2,               // Bytes on disk are not what was written.
  not_found = 3,
  invalid_argument = 4,
  invalid_config = 5,
  overloaded = 6,            // A bounded queue is full: try again after a while.
  unknown_outcome = 7,       // Nobody can say whether it happened: send the same again.
  unavailable = 8,           // The hub cannot be reached, or is stopping.
  store_short = 9,           // The log ends below what is known to have been durable.
  disk_full = 10,
  unsupported = 11,
  verification_failed = 12,  // A proof, signature or digest does not hold.
  already_exists = 13,
  timed_out = 14,
  // 100..199: refused as a frame or a session.
  bad_frame = 100,
  bad_version = 101,
  not_authenticated = 102,
  key_revoked = 103,
  wrong_log = 104,
  no_hello = 105,
  unknown_frame = 106,
  frame_too_large = 107,
  hub_behind = 108,          // An agent showed a checkpoint larger than the log: the hub stops.
  // 200..299: refused as an entry: nothing is logged.
  bad_entry = 200,
  wrong_sender = 201,        // The entry names another agency than the connection's.
  bad_signature = 202,
  unknown_key = 203,
  number_gap = 204,          // `expected` says which number comes next.
  number_fork = 205,         // Another message already has this number.
  epoch_closed = 206,
  epoch_old = 207,
  epoch_unconsented = 208,
  batch_root_mismatch = 209,
  entry_too_large = 210,
  attachment_incomplete = 211,
  commits_stopped = 212,     // The clock stepped: an operator must confirm the time.
  wrong_suite = 213,
  // 300..399: refused as a message: the entry is logged, the number is spent.
  unknown_type = 300,
  schema_version = 301,
  type_not_allowed = 302,    // The sender may not send this type.
  recipient_not_allowed = 303,
  copy_missing = 304,
  unknown_agency = 305,
  unknown_seat = 306,
  section_mismatch = 307,
  section_list = 308,
  section_malformed = 309,
  field_missing = 310,
  field_invalid = 311,
  check_digit = 312,
  classified = 313,
  time_in_future = 314,
  id_missing = 315,
  reply_missing = 316,
  chain_mismatch = 317,      // `previous` of an addressee is not what the log has.
  wrap_missing = 318,
  operator_signature = 319,
  registry_serial = 320,
  header_malformed = 321,
  message_too_large = 322,
  field_unknown = 323,
  epoch_misplaced = 324,     // OpenEpoch must be number 1, alone in its entry.
  crs_refused = 325,
};

struct CodeText {
  Code code;
  std::string_view name;     // "NUMBER_GAP": what machines compare.
  std::string_view zh;
  std::string_view en;
  std::string_view next_zh;  // What to do next.
  std::string_view next_en;
};

// The row of `code`; an unknown number yields the row of a code named "UNKNOWN_CODE".
const CodeText& describe(Code code);
std::span<const CodeText> all_codes();

}  // namespace lianxi
