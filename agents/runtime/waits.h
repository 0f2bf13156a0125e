// Who waits for what: callbacks that are called once, when the thing happened or their deadline passed.
//
// Threads: one, the agent loop.
#pragma once

#include <list>

#include "agents/runtime/agent.h"

namespace lianxi::agent {

class MessageWaits {
 public:
  static constexpr std::size_t kWaitsMax = 16384;

  using Done = std::function<void(MessageStatus)>;
  using StatusOf = std::function<std::optional<MessageStatus>(const MessageId&)>;

  // False if there are too many: the caller answers with what is known.
  [[nodiscard]] bool add(MessageId id, Stage stage, std::int64_t deadline, Done done);
  // Calls back those of `ids` (all, if empty) whose stage is reached.
  void settle(std::span<const MessageId> ids, const StatusOf& status_of);
  void expire(std::int64_t boot, const StatusOf& status_of);
  static bool reached(const MessageStatus& status, Stage stage);

 private:
  struct Wait {
    MessageId id;
    Stage stage{};
    std::int64_t deadline = 0;
    Done done;
  };
  template <class Over>
  void call(const StatusOf& status_of, Over over);
  std::list<Wait> waits_;
};

class InboxWaits {
 public:
  static constexpr std::size_t kWaitsMax = 4096;

  [[nodiscard]] bool add(std::int64_t deadline, std::function<void()> wake);
  void wake_all();  // Something came.
  void expire(std::int64_t boot);

 private:
  struct Wait {
    std::int64_t deadline = 0;
    std::function<void()> wake;
  };
  std::list<Wait> waits_;
};

}  // namespace lianxi::agent
