// An agent in memory: numbers what is submitted, lets a test decide when it is logged, delivered, refused.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>

#include "agents/http/agent_port.h"

namespace lianxi::agent {

class FakeAgent final : public Agent {
 public:
  explicit FakeAgent(AgencyId agency) : agency_(std::move(agency)) {}

  // --- what a test says -------------------------------------------------------------------------------------------
  std::optional<Refusal> refuse_next;
  bool fail_on_submit = false;
  Health state;
  std::vector<Document> submitted;
  std::map<std::uint64_t, std::pair<std::string, std::string>> marks;  // packed position -> state, reason
  std::string attachment_bytes;

  void reach(std::uint64_t number, Stage stage, Code refusal = Code::ok) {
    auto& status = messages_.at(number);
    status.stage = stage;
    status.refusal = refusal;
    status.position = {100 + number, 0};
    status.logged_at = 1741077000000;
    settle();
  }
  void expire_waits() {
    auto waits = std::exchange(waits_, {});
    for (auto& wait : waits) wait.done(messages_.at(wait.id.number.value()));
    if (auto wake = std::exchange(inbox_wake_, {})) wake();
  }
  void receive(Position position) {
    rows_.push_back({position, {AgencyId("430922-LAND"), Epoch(1), Number(position.entry)}, 203, 1741077000000, "new"});
    if (auto wake = std::exchange(inbox_wake_, {})) wake();
  }

  // --- Agent ------------------------------------------------------------------------------------------------------
  void on_connected(int, Now) override {}
  void on_disconnected(int, Now) override {}
  void on_frame(int, ByteView, ByteView, Now) override {}
  void on_tick(Now) override {}

  std::vector<std::variant<Accepted, Refusal>> submit(std::span<const Document> documents, Now) override {
    failed_ = failed_ || fail_on_submit;
    if (failed_) return {};
    if (refuse_next) return {*std::exchange(refuse_next, std::nullopt)};
    const auto& document = documents.front();
    if (const auto known = keys_.find(document.idempotency_key); !document.idempotency_key.empty() && known != keys_.end()) {
      if (submitted.at(known->second - 1).body_json != document.body_json) return {Refusal{Code::already_exists, {}}};
      return {Accepted{messages_.at(known->second), true}};
    }
    submitted.push_back(document);
    const auto number = submitted.size();
    messages_[number].id = {agency_, Epoch(1), Number(number)};
    if (!document.idempotency_key.empty()) keys_[document.idempotency_key] = number;
    return {Accepted{messages_[number], false}};
  }
  std::optional<MessageStatus> status(const MessageId& id) const override { return messages_.at(id.number.value()); }
  void wait_for(const MessageId& id, Stage stage, std::int64_t deadline, std::function<void(MessageStatus)> done) override {
    last_deadline = deadline;
    waits_.push_back({id, stage, std::move(done)});
    settle();
  }
  std::vector<InboxRow> inbox(std::optional<Position> after, std::size_t limit) const override {
    std::vector<InboxRow> out;
    for (const auto& row : rows_) {
      if ((!after || row.position > *after) && out.size() < limit) out.push_back(row);
    }
    return out;
  }
  void wait_inbox(std::optional<Position>, std::int64_t deadline, std::function<void()> wake) override {
    last_deadline = deadline;
    inbox_wake_ = std::move(wake);
  }
  Result<void> mark(Position position, std::string_view mark_state, std::string_view reason) override {
    if (std::none_of(rows_.begin(), rows_.end(), [&](const InboxRow& row) { return row.position == position; }))
      return fail(Code::not_found);
    marks[position.packed()] = {std::string(mark_state), std::string(reason)};
    return {};
  }
  Result<std::string> message_json(const MessageId& id) const override {
    if (id.agency != agency_ || !messages_.contains(id.number.value())) return fail(Code::not_found);
    const auto& known = messages_.at(id.number.value());
    nlohmann::json out = {{"id", to_string(id)}, {"status", known.stage == Stage::queued ? "queued" : "logged"}};
    if (known.stage != Stage::queued) out["position"] = to_string(known.position);
    return out.dump();
  }
  Result<std::string> message_json(Position position) const override {
    for (const auto& row : rows_) {
      if (row.position != position) continue;
      return nlohmann::json{
          {"id", to_string(row.id)},
          {"position", to_string(position)},
          {"attachments", {{{"n", 0}, {"name", "移送书.pdf"}, {"mime", "application/pdf"}, {"bytes", attachment_bytes.size()}}}}}
          .dump();
    }
    return fail(Code::not_found);
  }
  Result<evidence::Receipt> receipt(const MessageId& own) const override {
    const auto found = messages_.find(own.number.value());
    if (own.agency != agency_ || found == messages_.end() || found->second.stage == Stage::queued) return fail(Code::not_found);
    evidence::EntryHeader header;
    header.agency = agency_;
    header.epoch = Epoch(1);
    header.first = own.number;
    header.count = 1;
    evidence::HubPart part;
    part.generation = 1;
    part.entry = found->second.position.entry;
    return evidence::Receipt{.entry_header = encode(header),
                             .signature = {},
                             .hub_part = encode(part),
                             .size = part.entry + 1,
                             .path = {},
                             .note = "note\n"};
  }
  Result<std::string> evidence_json(Position position) const override { return R"({"position":")" + to_string(position) + "\"}"; }

