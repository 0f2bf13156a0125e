// Attachments: complete before the message that names them is acked, handed out to the entitled only.
#include <nlohmann/json.hpp>

#include "tests/unit/hub/hub_test.h"

namespace lianxi::hub {
namespace {

using flatbuffers::FlatBufferBuilder;

const std::string kLand = "430922-LAND";
const std::string kPolice = "430922-POLICE";

class ChunksTest : public HubTest {
 protected:
  struct Attachment {
    std::vector<Bytes> chunks;
    Bytes manifest;
    Hash digest{};
    codec::AttachmentInfo info;
    codec::AttachmentKey key;
  };
  // A sealed file of two chunks.
  Attachment attachment() {
    Attachment out;
    const Bytes first(evidence::kChunkPlainBytes, 'a'), last(100, 'b');
    const Hash file_key = entropy_.array<32>();
    out.chunks = {evidence::seal_chunk(file_key, 0, false, first), evidence::seal_chunk(file_key, 1, true, last)};
    evidence::Manifest manifest;
    for (const auto& chunk : out.chunks) {
      manifest.bytes += chunk.size();
      manifest.chunks.push_back(evidence::sha256(chunk));
    }
    out.manifest = evidence::encode(manifest);
    out.digest = evidence::sha256(out.manifest);
    out.info = {out.digest, manifest.bytes, codec::Group::c3};
    out.key = {0,
               codec::Group::c3,
               "DOC_PHOTOS",
               "照片.jpg",
               "image/jpeg",
               file_key,
               evidence::sha256({first, last}),
               first.size() + last.size()};
    return out;
  }
  policy::Composed note_with(const Attachment& file) {
    policy::Draft draft;
    draft.event_time = now_.wall;
    draft.in_reply_to = MessageId{AgencyId(kPolice), Epoch(1), Number(1)};
    draft.attachments = {file.info};
    draft.attachment_keys = {file.key};
    const auto composed = county_.compose(kLand, 110, {to(kPolice)}, R"({"status":"done","note":"附照片"})", draft);
    check(composed.has_value(), county_.faults().empty() ? "note_with" : county_.faults().front().en);
    return *composed;
  }
  std::vector<Sent> put(ByteView digest, Bytes bytes) {
    return say(
        line(kLand, kChunks), wire::Body::PutChunk,
        [&](FlatBufferBuilder& b) { return wire::CreatePutChunk(b, b.CreateVector(digest.data(), digest.size())).Union(); },
        std::move(bytes));
  }
  void put_all(const Attachment& file) {
    put(file.digest, file.manifest);
    for (const auto& chunk : file.chunks) put(evidence::sha256(chunk), chunk);
  }
  std::vector<Sent> get(const std::string& agency, const Hash& attachment, const Hash& digest, Position position) {
    return say(line(agency, kChunks), wire::Body::GetChunk, [&](FlatBufferBuilder& b) {
      return wire::CreateGetChunk(b, b.CreateVector(attachment.data(), 32), b.CreateVector(digest.data(), 32), position.packed())
          .Union();
    });
  }
  static bool stored(const std::vector<Sent>& answer) {
    return answer.size() == 1 && answer.front().type() == wire::Body::Chunk && answer.front().frame().body_as_Chunk()->stored();
  }
};

TEST_F(ChunksTest, AMessageWhoseAttachmentIsIncompleteIsRefusedForTheTimeBeingAndPassesLater) {
  const auto file = attachment();
  const auto sent = entry(kLand, {note_with(file)});
  const auto before = size();
  const auto expect_refused = [&] {
    const auto answer = submit(kLand, sent);
    EXPECT_EQ(refusal(answer), Code::attachment_incomplete);
    ASSERT_NE(refusal_frame_of(answer), nullptr);
    EXPECT_TRUE(refusal_frame_of(answer)->retry());
    EXPECT_EQ(size(), before);
  };
  expect_refused();
  put(file.digest, file.manifest);
  put(evidence::sha256(file.chunks[0]), file.chunks[0]);
  expect_refused();
  put(evidence::sha256(file.chunks[1]), file.chunks[1]);
  const auto answer = receipts(submit(kLand, sent));
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_TRUE(part_of(answer[0]).refused.empty());
}

TEST_F(ChunksTest, AChunkThatIsNotWhatItsDigestSaysIsRefused) {
  const auto file = attachment();
  auto bad = file.chunks[1];
  bad[3] ^= 1;
  EXPECT_EQ(refusal(put(evidence::sha256(file.chunks[1]), bad)), Code::verification_failed);
  EXPECT_FALSE(chunks_.has(evidence::sha256(file.chunks[1])));
  EXPECT_EQ(refusal(put(view("short"), bad)), Code::bad_frame);
}

TEST_F(ChunksTest, AskingWithoutBytesTellsWhetherTheHubHasIt) {
  const auto file = attachment();
  const auto digest = evidence::sha256(file.chunks[1]);
  EXPECT_FALSE(stored(put(digest, {})));
  EXPECT_TRUE(stored(put(digest, file.chunks[1])));
  EXPECT_TRUE(stored(put(digest, {})));
}

TEST_F(ChunksTest, OnlyWhoIsEntitledToTheGroupGetsTheChunks) {
  const auto file = attachment();
  put_all(file);
  ASSERT_EQ(receipts(submit(kLand, {note_with(file)})).size(), 1u);
  const Position where{size() - 1, 0};
  for (const auto& agency : {kLand, kPolice}) {
    const auto manifest = get(agency, file.digest, file.digest, where);
    EXPECT_TRUE(stored(manifest)) << agency;
    EXPECT_EQ(manifest.front().payload, file.manifest);
    const auto chunk = get(agency, file.digest, evidence::sha256(file.chunks[0]), where);
    ASSERT_TRUE(stored(chunk)) << agency;
    EXPECT_EQ(chunk.front().payload, file.chunks[0]);
  }
  for (const auto& agency : {"430922-PROC", "430922-OFFICE"}) {
    EXPECT_EQ(refusal(get(agency, file.digest, file.digest, where)), Code::not_found) << agency;
    EXPECT_EQ(refusal(get(agency, file.digest, evidence::sha256(file.chunks[0]), where)), Code::not_found) << agency;
  }
}

TEST_F(ChunksTest, AMessageOpensOnlyItsOwnAttachments) {
  const auto named = attachment();
  const auto other = attachment();
  put_all(named);
  put_all(other);
  ASSERT_EQ(receipts(submit(kLand, {note_with(named)})).size(), 1u);
  const Position where{size() - 1, 0};
  EXPECT_EQ(refusal(get(kPolice, other.digest, other.digest, where)), Code::not_found);
  EXPECT_EQ(refusal(get(kPolice, named.digest, evidence::sha256(other.chunks[0]), where)), Code::not_found);
  EXPECT_EQ(refusal(get(kPolice, named.digest, named.digest, {0, 0})), Code::not_found);
  EXPECT_EQ(refusal(get(kPolice, named.digest, named.digest, {size(), 0})), Code::not_found);
  EXPECT_EQ(refusal(get(kPolice, named.digest, named.digest, {where.entry, 1})), Code::not_found);
}

TEST_F(ChunksTest, AChunkThatRottedIsNotHandedOut) {
  const auto file = attachment();
  put_all(file);
  ASSERT_EQ(receipts(submit(kLand, {note_with(file)})).size(), 1u);
  auto rotten = file.chunks[0];
  rotten[9] ^= 1;
  ASSERT_TRUE(chunks_.put(evidence::sha256(file.chunks[0]), rotten));
  EXPECT_EQ(refusal(get(kPolice, file.digest, evidence::sha256(file.chunks[0]), {size() - 1, 0})), Code::corrupt);
}

}  // namespace
}  // namespace lianxi::hub
