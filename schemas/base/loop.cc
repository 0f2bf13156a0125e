#include "schemas/base/loop.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "schemas/base/check.h"

namespace lianxi {

namespace {
constexpr int kIdleWaitMs = 100;  // Stages tick (time-outs, clock checks) at least this often.
}

Waker::Waker() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) { check(fd_ >= 0, "loop: eventfd failed"); }
Waker::~Waker() { ::close(fd_); }

void Waker::notify() {
  const std::uint64_t one = 1;
  // EAGAIN means that the counter is already far from zero: the loop will wake anyway.
  [[maybe_unused]] const auto written = ::write(fd_, &one, sizeof one);
}

void Waker::drain() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto n = ::read(fd_, &count, sizeof count);
}

Loop::Loop(std::string name, Stage& stage)
    : name_(std::move(name)), stage_(stage), thread_([this](std::stop_token stop) { run(stop); }) {}

Loop::~Loop() {
  thread_.request_stop();
  stage_.wake();
}

void Loop::run(std::stop_token stop) {
  ::pthread_setname_np(::pthread_self(), name_.substr(0, 15).c_str());
  while (!stop.stop_requested()) {
    if (stage_.step() == 0) stage_.wait(kIdleWaitMs);
  }
}

}  // namespace lianxi
