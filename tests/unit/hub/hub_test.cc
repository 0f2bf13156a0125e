#include "tests/unit/hub/hub_test.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lianxi::hub {

namespace {

using flatbuffers::FlatBufferBuilder;
using nlohmann::json;

constexpr std::uint64_t kSegmentBytes = 4 << 20;

auto vector_of(FlatBufferBuilder& builder, ByteView bytes) { return builder.CreateVector(bytes.data(), bytes.size()); }

std::vector<Hash> hashes_of(ByteView bytes) {
  std::vector<Hash> out;
  for (Reader r(bytes); r.left() >= 32;) out.push_back(r.hash());
  return out;
}

}  // namespace

HubTest::HubTest()
    : county_(entropy_, evidence::suite1(),
              {.agencies = {"430922-LAND", "430922-POLICE", "430922-PROC", "430922-OFFICE"},
               .seats = {{"430922-POLICE", {"LANDSQ"}}},
               .time = now_.wall}),
      keys_(county_.hub_keys()) {
  keys_.demo = false;
  check(start().has_value(), "hub test: the hub does not start");
  make_log();
}

void HubTest::make_log() {
  const auto& suite = county_.suite();
  const auto& keys = keys_;
  json operators = json::array();
  for (const auto& secret : county_.operators())
    operators.push_back({{"use", 6}, {"public_key", hex(suite.signing_public(secret))}});
  const json genesis{{"log_id", hex(keys.log_id)},
                     {"generation", 1},
                     {"suite", 1},
                     {"demo", keys.demo},
                     {"county", "430922"},
                     {"hub", keys.hub.value()},
                     {"checkpoint_key", hex(suite.signing_public(keys.checkpoint))},
                     {"message_key", hex(suite.signing_public(keys.message))},
                     {"curve_key", hex(keys.curve_public)},
                     {"operators", operators},
                     {"threshold", 2},
                     {"routes", test::shipped_routes()},
                     {"need_to_know", test::shipped_need_to_know()}};
  const auto made = core_->submit_genesis(genesis.dump(), county_.operators(), now_.wall, now_);
  check(made.has_value(), "hub test: genesis");
  settle();
  for (const auto* agency : {"430922-LAND", "430922-POLICE", "430922-PROC", "430922-OFFICE"}) {
    check(act(108, test::enrolment_json(suite, county_.keys(agency), "")).has_value(), "hub test: enrolment");
  }
}

// --- the machine ------------------------------------------------------------------------------------------------------------

Result<void> HubTest::start() {
  record_.reset();
  mark_.reset();
  sent_.clear();
  who_.clear();
  lines_.clear();
  journal_.reset();
  auto core = HubCore::open({.keys = keys_}, {county_.suite(), entropy_, store_, chunks_, *this});
  if (!core) return core.error();
  journal::Options options;
  options.segment_bytes = kSegmentBytes;
  options.segments = options.segments_max = 4;
  options.needed_from = (*core)->log().applied();
  auto journal =
      journal::Journal::open(disk_, entropy_, options, [&](const journal::Record& record) { return (*core)->replay(record); });
  if (!journal) return journal.error();
  journal_ = std::move(*journal);
  if (auto started = (*core)->started(*journal_, now_); !started) return started;
  core_ = std::move(*core);
  settle();
  return {};
}

void HubTest::restart() {
  core_.reset();
  store_.poll_flush();
  ASSERT_TRUE(store_.start_flush());
  store_.finish_flush();
  disk_.process_end();
  const auto started = start();
  ASSERT_TRUE(started) << to_string(started.error());
}

void HubTest::power_cut_and_restart() {
  core_.reset();
  test::Random random(7);
  disk_.power_cut(random);
  store_.crash();
  const auto started = start();
  ASSERT_TRUE(started) << to_string(started.error());
}

void HubTest::settle() {
  for (bool some = true; some && core_;) {
    some = core_->pump(now_) > 0;
    if (held_) continue;
    if (record_) {
      const auto record = std::exchange(record_, std::nullopt);
      core_->on_written(journal_->append(*record), now_);
      some = true;
    }
    if (mark_) {
      const auto mark = *std::exchange(mark_, std::nullopt);
      core_->on_mark_written(journal_->write_mark(mark.first, mark.second));
      ++marks_;
      some = true;
    }
  }
}

void HubTest::fail_write(Code code) {
  ASSERT_TRUE(record_);
  record_.reset();
  held_ = false;
  core_->on_written(fail(code, "injected"), now_);
  settle();
}

// --- agencies ---------------------------------------------------------------------------------------------------------------

Peer HubTest::dial(const std::string& agency, int endpoint) {
  const Peer peer{endpoint, ++connections_};
  who_[peer] = agency;
  return peer;
}

