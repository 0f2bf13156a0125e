#include "agents/runtime/agent_core.h"

#include <fmt/core.h>

#include <algorithm>

namespace lianxi::agent {

namespace {
constexpr int kEndpoints = 3;
constexpr std::uint32_t kHelloDeniedMs = 30'000;  // A denial is shown, not retried at speed.
}  // namespace

Result<std::unique_ptr<Agent>> Agent::open(Options options, Edges edges, Now now) {
  auto core = AgentCore::open(std::move(options), edges, now);
  if (!core) return core.error();
  return std::unique_ptr<Agent>(*std::move(core));
}

AgentCore::AgentCore(Options options, Edges edges)
    : state_(std::move(options), edges),
      attachments_(state_),
      submit_session_(state_, wire::Endpoint::submit),
      deliver_session_(state_, wire::Endpoint::deliver),
      chunk_session_(state_, wire::Endpoint::chunks),
      chunk_client_(state_, attachments_, chunk_session_) {}

Result<std::unique_ptr<AgentCore>> AgentCore::open(Options options, Edges edges, Now now) {
  std::unique_ptr<AgentCore> core(new AgentCore(std::move(options), edges));
  if (auto recovered = core->recover(); !recovered) return recovered.error();
  core->said_at_ = now.boot - kDeliveredEveryMs;  // What came before a crash is said at once.
  core->settled_at_ = now.boot;
  core->now_ = now;
  return core;
}

Result<void> AgentCore::recover() {
  if (auto loaded = state_.load(); !loaded) return loaded;
  auto inbox = Inbox::open(state_);
  if (!inbox) return inbox.error();
  inbox_ = *std::move(inbox);
  auto outbox = Outbox::open(state_);
  if (!outbox) return outbox.error();
  outbox_ = *std::move(outbox);
  submitter_ = std::make_unique<Submitter>(state_, *outbox_, chunk_client_, submit_session_);
  const auto said = state_.edges.store.get(kMeta, "said");
  if (!said) return said.error();
  if (*said) said_through_ = Position::unpack(read_u64(**said, 0));
  return {};
}

// --- network ----------------------------------------------------------------------------------------------------------

Session& AgentCore::session(int endpoint) {
  check(endpoint >= 0 && endpoint < kEndpoints, "agent: endpoint");
  return endpoint == 0 ? submit_session_ : endpoint == 1 ? deliver_session_ : chunk_session_;
}

void AgentCore::on_connected(int endpoint, Now now) { session(endpoint).connected(now); }

void AgentCore::on_disconnected(int endpoint, Now) { session(endpoint).disconnected(); }

void AgentCore::on_frame(int endpoint, ByteView bytes, ByteView payload, Now now) {
  if (failed()) return;
  auto opened = OpenFrame::open(bytes);
  if (!opened) return state_.report(opened.error());
  const auto& frame = opened->frame();
  auto& from = session(endpoint);
  from.heard(now);
  last_contact_ = now.wall;
  now_ = now;
  if (const auto* welcome = frame.body_as_Welcome()) return on_welcome(endpoint, *welcome, now);
  if (const auto* refusal = frame.body_as_Refusal()) return on_refusal(endpoint, *refusal, frame.request(), now);
  if (const auto* goodbye = frame.body_as_Goodbye())
    return from.end(now, std::max<std::int64_t>(goodbye->retry_after_ms(), Session::kHelloAgainMs));
  if (!from.ready()) return;  // Left over from a session that has ended.
  if (const auto* receipts = frame.body_as_ReceiptFrame())
    settle_logged(submitter_->on_receipts(*receipts, frame.request(), now));
  else if (const auto* deliver = frame.body_as_Deliver())
    on_deliver(*deliver, payload, now);
  else if (const auto* view = frame.body_as_View())
    on_view(*view, now);
  else if (const auto* chunk = frame.body_as_Chunk()) {
    chunk_client_.on_chunk(*chunk, payload, now);
    retry_reads(now);
    submitter_->pump(now);
  } else if (const auto* busy = frame.body_as_Busy()) {
    if (endpoint == 0) submitter_->on_busy(busy->retry_after_ms(), frame.request(), now);
    if (endpoint == 2) chunk_client_.on_busy(frame.request(), busy->retry_after_ms(), now);
  }
}

Result<void> AgentCore::check_welcome(const wire::Welcome& welcome) {
  if (auto taken = state_.take_genesis(view_of(welcome.genesis()), view_of(welcome.genesis_receipt())); !taken) return taken;
  if (welcome.generation() != state_.generation() || view_of(welcome.origin()) != state_.origin()) {
    return fail(Code::wrong_log, "the hub is in generation " + std::to_string(welcome.generation()));
  }
  if (view_of(welcome.checkpoint()).empty()) return {};
  const auto checkpoint = state_.take_checkpoint(view_of(welcome.checkpoint()));
  if (!checkpoint) return checkpoint.error();
  if (welcome.size() < state_.newest_size()) {
    return fail(Code::hub_behind, "the hub's log has " + std::to_string(welcome.size()) + " entries, a checkpoint here covers " +
                                      std::to_string(state_.newest_size()));
  }
  return {};
}

void AgentCore::on_welcome(int endpoint, const wire::Welcome& welcome, Now now) {
  auto& from = session(endpoint);
  if (!from.greeting()) return;
  if (auto checked = check_welcome(welcome); !checked) {
    state_.report(checked.error());
    return from.end(now);
  }
  state_.saw_hub_time(welcome.hub_time());
  head_ = std::max(head_, welcome.size());
  from.welcomed(now);
  if (endpoint == 0) submitter_->on_welcome(welcome, now);
  if (endpoint == 1) subscribe(now);
  if (endpoint == 2) chunk_client_.on_welcome(now);
}

void AgentCore::on_refusal(int endpoint, const wire::Refusal& refusal, std::uint64_t request, Now now) {
  auto& from = session(endpoint);
  const auto code = static_cast<Code>(refusal.code());
  if (from.greeting() || code == Code::no_hello) {
    state_.report(fail(code, std::string(view_of(refusal.detail()))));
    return from.end(now, code == Code::no_hello ? 0 : kHelloDeniedMs);
  }
  if (endpoint == 0) return submitter_->on_refusal(refusal, request, now);
  if (endpoint == 2) {
    chunk_client_.on_refused(request, code, refusal.retry(), now);
    return retry_reads(now);
  }
  state_.report(fail(code, std::string(view_of(refusal.detail()))));
  from.end(now);
}

// --- receiving --------------------------------------------------------------------------------------------------------

void AgentCore::subscribe(Now) {
  const auto& through = inbox_->chain().through;
  owed_messages_ = owed_bytes_ = 0;
  ack_owed_ = false;
  deliver_session_.send(subscribe_frame(deliver_session_.next_request(), state_.generation(),
                                        through ? through->packed() : kNoPosition, state_.options.credit_messages,
                                        state_.options.credit_bytes));
}

void AgentCore::on_deliver(const wire::Deliver& frame, ByteView payload, Now now) {
  auto taken = inbox_->take(frame, payload);
  if (!taken) {
    state_.report(taken.error());
    return deliver_session_.end(now);
  }
  head_ = std::max({head_, frame.head(), frame.size()});
  if (!submitter_->stopped()) state_.all_well();
  if (!taken->gaps.empty()) gap_ = taken->gaps.back();
  send_cursor(frame.sent_messages(), static_cast<std::uint32_t>(payload.size()));
  if (taken->fresh.empty()) return;
  inbox_waits_.wake_all();
  if (taken->starts_clock) say_delivered(now);
}

void AgentCore::send_cursor(std::uint32_t messages, std::uint32_t bytes) {
  owed_messages_ += messages;
  owed_bytes_ += bytes;
  ack_owed_ = true;
  if (inbox_->chain().through && !deliver_session_.send(cursor_ack_frame(state_.generation(), inbox_->chain().through->packed())))
    return;
  ack_owed_ = false;
  if ((owed_messages_ != 0 || owed_bytes_ != 0) && !deliver_session_.send(credit_frame(owed_messages_, owed_bytes_))) return;
  owed_messages_ = owed_bytes_ = 0;
}

// Which addressees have said in the log that they hold what stands up to a position: repeated {u64 position ‖ s8 agency}.
void AgentCore::on_view(const wire::View& view, Now) {
  Reader r(view_of(view.bytes()));
  std::vector<StoreWrite> rows;
  while (r.ok() && r.left() > 0) {
    const auto through = r.u64();
    const std::string agency(r.s8());
    if (!r.ok() || agency.empty()) return;
    const auto known = state_.edges.store.get(kDeliveredTo, agency);
    if (known && *known && read_u64(**known, 0) >= through) continue;
    rows.push_back({kDeliveredTo, agency, key_u64(through)});
  }
  if (rows.empty()) return;
  // Lost with a crash, it comes again: no sync.
  if (!state_.write(rows, Durability::buffered)) return;
  message_waits_.settle({}, status_of());
}

// 102: everything up to the cursor is safely stored, and this is the digest chain over it.
void AgentCore::say_delivered(Now now) {
  const auto& chain = inbox_->chain();
  if (!chain.through || chain.through == said_through_ || !state_.registry.started()) return;
  const auto through = *chain.through;
  said_at_ = now.boot;
  Document document;
  document.type = "102";
  document.to.push_back({state_.registry.genesis().hub, {}, codec::Role::to, 0});
  document.body_json = fmt::format(R"({{"generation":{},"through":"{}","count":{},"chain":"{}","at":"{}"}})", chain.generation,
                                   to_string(through), chain.count, hex(chain.digest), to_rfc3339(state_.stated_time(now)));
  const auto outcome = submit({&document, 1}, now);
  if (const auto* refusal = std::get_if<Refusal>(&outcome.front())) {
    if (refusal->code != Code::unavailable)
      state_.report(fail(refusal->code, "102: " + (refusal->faults.empty() ? std::string() : refusal->faults.front().path)));
    return;
  }
  said_through_ = through;
  [[maybe_unused]] const auto written = state_.write({{kMeta, "said", key_u64(through.packed())}}, Durability::buffered);
}

// --- time -------------------------------------------------------------------------------------------------------------

void AgentCore::on_tick(Now now) {
  now_ = now;
  if (failed()) return;
  submitter_->tick(now);
  const bool behind = inbox_->chain().through && head_ > inbox_->chain().through->entry + 1;
  deliver_session_.tick(now, behind && owed_messages_ != 0 ? kDeliverBehindMs : kDeliverIdleMs);
  chunk_session_.tick(now, chunk_client_.outstanding() ? ChunkClient::kAnswerMs : 0);
  chunk_client_.tick(now);
  if (deliver_session_.ready() && (ack_owed_ || owed_messages_ != 0 || owed_bytes_ != 0)) send_cursor(0, 0);
  if (now.boot - settled_at_ >= kSettleEveryMs) {
    settled_at_ = now.boot;
    [[maybe_unused]] const auto settled = outbox_->settle();
  }
  if (now.boot - said_at_ >= kDeliveredEveryMs) say_delivered(now);
  message_waits_.expire(now.boot, status_of());
  inbox_waits_.expire(now.boot);
  retry_reads(now);
}

void AgentCore::settle_logged(const std::vector<Logged>& logged) {
  if (outbox_->unsettled() > kUnsettledMax) {
    [[maybe_unused]] const auto settled = outbox_->settle();
  }
  if (logged.empty()) return;
  std::vector<MessageId> ids;
  for (const auto& one : logged) ids.push_back(one.id);
  message_waits_.settle(ids, status_of());
}

// --- sending ----------------------------------------------------------------------------------------------------------

std::optional<Refusal> AgentCore::cannot_submit() const {
  const auto refuse = [](Code code) { return Refusal{code, {}}; };
  if (failed()) return refuse(Code::unknown_outcome);
  if (!state_.registry.started() || state_.registry.agency(state_.self()) == nullptr) return refuse(Code::unavailable);
  if (!submitter_->may_number()) return refuse(Code::unavailable);
  return std::nullopt;
}

// A key that is known: the same content is a repeat, other content is refused.
std::optional<AgentCore::Outcome> AgentCore::answer_repeat(const Document& document, const Hash& content,
                                                           std::span<const NewMessage> batch) const {
  if (document.idempotency_key.empty()) return std::nullopt;
  if (document.idempotency_key.size() > std::min<std::size_t>(state_.options.idempotency_key_max, 255)) {
    return Refusal{Code::invalid_argument,
                   {{"/idempotency_key", Code::invalid_argument, "幂等键过长", "the idempotency key is too long"}}};
  }
  auto known = outbox_->keyed(document.idempotency_key);
  for (const auto& message : batch) {
    if (message.idempotency_key == document.idempotency_key) known = KeyedMessage{message.id, message.content};
  }
  if (!known) return std::nullopt;
  if (known->content != content) {
    return Refusal{Code::already_exists,
                   {{"/idempotency_key", Code::already_exists, "此幂等键已用于内容不同的消息",
                     "this key was used for a message of other content"}}};
  }
  auto found = status(known->id);
  MessageStatus queued;
  queued.id = known->id;
  return Accepted{found ? *std::move(found) : queued, true};
}

std::vector<std::variant<Accepted, Refusal>> AgentCore::submit(std::span<const Document> documents, Now now) {
  std::vector<Outcome> outcomes;
  outcomes.reserve(documents.size());
  if (auto refused = cannot_submit()) return std::vector<Outcome>(documents.size(), *refused);
  Composer composer(state_, *outbox_, attachments_);
  std::vector<NewMessage> batch;
  std::size_t bytes = 0;
  for (const auto& document : documents) {
    const auto content = content_hash(document);
    if (auto repeat = answer_repeat(document, content, batch)) {
      outcomes.push_back(*std::move(repeat));
      continue;
    }
    if (auto room = outbox_->room_for(bytes + codec::kMessageBytesMax); !room) {
      outcomes.push_back(Refusal{room.error().code, {}});
      continue;
    }
    auto composed = composer.compose(document, content, now);
    if (auto* refusal = std::get_if<Refusal>(&composed)) {
      outcomes.push_back(std::move(*refusal));
      continue;
    }
    auto& message = std::get<NewMessage>(composed);
    Accepted accepted;
    accepted.status.id = message.id;
    outcomes.push_back(std::move(accepted));
    bytes += Outbox::record_bytes(message);
    batch.push_back(std::move(message));
  }
  if (!store_batch(batch)) return std::vector<Outcome>(documents.size(), Refusal{Code::unknown_outcome, {}});
  submitter_->pump(now);
  return outcomes;
}

// One record, one sync; more than one only for more than 2 MiB.
bool AgentCore::store_batch(std::span<const NewMessage> messages) {
  const auto bytes_max = outbox_->record_bytes_max() / 2;
  while (!messages.empty()) {
    std::size_t count = 0;
    std::size_t bytes = 0;
    while (count < messages.size() && (count == 0 || bytes + Outbox::record_bytes(messages[count]) <= bytes_max)) {
      bytes += Outbox::record_bytes(messages[count++]);
    }
    if (!outbox_->store(messages.first(count), submitter_->entry_bytes_max())) return false;
    messages = messages.subspan(count);
  }
  return true;
}

MessageWaits::StatusOf AgentCore::status_of() const {
  return [this](const MessageId& id) { return status(id); };
}

void AgentCore::wait_for(const MessageId& id, Stage stage, std::int64_t deadline, std::function<void(MessageStatus)> done) {
  auto known = status(id);
  if (!known) {
    known.emplace();
    known->id = id;
    return done(*std::move(known));
  }
  if (MessageWaits::reached(*known, stage) || !message_waits_.add(id, stage, deadline, done)) done(*std::move(known));
}

}  // namespace lianxi::agent
