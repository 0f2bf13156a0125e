// The rules that the schemas state for fields, checked on a value tree. Inside schemas/codec only.
#pragma once

#include "schemas/codec/schema.h"
#include "schemas/codec/value.h"

namespace lianxi::codec {

// Fills what is derived and absent: counts of lists, masked forms.
void derive(const TableModel& table, Value& value);

// Every fault of `value`. With `only`, the fields of that group alone are looked at (a section); else the whole document, and what
// lies in several sections is compared too: counts with lists, masked forms with what they mask.
void check_rules(const TableModel& table, const Value& value, std::optional<Group> only, std::vector<Fault>& faults);

// What is doubtful but no reason to refuse: a social credit code whose check digit fails.
void find_warnings(const TableModel& table, const Value& value, const std::string& path, std::vector<Fault>& warnings);

}  // namespace lianxi::codec
