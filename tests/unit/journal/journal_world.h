// A journal with an owner that remembers what it was told: what was acknowledged, what was under way, what is released.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "schemas/journal/journal.h"
#include "tests/support/sim_disk.h"

namespace lianxi::journal::test {

using lianxi::test::Random;
using lianxi::test::SimDisk;
using lianxi::test::SimEntropy;

struct Kept {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  Hash root{};
  std::uint64_t highest_durable = 0;
  Bytes payload;
  bool operator==(const Kept&) const = default;
};

inline Hash root_after(std::uint64_t entries) {
  Hash root{};
  Random(entries + 1).fill(root);
  return root;
}

class World {
 public:
  explicit World(std::uint64_t seed, Options given = small()) : options(given), random(seed), entropy(seed + 1) {}

  // 3 data blocks a segment, so that laps pass quickly.
  static Options small() {
    Options o;
    o.segment_bytes = 4 * kBlockBytes;
    o.segments = 3;
    o.segments_max = 3;
    return o;
  }

  Result<void> open() { return open_on(disk); }
  Result<void> open_on(SimDisk& on) {
    journal.reset();
    replayed.clear();
    auto opened = Journal::open(on, entropy, options, [this](const Record& r) -> Result<void> {
      replayed.push_back({r.first, r.count, r.root, r.highest_durable, copy(r.payload)});
      return {};
    });
    if (!opened) return opened.error();
    journal = std::move(*opened);
    return {};
  }

  Kept make(std::uint32_t count, std::size_t bytes) {
    Kept kept{journal->next(), count, root_after(journal->next() + count), journal->next(), random.bytes(bytes)};
    return kept;
  }
  static Record record_of(const Kept& kept) {
    return {kept.first, kept.count, kept.root, kept.highest_durable, kept.payload, {}};
  }
  // Appends and remembers: acknowledged when it returned ok, else under way.
  Result<void> append(std::uint32_t count = 1, std::size_t bytes = 100) {
    const Kept kept = make(count, bytes);
    auto done = journal->append(record_of(kept));
    if (done) {
      acked.push_back(kept);
      under_way.reset();
    } else if (done.error().code == Code::io) {
      under_way = kept;
    }
    return done;
  }
  void must_append(std::uint32_t count = 1, std::size_t bytes = 100) {
    const auto done = append(count, bytes);
    ASSERT_TRUE(done) << to_string(done.error());
  }
  void must_open() {
    const auto opened = open();
    ASSERT_TRUE(opened) << to_string(opened.error());
  }

  // The law: what was replayed is an unbroken stretch of what was written, byte for byte, that reaches back to `needed`, and up
  // to the last acknowledged record or to the one under way.
  testing::AssertionResult replay_is_true(std::uint64_t needed) const {
    std::vector<Kept> all = acked;
    if (under_way && !replayed.empty() && replayed.back() == *under_way) all.push_back(*under_way);
    if (replayed.size() > all.size()) return testing::AssertionFailure() << "more than was written";
    const auto skipped = all.size() - replayed.size();
    for (std::size_t i = 0; i < replayed.size(); ++i) {
      if (!(replayed[i] == all[skipped + i])) return testing::AssertionFailure() << "record " << i << " differs";
    }
    for (std::size_t i = 0; i < skipped; ++i) {
      if (all[i].first + all[i].count > needed) return testing::AssertionFailure() << "lost entry " << all[i].first;
    }
    return testing::AssertionSuccess();
  }
  // The record under way was replayed by a completed opening: it counts as acknowledged from now on.
  void settle() {
    if (under_way && !replayed.empty() && replayed.back() == *under_way) acked.push_back(*under_way);
    under_way.reset();
  }

  SimDisk disk;
  Options options;
  Random random;
  SimEntropy entropy;
  std::unique_ptr<Journal> journal;
  std::vector<Kept> replayed;
  std::vector<Kept> acked;
  std::optional<Kept> under_way;
};

}  // namespace lianxi::journal::test
