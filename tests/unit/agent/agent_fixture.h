// The small language of these tests: an agent of the land bureau on a simulated disk and store, and a scripted hub.
#pragma once

#include <gtest/gtest.h>

#include "agents/runtime/wire.h"
#include "tests/unit/agent/fake_hub.h"

namespace lianxi::agent::test {

class AgentTest : public testing::Test {
 protected:
  AgentTest() { start(); }

  void start() {
    agent_.reset();
    link_.sent.clear();
    Agent::Options options;
    options.keys = hub_.keys(kLand);
    options.hub = hub_.card();
    options.outbox_bytes_max = 64 << 20;
    auto opened = AgentCore::open(options, {evidence::suite1(), entropy_, disk_, store_, chunks_, link_}, now_);
    EXPECT_TRUE(opened.has_value()) << (opened ? "" : to_string(opened.error()));
    if (opened) agent_ = *std::move(opened);
  }
  // A power cut at this moment, and a new start.
  void crash() {
    agent_.reset();
    store_.crash();
    disk_.power_cut(random_);
    start();
  }
  void pass(std::int64_t ms) {
    now_.boot += ms;
    now_.wall += ms;
    agent_->on_tick(now_);
  }

  void give(int endpoint, const Bytes& frame, const Bytes& payload = {}) { agent_->on_frame(endpoint, frame, payload, now_); }
  void connect_submit(std::uint64_t last_number = 0, ByteView hash = {}) {
    agent_->on_connected(0, now_);
    give(0, hub_.welcome(last_number, hash));
  }
  void connect_deliver() {
    agent_->on_connected(1, now_);
    give(1, hub_.welcome());
  }
  void give_delivery(const std::vector<std::uint64_t>& entries, Lie lie = {}) {
    const auto delivery = hub_.deliver(entries, lie);
    give(1, delivery.frame, delivery.payload);
  }
  // Genesis and enrolments folded; the 102 that they call for is not due yet.
  void meet_the_hub() {
    connect_submit();
    connect_deliver();
    give_delivery({0, 1});
    ASSERT_TRUE(agent_->health().registry_known);
  }

  static Document acknowledgement(const std::string& note, const std::string& key = {}) {
    Document document;
    document.type = "110";
    document.to.push_back({AgencyId(kPolice), {}, codec::Role::to, 0});
    document.body_json = R"({"status": "accepted", "note": ")" + note + R"("})";
    document.event_time = 1735689600000;
    document.in_reply_to = MessageId{AgencyId(kPolice), Epoch(1), Number(1)};
    document.idempotency_key = key;
    return document;
  }
  std::variant<Accepted, Refusal> hand_in(const Document& document) { return agent_->submit({&document, 1}, now_).front(); }
  MessageStatus accepted(const Document& document) {
    auto outcome = hand_in(document);
    const auto* accepted = std::get_if<Accepted>(&outcome);
    if (accepted == nullptr) {
      const auto& refusal = std::get<Refusal>(outcome);
      ADD_FAILURE() << describe(refusal.code).name
                    << (refusal.faults.empty() ? "" : " " + refusal.faults.front().path + " " + refusal.faults.front().en);
      return {};
    }
    return accepted->status;
  }
  policy::Composed from_police(const std::string& note) {
    policy::Draft more;
    more.in_reply_to = MessageId{AgencyId(kLand), Epoch(1), Number(1)};
    auto composed = hub_.county().compose(kPolice, 110, {lianxi::test::to(kLand)},
                                          R"({"status": "accepted", "note": ")" + note + R"("})", more);
    EXPECT_TRUE(composed.has_value());
    return *composed;
  }

  // The frames of one kind that the agent sent, newest last.
  std::vector<SentFrame> sent(wire::Body kind) const {
    std::vector<SentFrame> out;
    for (const auto& one : link_.sent) {
      const auto frame = OpenFrame::open(one.frame);
      if (frame && frame->frame().body_type() == kind) out.push_back(one);
    }
    return out;
  }
  struct Submitted {
    std::uint64_t request = 0;
    Bytes entry_header;
    Signature signature{};
    Bytes run;
  };
  Submitted last_submit() const {
    const auto frames = sent(wire::Body::Submit);
    EXPECT_FALSE(frames.empty());
    if (frames.empty()) return {};
    const auto frame = OpenFrame::open(frames.back().frame);
    const auto& submit = *frame->frame().body_as_Submit();
    return {frame->frame().request(), copy(view_of(submit.entry_header())), *array_from<64>(view_of(submit.signature())),
            frames.back().payload};
  }
  // The hub logs the newest submission and answers with its receipt.
  std::uint64_t log_and_answer(std::vector<evidence::Refused> refused = {}) {
    const auto submitted = last_submit();
    const auto number = hub_.log(submitted.entry_header, submitted.signature, submitted.run, std::move(refused));
    give(0, hub_.receipts(submitted.request, {number}));
    return number;
  }
  Stage stage(const MessageId& id) const { return agent_->status(id)->stage; }

  lianxi::test::Random random_{7};
  SimEntropy entropy_{42};
  FakeHub hub_{entropy_};
  SimDisk disk_;
  MemoryStore store_{kFamilies};
  MemoryChunks chunks_;
  RecordingLink link_;
  Now now_{1735689700000, 1'000'000};
  std::unique_ptr<AgentCore> agent_;
};

}  // namespace lianxi::agent::test
