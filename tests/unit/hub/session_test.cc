// Who is heard, and what a frame may say: frames, Hello, sessions, shares, proofs.
#include "tests/unit/hub/hub_test.h"

namespace lianxi::hub {
namespace {

using flatbuffers::FlatBufferBuilder;

class SessionTest : public HubTest {
 protected:
  static Bytes frame_of_version(std::uint16_t version) {
    FlatBufferBuilder b;
    const auto hello = wire::CreateGoodbye(b, b.CreateString("bye"), 0);
    b.Finish(wire::CreateFrame(b, version, 1, wire::Body::Goodbye, hello.Union()));
    return {b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize()};
  }
  // A checkpoint over a log of that size, signed with the hub's own key.
  std::string checkpoint(std::uint64_t tree_size, const Hash& root) const {
    const auto& keys = keys_;
    return evidence::sign_checkpoint(county_.suite(), keys.checkpoint,
                                     {evidence::origin_line(keys.log_id, 1, keys.demo), tree_size, root});
  }
  std::vector<Sent> prove(std::uint64_t from, std::uint64_t up_to) {
    return say(line("430922-LAND", kSubmit), wire::Body::Prove,
               [&](FlatBufferBuilder& b) { return wire::CreateProve(b, from, up_to).Union(); });
  }
};

TEST_F(SessionTest, AGarbageFrameIsAnsweredAsABadFrameAndTheSessionGoesOn) {
  const auto peer = line("430922-LAND", kSubmit);
  EXPECT_EQ(refusal(say_bytes(peer, view("this is no frame at all"))), Code::bad_frame);
  EXPECT_EQ(refusal(say_bytes(peer, {})), Code::bad_frame);
  test::Random random(3);
  for (int i = 0; i < 200; ++i) EXPECT_NE(refusal(say_bytes(peer, random.bytes(random.below(200)))), Code::ok);
  EXPECT_EQ(core_->counters().bad_frames, 202u);
  log_note("430922-LAND", {to("430922-POLICE")});
}

TEST_F(SessionTest, AnotherProtocolVersionIsRefused) {
  const auto peer = line("430922-LAND", kSubmit);
  EXPECT_EQ(refusal(say_bytes(peer, frame_of_version(2))), Code::bad_version);
  EXPECT_EQ(refusal(say_bytes(peer, frame_of_version(0))), Code::bad_version);
}

TEST_F(SessionTest, NothingIsTakenBeforeHello) {
  const auto entry_bytes = entry("430922-LAND", {note("430922-LAND", {to("430922-POLICE")})});
  const auto peer = dial("430922-LAND", kSubmit);
  const auto answer = say(
      peer, wire::Body::Submit,
      [&](FlatBufferBuilder& b) {
        return wire::CreateSubmit(b, b.CreateVector(entry_bytes.header), b.CreateVector(entry_bytes.signature.data(), 64))
            .Union();
      },
      entry_bytes.run);
  EXPECT_EQ(refusal(answer), Code::no_hello);
  EXPECT_EQ(core_->log().find_origin(AgencyId("430922-LAND")), nullptr);
}

TEST_F(SessionTest, AHelloForAnotherLogEndsTheSession) {
  const auto peer = dial("430922-LAND", kSubmit);
  EXPECT_EQ(refusal(hello(peer, {.name = {}, .genesis_leaf = Hash{1}, .checkpoint = {}})), Code::wrong_log);
  EXPECT_EQ(refusal(prove(1, 0)), Code::no_hello);
}

TEST_F(SessionTest, AHelloInAnotherAgencysNameIsRefused) {
  EXPECT_EQ(refusal(hello(dial("430922-LAND", kSubmit), {.name = "430922-POLICE", .genesis_leaf = {}, .checkpoint = {}})),
            Code::wrong_sender);
}

TEST_F(SessionTest, AnAgencyThatIsNotEnrolledIsRefused) {
  EXPECT_EQ(refusal(hello(dial("430922-MUNI", kSubmit))), Code::key_revoked);
}

TEST_F(SessionTest, AHelloForAnotherEndpointIsRefused) {
  const auto peer = dial("430922-LAND", kSubmit);
  const auto answer = say(peer, wire::Body::Hello, [&](FlatBufferBuilder& b) {
    return wire::CreateHello(b, wire::Endpoint::deliver, b.CreateString("430922-LAND"), 0,
                             b.CreateVector(logged(0)->leaf.data(), 32))
        .Union();
  });
  EXPECT_EQ(refusal(answer), Code::bad_frame);
}

TEST_F(SessionTest, AFrameThatIsNotForTheHubOrNotForThisEndpointIsAnsweredAsUnknown) {
  const auto submit_line = line("430922-LAND", kSubmit);
  EXPECT_EQ(refusal(say_bytes(submit_line, refusal_frame(7, Code::io, {}))), Code::unknown_frame);
  EXPECT_EQ(refusal(say(submit_line, wire::Body::Subscribe,
                        [](FlatBufferBuilder& b) { return wire::CreateSubscribe(b, 1, 0, 1, 1).Union(); })),
            Code::unknown_frame);
  EXPECT_EQ(refusal(say(line("430922-LAND", kDeliver), wire::Body::Submit,
                        [](FlatBufferBuilder& b) { return wire::CreateSubmit(b).Union(); })),
            Code::unknown_frame);
}

TEST_F(SessionTest, WelcomeBringsTheGenesisWithItsProofAndTheLastNumberKnown) {
  log_note("430922-LAND", {to("430922-POLICE")});
  const auto message = log_note("430922-LAND", {to("430922-POLICE")});
  const auto answer = hello(dial("430922-LAND", kSubmit));
  const auto welcomes = of_type(answer, wire::Body::Welcome);
  ASSERT_EQ(welcomes.size(), 1u);
  const auto& welcome = *welcomes.front().frame().body_as_Welcome();
  EXPECT_EQ(welcome.epoch(), 1u);
  EXPECT_EQ(welcome.last_number(), 2u);
  EXPECT_TRUE(equal(view_of(welcome.last_message_hash()), message.hash));
  EXPECT_EQ(welcome.size(), size());
  EXPECT_EQ(welcome.registry_serial(), 4u);
  EXPECT_TRUE(equal(view_of(welcome.genesis()), logged(0)->stored));
  const auto receipt = evidence::parse_receipt(view_of(welcome.genesis_receipt()));
  ASSERT_TRUE(receipt);
  EXPECT_TRUE(evidence::check_receipt(county_.suite(), *receipt, county_.checkpoint_public(), core_->log().registry()));
}

TEST_F(SessionTest, TheNewestHelloTakesOverAndTheOlderConnectionHasNoSessionAnyMore) {
  const auto older = line("430922-LAND", kSubmit);
  const auto newer = dial("430922-LAND", kSubmit);
  EXPECT_EQ(of_type(hello(newer), wire::Body::Welcome).size(), 1u);
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_EQ(sent_.front().peer, older);
  EXPECT_EQ(sent_.front().type(), wire::Body::Goodbye);
  EXPECT_EQ(refusal(say(older, wire::Body::Prove, [](FlatBufferBuilder& b) { return wire::CreateProve(b, 1, 0).Union(); })),
            Code::no_hello);
  log_note("430922-LAND", {to("430922-POLICE")});
}

TEST_F(SessionTest, AReceiptThatIsDueGoesToNobodyWhenTheSessionWasTakenOver) {
  const auto message = note("430922-LAND", {to("430922-POLICE")});
  line("430922-LAND", kSubmit);
  hold_disk();
  submit("430922-LAND", {message});
  hello(dial("430922-LAND", kSubmit));
  sent_.clear();
  let_disk_go();
  EXPECT_TRUE(sent_.empty());
  EXPECT_EQ(receipts(submit("430922-LAND", {message})).size(), 1u);
}

TEST_F(SessionTest, AfterGoodbyeTheConnectionHasNoSession) {
  const auto peer = line("430922-LAND", kSubmit);
  say_bytes(peer, goodbye_frame("done", 0));
  EXPECT_EQ(refusal(say(peer, wire::Body::Prove, [](FlatBufferBuilder& b) { return wire::CreateProve(b, 1, 0).Union(); })),
            Code::no_hello);
}

TEST_F(SessionTest, AnAgencysNinthEntryUnderWayIsAnsweredBusyAndOthersAreNotTouched) {
  hold_disk();
  for (std::uint32_t i = 0; i < kSubmitEntries; ++i) {
    EXPECT_EQ(refusal(submit("430922-LAND", {note("430922-LAND", {to("430922-PROC")})})), Code::ok) << i;
  }
  const auto ninth = note("430922-LAND", {to("430922-PROC")});
  const auto answer = submit("430922-LAND", {ninth});
  ASSERT_EQ(of_type(answer, wire::Body::Busy).size(), 1u);
  EXPECT_GT(answer.front().frame().body_as_Busy()->retry_after_ms(), 0u);
  EXPECT_EQ(refusal(submit("430922-POLICE", {note("430922-POLICE", {to("430922-PROC")})})), Code::ok);
  let_disk_go();
  EXPECT_EQ(receipts(submit("430922-LAND", {ninth})).size(), 1u);
  EXPECT_EQ(core_->log().find_origin(AgencyId("430922-LAND"))->last, Number(9));
}

TEST_F(SessionTest, ALargerCheckpointSignedByThisHubStopsIt) {
  hello(dial("430922-LAND", kSubmit), {.name = {}, .genesis_leaf = {}, .checkpoint = checkpoint(size() + 1, Hash{1})});
  ASSERT_TRUE(core_->fatal());
  EXPECT_EQ(core_->fatal()->code, Code::hub_behind);
  sent_.clear();
  EXPECT_TRUE(hello(dial("430922-POLICE", kSubmit)).empty()) << "a hub that lost entries serves nobody";
}

TEST_F(SessionTest, ACheckpointOfThisHubWithAnotherRootStopsIt) {
  hello(dial("430922-LAND", kSubmit), {.name = {}, .genesis_leaf = {}, .checkpoint = checkpoint(2, Hash{1})});
  ASSERT_TRUE(core_->fatal());
  EXPECT_EQ(core_->fatal()->code, Code::corrupt);
}

TEST_F(SessionTest, ACheckpointThatThisHubDidNotSignCountsForNothing) {
  const auto stranger = entropy_.array<32>();
  const auto& keys = keys_;
  const auto forged = evidence::sign_checkpoint(county_.suite(), stranger,
                                                {evidence::origin_line(keys.log_id, 1, keys.demo), size() + 5, Hash{1}});
  for (const auto& shown : {forged, std::string("not a note"), checkpoint(size(), core_->commit().newest().root)}) {
    EXPECT_EQ(
        of_type(hello(dial("430922-LAND", kSubmit), {.name = {}, .genesis_leaf = {}, .checkpoint = shown}), wire::Body::Welcome)
            .size(),
        1u);
  }
  EXPECT_FALSE(core_->fatal());
}

TEST_F(SessionTest, AProofShowsThatTheLaterLogBeginsWithTheEarlier) {
  for (int i = 0; i < 6; ++i) log_note("430922-LAND", {to("430922-POLICE")});
  for (std::uint64_t from = 1; from <= size(); ++from) {
    for (std::uint64_t up_to = from; up_to <= size(); ++up_to) {
      const auto answer = prove(from, up_to);
      ASSERT_EQ(of_type(answer, wire::Body::Proof).size(), 1u);
      const auto& proof = *answer.front().frame().body_as_Proof();
      const auto note =
          evidence::open_checkpoint(county_.suite(), county_.checkpoint_public(), proof.checkpoint()->string_view());
      ASSERT_TRUE(note);
      EXPECT_EQ(note->size, up_to);
      std::vector<Hash> path;
      for (Reader r(view_of(proof.path())); r.left() >= 32;) path.push_back(r.hash());
      EXPECT_TRUE(evidence::verify_consistency(from, *core_->log().tree().root_at(from), up_to, note->root, path))
          << from << " to " << up_to;
    }
  }
}

TEST_F(SessionTest, AProofOfWhatTheLogDoesNotHoldIsRefused) {
  EXPECT_EQ(refusal(prove(0, 1)), Code::invalid_argument);
  EXPECT_EQ(refusal(prove(3, 2)), Code::invalid_argument);
  EXPECT_EQ(refusal(prove(1, size() + 1)), Code::invalid_argument);
}

}  // namespace
}  // namespace lianxi::hub
