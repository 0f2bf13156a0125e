#include "schemas/codec/catalogue.h"

#include <algorithm>

#include "schemas/base/check.h"
#include "schemas/codec/json.h"
#include "schemas/codec/json_schema.h"
#include "schemas/codec/plain.h"
#include "schemas/codec/rules.h"

namespace lianxi::codec {

struct Catalogue::Impl {
  std::vector<TypeModel> models;     // Ascending code.
  std::vector<TypeInfo> infos;       // Same order.

  const TypeModel& model(const TypeInfo& type) const {
    const auto found = std::lower_bound(models.begin(), models.end(), type.code,
                                        [](const TypeModel& m, std::uint16_t code) { return m.info.code < code; });
    check(found != models.end() && found->info.code == type.code, "catalogue: a type of another catalogue");
    return *found;
  }
};

namespace {

Fault section_fault(Group group, const Error& error) {
  return {"", error.code, "分组 " + std::string(name(group)) + " 的内容无法解析", error.detail};
}

void check_attachments(const TypeInfo& type, const std::vector<AttachmentKey>& keys, std::vector<Fault>& faults) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (std::find(type.groups.begin(), type.groups.end(), keys[i].group) != type.groups.end()) continue;
    faults.push_back({"/attachments/" + std::to_string(i), Code::field_invalid, "本类消息没有附件所属的分组",
                      "this type has no group " + std::string(name(keys[i].group))});
  }
}

}  // namespace

Catalogue::Catalogue() : impl_(std::make_unique<Impl>()) {
  impl_->models = load_types();
  for (const TypeModel& model : impl_->models) impl_->infos.push_back(model.info);
}

Catalogue::~Catalogue() = default;

const Catalogue& Catalogue::instance() {
  static const Catalogue catalogue;
  return catalogue;
}

const TypeInfo* Catalogue::by_code(std::uint16_t code) const {
  const auto found = std::lower_bound(impl_->infos.begin(), impl_->infos.end(), code,
                                      [](const TypeInfo& info, std::uint16_t c) { return info.code < c; });
  return found == impl_->infos.end() || found->code != code ? nullptr : &*found;
}

const TypeInfo* Catalogue::by_name(std::string_view wanted) const {
  const auto found = std::find_if(impl_->infos.begin(), impl_->infos.end(), [&](const TypeInfo& i) { return i.name == wanted; });
  return found == impl_->infos.end() ? nullptr : &*found;
}

const std::vector<TypeInfo>& Catalogue::types() const { return impl_->infos; }

std::vector<PlainSection> Catalogue::split(const TypeInfo& type, std::string_view json, const std::vector<AttachmentKey>& attachments,
                                           std::vector<Fault>& faults) const {
  const TypeModel& model = impl_->model(type);
  const std::size_t before = faults.size();
  Value root = parse_json(model.root, json, faults);
  check_attachments(type, attachments, faults);
  if (!root.present) return {};
  derive(model.root, root);
  std::vector<Fault> broken;
  check_rules(model.root, root, std::nullopt, broken);
  // A value that could not be read was reported where it was read; its rules have nothing to say.
  for (Fault& fault : broken) {
    const auto same = [&](const Fault& f) { return f.path == fault.path; };
    if (std::none_of(faults.begin() + static_cast<std::ptrdiff_t>(before), faults.end(), same)) faults.push_back(std::move(fault));
  }
  if (faults.size() != before) return {};
  std::vector<PlainSection> out;
  for (const Group group : type.groups) {
    out.push_back({group, join_plain(build_body(model, group, root), build_attachments(attachments, group))});
  }
  return out;
}

namespace {

Result<Value> merge_sections(const TypeModel& model, const std::vector<PlainSection>& sections,
                             std::vector<AttachmentKey>* attachments) {
  Value whole;
  whole.items.resize(model.root.fields.size());
  std::vector<Group> seen;
  for (const PlainSection& section : sections) {
    const auto fault = [&](std::string_view why) {
      return fail(Code::section_malformed, "section " + std::string(name(section.group)) + ": " + std::string(why));
    };
    if (!model.root.groups.has(section.group)) return fault("not of this type");
    if (std::find(seen.begin(), seen.end(), section.group) != seen.end()) return fault("given twice");
    seen.push_back(section.group);
    const auto plain = split_plain(section.plaintext);
    if (!plain) return plain.error();
    auto part = read_body(model, section.group, plain->body);
    if (!part) return part.error();
    if (!merge_into(model.root, whole, std::move(*part))) return fault("a list differs in length from another section's");
    auto keys = read_attachments(section.group, plain->attachments);
    if (!keys) return keys.error();
    if (attachments != nullptr) attachments->insert(attachments->end(), keys->begin(), keys->end());
  }
  return whole;
}

}  // namespace

Result<std::string> Catalogue::merge(const TypeInfo& type, const std::vector<PlainSection>& sections,
                                     std::vector<AttachmentKey>* attachments) const {
  const TypeModel& model = impl_->model(type);
  const auto whole = merge_sections(model, sections, attachments);
  if (!whole) return whole.error();
  return to_json(model.root, *whole);
}

void Catalogue::cross_check(const TypeInfo& type, const std::vector<PlainSection>& sections, std::vector<Fault>& faults) const {
  const TypeModel& model = impl_->model(type);
  const auto whole = merge_sections(model, sections, nullptr);
  if (!whole) {
    faults.push_back({"", whole.error().code, "各分组的内容无法合并", whole.error().detail});
    return;
  }
  std::vector<Fault> broken;
  check_rules(model.root, *whole, std::nullopt, broken);
  // What is missing may lie in a section that this reader was not given.
  for (Fault& fault : broken) {
    if (fault.code != Code::field_missing || sections.size() == type.groups.size()) faults.push_back(std::move(fault));
  }
}

void Catalogue::validate(const TypeInfo& type, Group group, ByteView plaintext, std::vector<Fault>& faults) const {
  const TypeModel& model = impl_->model(type);
  const auto plain = split_plain(plaintext);
  if (!plain) return faults.push_back(section_fault(group, plain.error()));
  if (!model.root.groups.has(group)) {
    return faults.push_back(section_fault(group, fail(Code::section_malformed, "not of this type")));
  }
  const auto value = read_body(model, group, plain->body);
  if (!value) return faults.push_back(section_fault(group, value.error()));
  check_rules(model.root, *value, group, faults);
  const auto keys = read_attachments(group, plain->attachments);
  if (!keys) faults.push_back(section_fault(group, keys.error()));
}

std::vector<Fault> Catalogue::warnings(const TypeInfo& type, std::string_view json) const {
  const TypeModel& model = impl_->model(type);
  std::vector<Fault> ignored;
  std::vector<Fault> out;
  const Value root = parse_json(model.root, json, ignored);
  if (root.present) find_warnings(model.root, root, "", out);
  return out;
}

std::string Catalogue::json_schema(const TypeInfo& type) const { return schema_text(impl_->model(type)); }

}  // namespace lianxi::codec
