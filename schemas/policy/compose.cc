#include "schemas/policy/compose.h"

#include <algorithm>
#include <limits>

#include "schemas/policy/classification.h"

namespace lianxi::policy {

namespace {

using codec::Fault;
using codec::Group;

constexpr std::uint16_t kGenesis = 112;
constexpr std::size_t kIdsMax = 32;          // As in the header's reader.
constexpr std::size_t kAttachmentsMax = 64;
constexpr Instant kNoClock = std::numeric_limits<Instant>::max();

Fault fault(Code code, const std::string& detail, std::string path = {}) {
  const auto& words = describe(code);
  const auto with = [&](std::string_view sentence, std::string_view colon) {
    return detail.empty() ? std::string(sentence) : std::string(sentence) + std::string(colon) + detail;
  };
  return {std::move(path), code, with(words.zh, "："), with(words.en, ": ")};
}

codec::MessageHeader header_of(const Draft& draft, const MessageId& id, std::uint8_t suite) {
  codec::MessageHeader header;
  header.suite = suite;
  header.type = draft.type;
  header.id = id;
  header.seat = draft.seat;
  header.addressees = draft.addressees;
  header.ids = draft.ids;
  header.event_time = draft.event_time;
  header.in_reply_to = draft.in_reply_to;
  header.corrects = draft.corrects;
  header.withdraws = draft.withdraws;
  header.attachments = draft.attachments;
  header.serial = draft.serial;
  header.historical = draft.historical;
  return header;
}

void add_reader(std::vector<evidence::ReaderKey>& readers, const Registry& registry, const AgencyId& id, std::string_view name) {
  const auto* agency = registry.agency(id);
  const auto* seat = agency == nullptr ? nullptr : agency->seat(name);
  // An unknown agency or seat is check_message()'s to name.
  if (seat == nullptr || std::ranges::find(readers, seat->id, &evidence::ReaderKey::id) != readers.end()) return;
  readers.push_back({seat->id, seat->key});
}

// The sender's own default seat (its copy must open too) and the seat of everyone named who may see the group.
std::vector<evidence::ReaderKey> readers_of(const Registry& registry, const codec::MessageHeader& header, Group group) {
  std::vector<evidence::ReaderKey> readers;
  add_reader(readers, registry, header.id.agency, {});
  for (const auto& to : header.addressees) {
    if (has(registry.policy().entitled(header, to.agency), group)) add_reader(readers, registry, to.agency, to.seat);
  }
  return readers;
}

void find_secrets(const Draft& draft, std::vector<Fault>& faults) {
  const bool named = std::ranges::any_of(draft.attachment_keys, [](const codec::AttachmentKey& key) {
    return has_secrecy_marking(key.name);
  });
  if (named || has_secrecy_marking(draft.body_json) || declares_secret(draft.body_json)) faults.push_back(fault(Code::classified, {}));
}

// What no header can hold.
void find_excess(const Draft& draft, std::vector<Fault>& faults) {
  const auto bound = [&](const char* what, std::size_t size, std::size_t most) {
    if (size > most) faults.push_back(fault(Code::header_malformed, std::string(what) + ": " + std::to_string(size) + " > " + std::to_string(most)));
  };
  bound("addressees", draft.addressees.size(), codec::kAddresseesMax);
  bound("ids", draft.ids.size(), kIdsMax);
  bound("attachments", draft.attachments.size(), kAttachmentsMax);
}

// Turns plaintexts into stored sections, one after the other, and writes what the header says of them.
class Sealer {
 public:
  Sealer(const Registry& registry, const evidence::Suite& suite, Entropy& entropy, const Hash& log_id)
      : registry_(registry), suite_(suite), entropy_(entropy), log_id_(log_id), ephemeral_(entropy.array<32>()) {}
  ~Sealer() {
    volatile std::uint8_t* secret = ephemeral_.data();  // Made and forgotten.
    for (std::size_t i = 0; i < ephemeral_.size(); ++i) secret[i] = 0;
  }
  Sealer(const Sealer&) = delete;
  Sealer& operator=(const Sealer&) = delete;

