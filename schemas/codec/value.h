// A message body, or what one section holds of it, as a tree beside the schema's tree. Inside schemas/codec only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lianxi::codec {

struct Value {
  bool present = false;
  std::int64_t number = 0;       // boolean, integer (bit pattern if unsigned), enumeration
  std::string text;              // text, bytes
  std::vector<Value> items;      // table: one per field of the model; list: its elements, all present
};

}  // namespace lianxi::codec
