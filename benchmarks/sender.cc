#include "benchmarks/sender.h"

#include <sodium.h>

#include "agents/runtime/wire.h"
#include "schemas/evidence/tree.h"

namespace lianxi::bench {

namespace {

constexpr Nanos kGapRetry = 20 * kMilli;
constexpr std::size_t kRunBytesMax = codec::kEntryBytesMax;

}  // namespace

Sender::Sender(Options options, const evidence::HubCard& hub, const evidence::AgencyKeys& keys, Stamper stamper)
    : options_(options), hub_(hub), keys_(keys), stamper_(std::move(stamper)), check_(hub) {
  evidence::PublicKey own{};
  crypto_sign_seed_keypair(own.data(), signing_.data(), keys_.signing.data());
  key_id_ = evidence::key_id(keys_.suite, evidence::KeyUse::signing, own);
  options_.batch = std::min({options_.batch, codec::kEntryMessagesMax, kRunBytesMax / stamper_.message_bytes()});
}

Result<void> Sender::connect(agent::link::ZmqEdge& edge, const std::string& address) {
  auto socket = edge.connect(address, {keys_.transport_secret, keys_.transport_public, hub_.curve_key});
  if (!socket) return socket.error();
  edge_ = &edge;
  socket_ = *socket;
  return {};
}

void Sender::on_connected() {
  edge_->send(socket_,
              agent::hello_frame(0, {wire::Endpoint::submit, keys_.agency.value(), hub_.leaf0, {}, SystemClock().now().wall}),
              {});
}

Result<void> Sender::on_frame(ByteView bytes, Nanos now) {
  auto frame = agent::OpenFrame::open(bytes);
  if (!frame) return frame.error();
  const auto& it = frame->frame();
  switch (it.body_type()) {
    case wire::Body::Welcome:
      return on_welcome(*it.body_as_Welcome());
    case wire::Body::ReceiptFrame:
      return on_receipts(it.request(), *it.body_as_ReceiptFrame(), now);
    case wire::Body::Refusal:
      return on_refusal(it.request(), *it.body_as_Refusal(), now);
    case wire::Body::Busy:
      ++counters_.busy;
      refused(it.request(), now + it.body_as_Busy()->retry_after_ms() * kMilli);
      return {};
    case wire::Body::View:
    case wire::Body::Unchanged:
      return {};
    default:
      return fail(Code::unknown_frame, "submit: body " + std::to_string(static_cast<int>(it.body_type())));
  }
}

Result<void> Sender::on_welcome(const wire::Welcome& welcome) {
  if (welcome.epoch() == 0) return fail(Code::epoch_closed, keys_.agency.value());
  if (epoch_ != 0) return fail(Code::unavailable, "the connection was lost during the measurement");
  epoch_ = welcome.epoch();
  first_ = next_ = welcome.last_number() + 1;
  submit_entries_ = welcome.submit_entries();
  if (options_.window > submit_entries_)
    return fail(Code::invalid_argument, "the hub's window is " + std::to_string(submit_entries_));
  return {};
}

Result<void> Sender::check_receipt(const Entry& entry, ByteView bytes, Nanos now) {
  auto receipt = evidence::parse_receipt(bytes);
  if (!receipt) return receipt.error();
  if (receipt->entry_header != entry.header || receipt->signature != entry.signature) {
    return fail(Code::verification_failed, "a receipt of another entry");
  }
  const auto part = evidence::parse_hub_part(receipt->hub_part);
  if (!part) return part.error();
  if (!part->refused.empty()) return fail(part->refused.front().code, "message refused: " + std::to_string(entry.first));
  ++counters_.receipts_checked;
  return check_.entry(receipt->entry_header, receipt->signature, receipt->hub_part, part->entry, receipt->size, receipt->path,
                      receipt->note, now);
}

Result<void> Sender::on_receipts(std::uint64_t request, const wire::ReceiptFrame& frame, Nanos now) {
  auto* entry = find(request);
  if (entry == nullptr || frame.receipts() == nullptr || frame.receipts()->size() != 1) {
    return fail(Code::verification_failed, "receipts that nobody asked for");
  }
  if (auto checked = check_receipt(*entry, agent::view_of(frame.receipts()->Get(0)->bytes()), now); !checked) return checked;
  entry->state = State::logged;
  finish(*entry, now);
  while (!under_way_.empty() && under_way_.front().state == State::logged) under_way_.pop_front();
  return {};
}

void Sender::finish(const Entry& entry, Nanos now) {
  if (first_receipt_ == 0) first_receipt_ = now;
  counters_.messages_all += entry.count;
  if (now >= from_ && now < to_) {
    counters_.messages += entry.count;
    ++counters_.entries;
  }
  for (std::size_t i = 0; i < entry.count; ++i) {
    const auto due = intended_[entry.first - first_ + i];
    if (due >= from_ && due < to_) latencies_.add(now - due);
  }
}

Result<void> Sender::on_refusal(std::uint64_t request, const wire::Refusal& refusal, Nanos now) {
  const auto code = static_cast<Code>(refusal.code());
  const bool passes = refusal.retry() || code == Code::number_gap;
  if (!passes) return fail(code, std::string(agent::view_of(refusal.detail())));
  refused(request, now + kGapRetry);
  return {};
}

Sender::Entry* Sender::find(std::uint64_t request) {
  for (auto& entry : under_way_) {
    if (entry.request == request) return &entry;
  }
  return nullptr;
}

void Sender::refused(std::uint64_t request, Nanos again_at) {
  if (auto* entry = find(request)) entry->state = State::refused;
  again_at_ = std::max(again_at_, again_at);
}

bool Sender::send(Entry& entry) {
  entry.request = request_++;
  entry.state = State::sent;
  return edge_->send(socket_, agent::submit_frame(entry.request, entry.header, entry.signature), entry.run);
}

// Messages that the next entry can take now.
std::size_t Sender::due(Nanos now) {
  if (!options_.open_loop) {
    if (stopped_) return 0;
    const auto left =
        options_.messages_max == 0 ? options_.batch : options_.messages_max - std::min(options_.messages_max, next_ - first_);
    return std::min<std::size_t>(options_.batch, left);
  }
  std::size_t count = 0;
  while (count < options_.batch && count < waiting_.size() && waiting_[count] <= now) ++count;
  return count;
}

bool Sender::send_next(Nanos now) {
  const auto count = due(now);
  if (count == 0) return false;
  Entry entry;
  entry.first = next_;
  entry.count = count;
  entry.run.reserve(count * (stamper_.message_bytes() + 16));
  std::vector<Hash> hashes;
  const Instant time = SystemClock().now().wall;
  for (std::size_t i = 0; i < count; ++i) {
    hashes.push_back(stamper_.stamp(Epoch(epoch_), next_, next_ - 1, time, entry.run));
    intended_.push_back(options_.open_loop ? waiting_.front() : now);
    if (options_.open_loop) waiting_.pop_front();
    ++next_;
  }
  evidence::EntryHeader header;
  header.suite = keys_.suite;
  header.log_id = hub_.log_id;
  header.agency = keys_.agency;
  header.key_id = key_id_;
  header.epoch = Epoch(epoch_);
  header.first = Number(entry.first);
  header.count = static_cast<std::uint16_t>(count);
  header.batch_root = evidence::root_of(hashes);
  entry.header = evidence::encode(header);
  crypto_sign_detached(entry.signature.data(), nullptr, entry.header.data(), entry.header.size(), signing_.data());
  under_way_.push_back(std::move(entry));
  if (!send(under_way_.back())) refused(under_way_.back().request, now + kGapRetry);
  return true;
}

void Sender::send_again(Nanos now) {
  for (auto& entry : under_way_) {
    if (entry.state == State::logged) continue;
    ++counters_.resent;
    if (!send(entry)) return refused(entry.request, now + kGapRetry);
  }
}

Result<void> Sender::pump(Nanos now) {
  if (epoch_ == 0) return {};
  bool any_refused = false, any_sent = false;
  for (const auto& entry : under_way_) {
    any_refused = any_refused || entry.state == State::refused;
    any_sent = any_sent || entry.state == State::sent;
  }
  if (any_refused) {
    if (!any_sent && now >= again_at_) send_again(now);
    return {};
  }
  while (under_way_.size() < options_.window && send_next(now)) {
  }
  return {};
}

std::uint64_t Sender::unanswered() const {
  std::uint64_t count = waiting_.size();
  for (const auto& entry : under_way_) {
    if (entry.state != State::logged) count += entry.count;
  }
  return count;
}

std::optional<Nanos> Sender::intended(std::uint64_t number) const {
  if (number < first_ || number - first_ >= intended_.size()) return std::nullopt;
  return intended_[number - first_];
}

}  // namespace lianxi::bench
