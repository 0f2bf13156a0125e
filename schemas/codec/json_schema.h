// JSON Schema (2020-12) of a type's body. Inside schemas/codec only.
#pragma once

#include "schemas/codec/schema.h"

namespace lianxi::codec {

std::string schema_text(const TypeModel& type);

}  // namespace lianxi::codec
