#include "benchmarks/stamper.h"

#include "schemas/codec/catalogue.h"
#include "schemas/evidence/sealing.h"

namespace lianxi::bench {

namespace {

constexpr std::uint16_t kAcknowledgement = 110;
constexpr std::size_t kWrapNames = 9;            // Group and reader key id: what stands in a wrap for everybody to read.
constexpr std::size_t kNoteCharactersMax = 333;  // The note's field holds 1,000 bytes.

std::string body_json(std::size_t note_characters) {
  std::string note;
  for (std::size_t i = 0; i < note_characters; ++i) note += "测";
  return R"({"status":"accepted","note":")" + note + "\"}";
}

codec::MessageHeader header_of(const evidence::AgencyKeys& sender, const AgencyId& receiver) {
  codec::MessageHeader header;
  header.type = kAcknowledgement;
  header.id = {sender.agency, Epoch(1), Number(1)};
  header.addressees.push_back({receiver, {}, codec::Role::to, 0});
  header.ids.push_back({"case", "430922-C-2025-00042"});
  header.in_reply_to = MessageId{receiver, Epoch(1), Number(1)};
  return header;
}

evidence::ReaderKey reader(const evidence::PublicKey& key) { return {evidence::key_id(1, evidence::KeyUse::sealing, key), key}; }

}  // namespace

void Stamper::randomise(std::span<std::uint8_t> out) {
  lianxi::check(out.size() <= pool_.size(), "stamper: more random bytes than the pool holds");
  if (pool_used_ + out.size() > pool_.size()) {
    entropy_.fill(pool_);
    pool_used_ = 0;
  }
  std::memcpy(out.data(), pool_.data() + pool_used_, out.size());
  pool_used_ += out.size();
}

Hash Stamper::random() {
  Hash out;
  randomise(out);
  return out;
}

Result<void> Stamper::fill(const evidence::AgencyKeys& sender, const evidence::AgencyCard& receiver,
                           std::size_t note_characters) {
  header_ = header_of(sender, receiver.agency);
  sections_.clear();
  plaintexts_.clear();
  wraps_.clear();
  const auto& catalogue = codec::Catalogue::instance();
  std::vector<codec::Fault> faults;
  const auto plains = catalogue.split(*catalogue.by_code(kAcknowledgement), body_json(note_characters), {}, faults);
  if (!faults.empty()) return fail(Code::field_invalid, faults.front().en);
  const auto& suite = evidence::suite1();
  const auto ephemeral = entropy_.array<32>();
  const std::array readers{reader(suite.sealing_public(sender.seats.front().sealing)), reader(receiver.seats.front().sealing)};
  for (const auto& plain : plains) {
    codec::SectionInfo info;
    info.group = plain.group;
    if (codec::is_clear(plain.group)) {
      sections_.push_back({plain.group, false, evidence::clear_section(kZeroHash, plain.plaintext)});
      plaintexts_.push_back(plain.plaintext);
    } else {
      const auto context = evidence::section_context(log_id_, header_.id, plain.group);
      auto sealed = evidence::seal(suite, context, plain.group, random(), plain.plaintext, readers, ephemeral, entropy_);
      if (!sealed) return sealed.error();
      info.ciphertext = evidence::sha256(sealed->stored);
      for (auto& wrap : sealed->wraps) {
        info.wraps.push_back(evidence::sha256(wrap));
        wraps_.push_back(std::move(wrap));
      }
      sections_.push_back({plain.group, false, std::move(sealed->stored)});
      plaintexts_.emplace_back();
    }
    header_.sections.push_back(std::move(info));
  }
  return {};
}

Result<Stamper> Stamper::make(const Hash& log_id, const evidence::AgencyKeys& sender, const evidence::AgencyCard& receiver,
                              std::size_t bytes) {
  Stamper stamper;
  stamper.log_id_ = log_id;
  for (std::size_t characters = 1; characters <= kNoteCharactersMax; characters += 16) {
    if (auto filled = stamper.fill(sender, receiver, characters); !filled) return filled.error();
    Bytes run;
    stamper.stamp(Epoch(1), 2, 1, 1, run);  // Zeros would be left out of the header.
    stamper.message_bytes_ = run.size();
    if (run.size() >= bytes) break;
  }
  return stamper;
}

void Stamper::stamp_clear(std::size_t section) {
  const auto salt = random();
  const auto context = evidence::section_context(log_id_, header_.id, sections_[section].group);
  header_.sections[section].commitment = evidence::commitment(context, salt, plaintexts_[section]);
  std::memcpy(sections_[section].bytes.data(), salt.data(), salt.size());
}

void Stamper::stamp_sealed(std::size_t section) {
  auto& info = header_.sections[section];
  info.commitment = random();
  randomise(sections_[section].bytes);
  info.ciphertext = evidence::sha256(sections_[section].bytes);
  std::size_t at = 0;
  for (auto& wrap : wraps_) {
    if (wrap.front() != static_cast<std::uint8_t>(info.group)) continue;
    randomise(std::span(wrap).subspan(kWrapNames));
    info.wraps[at++] = evidence::sha256(wrap);
  }
}

Hash Stamper::stamp(Epoch epoch, std::uint64_t number, std::uint64_t previous, Instant time, Bytes& run) {
  header_.id.epoch = epoch;
  header_.id.number = Number(number);
  header_.addressees.front().previous = previous;
  header_.event_time = time;
  header_.random = random();
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    if (plaintexts_[i].empty())
      stamp_sealed(i);
    else
      stamp_clear(i);
  }
  const auto header = codec::encode_header(header_);
  codec::append_message(run, header, sections_, wraps_);
  return evidence::message_hash(header);
}

}  // namespace lianxi::bench
