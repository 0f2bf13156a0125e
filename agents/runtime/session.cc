#include "agents/runtime/session.h"

namespace lianxi::agent {

void Session::connected(Now now) { hello(now); }

void Session::hello(Now now) {
  phase_ = Phase::greeting;
  hello_at_ = heard_ = now.boot;
  HelloFacts facts;
  facts.endpoint = endpoint_;
  facts.agency = state_.self().value();
  facts.genesis_leaf = state_.options.hub.genesis_leaf;
  facts.checkpoint = state_.newest_note();
  facts.wall_ms = now.wall;
  send(hello_frame(next_request(), facts));
}

void Session::welcomed(Now now) {
  phase_ = Phase::ready;
  heard_ = now.boot;
}

void Session::end(Now now, std::int64_t after_ms) {
  phase_ = Phase::ended;
  again_at_ = now.boot + after_ms;
}

void Session::tick(Now now, std::int64_t silence_max_ms) {
  if (state_.failed()) return;
  if (phase_ == Phase::greeting && now.boot - hello_at_ >= kHelloAgainMs) return hello(now);
  if (phase_ == Phase::ended && now.boot >= again_at_) return hello(now);
  if (phase_ == Phase::ready && silence_max_ms > 0 && now.boot - heard_ >= silence_max_ms) hello(now);
}

bool Session::send(Bytes frame, Bytes payload) {
  if (state_.failed()) return false;
  return state_.edges.link.send(static_cast<int>(endpoint_), std::move(frame), std::move(payload));
}

}  // namespace lianxi::agent