  Result<void> add(codec::MessageHeader& header, const codec::PlainSection& plain) {
    const auto context = evidence::section_context(log_id_, header.id, plain.group);
    const auto salt = entropy_.array<32>();
    codec::SectionInfo info;
    info.group = plain.group;
    info.commitment = evidence::commitment(context, salt, plain.plaintext);
    if (codec::is_clear(plain.group)) {
      sections_.push_back({plain.group, false, evidence::clear_section(salt, plain.plaintext)});
    } else {
      const auto readers = readers_of(registry_, header, plain.group);
      auto sealed = evidence::seal(suite_, context, plain.group, salt, plain.plaintext, readers, ephemeral_, entropy_);
      if (!sealed) return sealed.error();
      info.ciphertext = evidence::sha256(sealed->stored);
      for (auto& wrap : sealed->wraps) {
        info.wraps.push_back(evidence::sha256(wrap));
        wraps_.push_back(std::move(wrap));
      }
      sections_.push_back({plain.group, false, std::move(sealed->stored)});
    }
    header.sections.push_back(std::move(info));
    return {};
  }

  Bytes message(ByteView header) const {
    Bytes run;
    codec::append_message(run, header, sections_, wraps_);
    return run;
  }

 private:
  const Registry& registry_;
  const evidence::Suite& suite_;
  Entropy& entropy_;
  Hash log_id_;
  evidence::SecretKey ephemeral_;
  std::vector<codec::Section> sections_;
  std::vector<Bytes> wraps_;
};

Result<Hash> log_id_of(const Registry& registry, const Draft& draft, const std::vector<codec::PlainSection>& plains) {
  if (registry.started()) return registry.genesis().log_id;
  if (draft.type != kGenesis || plains.empty()) return fail(Code::type_not_allowed, "the log begins with a genesis");
  auto facts = read_genesis(plains.front().plaintext);
  if (!facts) return facts.error();
  return facts->log_id;
}

// The hub's own rules over the finished bytes, as the hub will read them.
MessageVerdict verdict_on(const Registry& registry, ByteView message, Instant now) {
  if (message.size() > codec::kMessageBytesMax) return {Code::message_too_large, std::to_string(message.size()) + " bytes"};
  const auto parsed = codec::parse_run(message);
  if (!parsed) return {parsed.error().code, parsed.error().detail};
  const auto header = codec::parse_header(parsed->front().header);
  if (!header) return {header.error().code, header.error().detail};
  return check_message(registry, parsed->front(), *header, now);
}

Error first_of(const std::vector<Fault>& faults, std::size_t from) { return fail(faults[from].code, faults[from].en); }

}  // namespace

Result<Composed> compose(const Registry& registry, const evidence::Suite& suite, Entropy& entropy, const Draft& draft,
                         const MessageId& id, std::vector<Fault>& faults, std::optional<Instant> now) {
  check(draft.sender == id.agency, "compose: the number belongs to another agency");
  const auto known = faults.size();
  const auto refuse = [&](const Error& error) {
    faults.push_back(fault(error.code, error.detail));
    return first_of(faults, known);
  };
  const auto* type = codec::Catalogue::instance().by_code(draft.type);
  if (type == nullptr) return refuse(fail(Code::unknown_type, std::to_string(draft.type)));
  find_excess(draft, faults);
  find_secrets(draft, faults);
  const auto plains = codec::Catalogue::instance().split(*type, draft.body_json, draft.attachment_keys, faults);
  if (faults.size() > known) return first_of(faults, known);
  const auto log_id = log_id_of(registry, draft, plains);
  if (!log_id) return refuse(log_id.error());

  auto header = header_of(draft, id, suite.id());
  header.random = entropy.array<32>();
  Sealer sealer(registry, suite, entropy, *log_id);
  for (const auto& plain : plains) {
    if (const auto added = sealer.add(header, plain); !added) return refuse(added.error());
  }
  header.operators = draft.signatures;
  if (!draft.operators.empty()) sign_act(suite, *log_id, header, plains.front().plaintext, draft.operators);

  Composed composed;
  composed.header = codec::encode_header(header);
  composed.message = sealer.message(composed.header);
  composed.hash = evidence::message_hash(composed.header);
  const auto verdict = verdict_on(registry, composed.message, now.value_or(kNoClock));
  if (verdict.code != Code::ok) return refuse(fail(verdict.code, verdict.detail));
  return composed;
}

}  // namespace lianxi::policy
