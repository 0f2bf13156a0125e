#include "agents/runtime/submitter.h"

#include <algorithm>

namespace lianxi::agent {

void Submitter::pump(Now now) {
  if (state_.failed() || !session_.ready() || stopped_ || awaited_ != 0 || now.boot < not_before_) return;
  const auto entry = outbox_.current(entry_bytes_max_);
  if (!entry) return state_.report(entry.error());
  if (*entry == nullptr || !uploaded(**entry, now)) return;
  auto payload = outbox_.payload(**entry);
  if (!payload) {
    state_.fail_with(payload.error());
    return;
  }
  const auto request = session_.next_request();
  session_.expect(now);
  if (session_.send(submit_frame(request, (*entry)->header, (*entry)->signature), *std::move(payload))) awaited_ = request;
}

bool Submitter::uploaded(const OutboxEntry& entry, Now now) {
  bool all = true;
  for (const auto& attachment : outbox_.attachments(entry)) {
    const auto there = chunks_.ensure_uploaded(attachment, now);
    if (!there) state_.fail_with(there.error());
    all = all && there && *there;
  }
  return all;
}

void Submitter::tick(Now now) {
  session_.tick(now, awaited_ != 0 ? kAnswerMs : 0);
  pump(now);
}

void Submitter::on_welcome(const wire::Welcome& welcome, Now now) {
  awaited_ = 0;
  not_before_ = 0;
  stopped_ = false;
  may_number_ = true;
  if (welcome.submit_bytes() != 0) entry_bytes_max_ = std::min<std::size_t>(codec::kEntryBytesMax, welcome.submit_bytes());
  if (welcome.epoch() == 0) return stop(fail(Code::epoch_closed));
  if (welcome.epoch() != outbox_.epoch().value()) {
    may_number_ = false;
    return stop(fail(Code::epoch_old, "the hub counts epoch " + std::to_string(welcome.epoch())));
  }
  const auto recorded = welcome.last_number();
  if (recorded > outbox_.last_number().value()) {
    may_number_ = false;
    return stop(fail(Code::store_short, "the hub holds " +
                                            to_string(MessageId{state_.self(), outbox_.epoch(), Number(recorded)}) +
                                            ", this outbox ends at " + std::to_string(outbox_.last_number().value())));
  }
  if (recorded < outbox_.done_number().value()) {
    return stop(fail(Code::hub_behind, "the hub knows number " + std::to_string(recorded) + ", its receipts cover " +
                                           std::to_string(outbox_.done_number().value())));
  }
  const auto hash = array_from<32>(view_of(welcome.last_message_hash()));
  if (recorded != 0 && hash) {
    const auto ours = outbox_.hash_of(Number(recorded));
    if (ours && *ours != *hash) return stop(fail(Code::number_fork, "number " + std::to_string(recorded)));
  }
  state_.all_well();
  pump(now);
}

std::vector<Logged> Submitter::on_receipts(const wire::ReceiptFrame& frame, std::uint64_t request, Now now) {
  std::vector<Logged> logged;
  const auto count = frame.receipts() == nullptr ? 0 : frame.receipts()->size();
  for (flatbuffers::uoffset_t i = 0; i < count; ++i) {
    auto taken = outbox_.take_receipt(view_of(frame.receipts()->Get(i)->bytes()));
    if (!taken) {
      state_.report(taken.error());
      awaited_ = 0;
      session_.end(now);
      return logged;
    }
    logged.insert(logged.end(), taken->begin(), taken->end());
  }
  const bool answered = request == awaited_;
  if (answered) awaited_ = 0;
  if (answered && logged.empty()) again_after(kRetryMs, now);  // Holds nothing new: do not spin.
  pump(now);
  return logged;
}

void Submitter::on_refusal(const wire::Refusal& refusal, std::uint64_t request, Now now) {
  if (request != awaited_ || awaited_ == 0) return;
  awaited_ = 0;
  const auto code = static_cast<Code>(refusal.code());
  const auto entry = outbox_.current(entry_bytes_max_);
  if (!entry || *entry == nullptr) return;
  if (code == Code::attachment_incomplete) {
    for (const auto& attachment : outbox_.attachments(**entry)) chunks_.forget_uploaded(attachment);
    return again_after(kRetryMs, now);
  }
  if (refusal.retry()) {
    state_.report(fail(code, std::string(view_of(refusal.detail()))));
    return again_after(kAnswerMs, now);
  }
  if (code == Code::number_gap)
    return stop(fail(code, "the hub expects " + std::to_string(refusal.expected()) + ", this outbox sent " +
                               std::to_string((*entry)->first.value())));
  stop(fail(code, std::string(view_of(refusal.detail()))));
}

void Submitter::on_busy(std::uint32_t retry_after_ms, std::uint64_t request, Now now) {
  if (request != awaited_ || awaited_ == 0) return;
  awaited_ = 0;
  again_after(retry_after_ms, now);
}

void Submitter::stop(Error why) {
  stopped_ = true;
  state_.report(why);
}

void Submitter::again_after(std::int64_t ms, Now now) { not_before_ = now.boot + ms; }

}  // namespace lianxi::agent
