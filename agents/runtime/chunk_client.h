// Chunks to and from the hub: uploads what an entry needs before it is submitted (asking first what the hub has), fetches what a
// reader needs. A few at a time; lost ones are asked for again.
//
// Threads: one, the agent loop.
#pragma once

#include <deque>
#include <map>

#include "agents/runtime/attachments.h"
#include "agents/runtime/session.h"

namespace lianxi::agent {

class ChunkClient {
 public:
  static constexpr std::size_t kWindow = 4;
  static constexpr std::int64_t kAnswerMs = 5000;
  static constexpr std::size_t kWaitingMax = 65536 + 64;

  ChunkClient(State& state, Attachments& attachments, Session& session)
      : state_(state), attachments_(attachments), session_(session) {}

  // True when the hub has every chunk and the manifest; else what is missing is on its way. Error: our own chunk store is damaged.
  Result<bool> ensure_uploaded(const Hash& attachment, Now now);
  void forget_uploaded(const Hash& attachment);  // The hub says that it is incomplete after all, or nobody needs it now.
  // Asks the hub for a blob (a chunk or the manifest) of an attachment that the message at `position` names.
  void fetch(const Hash& attachment, const Hash& digest, Position position, Now now);
  // Why the last fetch of this blob failed; Code::ok when it did not. Reading it forgets it.
  Code take_failure(const Hash& digest);

  void on_welcome(Now now);
  void on_chunk(const wire::Chunk& chunk, ByteView payload, Now now);
  void on_refused(std::uint64_t request, Code code, bool retry, Now now);
  void on_busy(std::uint64_t request, std::uint32_t retry_after_ms, Now now);
  void tick(Now now) { pump(now); }
  bool outstanding() const { return !under_way_.empty(); }

 private:
  struct Job {
    enum class Kind { ask, put, get } kind = Kind::ask;
    Hash attachment{};
    Hash digest{};
    Position position;
    std::uint64_t request = 0;
  };
  void enqueue(Job job, Now now);
  void pump(Now now);
  bool send(Job& job, Now now);
  std::optional<Job> take(std::uint64_t request);
  std::optional<Job> take(const Hash& digest);
  void failed(const Job& job, Code code);

  State& state_;
  Attachments& attachments_;
  Session& session_;
  std::deque<Job> waiting_;
  std::deque<Job> under_way_;               // At most kWindow.
  std::set<Hash> known_;                    // Digests waiting or under way.
  std::map<Hash, std::set<Hash>> missing_;  // Attachment being uploaded -> blobs not yet confirmed.
  std::set<Hash> uploaded_;                 // Attachments confirmed whole.
  std::map<Hash, Code> failures_;
  std::int64_t not_before_ = 0;
};

}  // namespace lianxi::agent
