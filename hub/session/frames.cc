#include "hub/session/frames.h"

namespace lianxi::hub {

namespace {

constexpr int kVerifierDepth = 16;
constexpr int kVerifierTables = 4096;

using Builder = flatbuffers::FlatBufferBuilder;

flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> vector_of(Builder& builder, ByteView bytes) {
  return builder.CreateVector(bytes.data(), bytes.size());
}

}  // namespace

Result<ReceivedFrame> ReceivedFrame::parse(ByteView bytes) {
  ReceivedFrame frame;
  frame.bytes_ = copy(bytes);  // The allocator aligns to 16; the network's buffer promises nothing.
  flatbuffers::Verifier verifier(frame.bytes_.data(), frame.bytes_.size(), kVerifierDepth, kVerifierTables);
  if (bytes.empty() || !wire::VerifyFrameBuffer(verifier)) return fail(Code::bad_frame);
  frame.frame_ = wire::GetFrame(frame.bytes_.data());
  if (frame.frame_->version() != kProtocolVersion) return fail(Code::bad_version, std::to_string(frame.frame_->version()));
  return frame;
}

Bytes finish(Builder& builder, std::uint64_t request, wire::Body type, flatbuffers::Offset<void> body) {
  builder.Finish(wire::CreateFrame(builder, kProtocolVersion, request, type, body));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

Bytes refusal_frame(std::uint64_t request, Code code, const std::string& detail, std::uint64_t expected, bool retry) {
  Builder builder;
  const auto& row = describe(code);
  const auto body = wire::CreateRefusal(builder, static_cast<std::uint16_t>(code), builder.CreateString(detail),
                                        builder.CreateString(row.zh.data(), row.zh.size()),
                                        builder.CreateString(row.en.data(), row.en.size()), expected, retry);
  return finish(builder, request, wire::Body::Refusal, body.Union());
}

Bytes busy_frame(std::uint64_t request, Code code, std::uint32_t retry_after_ms) {
  Builder builder;
  return finish(builder, request, wire::Body::Busy, wire::CreateBusy(builder, static_cast<std::uint16_t>(code), retry_after_ms).Union());
}

Bytes receipts_frame(std::uint64_t request, const std::vector<Bytes>& receipts) {
  Builder builder;
  std::vector<flatbuffers::Offset<wire::ReceiptBytes>> rows;
  for (const auto& receipt : receipts) rows.push_back(wire::CreateReceiptBytes(builder, vector_of(builder, receipt)));
  return finish(builder, request, wire::Body::ReceiptFrame, wire::CreateReceiptFrame(builder, builder.CreateVector(rows)).Union());
}

Bytes view_frame(ByteView bytes) {
  Builder builder;
  return finish(builder, 0, wire::Body::View, wire::CreateView(builder, vector_of(builder, bytes)).Union());
}

Bytes chunk_frame(std::uint64_t request, ByteView digest, bool stored) {
  Builder builder;
  return finish(builder, request, wire::Body::Chunk, wire::CreateChunk(builder, vector_of(builder, digest), stored).Union());
}

Bytes goodbye_frame(const std::string& reason, std::uint32_t retry_after_ms) {
  Builder builder;
  return finish(builder, 0, wire::Body::Goodbye, wire::CreateGoodbye(builder, builder.CreateString(reason), retry_after_ms).Union());
}

Bytes proof_frame(std::uint64_t request, std::uint64_t from, std::uint64_t to, const std::vector<Hash>& path, const std::string& note) {
  Builder builder;
  Bytes hashes;
  for (const auto& hash : path) hashes.insert(hashes.end(), hash.begin(), hash.end());
  const auto body = wire::CreateProof(builder, from, to, vector_of(builder, hashes), builder.CreateString(note));
  return finish(builder, request, wire::Body::Proof, body.Union());
}

Bytes welcome_frame(std::uint64_t request, const WelcomeFacts& facts) {
  Builder builder;
  const auto origin = builder.CreateString(facts.origin);
  const auto genesis = vector_of(builder, facts.genesis);
  const auto receipt = vector_of(builder, facts.genesis_receipt);
  const auto hash = vector_of(builder, facts.last_message_hash);
  const auto checkpoint = builder.CreateString(facts.checkpoint);
  wire::WelcomeBuilder welcome(builder);
  welcome.add_origin(origin);
  welcome.add_generation(facts.generation);
  welcome.add_genesis(genesis);
  welcome.add_genesis_receipt(receipt);
  welcome.add_epoch(facts.epoch);
  welcome.add_last_number(facts.last_number);
  welcome.add_last_message_hash(hash);
  welcome.add_submit_entries(facts.submit_entries);
  welcome.add_submit_bytes(facts.submit_bytes);
  welcome.add_registry_serial(facts.registry_serial);
  welcome.add_size(facts.size);
  welcome.add_checkpoint(checkpoint);
  welcome.add_cursor(facts.cursor);
  welcome.add_hub_time(facts.hub_time);
  welcome.add_demo(facts.demo);
  return finish(builder, request, wire::Body::Welcome, welcome.Finish().Union());
}

}  // namespace lianxi::hub
