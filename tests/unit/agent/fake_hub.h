// A scripted hub for tests of an agent: a county's log in memory with real evidence (signatures, tree, notes), and frames made
// from it on demand. It admits whatever it is told to; it can also be told to lie.
//
// Threads: one.
#pragma once

#include "agents/runtime/agent_core.h"
#include "tests/support/county/county.h"
#include "tests/support/memory_store.h"
#include "tests/support/random.h"
#include "tests/support/sim_disk.h"

namespace lianxi::agent::test {

using lianxi::test::County;
using lianxi::test::MemoryStore;
using lianxi::test::SimDisk;
using lianxi::test::SimEntropy;

inline const std::string kLand = "430922-LAND";
inline const std::string kPolice = "430922-POLICE";

struct LoggedEntry {
  Bytes entry_header;
  Signature signature{};
  Bytes hub_part;
  Bytes run;
  std::vector<Hash> leaves;
};

// What a lying hub changes in a Deliver frame.
struct Lie {
  bool signature = false;  // A bit of the entry's signature.
  bool path = false;       // A bit of the path.
  bool withhold = false;   // Takes the last message of the last entry away without naming its hash.
  bool note = false;       // A bit of the checkpoint's signature.
  bool body = false;       // A bit in the last section delivered.
};

class FakeHub {
 public:
  explicit FakeHub(Entropy& entropy);

  County& county() { return county_; }
  HubCard card() const;
  AgencyKeys keys(const std::string& agency) const;

  // Logs an entry as it was submitted; `refused` messages are named in the hub part. Returns its number.
  std::uint64_t log(Bytes entry_header, const Signature& signature, Bytes run, std::vector<evidence::Refused> refused = {});
  std::uint64_t log(const std::string& sender, const std::vector<policy::Composed>& messages);
  std::uint64_t size() const { return entries_.size(); }

  Bytes welcome(std::uint64_t last_number = 0, ByteView last_hash = {}, std::uint32_t epoch = 1) const;
  Bytes receipts(std::uint64_t request, std::vector<std::uint64_t> entries) const;
  Bytes refusal(std::uint64_t request, Code code, std::uint64_t expected = 0, bool retry = false) const;
  Bytes busy(std::uint64_t request, std::uint32_t retry_after_ms) const;
  Bytes chunk(std::uint64_t request, const Hash& digest, bool stored) const;
  Bytes view(const std::string& agency, Position through) const;
  struct Delivery {
    Bytes frame;
    Bytes payload;
  };
  Delivery deliver(const std::vector<std::uint64_t>& entries, Lie lie = {}) const;

 private:
  std::string note() const;
  std::vector<Hash> path(std::uint64_t entry) const;

  County county_;
  std::vector<LoggedEntry> entries_;
  std::vector<Hash> leaves_;
};

class MemoryChunks final : public ChunkStore {
 public:
  bool has(const Hash& digest) const override { return blobs_.contains(digest); }
  Result<void> put(const Hash& digest, ByteView bytes) override {
    blobs_[digest] = copy(bytes);
    return {};
  }
  Result<Bytes> get(const Hash& digest) const override {
    const auto found = blobs_.find(digest);
    if (found == blobs_.end()) return fail(Code::not_found);
    return found->second;
  }
  std::map<Hash, Bytes> blobs_;
};

struct SentFrame {
  int endpoint = 0;
  Bytes frame;
  Bytes payload;
};

class RecordingLink final : public Link {
 public:
  bool send(int endpoint, Bytes frame, Bytes payload) override {
    if (!up) return false;
    sent.push_back({endpoint, std::move(frame), std::move(payload)});
    return true;
  }
  bool up = true;
  std::vector<SentFrame> sent;
};

}  // namespace lianxi::agent::test
