#include "benchmarks/entry_check.h"

#include "schemas/evidence/tree.h"

namespace lianxi::bench {

Result<void> EntryCheck::entry(ByteView entry_header, const Signature& signature, ByteView hub_part, std::uint64_t number,
                               std::uint64_t size, std::span<const Hash> path, std::string_view note, Nanos now) {
  if (note != note_) {
    auto read = evidence::read_checkpoint_unverified(note);
    if (!read) return read.error();
    if (read->origin != hub_.origin) return fail(Code::wrong_log, read->origin);
    note_ = note;
    checkpoint_ = std::move(*read);
  }
  if (checkpoint_.size != size) return fail(Code::verification_failed, "the checkpoint is of another size");
  const auto leaf = evidence::leaf_hash(entry_header, signature, hub_part);
  if (!evidence::verify_inclusion(leaf, number, size, path, checkpoint_.root)) {
    return fail(Code::verification_failed, "path of entry " + std::to_string(number));
  }
  if (now - checked_at_ < kNoteCheckEvery) return {};
  checked_at_ = now;
  return finish();
}

Result<void> EntryCheck::finish() {
  if (note_.empty()) return {};
  const auto opened = evidence::open_checkpoint(evidence::suite1(), hub_.checkpoint_key, note_);
  if (!opened) return opened.error();
  ++notes_checked_;
  return {};
}

}  // namespace lianxi::bench
