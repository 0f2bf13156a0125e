#include "schemas/policy/open.h"

#include <algorithm>

namespace lianxi::policy {

namespace {

using codec::Group;

// What became of one section: a plaintext, a fault, or neither (it is simply not for this reader).
struct Reading {
  std::optional<Bytes> plaintext;
  Code code = Code::ok;
  std::string detail;
};

Reading faulty(Code code, std::string detail) { return {std::nullopt, code, std::move(detail)}; }

class SectionReader {
 public:
  SectionReader(const Registry& registry, const evidence::Suite& suite, std::span<const SeatSecret> secrets,
                const codec::MessageView& message, const codec::MessageHeader& header)
      : registry_(registry), suite_(suite), secrets_(secrets), message_(message), header_(header) {}

  Reading read(const codec::SectionView& section, const codec::SectionInfo& info, bool entitled) const {
    if (section.withheld) return entitled ? faulty(Code::not_found, "withheld") : Reading{};
    const auto context = evidence::section_context(registry_.genesis().log_id, header_.id, section.group);
    return codec::is_clear(section.group) ? read_clear(section, info, context) : read_sealed(section, info, context, entitled);
  }

 private:
  // A clear section that does not match was admitted by nobody: whoever handed it over changed it.
  Reading read_clear(const codec::SectionView& section, const codec::SectionInfo& info, const Bytes& context) const {
    auto opened = evidence::open_clear(section.bytes);
    if (!opened) return faulty(Code::corrupt, "too short");
    if (evidence::commitment(context, opened->salt, opened->plaintext) != info.commitment) return faulty(Code::corrupt, "commitment");
    return {std::move(opened->plaintext), Code::ok, {}};
  }

  Reading read_sealed(const codec::SectionView& section, const codec::SectionInfo& info, const Bytes& context, bool entitled) const {
    if (evidence::sha256(section.bytes) != info.ciphertext) return faulty(Code::corrupt, "stored bytes differ from their digest");
    const auto* wrap = my_wrap(section.group);
    if (wrap == nullptr) return entitled ? faulty(Code::not_found, "no wrap for a key of mine") : Reading{};
    const auto secret = std::ranges::find(secrets_, wrap->reader, &SeatSecret::id);
    auto opened = evidence::open_sealed(suite_, context, section.bytes, message_.wraps, section.group, secret->id, secret->secret);
    if (!opened) {
      const bool as_sent = std::ranges::find(info.wraps, evidence::sha256(wrap->bytes)) != info.wraps.end();
      return as_sent ? faulty(Code::verification_failed, "does not open")
                     : faulty(Code::corrupt, "the wrap differs from its digest");
    }
    if (evidence::commitment(context, opened->salt, opened->plaintext) != info.commitment) {
      return faulty(Code::verification_failed, "commitment");
    }
    return {std::move(opened->plaintext), Code::ok, {}};
  }

  const codec::WrapView* my_wrap(Group group) const {
    const auto found = std::ranges::find_if(message_.wraps, [&](const codec::WrapView& wrap) {
      return wrap.group == group && std::ranges::find(secrets_, wrap.reader, &SeatSecret::id) != secrets_.end();
    });
    return found == message_.wraps.end() ? nullptr : &*found;
  }

  const Registry& registry_;
  const evidence::Suite& suite_;
  std::span<const SeatSecret> secrets_;
  const codec::MessageView& message_;
  const codec::MessageHeader& header_;
};

const codec::SectionInfo* info_of(const codec::MessageHeader& header, Group group) {
  const auto found = std::ranges::find(header.sections, group, &codec::SectionInfo::group);
  return found == header.sections.end() ? nullptr : &*found;
}

bool well_formed(const codec::TypeInfo& type, const codec::PlainSection& section) {
  return codec::Catalogue::instance().merge(type, {section}).has_value();
}

// Sections that are well each by itself but do not fit together (lists of other lengths): what the hub checked is still shown.
void drop_sealed(std::vector<codec::PlainSection>& plains, OpenedMessage& out) {
  const auto sealed = [](Group group) { return !codec::is_clear(group); };
  for (const auto& plain : plains) {
    if (!sealed(plain.group)) continue;
    out.faults.push_back({plain.group, Code::section_malformed, "does not fit the other sections"});
    out.withheld.push_back(plain.group);
  }
  std::erase_if(plains, [&](const codec::PlainSection& plain) { return sealed(plain.group); });
  std::erase_if(out.shown, sealed);
  std::ranges::sort(out.withheld);
  out.attachments.clear();
}

}  // namespace

Result<OpenedMessage> open_message(const Registry& registry, const evidence::Suite& suite, const AgencyId& me,
                                   std::span<const SeatSecret> secrets, const codec::MessageView& message,
                                   const codec::MessageHeader& header) {
  if (message.left_out) return fail(Code::not_found, "left-out message");
  const auto* type = codec::Catalogue::instance().by_code(header.type);
  if (type == nullptr) return fail(Code::unknown_type, std::to_string(header.type));
  check(registry.started(), "open_message: no genesis yet");
  const auto entitled = registry.policy().entitled(header, me);
  const SectionReader reader(registry, suite, secrets, message, header);
  OpenedMessage out;
  std::vector<codec::PlainSection> plains;
  for (const auto group : type->groups) {
    const auto section = std::ranges::find(message.sections, group, &codec::SectionView::group);
    const auto* info = info_of(header, group);
    Reading reading;
    if (section != message.sections.end() && info != nullptr) {
      reading = reader.read(*section, *info, has(entitled, group));
    } else if (has(entitled, group)) {
      reading = faulty(Code::not_found, "no such section in the message");
    }
    if (reading.plaintext && !well_formed(*type, {group, *reading.plaintext})) {
      reading = faulty(Code::section_malformed, "no section of " + type->name);
    }
    if (reading.code != Code::ok) out.faults.push_back({group, reading.code, reading.detail});
    if (!reading.plaintext) {
      out.withheld.push_back(group);
      continue;
    }
    out.shown.push_back(group);
    plains.push_back({group, std::move(*reading.plaintext)});
  }
  const auto& catalogue = codec::Catalogue::instance();
  auto body = catalogue.merge(*type, plains, &out.attachments);
  if (!body) {
    drop_sealed(plains, out);
    body = catalogue.merge(*type, plains, &out.attachments);
  }
  if (!body) return body.error();
  catalogue.cross_check(*type, plains, out.contradictions);
  out.body_json = std::move(*body);
  return out;
}

}  // namespace lianxi::policy