std::vector<Sent> HubTest::take(const Peer& peer) {
  std::vector<Sent> out;
  std::erase_if(sent_, [&](Sent& sent) {
    if (sent.peer != peer || sent.type() == wire::Body::Deliver) return false;
    out.push_back(std::move(sent));
    return true;
  });
  return out;
}

std::vector<Sent> HubTest::say_bytes(const Peer& peer, ByteView frame, Bytes payload) {
  take(peer);
  core_->on_frame(peer, AgencyId(who_.at(peer)), frame, std::move(payload), now_);
  settle();
  return take(peer);
}

std::vector<Sent> HubTest::say(const Peer& peer, wire::Body type,
                               const std::function<flatbuffers::Offset<void>(FlatBufferBuilder&)>& body, Bytes payload) {
  FlatBufferBuilder builder;
  const auto made = body(builder);
  return say_bytes(peer, finish(builder, ++requests_, type, made), std::move(payload));
}

std::vector<Sent> HubTest::hello(const Peer& peer, const Greeting& greeting) {
  lines_[{who_.at(peer), peer.endpoint}] = peer;
  return say(peer, wire::Body::Hello, [&](FlatBufferBuilder& b) {
    const auto leaf = greeting.genesis_leaf.value_or(logged(0)->leaf);
    return wire::CreateHello(b, static_cast<wire::Endpoint>(peer.endpoint), b.CreateString(greeting.name.value_or(who_.at(peer))),
                             b.CreateString("test"), vector_of(b, leaf), b.CreateString(greeting.checkpoint), now_.wall)
        .Union();
  });
}

Peer HubTest::line(const std::string& agency, int endpoint) {
  const auto at = lines_.find({agency, endpoint});
  if (at != lines_.end()) return at->second;
  const auto peer = dial(agency, endpoint);
  const auto answer = hello(peer);
  check(answer.size() == 1 && answer.front().type() == wire::Body::Welcome, "hub test: no Welcome");
  return peer;
}

// --- messages ---------------------------------------------------------------------------------------------------------------

policy::Composed HubTest::note(const std::string& sender, std::vector<codec::Addressee> recipients, const std::string& text) {
  policy::Draft draft;
  draft.event_time = now_.wall;
  draft.in_reply_to = MessageId{AgencyId("430922-LAND"), Epoch(1), Number(1)};
  auto composed = county_.compose(sender, 110, std::move(recipients), json{{"status", "accepted"}, {"note", text}}.dump(), draft);
  check(composed.has_value(), county_.faults().empty() ? "hub test: a note was refused" : county_.faults().front().en);
  return std::move(*composed);
}

policy::Composed HubTest::referral_receipt() {
  policy::Draft draft;
  draft.event_time = now_.wall;
  draft.ids = {{"referral", "430922-R-2025LAND-00001"}};
  draft.in_reply_to = MessageId{AgencyId("430922-LAND"), Epoch(1), Number(1)};
  auto composed = county_.compose(
      "430922-POLICE", 204, {to("430922-LAND"), cc("430922-PROC")},
      R"({"accepted_at":"2025-03-04T09:00:00+08:00","police_case_no":"A4309220001","received_by":{"name":"李明"}})", draft);
  check(composed.has_value(), "hub test: a referral receipt was refused");
  return std::move(*composed);
}

policy::Composed HubTest::compose(const policy::Draft& draft, std::uint64_t number, std::uint32_t epoch) {
  std::vector<codec::Fault> faults;
  auto composed =
      policy::compose(county_.registry(), county_.suite(), entropy_, draft, {draft.sender, Epoch(epoch), Number(number)}, faults);
  check(composed.has_value(), "hub test: a draft was refused");
  return std::move(*composed);
}

policy::Composed HubTest::bent(const policy::Composed& message, const std::function<void(codec::MessageHeader&)>& bend) {
  const auto run = codec::parse_run(message.message);
  auto header = *codec::parse_header(message.header);
  bend(header);
  std::vector<codec::Section> sections;
  std::vector<Bytes> wraps;
  for (const auto& section : run->front().sections) sections.push_back({section.group, section.withheld, copy(section.bytes)});
  for (const auto& wrap : run->front().wraps) wraps.push_back(copy(wrap.bytes));
  policy::Composed out;
  out.header = codec::encode_header(header);
  out.hash = evidence::message_hash(out.header);
  codec::append_message(out.message, out.header, sections, wraps);
  return out;
}

County::SignedEntry HubTest::entry(const std::string& sender, const std::vector<policy::Composed>& messages) const {
  return county_.entry(sender, messages);
}

