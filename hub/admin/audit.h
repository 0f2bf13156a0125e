// Reading a whole log again, as a stranger would: every signature, batch root, leaf and the root of all; used by `verify` and
// `export`. Works on stored entries alone, so it needs neither indexes nor the hub's memory.
// Threads: one.
#pragma once

#include <functional>
#include <string>

#include "hub/hub_core.h"

namespace lianxi::hub {

class Audit {
 public:
  explicit Audit(const evidence::Suite& suite) : suite_(suite), registry_(suite) {}

  // Takes the next entry. The error names it: "entry 4711: signature".
  Result<void> take(ByteView stored);
  // After the last: does the recomputed root equal `root`, and the note say so?
  Result<void> finish(std::uint64_t size, const Hash& root, const std::string& note) const;

  // One JSON line per message of the entry taken last: {position, id, type, type_name, time, to, hash, previous, refused}.
  std::vector<std::string> lines() const;
  std::uint64_t entries() const { return leaves_.size(); }
  std::uint64_t messages() const { return messages_; }
  const policy::Registry& registry() const { return registry_; }

 private:
  Result<void> check_entry(const codec::StoredEntryView& stored);
  Result<void> fold(const codec::MessageView& view, const codec::MessageHeader& header);

  const evidence::Suite& suite_;     // Not owned.
  policy::Registry registry_;
  std::vector<Hash> leaves_;         // 32 bytes an entry.
  evidence::EntryHeader header_;
  evidence::HubPart part_;
  struct Row {
    Hash hash{};
    std::optional<codec::MessageHeader> header;
    Code refused = Code::ok;
  };
  std::vector<Row> rows_;
  std::map<std::pair<AgencyId, std::uint32_t>, std::uint64_t> last_number_;
  Instant last_time_ = 0;
  std::uint64_t messages_ = 0;
};

}  // namespace lianxi::hub
