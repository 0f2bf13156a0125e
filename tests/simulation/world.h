// A county in one thread: the real hub core and agent cores over a simulated network, disks, stores and clock. Everything that
// happens follows from the seed, so a failure is repeated by its number.
//
// Faults: the hub loses power while a record is being written (nothing, part or all of it on disk, the outcome never told) or
// while it recovers; agents lose power between and inside steps; connections break with frames on their way; frames are slow.
// Checked after every step, at the cost of what changed: see Checker.
#pragma once

#include <map>
#include <memory>
#include <queue>
#include <set>

#include "agents/runtime/agent_core.h"
#include "hub/hub_core.h"
#include "tests/support/cheap_suite.h"
#include "tests/support/memory_chunks.h"
#include "tests/support/memory_store.h"
#include "tests/support/sim_disk.h"

namespace lianxi::simulation {

struct Settings {
  std::uint64_t seed = 1;
  std::size_t messages = 200;            // Accepted at the least.
  std::size_t hub_crashes = 2;           // Of them one at least inside a write or a recovery.
  std::size_t agent_crashes = 3;
  std::size_t cuts = 4;                  // Broken connections.
  std::size_t note_bytes = 24;
  std::uint64_t journal_segment_bytes = 256 << 10;
  std::uint64_t step_limit = 400'000;
};

struct Outcome {
  std::vector<std::string> violations;   // Empty: all invariants held.
  Hash trace{};                          // Of everything that happened, in order.
  std::uint64_t accepted = 0, delivered = 0, steps = 0, crashes_in_flight = 0, busy = 0, wraps = 0;
};

Outcome run(const Settings& settings);

}  // namespace lianxi::simulation
