#include "benchmarks/receiver.h"

#include "schemas/codec/payload.h"
#include "schemas/evidence/tree.h"

namespace lianxi::bench {

namespace {

constexpr std::uint32_t kCreditMessages = 16'384;
constexpr std::uint32_t kCreditBytes = 16 << 20;
constexpr Nanos kAckEvery = 100 * kMilli;

Result<std::vector<Hash>> hashes_in(ByteView bytes) {
  if (bytes.size() % sizeof(Hash) != 0) return fail(Code::bad_frame, "hashes");
  std::vector<Hash> hashes(bytes.size() / sizeof(Hash));
  std::memcpy(hashes.data(), bytes.data(), bytes.size());
  return hashes;
}

// All message hashes of the entry in order: those of the run at their indices, the others between them.
Result<std::vector<Hash>> leaves_of(const wire::DeliveredEntry& entry, const std::vector<codec::MessageView>& messages,
                                    std::size_t count) {
  auto others = hashes_in(agent::view_of(entry.others()));
  if (!others) return others.error();
  if (entry.indices() == nullptr || entry.indices()->size() != messages.size() || messages.size() + others->size() != count) {
    return fail(Code::bad_frame, "indices");
  }
  std::vector<Hash> leaves;
  std::size_t own = 0, other = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (own < messages.size() && entry.indices()->Get(static_cast<flatbuffers::uoffset_t>(own)) == i) {
      leaves.push_back(evidence::message_hash(messages[own++].header));
    } else if (other < others->size()) {
      leaves.push_back((*others)[other++]);
    } else {
      return fail(Code::bad_frame, "indices");
    }
  }
  return leaves;
}

}  // namespace

Receiver::Receiver(const evidence::HubCard& hub, const evidence::AgencyKeys& keys, bool from_start, OnMessage on_message)
    : hub_(hub), keys_(keys), from_start_(from_start), on_message_(std::move(on_message)), check_(hub) {}

Result<void> Receiver::connect(agent::link::ZmqEdge& edge, const std::string& address) {
  auto socket = edge.connect(address, {keys_.transport_secret, keys_.transport_public, hub_.curve_key});
  if (!socket) return socket.error();
  edge_ = &edge;
  socket_ = *socket;
  return {};
}

void Receiver::on_connected() {
  edge_->send(socket_,
              agent::hello_frame(0, {wire::Endpoint::deliver, keys_.agency.value(), hub_.leaf0, {}, SystemClock().now().wall}),
              {});
}

Result<void> Receiver::on_frame(ByteView bytes, ByteView payload, Nanos now) {
  auto frame = agent::OpenFrame::open(bytes);
  if (!frame) return frame.error();
  const auto& it = frame->frame();
  switch (it.body_type()) {
    case wire::Body::Welcome:
      return on_welcome(*it.body_as_Welcome());
    case wire::Body::Deliver:
      return on_deliver(*it.body_as_Deliver(), payload, payload.size(), now);
    case wire::Body::View:
    case wire::Body::Unchanged:
      return {};
    case wire::Body::Refusal:
      return fail(static_cast<Code>(it.body_as_Refusal()->code()), "deliver");
    default:
      return fail(Code::unknown_frame, "deliver: body " + std::to_string(static_cast<int>(it.body_type())));
  }
}

Result<void> Receiver::on_welcome(const wire::Welcome& welcome) {
  if (ready_) return fail(Code::unavailable, "the connection was lost during the measurement");
  const auto after = from_start_ ? agent::kNoPosition : (welcome.size() << 16) - 1;
  head_ = welcome.size();
  edge_->send(socket_, agent::subscribe_frame(1, welcome.generation(), after, kCreditMessages, kCreditBytes), {});
  ready_ = true;
  return {};
}

Result<void> Receiver::on_deliver(const wire::Deliver& deliver, ByteView payload, std::size_t cost, Nanos now) {
  if (deliver.entries() == nullptr) return fail(Code::bad_frame, "deliver without entries");
  auto rest = payload;
  for (const auto* entry : *deliver.entries()) {
    if (entry->payload_bytes() > rest.size()) return fail(Code::bad_frame, "payload");
    if (auto taken = take(*entry, rest.first(entry->payload_bytes()), deliver, now); !taken) return taken;
    rest = rest.subspan(entry->payload_bytes());
  }
  head_ = deliver.head();
  bytes_ += payload.size();
  // With the frame's own bytes: no hub gives more than its cap for being returned too much.
  edge_->send(socket_, agent::credit_frame(deliver.sent_messages(), static_cast<std::uint32_t>(cost)), {});
  if (now - acked_at_ >= kAckEvery) {
    acked_at_ = now;
    edge_->send(socket_, agent::cursor_ack_frame(hub_.generation, last_position_), {});
  }
  return {};
}

Result<void> Receiver::take(const wire::DeliveredEntry& entry, ByteView run, const wire::Deliver& deliver, Nanos now) {
  const auto header_bytes = agent::view_of(entry.entry_header());
  const auto header = evidence::parse_entry_header(header_bytes);
  if (!header) return header.error();
  const auto part = evidence::parse_hub_part(agent::view_of(entry.hub_part()));
  if (!part) return part.error();
  const auto messages = codec::parse_run(run);
  if (!messages) return messages.error();
  const auto leaves = leaves_of(entry, *messages, header->count);
  if (!leaves) return leaves.error();
  if (evidence::root_of(*leaves) != header->batch_root)
    return fail(Code::batch_root_mismatch, "entry " + std::to_string(part->entry));
  const auto signature = array_from<64>(agent::view_of(entry.signature()));
  const auto path = hashes_in(agent::view_of(entry.path()));
  if (!signature || !path) return fail(Code::bad_frame, "signature or path");
  auto held = check_.entry(header_bytes, *signature, agent::view_of(entry.hub_part()), part->entry, deliver.size(), *path,
                           agent::view_of(deliver.checkpoint()), now);
  if (!held) return held;
  next_entry_ = part->entry + 1;
  // A large entry comes in several frames; no message comes twice.
  for (const auto index : *entry.indices()) {
    const auto position = Position{part->entry, index}.packed();
    if (messages_ > 0 && position <= last_position_) return fail(Code::verification_failed, "delivered out of order");
    ++messages_;
    last_position_ = position;
    on_message_(header->agency, header->first.value() + index, now);
  }
  return {};
}

}  // namespace lianxi::bench
