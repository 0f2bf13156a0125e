// Whether an entry is logged, and which of its messages are: shape, numbering, signature, policy. The cheapest checks come
// first; nothing is written before all of them.
//
// Two levels: an entry that fails (frame, numbering, signature) is refused and nothing is logged; a message that fails (type,
// policy, content, copies) spends its number: the entry is logged and its hub part lists {index, code}.
// Pure. Threads: the hub loop.
#pragma once

#include <variant>

#include "hub/log/hub_log.h"
#include "schemas/store/chunk_store.h"

namespace lianxi::hub {

struct AdmittedMessage {
  codec::MessageHeader header;       // Unset if it did not parse.
  Hash hash{};
  Code refused = Code::ok;
  Code out_of_order = Code::ok;      // chain_mismatch, epoch_misplaced: what no later registry changes.
  std::size_t offset = 0, bytes = 0; // In the run.
};

struct AdmittedEntry {
  evidence::EntryHeader header;
  Bytes entry_header;                // As signed.
  Signature signature{};
  Bytes run;                         // As received.
  std::vector<AdmittedMessage> messages;
  std::uint64_t registry_serial = 0; // Decided under this version; decided again at commit if it has moved.
};

// Refused: nothing is logged. `retry`: the cause can pass.
struct EntryRefused {
  Code code{};
  std::string detail;
  std::uint64_t expected = 0;
  bool retry = false;
};
// The numbers are recorded or under way: their receipts are the answer.
struct EntryRepeated {
  Epoch epoch;
  std::uint64_t first = 0, last = 0;
};
// A fork: refused, one incident is logged and the epoch closed.
struct EntryForked {
  std::uint64_t number = 0;
  Hash known{}, seen{};
};
using Verdict = std::variant<AdmittedEntry, EntryRefused, EntryRepeated, EntryForked>;

class Admission {
 public:
  // All outlive the admission.
  Admission(HubLog& log, const evidence::Suite& suite, const ChunkStore& chunks) : log_(log), suite_(suite), chunks_(chunks) {}

  // `connection`: the agency of the CURVE key. An admitted entry has taken the sender's numbering forward: the caller commits it or
  // the process ends.
  Verdict admit(const AgencyId& connection, Bytes entry_header, const Signature& signature, Bytes run, Now now);

  // Message level again at commit, if the registry moved in between: acts take effect at sequencing. What the older version
  // refused may pass then; what was signed with a key revoked since does not.
  void decide_again(AdmittedEntry& entry, Now now) const;

 private:
  std::optional<EntryRefused> check_entry(const AgencyId& connection, const AdmittedEntry& entry) const;
  std::optional<EntryRefused> read_messages(AdmittedEntry& entry) const;
  std::optional<Verdict> check_numbers(const AdmittedEntry& entry) const;
  Verdict forked(const AdmittedEntry& entry, std::uint64_t number, const Hash& known, const Hash& seen) const;
  std::optional<Verdict> compare_recorded(const AdmittedEntry& entry, const Origin& origin) const;
  std::optional<EntryRefused> check_attachments(const AdmittedEntry& entry) const;
  bool opens_epoch(const AdmittedEntry& entry) const;
  void decide_messages(AdmittedEntry& entry, Now now) const;
  void decide(AdmittedMessage& message, const codec::MessageView& view, bool revoked, Now now) const;
  bool is_recorded_as_refused(const MessageId& id) const;
  Code check_chain(const codec::MessageHeader& header, const std::map<AgencyId, std::uint64_t>& previous) const;

  HubLog& log_;
  const evidence::Suite& suite_;
  const ChunkStore& chunks_;
};

}  // namespace lianxi::hub
