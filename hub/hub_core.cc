#include "hub/hub_core.h"

#include <algorithm>

namespace lianxi::hub {

namespace {

constexpr int kSubmit = 0;
constexpr int kDeliver = 1;
constexpr int kChunks = 2;
constexpr std::size_t kReceiptsPerFrame = 128;
constexpr std::uint16_t kDelivered = 102;

bool is_delivered(const CommittedMessage& message) { return message.refused == Code::ok && message.header.type == kDelivered; }

}  // namespace

Result<std::unique_ptr<HubCore>> HubCore::open(Options options, Parts parts) {
  std::unique_ptr<HubCore> core(new HubCore(std::move(options), parts));
  auto log = HubLog::open(parts.store, parts.suite);
  if (!log) return log.error();
  core->log_ = std::move(*log);
  core->admission_ = std::make_unique<Admission>(*core->log_, parts.suite, parts.chunks);
  return core;
}

Result<void> HubCore::replay(const journal::Record& record) {
  if (record.count == 0) return {};
  if (replayed_to_ && record.first != *replayed_to_) return fail(Code::corrupt, "journal: entries do not follow one another");
  if (record.first > log_->applied()) {
    return fail(Code::store_short, "store ends at entry " + std::to_string(log_->applied()) + ", the journal begins at " + std::to_string(record.first));
  }
  replayed_to_ = record.first + record.count;
  std::vector<EntryPtr> batch;
  ByteView rest = record.payload;
  for (std::uint64_t number = record.first; number < *replayed_to_; ++number) {
    auto stored = codec::parse_stored_entry(rest);
    if (!stored) return stored.error();
    rest = rest.subspan(stored->whole.size());
    if (number < log_->applied()) continue;
    auto entry = log_->parse(stored->whole);
    if (!entry) return entry.error();
    if ((*entry)->number != number) return fail(Code::corrupt, "journal: entry " + std::to_string(number));
    auto routed = std::make_shared<CommittedEntry>(**entry);
    log_->route(*routed);
    log_->append_leaf(routed->leaf);
    batch.push_back(std::move(routed));
  }
  if (batch.empty()) return {};
  if (log_->tree().root() != record.root) return fail(Code::corrupt, "journal: root after entry " + std::to_string(*replayed_to_ - 1));
  if (auto applied = log_->apply(batch); !applied) return applied;
  for (const auto& entry : batch) {
    for (std::size_t i = 0; i < entry->messages.size(); ++i) {
      if (!is_delivered(entry->messages[i])) continue;
      if (auto folded = fold_delivered(*entry, i); !folded) return folded.error();
    }
  }
  return {};
}

Result<void> HubCore::started(journal::Journal& journal, Now now) {
  if (journal.next() != log_->applied()) {
    return fail(Code::store_short, "journal ends at entry " + std::to_string(journal.next()) + ", the store at " + std::to_string(log_->applied()));
  }
  journal.release(log_->opened_at());
  Commit::Keys keys;
  keys.checkpoint_secret = options_.keys.checkpoint;
  keys.checkpoint_public = parts_.suite.signing_public(options_.keys.checkpoint);
  keys.origin = evidence::origin_line(options_.keys.log_id, options_.keys.generation, options_.keys.demo);
  if (log_->registry().started()) {
    const auto& genesis = log_->registry().genesis();
    if (genesis.log_id != options_.keys.log_id || genesis.checkpoint_key != keys.checkpoint_public) {
      return fail(Code::wrong_log, "the key file does not belong to this log");
    }
  }
  commit_ = std::make_unique<Commit>(*log_, *admission_, parts_.suite, parts_.store, journal, parts_.edges, std::move(keys));
  commit_->recovered(now);
  delivery_ = std::make_unique<Delivery>(*log_, *commit_);
  marked_ = commit_->durable();
  last_work_ = now.boot;
  parts_.edges.keys_changed(log_->registry());
  return {};
}

void HubCore::stop(Error error) {
  if (!fatal_) fatal_ = std::move(error);
}

bool HubCore::current(const Peer& peer, const AgencyId& agency) const {
  const auto at = sessions_.find({peer.endpoint, agency});
  return at != sessions_.end() && at->second.connection == peer.connection;
}

void HubCore::refuse(const Peer& peer, std::uint64_t request, const EntryRefused& refused) {
  ++counters_.refused_entries;
  ++counters_.refusals[refused.code];
  parts_.edges.send(peer, refusal_frame(request, refused.code, refused.detail, refused.expected, refused.retry), {});
}

void HubCore::on_frame(const Peer& peer, const AgencyId& agency, ByteView frame_bytes, Bytes payload, Now now) {
  if (fatal_) return;
  last_work_ = now.boot;
  auto frame = ReceivedFrame::parse(frame_bytes);
  if (!frame) {
    ++counters_.bad_frames;
    return refuse(peer, 0, {frame.error().code, frame.error().detail, 0, false});
  }
  const auto request = (*frame)->request();
  const auto* registered = log_->registry().agency(agency);
  if (registered == nullptr || registered->transport_revoked) return refuse(peer, request, {Code::key_revoked, {}, 0, false});
  const auto type = (*frame)->body_type();
  if (type != wire::Body::NONE && (*frame)->body() == nullptr) return refuse(peer, request, {Code::bad_frame, {}, 0, false});
  if (type == wire::Body::Hello) return on_hello(peer, agency, request, *(*frame)->body_as_Hello(), now);
  if (!current(peer, agency)) return refuse(peer, request, {Code::no_hello, {}, 0, false});
  switch (type) {
    case wire::Body::Submit:
      if (peer.endpoint == kSubmit) return on_submit(peer, agency, request, *(*frame)->body_as_Submit(), std::move(payload), now);
      break;
    case wire::Body::Subscribe:
      if (peer.endpoint == kDeliver) return on_subscribe(peer, agency, *(*frame)->body_as_Subscribe());
      break;
    case wire::Body::Credit:
      if (peer.endpoint == kDeliver) return delivery_->credit(agency, (*frame)->body_as_Credit()->messages(), (*frame)->body_as_Credit()->bytes());
      break;
    case wire::Body::CursorAck:
      if (peer.endpoint == kDeliver) return log_->set_cursor_hint(agency, (*frame)->body_as_CursorAck()->after());
      break;
    case wire::Body::Fetch: {
      auto out = delivery_->fetch(agency, request, *(*frame)->body_as_Fetch());
      if (!out) return refuse(peer, request, {out.error().code, out.error().detail, 0, true});
      return parts_.edges.send(peer, std::move(out->frame), std::move(out->payload));
    }
    case wire::Body::PutChunk:
      if (peer.endpoint == kChunks) return on_put_chunk(peer, request, *(*frame)->body_as_PutChunk(), payload);
      break;
    case wire::Body::GetChunk:
      if (peer.endpoint == kChunks) return on_get_chunk(peer, agency, request, *(*frame)->body_as_GetChunk());
      break;
    case wire::Body::Prove: return on_prove(peer, request, *(*frame)->body_as_Prove());
    case wire::Body::Goodbye:
      sessions_.erase({peer.endpoint, agency});
      if (peer.endpoint == kDeliver) delivery_->unsubscribe(agency);
      return;
    default: break;
  }
  refuse(peer, request, {Code::unknown_frame, {}, 0, false});
}

// The largest checkpoint that an agent shows counts only with this hub's signature, and then the log must hold it.
bool HubCore::check_shown_checkpoint(const std::string& note) {
  if (note.empty()) return true;
  const auto key = parts_.suite.signing_public(options_.keys.checkpoint);
  const auto shown = evidence::open_checkpoint(parts_.suite, key, note);
  if (!shown) return true;
  if (shown->origin != evidence::origin_line(options_.keys.log_id, options_.keys.generation, options_.keys.demo)) return true;
  if (shown->size > commit_->durable()) {
    stop(fail(Code::hub_behind, "an agent holds a checkpoint of size " + std::to_string(shown->size) + ", the log has " + std::to_string(commit_->durable())));
    return false;
  }
  const auto root = log_->tree().root_at(shown->size);
  if (!root || *root != shown->root) {
    stop(fail(Code::corrupt, "an agent holds a checkpoint of size " + std::to_string(shown->size) + " with another root"));
    return false;
  }
  return true;
}

void HubCore::on_hello(const Peer& peer, const AgencyId& agency, std::uint64_t request, const wire::Hello& hello, Now now) {
  if (string_of(hello.agency()) != agency.value()) return refuse(peer, request, {Code::wrong_sender, {}, 0, false});
  if (static_cast<int>(hello.endpoint()) != peer.endpoint) return refuse(peer, request, {Code::bad_frame, "endpoint", 0, false});
  auto genesis = log_->read_entry(0);
  if (!genesis) return refuse(peer, request, {Code::unavailable, {}, 0, true});
  if (!equal(view_of(hello.genesis_leaf()), (*genesis)->leaf)) return refuse(peer, request, {Code::wrong_log, {}, 0, false});
  if (!check_shown_checkpoint(string_of(hello.checkpoint()))) return;

  auto& session = sessions_[{peer.endpoint, agency}];
  if (session.connection != peer.connection && session.connection != 0) {
    parts_.edges.send({peer.endpoint, session.connection}, goodbye_frame("another session of this agency took over", 5000), {});
  }
  session.connection = peer.connection;
  if (peer.endpoint == kSubmit) {
    waiting_[agency].clear();
    under_way_bytes_[agency] = 0;
  }
  if (peer.endpoint == kDeliver) delivery_->unsubscribe(agency);

  WelcomeFacts facts;
  facts.origin = evidence::origin_line(options_.keys.log_id, options_.keys.generation, options_.keys.demo);
  facts.generation = log_->generation();
  facts.genesis = (*genesis)->stored;
  auto receipt = receipt_of(0);
  if (!receipt) return refuse(peer, request, {receipt.error().code, receipt.error().detail, 0, true});
  facts.genesis_receipt = std::move(*receipt);
  static const Origin kFresh{};
  const auto* known = log_->find_origin(agency);
  const Origin& origin = known != nullptr ? *known : kFresh;
  facts.epoch = origin.closed ? 0 : origin.epoch.value();
  facts.last_number = origin.last.value();
  if (origin.last.value() > 0) facts.last_message_hash = copy(origin.last_hash);
  facts.submit_entries = kSubmitEntries;
  facts.submit_bytes = kSubmitBytes;
  facts.registry_serial = log_->registry().serial();
  facts.size = commit_->durable();
  facts.checkpoint = commit_->newest().note;
  facts.cursor = log_->cursor_hint(agency);
  facts.hub_time = std::max(log_->last_time(), now.wall);
  facts.demo = options_.keys.demo;
  parts_.edges.send(peer, welcome_frame(request, facts), {});
}

void HubCore::on_submit(const Peer& peer, const AgencyId& agency, std::uint64_t request, const wire::Submit& submit, Bytes run, Now now) {
  auto& under_way = under_way_bytes_[agency];
  const std::size_t bytes = run.size();
  // The share of one agency and the room of all: full is an answer.
  const bool over = under_way > 0 && under_way + bytes > kSubmitBytes;
  if (over || waiting_[agency].size() >= kSubmitEntries || !commit_->has_room(bytes)) {
    ++counters_.busy;
    return parts_.edges.send(peer, busy_frame(request, Code::overloaded, kBusyRetryMs), {});
  }
  if (commit_->stopped_by_clock()) return refuse(peer, request, {Code::commits_stopped, {}, 0, true});
  const auto signature = array_from<64>(view_of(submit.signature()));
  if (!signature) return refuse(peer, request, {Code::bad_entry, "signature", 0, false});
  auto verdict = admission_->admit(agency, copy(view_of(submit.entry_header())), *signature, std::move(run), now);
  if (const auto* refused = std::get_if<EntryRefused>(&verdict)) return refuse(peer, request, *refused);
  if (const auto* forked = std::get_if<EntryForked>(&verdict)) {
    refuse(peer, request, {Code::number_fork, "number " + std::to_string(forked->number), forked->number, false});
    auto& origin = log_->origin(agency);
    if (origin.closed) return;  // One incident, not one a try.
    origin.closed = true;
    return report_incident("{\"kind\":\"fork\",\"agency\":\"" + agency.value() + "\",\"epoch\":" + std::to_string(origin.epoch.value()) +
                               ",\"number\":" + std::to_string(forked->number) + ",\"digest_known\":\"" + hex(forked->known) +
                               "\",\"digest_seen\":\"" + hex(forked->seen) + "\"}",
                           {agency}, now);
  }
  Waiting waiting{peer, request, 0, 0, Epoch(), bytes};
  if (const auto* repeated = std::get_if<EntryRepeated>(&verdict)) {
    ++counters_.repeats;
    waiting.epoch = repeated->epoch;
    waiting.first = repeated->first;
    waiting.last = repeated->last;
    waiting.bytes = 0;
    auto entries = log_->entries_of(agency, waiting.epoch, waiting.last, waiting.last);
    if (entries && !entries->empty()) return send_receipts(waiting);
    waiting_[agency].push_back(waiting);  // Under way: the commit answers.
    return;
  }
  auto& admitted = std::get<AdmittedEntry>(verdict);
  waiting.epoch = admitted.header.epoch;
  waiting.first = admitted.header.first.value();
  waiting.last = waiting.first + admitted.header.count - 1;
  under_way += bytes;
  waiting_[agency].push_back(waiting);
  commit_->add(std::move(admitted));
}

Result<Bytes> HubCore::receipt_of(std::uint64_t number) const {
  auto entry = log_->read_entry(number);
  if (!entry) return entry.error();
  const auto stored = codec::parse_stored_entry((*entry)->stored);
  if (!stored) return stored.error();
  evidence::Receipt receipt;
  receipt.entry_header = copy(stored->entry_header);
  receipt.signature = stored->signature;
  receipt.hub_part = copy(stored->hub_part);
  receipt.size = commit_->newest().size;
  auto path = log_->inclusion(number, receipt.size);
  if (!path) return path.error();
  receipt.path = std::move(*path);
  receipt.note = commit_->newest().note;
  return evidence::encode(receipt);
}

void HubCore::send_receipts(const Waiting& waiting) {
  const auto agency = std::find_if(sessions_.begin(), sessions_.end(), [&](const auto& session) {
    return session.first.first == kSubmit && session.second.connection == waiting.peer.connection;
  });
  if (agency == sessions_.end()) return;
  auto entries = log_->entries_of(agency->first.second, waiting.epoch, waiting.first, waiting.last);
  if (!entries) return refuse(waiting.peer, waiting.request, {entries.error().code, entries.error().detail, 0, true});
  std::vector<Bytes> receipts;
  for (const auto number : *entries) {
    auto receipt = receipt_of(number);
    if (!receipt) return refuse(waiting.peer, waiting.request, {receipt.error().code, receipt.error().detail, 0, true});
    receipts.push_back(std::move(*receipt));
    if (receipts.size() == kReceiptsPerFrame) {
      parts_.edges.send(waiting.peer, receipts_frame(waiting.request, receipts), {});
      receipts.clear();
    }
  }
  if (!receipts.empty()) parts_.edges.send(waiting.peer, receipts_frame(waiting.request, receipts), {});
}

void HubCore::answer(const CommittedBatch& batch) {
  for (const auto& entry : batch.entries) {
    const auto at = waiting_.find(entry->header.agency);
    if (at == waiting_.end()) continue;
    const std::uint64_t last = entry->header.first.value() + entry->header.count - 1;
    auto& list = at->second;
    for (std::size_t i = 0; i < list.size();) {
      if (list[i].epoch != entry->header.epoch || list[i].last > last) {
        ++i;
        continue;
      }
      send_receipts(list[i]);
      auto& under_way = under_way_bytes_[entry->header.agency];
      under_way -= std::min(under_way, list[i].bytes);
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

void HubCore::on_subscribe(const Peer& peer, const AgencyId& agency, const wire::Subscribe& subscribe) {
  if (subscribe.generation() != log_->generation()) return refuse(peer, 0, {Code::wrong_log, "generation", 0, false});
  delivery_->subscribe(agency, subscribe.after(), subscribe.messages(), subscribe.bytes());
  send_delivered_view(agency);
}

void HubCore::on_put_chunk(const Peer& peer, std::uint64_t request, const wire::PutChunk& put, const Bytes& bytes) {
  const auto digest = array_from<32>(view_of(put.digest()));
  if (!digest) return refuse(peer, request, {Code::bad_frame, "digest", 0, false});
  if (!bytes.empty() && !parts_.chunks.has(*digest)) {
    if (evidence::sha256(bytes) != *digest) return refuse(peer, request, {Code::verification_failed, "chunk", 0, false});
    if (auto stored = parts_.chunks.put(*digest, bytes); !stored) {
      if (stored.error().code == Code::disk_full) return refuse(peer, request, {Code::disk_full, {}, 0, true});
      return stop(stored.error());
    }
  }
  parts_.edges.send(peer, chunk_frame(request, *digest, parts_.chunks.has(*digest)), {});
}

// Handed out only to an agency that is entitled to the group of a logged message that names the attachment.
Result<Bytes> HubCore::entitled_chunk(const AgencyId& agency, const wire::GetChunk& get) const {
  const auto attachment = array_from<32>(view_of(get.attachment()));
  const auto digest = array_from<32>(view_of(get.digest()));
  if (!attachment || !digest) return fail(Code::bad_frame, "digest");
  const auto position = Position::unpack(get.position());
  if (position.entry >= commit_->durable()) return fail(Code::not_found);
  auto entry = log_->read_entry(position.entry);
  if (!entry) return entry.error();
  if (position.index >= (*entry)->messages.size()) return fail(Code::not_found);
  const auto& message = (*entry)->messages[position.index];
  if (message.refused != Code::ok) return fail(Code::not_found);
  const auto groups = log_->registry().policy().entitled(message.header, agency);
  const bool named = std::any_of(message.header.attachments.begin(), message.header.attachments.end(), [&](const auto& info) {
    return info.digest == *attachment && groups.test(static_cast<std::size_t>(info.group));
  });
  if (!named) return fail(Code::not_found);
  auto manifest_bytes = parts_.chunks.get(*attachment);
  if (!manifest_bytes || *digest == *attachment) return manifest_bytes;
  auto manifest = evidence::parse_manifest(*manifest_bytes);
  if (!manifest) return manifest.error();
  if (std::find(manifest->chunks.begin(), manifest->chunks.end(), *digest) == manifest->chunks.end()) return fail(Code::not_found);
  return parts_.chunks.get(*digest);
}

void HubCore::on_get_chunk(const Peer& peer, const AgencyId& agency, std::uint64_t request, const wire::GetChunk& get) {
  auto bytes = entitled_chunk(agency, get);
  if (!bytes) return refuse(peer, request, {bytes.error().code, bytes.error().detail, 0, false});
  const auto digest = view_of(get.digest());
  if (!equal(evidence::sha256(*bytes), digest)) return refuse(peer, request, {Code::corrupt, "chunk " + hex(digest), 0, false});
  parts_.edges.send(peer, chunk_frame(request, digest, true), std::move(*bytes));
}

void HubCore::on_prove(const Peer& peer, std::uint64_t request, const wire::Prove& prove) {
  const auto to = prove.to() == 0 ? commit_->newest().size : prove.to();
  if (prove.from() == 0 || prove.from() > to || to > commit_->newest().size) return refuse(peer, request, {Code::invalid_argument, {}, 0, false});
  auto path = log_->tree().consistency(prove.from(), to);
  if (!path) return refuse(peer, request, {path.error().code, path.error().detail, 0, true});
  const auto root = log_->tree().root_at(to);
  if (!root) return refuse(peer, request, {root.error().code, root.error().detail, 0, true});
  parts_.edges.send(peer, proof_frame(request, prove.from(), to, *path, commit_->sign(to, *root)), {});
}

void HubCore::on_written(const Result<void>& outcome, Now now) {
  if (fatal_) return;
  last_work_ = now.boot;
  auto committed = commit_->written(outcome);
  if (!committed) return stop(committed.error());
  if (!*committed) return;
  const auto& batch = **committed;
  ++counters_.batches;
  // The next batch is on its way before this one's receipts are made.
  const auto serial = log_->registry().serial();
  commit_->pump(now);
  answer(batch);
  for (const auto& entry : batch.entries) {
    ++counters_.entries;
    for (std::size_t i = 0; i < entry->messages.size(); ++i) {
      const auto refused = entry->messages[i].refused;
      if (entry->header.agency == options_.keys.hub) answer_act(*entry, i);
      if (refused == Code::ok) {
        ++counters_.messages;
        if (is_delivered(entry->messages[i])) on_delivered(*entry, i, now);
      } else {
        ++counters_.refused_messages;
        ++counters_.refusals[refused];
      }
    }
  }
  if (serial != keys_serial_) {
    keys_serial_ = serial;
    end_revoked_sessions();
    parts_.edges.keys_changed(log_->registry());
  }
}

// Nothing more goes to whoever holds a revoked key; its frames are refused one by one.
void HubCore::end_revoked_sessions() {
  std::erase_if(sessions_, [&](const auto& session) {
    const auto* agency = log_->registry().agency(session.first.second);
    const bool over = agency == nullptr || agency->transport_revoked;
    if (over && session.first.first == kDeliver) delivery_->unsubscribe(session.first.second);
    return over;
  });
}

void HubCore::on_mark_written(const Result<void>& outcome) {
  marking_ = false;
  if (!outcome) stop(outcome.error());
}

void HubCore::on_tick(Now now) {
  if (fatal_ || !commit_) return;
  const bool quiet = commit_->idle() && !marking_ && now.boot - last_work_ >= kIdleMarkMs;
  if (!quiet || marked_ == commit_->durable()) return;
  probe();
}

bool HubCore::probe() {
  if (commit_->writing() || marking_) return true;
  if (!commit_->idle()) return false;
  marking_ = true;
  marked_ = commit_->durable();
  parts_.edges.start_mark(marked_, commit_->newest().root);
  return true;
}

std::size_t HubCore::pump(Now now) {
  if (fatal_ || marking_) return 0;
  std::size_t done = commit_->pump(now);
  if (auto maintained = commit_->maintain(); !maintained) {
    stop(maintained.error());
    return done;
  }
  for (const auto& agency : delivery_->subscribers()) {
    const auto session = sessions_.find({kDeliver, agency});
    if (session == sessions_.end()) continue;
    for (std::size_t i = 0; i < kFramesAtOnce; ++i) {
      auto out = delivery_->next(agency);
      if (!out) {
        stop(out.error());
        return done;
      }
      if (!*out) break;
      parts_.edges.send({kDeliver, session->second.connection}, std::move((*out)->frame), std::move((*out)->payload));
      ++done;
    }
  }
  return done;
}

}  // namespace lianxi::hub
