#include "agents/runtime/wire.h"

#include <cstring>

namespace lianxi::agent {

namespace {

constexpr flatbuffers::uoffset_t kDepthMax = 16;
constexpr flatbuffers::uoffset_t kTablesMax = 4096;
constexpr const char* kSoftware = "lianxi-agent/0.1";

template <class T>
Bytes finish(flatbuffers::FlatBufferBuilder& builder, std::uint64_t request, wire::Body kind, flatbuffers::Offset<T> body) {
  builder.Finish(wire::CreateFrame(builder, kProtocolVersion, request, kind, body.Union()));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> bytes_in(flatbuffers::FlatBufferBuilder& builder, ByteView bytes) {
  return builder.CreateVector(bytes.data(), bytes.size());
}

}  // namespace

Result<OpenFrame> OpenFrame::open(ByteView bytes) {
  std::vector<std::uint64_t> storage((bytes.size() + 7) / 8);
  if (bytes.size() < 8) return fail(Code::bad_frame, "frame: too short");
  std::memcpy(storage.data(), bytes.data(), bytes.size());
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(storage.data()), bytes.size(), kDepthMax, kTablesMax);
  if (!wire::VerifyFrameBuffer(verifier)) return fail(Code::bad_frame, "frame: malformed");
  OpenFrame frame(std::move(storage));
  if (frame.frame().version() != kProtocolVersion) return fail(Code::bad_version, "frame: protocol version");
  if (frame.frame().body() == nullptr) return fail(Code::unknown_frame, "frame: no body known to this version");
  return frame;
}

ByteView view_of(const flatbuffers::Vector<std::uint8_t>* bytes) {
  return bytes == nullptr ? ByteView{} : ByteView(bytes->data(), bytes->size());
}
std::string_view view_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : std::string_view(text->c_str(), text->size());
}

Bytes hello_frame(std::uint64_t request, const HelloFacts& facts) {
  flatbuffers::FlatBufferBuilder builder(512);
  const auto agency = builder.CreateString(facts.agency);
  const auto software = builder.CreateString(kSoftware);
  const auto leaf = bytes_in(builder, facts.genesis_leaf);
  const auto note = builder.CreateString(facts.checkpoint);
  return finish(builder, request, wire::Body::Hello,
                wire::CreateHello(builder, facts.endpoint, agency, software, leaf, note, facts.wall_ms));
}

Bytes submit_frame(std::uint64_t request, ByteView entry_header, const Signature& signature) {
  flatbuffers::FlatBufferBuilder builder(512);
  const auto header = bytes_in(builder, entry_header);
  const auto sig = bytes_in(builder, signature);
  return finish(builder, request, wire::Body::Submit, wire::CreateSubmit(builder, header, sig));
}

Bytes subscribe_frame(std::uint64_t request, std::uint32_t generation, std::uint64_t after, std::uint32_t messages,
                      std::uint32_t bytes) {
  flatbuffers::FlatBufferBuilder builder(128);
  return finish(builder, request, wire::Body::Subscribe, wire::CreateSubscribe(builder, generation, after, messages, bytes));
}

Bytes credit_frame(std::uint32_t messages, std::uint32_t bytes) {
  flatbuffers::FlatBufferBuilder builder(128);
  return finish(builder, 0, wire::Body::Credit, wire::CreateCredit(builder, messages, bytes));
}

Bytes cursor_ack_frame(std::uint32_t generation, std::uint64_t after) {
  flatbuffers::FlatBufferBuilder builder(128);
  return finish(builder, 0, wire::Body::CursorAck, wire::CreateCursorAck(builder, generation, after));
}

Bytes put_chunk_frame(std::uint64_t request, const Hash& digest) {
  flatbuffers::FlatBufferBuilder builder(128);
  const auto bytes = bytes_in(builder, digest);
  return finish(builder, request, wire::Body::PutChunk, wire::CreatePutChunk(builder, bytes));
}

Bytes get_chunk_frame(std::uint64_t request, const Hash& attachment, const Hash& digest, std::uint64_t position) {
  flatbuffers::FlatBufferBuilder builder(256);
  const auto whole = bytes_in(builder, attachment);
  const auto chunk = bytes_in(builder, digest);
  return finish(builder, request, wire::Body::GetChunk, wire::CreateGetChunk(builder, whole, chunk, position));
}

}  // namespace lianxi::agent
