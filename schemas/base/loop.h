// Threads own stages; stages own no thread.
#pragma once

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

namespace lianxi {

// Wakes a loop from another thread; an eventfd, so that it can stand in a poll set beside sockets.
// Threads: notify() from any; drain() from the owning loop.
class Waker {
 public:
  Waker();
  ~Waker();
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;
  void notify();
  void drain();
  int fd() const { return fd_; }

 private:
  int fd_;
};

// What a loop runs. step() takes what is waiting, up to its own batch limit; wait() blocks until there is something to
// do (a socket, a waker) or `timeout_ms` passed.
class Stage {
 public:
  virtual ~Stage() = default;
  // Returns how much it did; 0 lets the loop wait.
  virtual std::size_t step() = 0;
  virtual void wait(int timeout_ms) = 0;
  virtual void wake() = 0;  // From any thread: ends a wait().
};

// A named thread that steps one stage until destroyed. `stage` must outlive it.
class Loop {
 public:
  Loop(std::string name, Stage& stage);
  ~Loop();

 private:
  void run(std::stop_token stop);

  std::string name_;
  Stage& stage_;  // Not owned.
  std::jthread thread_;  // Last: joins before the members it uses go away.
};

}  // namespace lianxi
