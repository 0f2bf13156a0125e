// Hashes, signatures and Merkle roots by nettle. Private to this folder.
#pragma once

#include <initializer_list>
#include <span>

#include "schemas/base/bytes.h"

namespace lianxi::verifier {

using Key = std::array<std::uint8_t, 32>;

Hash digest(std::initializer_list<ByteView> parts);                    // SHA-256
bool signed_by(const Key& key, ByteView message, ByteView signature);  // Ed25519
Hash merkle_root(std::span<const Hash> leaves);                        // RFC 6962
// The root that `path` (leaf upward) leads to from leaf `index` of a tree of `size`; false if the path has the wrong length.
bool root_from_path(const Hash& leaf, std::uint64_t index, std::uint64_t size, std::span<const Hash> path, Hash& root);

}  // namespace lianxi::verifier
