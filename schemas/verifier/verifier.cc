#include "schemas/verifier/verifier.h"

#include <algorithm>

#include "schemas/verifier/readers.h"

namespace lianxi::verifier {
namespace {

struct Sentence {
  std::string zh, en;
};

// Writes one check into the report and says whether it passed.
bool note(Report& report, const char* name, bool passed, Sentence good, Sentence bad) {
  Sentence& said = passed ? good : bad;
  report.checks.push_back({name, passed, std::move(said.zh), std::move(said.en)});
  return passed;
}

void conclude(Report& report) {
  report.ok = !report.checks.empty() && std::ranges::all_of(report.checks, [](const Check& c) { return c.passed; });
}

bool check_hub_card(Report& report, const std::optional<HubCard>& card) {
  return note(
      report, "hub_card", card.has_value(), {"枢纽卡完整，各项相互一致。", "The hub card is complete and its parts agree."},
      {"枢纽卡无法读取，或日志标识、来源名与公钥不一致。", "The hub card cannot be read, or log id, origin and key disagree."});
}

bool check_note_signature(Report& report, const NoteParts& parts, const HubCard& card) {
  const auto id = note_key(card.origin, card.checkpoint_key);
  bool found = false;
  bool good = true;
  for (const auto& line : parts.lines) {
    const ByteView bytes = line.key_and_signature;
    if (line.name != card.origin || !equal(bytes.first(4), id)) continue;
    found = true;
    good = good && signed_by(card.checkpoint_key, view(parts.text), bytes.subspan(4));
  }
  return note(
      report, "note_signature", found && good,
      {"检查点由枢纽卡上的检查点密钥签名，签名有效。", "The checkpoint is signed by the hub card's checkpoint key."},
      {"检查点没有枢纽卡上检查点密钥的有效签名。", "The checkpoint has no valid signature by the hub card's checkpoint key."});
}

bool check_origin(Report& report, const ReceiptParts& receipt, const NoteParts& parts, const HubCard& card) {
  const bool same =
      parts.origin == card.origin && receipt.log_id == card.log_id && receipt.generation <= card.generation && receipt.suite == 1;
  return note(
      report, "origin", same,
      {"检查点与条目属于枢纽卡所指的日志。", "Checkpoint and entry belong to the log that the hub card names."},
      {"检查点或条目属于另一个日志、另一代或另一密码套件。", "Checkpoint or entry belongs to another log, generation or suite."});
}

bool check_inclusion(Report& report, const ReceiptParts& receipt, const NoteParts& parts, const HubCard& card) {
  const std::array<std::uint8_t, 3> prefix = {0, static_cast<std::uint8_t>(receipt.entry_header.size() >> 8),
                                              static_cast<std::uint8_t>(receipt.entry_header.size())};
  const Hash leaf = digest({prefix, receipt.entry_header, receipt.signature, receipt.hub_part});
  Hash root{};
  const bool size_agrees = !receipt.size || *receipt.size == parts.size;
  const bool leads =
      size_agrees && root_from_path(leaf, receipt.facts.entry, parts.size, receipt.path, root) && root == parts.root;
  const bool genesis = receipt.facts.entry != 0 || leaf == card.leaf0;
  const std::string entry = std::to_string(receipt.facts.entry);
  return note(report, "inclusion", leads && genesis,
              {"条目是日志的第 " + entry + " 号条目，路径通向检查点的根。",
               "The entry is number " + entry + " of the log: its path leads to the checkpoint's root."},
              {"条目的路径不通向检查点的根：条目、路径或检查点被改动过。",
               "The entry's path does not lead to the checkpoint's root: entry, path or checkpoint was changed."});
}

const AgencyCard* card_for(const ReceiptParts& receipt, const std::vector<AgencyCard>& cards) {
  for (const auto& card : cards) {
    if (card.agency == receipt.facts.agency && card.key_id == receipt.key_id) return &card;
  }
  return nullptr;
}

bool check_agency(Report& report, const ReceiptParts& receipt, std::span<const std::string> texts) {
  std::vector<AgencyCard> cards;
  for (const auto& json : texts) {
    if (auto card = read_agency_card(json)) cards.push_back(*std::move(card));
  }
  const auto* card = card_for(receipt, cards);
  const std::string who = receipt.facts.agency;
  const std::string key = hex(receipt.key_id);
  const bool known = note(report, "agency_key", card != nullptr,
                          {"已提供 " + who + " 的机关卡，密钥编号 " + key + " 与条目一致。",
                           "A card of " + who + " is given and its key id " + key + " is the entry's."},
                          {"没有 " + who + " 密钥 " + key + " 的机关卡，无法核验签名。",
                           "No card of " + who + " with key " + key + " is given, so its signature cannot be checked."});
  if (!known) return false;
  return note(report, "agency_signature", signed_by(card->signing, receipt.entry_header, receipt.signature),
              {who + " 对条目头的签名有效。", "The signature of " + who + " over the entry header is valid."},
              {who + " 对条目头的签名无效。", "The signature of " + who + " over the entry header is not valid."});
}

// All checks of a receipt; the receipt if the report may go on to its messages.
std::optional<ReceiptParts> check_receipt(Report& report, ByteView bytes, std::string_view hub_card,
                                          std::span<const std::string> cards) {
  const auto card = read_hub_card(hub_card);
  if (!check_hub_card(report, card)) return std::nullopt;
  auto receipt = read_receipt(bytes);
  const auto parts = receipt ? read_note(receipt->note) : std::nullopt;
  if (!note(report, "receipt_form", parts.has_value(), {"回执格式正确。", "The receipt is well formed."},
            {"回执格式错误，无法读取。", "The receipt is malformed and cannot be read."})) {
    return std::nullopt;
  }
  receipt->facts.origin = parts->origin;
  receipt->facts.size = parts->size;
  report.entry = receipt->facts;
  check_note_signature(report, *parts, *card);
  check_origin(report, *receipt, *parts, *card);
  check_inclusion(report, *receipt, *parts, *card);
  check_agency(report, *receipt, cards);
  return receipt;
}

// M of P3: what ties a section to its log, message and group.
Bytes context_of(const ReceiptParts& receipt, const HeaderParts& header, std::uint8_t group) {
  Bytes context;
  Writer out(context);
  out.label("lianxi/section/v1");
  out.bytes(receipt.log_id);
  out.s8(header.agency);
  out.u32(header.epoch);
  out.u64(header.number);
  out.u8(group);
  return context;
}

bool check_batch(Report& report, const ReceiptParts& receipt, const Bundle& bundle) {
  bool leads = bundle.others.size() + 1 == receipt.facts.count && bundle.index < receipt.facts.count;
  if (leads) {
    static constexpr std::string_view kPrefix("\0lianxi/message/v1\0", 19);
    auto hashes = bundle.others;
    hashes.insert(hashes.begin() + bundle.index, digest({view(kPrefix), bundle.header}));
    leads = merkle_root(hashes) == receipt.batch_root;
  }
  const std::string index = std::to_string(bundle.index);
  return note(report, "message", leads,
              {"消息头是该条目第 " + index + " 条消息的原文。",
               "The message header is, byte for byte, message " + index + " of the entry."},
              {"消息头与条目的批次根不符：不是该条目中的这条消息。",
               "The message header does not lead to the entry's batch root: it is not that message of the entry."});
}

bool check_identity(Report& report, const ReceiptParts& receipt, const Bundle& bundle, const std::optional<HeaderParts>& header) {
  const bool same = header && header->agency == receipt.facts.agency && header->epoch == receipt.facts.epoch &&
                    header->number == receipt.facts.first + bundle.index;
  return note(report, "message_id", same,
              {"消息的机关、纪元与编号和条目一致。", "Agency, epoch and number of the message are the entry's."},
              {"消息头无法读取，或其机关、纪元、编号与条目不一致。",
               "The message header cannot be read, or its agency, epoch or number is not the entry's."});
}

void check_section(Report& report, const ReceiptParts& receipt, const HeaderParts& header, const Bundle::Section& section) {
  const auto listed = std::ranges::find(header.sections, section.group, &HeaderParts::Section::group);
  static constexpr std::uint8_t kPrefix[] = {2};
  const bool holds = listed != header.sections.end() && digest({kPrefix, context_of(receipt, header, section.group), section.salt,
                                                                section.plaintext}) == listed->commitment;
  const std::string name = group_name(section.group);
  note(
      report, ("section_" + name).c_str(), holds,
      {"出示的 " + name + " 节是发送时的原文。", "The shown section " + name + " is what was sent."},
      {"出示的 " + name + " 节与消息头中的承诺不符。", "The shown section " + name + " does not match the header's commitment."});
}

MessageFacts facts_of(const ReceiptParts& receipt, const Bundle& bundle, const HeaderParts& header) {
  MessageFacts facts;
  facts.id = header.agency + "." + std::to_string(header.epoch) + "." + std::to_string(header.number);
  facts.position = std::to_string(receipt.facts.entry) + "." + std::to_string(bundle.index);
  facts.type = header.type;
  facts.event_time = header.event_time;
  for (const auto& refused : receipt.facts.refused) {
    if (refused.index == bundle.index) facts.refused = refused.code;
  }
  for (const auto& section : header.sections) {
    const bool shown = std::ranges::find(bundle.sections, section.group, &Bundle::Section::group) != bundle.sections.end();
    facts.sections.push_back({group_name(section.group), shown});
  }
  return facts;
}

void check_message(Report& report, const ReceiptParts& receipt, const Bundle& bundle) {
  if (!check_batch(report, receipt, bundle)) return;
  const auto header = read_header(bundle.header);
  if (!check_identity(report, receipt, bundle, header)) return;
  for (const auto& section : bundle.sections) check_section(report, receipt, *header, section);
  report.message = facts_of(receipt, bundle, *header);
}

}  // namespace

Report verify_receipt(ByteView receipt, std::string_view hub_card, std::span<const std::string> cards) {
  Report report;
  check_receipt(report, receipt, hub_card, cards);
  conclude(report);
  return report;
}

Report verify_evidence(std::string_view json, std::string_view hub_card, std::span<const std::string> cards) {
  Report report;
  const auto bundle = read_bundle(json);
  if (note(report, "bundle_form", bundle.has_value(), {"证据包格式正确。", "The evidence bundle is well formed."},
           {"证据包格式错误，无法读取。", "The evidence bundle is malformed and cannot be read."})) {
    if (const auto receipt = check_receipt(report, bundle->receipt, hub_card, cards)) check_message(report, *receipt, *bundle);
  }
  conclude(report);
  return report;
}

}  // namespace lianxi::verifier
