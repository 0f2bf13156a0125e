// Values ⇄ FlatBuffers of one section. Inside schemas/codec only.
#pragma once

#include "schemas/codec/schema.h"
#include "schemas/codec/value.h"

namespace lianxi::codec {

// The FlatBuffer of the type's table with only the fields of `group`. The same value gives the same bytes.
Bytes build_body(const TypeModel& type, Group group, const Value& root);
Bytes build_attachments(const std::vector<AttachmentKey>& keys, Group group);

// Foreign bytes: Code::section_malformed unless the generated verifier accepts them and every field present is of `group`.
Result<Value> read_body(const TypeModel& type, Group group, ByteView body);
Result<std::vector<AttachmentKey>> read_attachments(Group group, ByteView bytes);

// Adds what `part` holds to `whole`. False if lists that both hold differ in length.
bool merge_into(const TableModel& table, Value& whole, Value&& part);

}  // namespace lianxi::codec