County::SignedEntry HubTest::resigned(const County::SignedEntry& entry,
                                      const std::function<void(evidence::EntryHeader&)>& bend) const {
  auto header = *evidence::parse_entry_header(entry.header);
  const auto& keys = county_.keys(header.agency.value());
  bend(header);
  County::SignedEntry out = entry;
  out.header = evidence::encode(header);
  out.signature = county_.suite().sign(keys.signing, out.header);
  return out;
}

std::vector<Sent> HubTest::submit(const std::string& sender, const County::SignedEntry& entry) {
  return say(
      line(sender, kSubmit), wire::Body::Submit,
      [&](FlatBufferBuilder& b) {
        return wire::CreateSubmit(b, vector_of(b, entry.header), vector_of(b, entry.signature)).Union();
      },
      entry.run);
}

policy::Composed HubTest::log_note(const std::string& sender, std::vector<codec::Addressee> recipients, const std::string& text) {
  auto message = note(sender, std::move(recipients), text);
  const auto answer = submit(sender, {message});
  EXPECT_EQ(receipts(answer).size(), 1u) << "refused: " << describe(refusal(answer)).name;
  return message;
}

// --- answers ----------------------------------------------------------------------------------------------------------------

const wire::Refusal* HubTest::refusal_frame_of(const std::vector<Sent>& frames) {
  for (const auto& sent : frames) {
    if (sent.type() == wire::Body::Refusal) return sent.frame().body_as_Refusal();
  }
  return nullptr;
}

Code HubTest::refusal(const std::vector<Sent>& frames) {
  for (const auto& sent : frames) {
    if (sent.type() == wire::Body::Refusal) return static_cast<Code>(sent.frame().body_as_Refusal()->code());
    if (sent.type() == wire::Body::Busy) return static_cast<Code>(sent.frame().body_as_Busy()->code());
  }
  return Code::ok;
}

std::vector<evidence::Receipt> HubTest::receipts(const std::vector<Sent>& frames) {
  std::vector<evidence::Receipt> out;
  for (const auto& sent : frames) {
    if (sent.type() != wire::Body::ReceiptFrame) continue;
    for (const auto* row : *sent.frame().body_as_ReceiptFrame()->receipts()) {
      auto receipt = evidence::parse_receipt(view_of(row->bytes()));
      EXPECT_TRUE(receipt);
      if (receipt) out.push_back(std::move(*receipt));
    }
  }
  return out;
}

evidence::HubPart HubTest::part_of(const evidence::Receipt& receipt) { return *evidence::parse_hub_part(receipt.hub_part); }
std::uint64_t HubTest::entry_of(const evidence::Receipt& receipt) { return part_of(receipt).entry; }

std::vector<Sent> HubTest::of_type(const std::vector<Sent>& frames, wire::Body type) {
  std::vector<Sent> out;
  std::ranges::copy_if(frames, std::back_inserter(out), [&](const Sent& sent) { return sent.type() == type; });
  return out;
}

// --- deliveries -------------------------------------------------------------------------------------------------------------

void HubTest::subscribe(const std::string& agency, std::uint64_t after, std::uint32_t messages, std::uint32_t bytes) {
  say(line(agency, kDeliver), wire::Body::Subscribe,
      [&](FlatBufferBuilder& b) { return wire::CreateSubscribe(b, 1, after, messages, bytes).Union(); });
}

void HubTest::give_credit(const std::string& agency, std::uint32_t messages, std::uint32_t bytes) {
  say(line(agency, kDeliver), wire::Body::Credit,
      [&](FlatBufferBuilder& b) { return wire::CreateCredit(b, messages, bytes).Union(); });
}

std::vector<Sent> HubTest::deliver_frames(const std::string& agency) {
  const auto peer = line(agency, kDeliver);
  std::vector<Sent> out;
  std::erase_if(sent_, [&](Sent& sent) {
    if (sent.peer != peer || sent.type() != wire::Body::Deliver) return false;
    out.push_back(std::move(sent));
    return true;
  });
  return out;
}