  Result<Upload> attachment_begin(std::string_view name, std::string_view mime, std::uint64_t bytes) override {
    upload_name = name;
    upload_mime = mime;
    upload_total = bytes;
    uploaded.clear();
    return Upload{"u1", 0};
  }
  Result<std::uint64_t> attachment_offset(std::string_view upload) const override {
    if (upload != "u1") return fail(Code::not_found);
    return std::uint64_t{uploaded.size()};
  }
  Result<std::uint64_t> attachment_write(std::string_view, std::uint64_t offset, ByteView bytes) override {
    if (offset != uploaded.size()) return fail(Code::invalid_argument);
    uploaded += text(bytes);
    return std::uint64_t{uploaded.size()};
  }
  Result<Hash> attachment_finish(std::string_view) override {
    Hash id{};
    id.fill(0xab);
    return id;
  }
  void attachment_read(Position, std::size_t, std::uint64_t offset, std::size_t bytes_max, std::int64_t,
                       std::function<void(Result<Bytes>)> done) override {
    done(copy(view(std::string_view(attachment_bytes).substr(offset, bytes_max))));
  }
  Health health() const override { return state; }
  bool failed() const override { return failed_; }

  std::int64_t last_deadline = 0;
  std::string uploaded, upload_name, upload_mime;
  std::uint64_t upload_total = 0;

 private:
  struct Wait {
    MessageId id;
    Stage stage{};
    std::function<void(MessageStatus)> done;
  };
  void settle() {
    auto waits = std::exchange(waits_, {});
    for (auto& wait : waits) {
      const auto& known = messages_.at(wait.id.number.value());
      if (known.stage == Stage::refused || known.stage >= wait.stage) {
        wait.done(known);
      } else {
        waits_.push_back(std::move(wait));
      }
    }
  }
  AgencyId agency_;
  bool failed_ = false;
  std::map<std::uint64_t, MessageStatus> messages_;
  std::map<std::string, std::uint64_t> keys_;
  std::vector<Wait> waits_;
  std::vector<InboxRow> rows_;
  std::function<void()> inbox_wake_;
};

// Runs what is posted at once, on the caller's thread.
class FakePort final : public AgentPort {
 public:
  explicit FakePort(std::vector<AgencyId> agencies) : agencies_(std::move(agencies)) {
    for (const auto& agency : agencies_) agents.emplace(agency, agency);
  }
  const std::vector<AgencyId>& agencies() const override { return agencies_; }
  bool post(const AgencyId& agency, Work work) override {
    if (full) return false;
    work(agents.at(agency), now);
    return true;
  }
  bool submit(const AgencyId& agency, Document document, Answer answer) override {
    if (full) return false;
    auto outcomes = agents.at(agency).submit({&document, 1}, now);
    answer(outcomes.empty() ? std::nullopt : std::optional(std::move(outcomes.front())));
    return true;
  }
  std::map<AgencyId, FakeAgent> agents;
  Now now{.wall = 1741077000000, .boot = 5000};
  bool full = false;

 private:
  std::vector<AgencyId> agencies_;
};

}  // namespace lianxi::agent
