// The log's read side and its fold: entries, tiles, inboxes and origins in the store, fed from committed batches; the registry
// and the numbering state of every agency in memory.
//
// The journal is what makes an entry durable; the store follows it and may be behind after a crash (WAL off). recover() brings it
// up to the journal again. Nothing here decides whether something is admitted or acked.
// Threads: the hub loop owns it; read_entry() may be called from any thread (the store's reads are thread-safe).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "schemas/codec/stored_entry.h"
#include "schemas/evidence/tree.h"
#include "schemas/policy/registry.h"
#include "schemas/store/store.h"

namespace lianxi::hub {

// Families of the hub's store; the order is on disk.
enum HubFamily : Family { kEntries = 0, kTiles = 1, kInbox = 2, kOrigins = 3, kCursors = 4, kWraps = 5, kMeta = 6 };
inline const std::vector<std::string> kHubFamilies{"entries", "tiles", "inbox", "origins", "cursors", "wraps", "meta"};

inline constexpr std::size_t kBlockBytesMax = 64 << 10;      // Of a block of entries in the store.
inline constexpr std::size_t kRecentBytesMax = 24 << 20;     // Entries kept in memory for readers that keep up.
inline constexpr std::size_t kAgenciesMax = 1024;
// Inbox rows of messages that go to every agency from entry 0 on stand under this name.
inline constexpr const char* kEveryone = "*";

// One message of a committed entry, as far as later stages need it.
struct CommittedMessage {
  codec::MessageHeader header;       // Unset if refused with header_malformed.
  Hash hash{};
  Code refused = Code::ok;
  std::size_t offset = 0;            // In the stored run; refused ones stand there as left out.
  std::size_t bytes = 0;
  std::vector<AgencyId> recipients;  // Whose inbox it goes to; kEveryone for broadcasts. Sender excluded.
};

struct CommittedEntry {
  std::uint64_t number = 0;
  evidence::EntryHeader header;
  evidence::HubPart part;
  Hash leaf{};
  Bytes stored;                      // docs/formats/store.md
  std::vector<CommittedMessage> messages;
  ByteView run() const;
};
using EntryPtr = std::shared_ptr<const CommittedEntry>;

// Where an agency's numbering stands.
struct Origin {
  Epoch epoch{1};
  Number last;                       // Last number recorded or admitted in `epoch`; 0 = none.
  Hash last_hash{};
  bool closed = false;               // After a fork, until an operator consents to a new epoch.
  std::map<AgencyId, std::uint64_t> previous;  // Addressee -> this agency's last number to it in `epoch`.
  std::deque<Hash> under_way;        // Message hashes of the numbers up to `last` that are admitted and not yet in the store.
};

// What an agency has said it stored (102), and the chain over it.
struct DeliveredState {
  std::uint64_t next = 0;            // Packed position after which the chain goes on: everything < next is in it.
  std::uint64_t count = 0;
  Hash chain{};
};

struct InboxRow {
  std::uint64_t entry = 0;
  AgencyId sender;
  std::vector<std::pair<std::uint16_t, Hash>> messages;  // Index, message hash; ascending.
};

class HubLog {
 public:
  // `store` and `suite` outlive the log. Reads registry, origins and tree edge back; Code::corrupt if they contradict each other.
  static Result<std::unique_ptr<HubLog>> open(Store& store, const evidence::Suite& suite);

  // Parses a stored entry as committed once: used by recovery and by readers of old entries. Recomputes hashes.
  Result<EntryPtr> parse(ByteView stored) const;

  // --- write side (hub loop) ------------------------------------------------------------------------------------------
  // The tree leads the store: leaves are appended when a batch is assembled, before its write.
  evidence::Tree& tree() { return *tree_; }
  const evidence::Tree& tree() const { return *tree_; }
  void append_leaf(const Hash& leaf) { tree_->append(leaf, full_tiles_); }
  // Takes numbering forward when an entry is admitted (before it is durable: nothing is acked yet).
  Origin& origin(const AgencyId& agency) { return origins_[agency]; }
  const Origin* find_origin(const AgencyId& agency) const;
  // Fills `recipients` of every admitted message by the policy in force.
  void route(CommittedEntry& entry) const;
  // Folds a durable batch and writes it to the store (buffered): entries, tiles, inbox, origins, marks.
  Result<void> apply(const std::vector<EntryPtr>& batch);
  // Writes the tree's edge, so that a start after the flush that follows need not read many entries.
  Result<void> save_edge();