std::vector<DeliveredMessage> HubTest::read_entry_row(const wire::DeliveredEntry& row, ByteView run, std::uint64_t tree_size,
                                                      std::string_view note) {
  const auto eh = view_of(row.entry_header());
  const auto header = *evidence::parse_entry_header(eh);
  const auto part = *evidence::parse_hub_part(view_of(row.hub_part()));
  const auto leaf = evidence::leaf_hash(eh, *array_from<64>(view_of(row.signature())), view_of(row.hub_part()));
  const auto checkpoint = evidence::open_checkpoint(county_.suite(), county_.checkpoint_public(), note);
  EXPECT_TRUE(checkpoint && checkpoint->size == tree_size) << "entry " << part.entry << ": checkpoint";
  if (!checkpoint) return {};
  EXPECT_TRUE(evidence::verify_inclusion(leaf, part.entry, tree_size, hashes_of(view_of(row.path())), checkpoint->root))
      << "entry " << part.entry;

  const auto parsed = codec::parse_run(run);
  EXPECT_TRUE(parsed && parsed->size() == row.indices()->size());
  const auto others = hashes_of(view_of(row.others()));
  std::vector<Hash> leaves;
  std::vector<DeliveredMessage> out;
  for (std::uint16_t i = 0, mine = 0, other = 0; i < header.count; ++i) {
    if (mine == row.indices()->size() || row.indices()->Get(mine) != i) {
      leaves.push_back(others.at(other++));
      continue;
    }
    const auto& message = (*parsed)[mine++];
    DeliveredMessage delivered{{part.entry, i},
                               header.agency,
                               evidence::message_hash(message.header),
                               copy(message.whole),
                               *codec::parse_header(message.header),
                               {}};
    for (const auto& section : message.sections) {
      if (!section.withheld) delivered.shown.push_back(section.group);
    }
    leaves.push_back(delivered.hash);
    out.push_back(std::move(delivered));
  }
  EXPECT_EQ(evidence::root_of(leaves), header.batch_root) << "entry " << part.entry;
  return out;
}

std::vector<DeliveredMessage> HubTest::deliveries(const std::string& agency) {
  std::vector<DeliveredMessage> out;
  for (const auto& sent : deliver_frames(agency)) {
    const auto& deliver = *sent.frame().body_as_Deliver();
    std::size_t at = 0;
    for (const auto* row : *deliver.entries()) {
      const auto run = ByteView(sent.payload).subspan(at, row->payload_bytes());
      at += row->payload_bytes();
      auto messages = read_entry_row(*row, run, deliver.size(), deliver.checkpoint()->string_view());
      out.insert(out.end(), messages.begin(), messages.end());
    }
    EXPECT_EQ(at, sent.payload.size());
  }
  return out;
}

std::vector<DeliveredMessage> HubTest::everything_for(const std::string& agency) {
  deliveries(agency);
  subscribe(agency);
  return deliveries(agency);
}

// --- operators --------------------------------------------------------------------------------------------------------------

std::vector<codec::OperatorSignature> HubTest::operators_sign(std::uint16_t type, const std::string& body_json,
                                                              std::uint64_t serial, std::size_t how_many) const {
  const auto plaintext = HubCore::act_plaintext(type, body_json);
  check(plaintext.has_value(), "hub test: the act's body");
  const auto statement = evidence::operator_statement(county_.log_id(), serial, type, *plaintext);
  std::vector<codec::OperatorSignature> out;
  for (std::size_t i = 0; i < how_many; ++i) {
    const auto& secret = county_.operators().at(i);
    out.push_back({evidence::key_id(1, evidence::KeyUse::operator_, county_.suite().signing_public(secret)),
                   county_.suite().sign(secret, statement)});
  }
  return out;
}

Result<Position> HubTest::act(std::uint16_t type, const std::string& body_json, std::uint64_t serial, std::size_t signers) {
  Result<Position> outcome = fail(Code::timed_out);
  core_->submit_act(type, body_json, operators_sign(type, body_json, serial, signers), serial, now_,
                    [&](Result<Position> done) { outcome = std::move(done); });
  settle();
  return outcome;
}

Result<Position> HubTest::act(std::uint16_t type, const std::string& body_json) { return act(type, body_json, next_serial(), 2); }

Result<Position> HubTest::enrol(const std::string& agency) {
  const auto keys = evidence::generate_agency_keys(AgencyId(agency), {}, entropy_);
  const auto body = test::enrolment_json(county_.suite(), keys, "");
  auto done = act(108, body);
  if (!done) return done;
  const auto known = county_.act(108, body);
  check(known && county_.apply(*known), "hub test: an enrolment");
  return done;
}

EntryPtr HubTest::logged(std::uint64_t number) const {
  auto entry = core_->log().read_entry(number);
  check(entry.has_value(), "hub test: no such entry");
  return *entry;
}

std::optional<Position> HubTest::newest_of_type(std::uint16_t type) const {
  std::optional<Position> found;
  for (std::uint64_t number = 0; number < size(); ++number) {
    const auto entry = logged(number);
    for (std::uint16_t i = 0; i < entry->messages.size(); ++i) {
      if (entry->messages[i].refused == Code::ok && entry->messages[i].header.type == type) found = Position{number, i};
    }
  }
  return found;
}

std::size_t HubTest::count_of_type(std::uint16_t type) const {
  std::size_t count = 0;
  for (std::uint64_t number = 0; number < size(); ++number) {
    const auto entry = logged(number);
    for (const auto& message : entry->messages) count += message.refused == Code::ok && message.header.type == type;
  }
  return count;
}

}  // namespace lianxi::hub
