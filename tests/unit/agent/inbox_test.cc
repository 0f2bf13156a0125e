// Receiving: what is proven before it is stored, stored once, with a cursor that is never ahead; 102; evidence; attachments.
#include <nlohmann/json.hpp>

#include "tests/unit/agent/agent_fixture.h"

namespace lianxi::agent::test {
namespace {

using Json = nlohmann::json;

class InboxTest : public AgentTest {
 protected:
  InboxTest() { meet_the_hub(); }
  std::size_t rows() const { return agent_->inbox(Position{1, 65535}, 100).size(); }
  void expect_refused(Lie lie) {
    const auto entry = hub_.log(kPolice, {from_police("one"), from_police("two")});
    const auto before = agent_->chain();
    give_delivery({entry}, lie);
    EXPECT_EQ(rows(), 0u);
    EXPECT_EQ(agent_->chain().through, before.through);
    EXPECT_EQ(agent_->chain().digest, before.digest);
    EXPECT_FALSE(agent_->health().deliver_ready);
    EXPECT_FALSE(agent_->health().last_problem_zh.empty());
  }
};

TEST_F(InboxTest, ADeliveredMessageIsStoredAckedAndReadable) {
  const auto entry = hub_.log(kPolice, {from_police("hello")});
  const auto credits = sent(wire::Body::Credit).size();
  give_delivery({entry});
  ASSERT_EQ(rows(), 1u);
  const auto json = Json::parse(*agent_->message_json(Position{entry, 0}));
  EXPECT_EQ(json["sender"], kPolice);
  EXPECT_EQ(json["body"]["note"], "hello");
  EXPECT_EQ(json["status"], "new");
  EXPECT_EQ(sent(wire::Body::Credit).size(), credits + 1);
  const auto ack = OpenFrame::open(sent(wire::Body::CursorAck).back().frame);
  EXPECT_EQ(ack->frame().body_as_CursorAck()->after(), (Position{entry, 0}).packed());
}

TEST_F(InboxTest, AMessageDeliveredTwiceIsStoredOnce) {
  const auto entry = hub_.log(kPolice, {from_police("one")});
  give_delivery({entry});
  const auto chain = agent_->chain();
  give_delivery({entry});
  EXPECT_EQ(rows(), 1u);
  EXPECT_EQ(agent_->chain().count, chain.count);
  EXPECT_EQ(agent_->chain().digest, chain.digest);
}

TEST_F(InboxTest, TheChainIsTheOneOfTheProtocol) {
  const auto message = from_police("one");
  const auto before = agent_->chain().digest;
  const auto entry = hub_.log(kPolice, {message});
  give_delivery({entry});
  EXPECT_EQ(agent_->chain().digest, evidence::extend_delivered(before, {entry, 0}, message.hash));
}

TEST_F(InboxTest, AWrongSignatureIsRefused) { expect_refused({.signature = true}); }
TEST_F(InboxTest, AWrongPathIsRefused) { expect_refused({.path = true}); }
TEST_F(InboxTest, AMessageWithheldInSilenceIsNoticed) { expect_refused({.withhold = true}); }
TEST_F(InboxTest, AWrongCheckpointSignatureIsRefused) { expect_refused({.note = true}); }
TEST_F(InboxTest, AChangedSectionIsNoticed) { expect_refused({.body = true}); }

TEST_F(InboxTest, AFailedWriteLeavesTheCursorBehind) {
  const auto before = agent_->chain().through;
  const auto entry = hub_.log(kPolice, {from_police("one")});
  const auto acks = sent(wire::Body::CursorAck).size();
  store_.fail_with(Code::io);
  give_delivery({entry});
  EXPECT_TRUE(agent_->failed());
  EXPECT_EQ(agent_->chain().through, before);
  EXPECT_EQ(sent(wire::Body::CursorAck).size(), acks);
}

TEST_F(InboxTest, ARestartAsksForWhatFollowsTheCursor) {
  const auto entry = hub_.log(kPolice, {from_police("one")});
  give_delivery({entry});
  const auto chain = agent_->chain();
  crash();
  EXPECT_EQ(agent_->chain().digest, chain.digest);
  EXPECT_EQ(rows(), 1u);
  connect_deliver();
  const auto frame = OpenFrame::open(sent(wire::Body::Subscribe).back().frame);
  EXPECT_EQ(frame->frame().body_as_Subscribe()->after(), (Position{entry, 0}).packed());
}

TEST_F(InboxTest, ActsFoldedBeforeARestartAreKnownAfterIt) {
  crash();
  EXPECT_EQ(agent_->registry().serial(), hub_.county().registry().serial());
  EXPECT_NE(agent_->registry().agency(AgencyId(kPolice)), nullptr);
}

TEST_F(InboxTest, DeliveredIsSaidAtMostEveryTenSecondsAndOnlyWhenTheCursorMoved) {
  pass(AgentCore::kDeliveredEveryMs);
  log_and_answer();
  const auto before = sent(wire::Body::Submit).size();
  const auto entry = hub_.log(kPolice, {from_police("one")});
  give_delivery({entry});
  pass(AgentCore::kDeliveredEveryMs - 1);
  EXPECT_EQ(sent(wire::Body::Submit).size(), before);
  pass(1);
  ASSERT_EQ(sent(wire::Body::Submit).size(), before + 1);
  const auto run = last_submit().run;
  const auto header = *codec::parse_header(codec::parse_run(run)->front().header);
  EXPECT_EQ(header.type, 102);
  EXPECT_EQ(header.addressees.front().agency, hub_.county().hub());
  const auto body = Json::parse(Json::parse(*agent_->message_json(header.id))["body"].dump());
  EXPECT_EQ(body["through"], to_string(Position{entry, 0}));
  EXPECT_EQ(body["chain"], hex(agent_->chain().digest));
  log_and_answer();
  pass(AgentCore::kDeliveredEveryMs);
  EXPECT_EQ(sent(wire::Body::Submit).size(), before + 1);
}

TEST_F(InboxTest, AGapInASendersCountIsShown) {
  const auto lost = from_police("lost");
  const auto entry = hub_.log(kPolice, {from_police("next")});
  give_delivery({entry});
  EXPECT_EQ(rows(), 1u);
  EXPECT_NE(agent_->health().last_problem_en.find("430922-POLICE.1.1"), std::string::npos);
}

TEST_F(InboxTest, MarkingChangesTheStateAndTheCountOfNewOnes) {
  const auto entry = hub_.log(kPolice, {from_police("one")});
  give_delivery({entry});
  EXPECT_EQ(agent_->health().inbox_new, 1u);
  ASSERT_TRUE(agent_->mark({entry, 0}, "done", "filed").has_value());
  EXPECT_EQ(agent_->health().inbox_new, 0u);
  EXPECT_EQ(agent_->inbox(Position{1, 65535}, 10).front().state, "done");
  EXPECT_EQ(agent_->mark({entry, 7}, "done", "").error().code, Code::not_found);
}

TEST_F(InboxTest, WhoWaitsForTheInboxIsWokenOnce) {
  int woken = 0;
  agent_->wait_inbox(Position{1, 65535}, now_.boot + 60'000, [&] { ++woken; });
  EXPECT_EQ(woken, 0);
  give_delivery({hub_.log(kPolice, {from_police("one")})});
  give_delivery({hub_.log(kPolice, {from_police("two")})});
  EXPECT_EQ(woken, 1);
}

TEST_F(InboxTest, AViewOfTheHubMakesAMessageDelivered) {
  const auto status = accepted(acknowledgement("one"));
  const auto entry = log_and_answer();
  EXPECT_EQ(stage(status.id), Stage::logged);
  give(1, hub_.view(kPolice, {entry, 0}));
  EXPECT_EQ(stage(status.id), Stage::delivered);
}

TEST_F(InboxTest, TheEvidenceOfAMessageHoldsAReceiptThatChecks) {
  const auto entry = hub_.log(kPolice, {from_police("one")});
  give_delivery({entry});
  const auto bundle = Json::parse(*agent_->evidence_json({entry, 0}));
  const auto receipt = evidence::parse_receipt(*from_base64(bundle["receipt"].get<std::string>()));
  ASSERT_TRUE(receipt.has_value());
  const auto checked = evidence::check_receipt(evidence::suite1(), *receipt, hub_.card().checkpoint_key, agent_->registry());
  EXPECT_TRUE(checked.has_value()) << (checked ? "" : to_string(checked.error()));
}

TEST_F(InboxTest, AnotherGenesisEndsTheSession) {
  SimEntropy other_entropy(43);
  const FakeHub other(other_entropy);
  agent_->on_connected(1, now_);
  give(1, other.welcome());
  EXPECT_FALSE(agent_->health().deliver_ready);
  EXPECT_EQ(agent_->registry().genesis().log_id, hub_.county().log_id());
}

TEST_F(InboxTest, AttachmentsAreAtTheHubBeforeTheMessageThatNamesThem) {
  const auto upload = agent_->attachment_begin("letter.pdf", "application/pdf", 5);
  ASSERT_TRUE(upload.has_value());
  const Bytes content{1, 2, 3, 4, 5};
  ASSERT_TRUE(agent_->attachment_write(upload->upload, 0, content).has_value());
  const auto id = agent_->attachment_finish(upload->upload);
  ASSERT_TRUE(id.has_value());
  agent_->on_connected(2, now_);
  give(2, hub_.welcome());
  auto document = acknowledgement("with a letter");
  document.attachments.push_back({"DOC_REFERRAL_LETTER", codec::Group::c0, *id});
  const auto status = accepted(document);
  EXPECT_TRUE(sent(wire::Body::Submit).empty());
  // Asked first whether the hub has it, then given the bytes.
  for (std::size_t answered = 0; answered < sent(wire::Body::PutChunk).size(); ++answered) {
    const auto put = sent(wire::Body::PutChunk)[answered];
    const auto frame = OpenFrame::open(put.frame);
    const auto digest = *array_from<32>(view_of(frame->frame().body_as_PutChunk()->digest()));
    if (!put.payload.empty()) {
      EXPECT_EQ(evidence::sha256(put.payload), digest);
    }
    give(2, hub_.chunk(frame->frame().request(), digest, !put.payload.empty()));
  }
  EXPECT_EQ(sent(wire::Body::PutChunk).size(), 4u);
  ASSERT_EQ(sent(wire::Body::Submit).size(), 1u);
  const auto entry = log_and_answer();
  EXPECT_EQ(stage(status.id), Stage::logged);
  std::optional<Bytes> read;
  agent_->attachment_read({entry, 0}, 0, 1, 100, now_.boot + 1000, [&](Result<Bytes> bytes) { read = bytes ? *bytes : Bytes{}; });
  EXPECT_EQ(read, (Bytes{2, 3, 4, 5}));
}

TEST_F(InboxTest, AnUploadGoesOnAtTheLastWholeChunkAfterACrash) {
  const auto upload = agent_->attachment_begin("film.mp4", "video/mp4", (3u << 20) + 7);
  ASSERT_TRUE(upload.has_value());
  const Bytes part((2u << 20) + 100, 0x5a);
  ASSERT_TRUE(agent_->attachment_write(upload->upload, 0, part).has_value());
  crash();
  const auto offset = agent_->attachment_offset(upload->upload);
  ASSERT_TRUE(offset.has_value());
  EXPECT_EQ(*offset, 2u << 20);
  EXPECT_EQ(agent_->attachment_write(upload->upload, 5, part).error().code, Code::invalid_argument);
  ASSERT_TRUE(agent_->attachment_write(upload->upload, *offset, Bytes((1u << 20) + 7, 0x5a)).has_value());
  EXPECT_TRUE(agent_->attachment_finish(upload->upload).has_value());
}

}  // namespace
}  // namespace lianxi::agent::test
