// Entry header and hub part read out of a longer run of bytes: they delimit themselves. Private to this folder.
#pragma once

#include "schemas/evidence/entry.h"

namespace lianxi::evidence {

// False on anything that encode() could not have written; `in` then stands anywhere.
bool read(Reader& in, EntryHeader& header);
bool read(Reader& in, HubPart& part);

}  // namespace lianxi::evidence
