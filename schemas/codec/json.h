// JSON ⇄ values. The JSON library stays inside json.cc and json_schema.cc. Inside schemas/codec only.
//
// Bytes are lowercase hex; instants RFC 3339 in China's time; dates "2025-03-04"; positions "4711.3"; enums by name; what is kept
// in hundredths or 1e-7 degrees is a decimal number; integers beyond 2^53 are strings. Strings are accepted for all numbers.
#pragma once

#include "schemas/codec/schema.h"
#include "schemas/codec/value.h"

namespace lianxi::codec {

inline constexpr std::size_t kJsonBytesMax = 1 << 20;

// What could be read; all faults of form are appended (unknown names, wrong kinds, twice the same name).
Value parse_json(const TableModel& table, std::string_view json, std::vector<Fault>& faults);

// One object, fields in the order of the schema. A masked form that says no more than the original beside it is left out.
std::string to_json(const TableModel& table, const Value& value);

}  // namespace lianxi::codec