  // --- read side ------------------------------------------------------------------------------------------------------
  std::uint64_t applied() const { return applied_; }   // Entries in the store: 0..applied-1.
  // Entries that the store held when it was opened: they are durable there, whatever the journal does.
  std::uint64_t opened_at() const { return opened_at_; }
  Instant last_time() const { return last_time_; }
  std::uint32_t generation() const { return generation_; }
  const policy::Registry& registry() const { return registry_; }
  policy::Registry& registry() { return registry_; }
  std::uint64_t messages_total() const { return messages_total_; }
  // Code::not_found at or beyond applied().
  Result<Bytes> read_stored(std::uint64_t entry) const;
  Result<EntryPtr> read_entry(std::uint64_t entry) const;   // From memory if recent, else parsed from the store.
  // The entries in memory, if all from `entry` on are; else nullptr.
  const std::map<std::uint64_t, EntryPtr>* recent_from(std::uint64_t entry) const {
    return !recent_.empty() && recent_.begin()->first <= entry ? &recent_ : nullptr;
  }
  // Path of an entry's leaf to the root of the first `size` entries.
  Result<std::vector<Hash>> inclusion(std::uint64_t entry, std::uint64_t size) const { return tree_->inclusion(entry, size); }
  // The entries that hold numbers first..last of an agency's epoch, ascending; numbers not recorded are skipped.
  Result<std::vector<std::uint64_t>> entries_of(const AgencyId& agency, Epoch epoch, std::uint64_t first, std::uint64_t last) const;
  // Inbox rows (own and everyone's, merged) with entry >= from, ascending, about `limit` of them. `next`: the entry from which to
  // go on; nullopt when there are no more.
  struct InboxPage {
    std::vector<InboxRow> rows;
    std::optional<std::uint64_t> next;
  };
  Result<InboxPage> inbox(const AgencyId& agency, std::uint64_t from, std::size_t limit) const;

  const DeliveredState& delivered(const AgencyId& agency) const;
  // The chain over what was due to `agency` up to and with packed position `through`, going on from its last state.
  Result<DeliveredState> due(const AgencyId& agency, std::uint64_t through) const;
  // Stored at once (buffered), so that a flush which covers the entry that says so covers it too.
  Result<void> set_delivered(const AgencyId& agency, const DeliveredState& state);
  std::uint64_t cursor_hint(const AgencyId& agency) const;
  void set_cursor_hint(const AgencyId& agency, std::uint64_t after);

 private:
  HubLog(Store& store, const evidence::Suite& suite) : store_(store), registry_(suite) {}
  Result<void> load();
  Result<void> fold(const CommittedEntry& entry, std::vector<StoreWrite>& writes);
  Result<void> fold_act(const CommittedEntry& entry, std::uint16_t index, std::vector<StoreWrite>& writes);
  void write_blocks(const std::vector<EntryPtr>& batch, std::vector<StoreWrite>& writes) const;

  Store& store_;                     // Not owned.
  policy::Registry registry_;
  std::unique_ptr<evidence::Tree> tree_;
  std::vector<evidence::Tile> full_tiles_;
  std::map<AgencyId, Origin> origins_;
  std::map<AgencyId, DeliveredState> delivered_;
  std::map<AgencyId, std::uint64_t> cursor_hints_;
  std::set<AgencyId> dirty_cursors_;
  std::map<std::uint64_t, EntryPtr> recent_;
  std::size_t recent_bytes_ = 0;
  std::uint64_t applied_ = 0;
  std::uint64_t opened_at_ = 0;
  std::uint64_t messages_total_ = 0;
  std::uint32_t generation_ = 1;
  Instant last_time_ = 0;
};

}  // namespace lianxi::hub
