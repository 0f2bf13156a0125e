#include "schemas/codec/payload.h"

#include "schemas/base/check.h"

namespace lianxi::codec {

namespace {

// Sections are strictly ascending by group, and a message has at most 256 wraps for each of its sealed sections. So the first
// byte of the count of wraps is always smaller than the last group, and a byte that is greater begins another section.
bool read_sections(Reader& in, ByteView rest, MessageView& message) {
  std::uint8_t previous = 0;
  while (in.left() > 0 && rest[in.offset()] > previous) {
    const auto group = group_numbered(in.u8());
    if (!group) return false;
    previous = static_cast<std::uint8_t>(*group);
    const std::uint32_t length = in.u32();
    const bool withheld = length == kWithheld;
    const ByteView bytes = withheld ? ByteView{} : in.bytes(length);
    if (!in.ok()) return false;
    message.sections.push_back({*group, withheld, bytes});
  }
  return true;
}

bool read_wraps(Reader& in, MessageView& message) {
  const std::uint16_t count = in.u16();
  if (!in.ok() || in.left() != count * kWrapBytes) return false;
  message.wraps.reserve(count);
  for (std::uint16_t i = 0; i < count; ++i) {
    WrapView wrap;
    wrap.bytes = in.bytes(kWrapBytes);
    const auto group = group_numbered(wrap.bytes[0]);
    if (!group || is_clear(*group)) return false;
    wrap.group = *group;
    std::copy_n(wrap.bytes.begin() + 1, wrap.reader.size(), wrap.reader.begin());
    message.wraps.push_back(wrap);
  }
  return true;
}

bool read_message(ByteView body, MessageView& message) {
  Reader in(body);
  message.header = in.bytes(in.u32());
  message.sections.reserve(kGroupsMax);
  return in.ok() && !message.header.empty() && read_sections(in, body, message) && read_wraps(in, message) && in.done();
}

void check_ascending(std::span<const Section> sections) {
  for (std::size_t i = 1; i < sections.size(); ++i) {
    check(sections[i - 1].group < sections[i].group, "payload: sections are not ascending");
  }
}

// Reserves the u32 length and writes it when destroyed.
class Length {
 public:
  explicit Length(Bytes& out) : out_(out), at_(out.size()) { Writer(out).u32(0); }
  ~Length() {
    const std::size_t length = out_.size() - at_ - 4;
    for (std::size_t i = 0; i < 4; ++i) out_[at_ + i] = static_cast<std::uint8_t>(length >> (8 * (3 - i)));
  }
  Length(const Length&) = delete;
  Length& operator=(const Length&) = delete;

 private:
  Bytes& out_;
  std::size_t at_;
};

void write_section(Writer& out, Group group, bool withheld, ByteView bytes) {
  out.u8(static_cast<std::uint8_t>(group));
  out.u32(withheld ? kWithheld : static_cast<std::uint32_t>(bytes.size()));
  if (!withheld) out.bytes(bytes);
}

}  // namespace

Result<std::vector<MessageView>> parse_run(ByteView run) {
  std::vector<MessageView> messages;
  Reader in(run);
  while (in.left() > 0) {
    if (messages.size() == kEntryMessagesMax) return fail(Code::bad_entry, "run: too many messages");
    const std::size_t start = in.offset();
    const std::uint32_t length = in.u32();
    MessageView message;
    if (length == kWithheld) {
      message.left_out = true;
      message.hash = in.hash();
      if (!in.ok()) return fail(Code::bad_entry, "run: short");
    } else {
      if (length > kMessageBytesMax - 4) return fail(Code::bad_entry, "run: message too large");
      const ByteView body = in.bytes(length);
      if (!in.ok() || !read_message(body, message)) {
        return fail(Code::bad_entry, "run: message " + std::to_string(messages.size()) + " malformed");
      }
    }
    message.whole = run.subspan(start, in.offset() - start);
    messages.push_back(std::move(message));
  }
  if (!in.ok()) return fail(Code::bad_entry, "run: bytes left over");
  return messages;
}

void append_message(Bytes& run, ByteView header, std::span<const Section> sections, std::span<const Bytes> wraps) {
  check(!header.empty(), "payload: empty message header");
  check_ascending(sections);
  const Length length(run);
  Writer out(run);
  out.u32(static_cast<std::uint32_t>(header.size()));
  out.bytes(header);
  for (const Section& section : sections) write_section(out, section.group, section.withheld, section.bytes);
  check(wraps.size() <= 0xffff, "payload: too many wraps");
  out.u16(static_cast<std::uint16_t>(wraps.size()));
  for (const Bytes& wrap : wraps) {
    check(wrap.size() == kWrapBytes, "payload: wrap of a wrong size");
    out.bytes(wrap);
  }
}

void append_left_out(Bytes& run, const Hash& message_hash) {
  Writer out(run);
  out.u32(kWithheld);
  out.bytes(message_hash);
}

void append_filtered(Bytes& run, const MessageView& message, const std::vector<bool>& keep_by_group) {
  if (message.left_out) return append_left_out(run, message.hash);
  const auto keep = [&](Group group) {
    const auto index = static_cast<std::size_t>(group);
    return index < keep_by_group.size() && keep_by_group[index];
  };
  const Length length(run);
  Writer out(run);
  out.u32(static_cast<std::uint32_t>(message.header.size()));
  out.bytes(message.header);
  for (const SectionView& section : message.sections) {
    write_section(out, section.group, section.withheld || !keep(section.group), section.bytes);
  }
  std::uint16_t count = 0;
  for (const WrapView& wrap : message.wraps) count = static_cast<std::uint16_t>(count + (keep(wrap.group) ? 1 : 0));
  out.u16(count);
  for (const WrapView& wrap : message.wraps) {
    if (keep(wrap.group)) out.bytes(wrap.bytes);
  }
}

Result<SectionPlain> split_plain(ByteView plaintext) {
  Reader in(plaintext);
  const std::uint32_t length = in.u32();
  const ByteView body = in.bytes(length);
  if (!in.ok()) return fail(Code::section_malformed, "plaintext: short");
  return SectionPlain{body, in.bytes(in.left())};
}

Bytes join_plain(ByteView body, ByteView attachments) {
  Bytes out;
  out.reserve(4 + body.size() + attachments.size());
  Writer writer(out);
  writer.u32(static_cast<std::uint32_t>(body.size()));
  writer.bytes(body);
  writer.bytes(attachments);
  return out;
}

}  // namespace lianxi::codec
