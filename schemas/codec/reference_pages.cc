#include "schemas/codec/reference_pages.h"

#include "schemas/codec/schema.h"

namespace lianxi::codec {

namespace {

enum class Language { zh, en };

class PageWriter {
 public:
  PageWriter(const TypeModel& type, Language language) : type_(type), language_(language) {}

  std::string run() {
    const TypeInfo& info = type_.info;
    out_ = "# " + std::to_string(info.code) + " " + pick(info.zh, info.en) + " (`" + info.name + "`)\n\n";
    out_ += pick(type_.root.zh + "。", type_.root.en + ".") + "\n\n";
    line("消息头中的对象编号", "Object ids in the header", list_of(info.ids));
    std::vector<std::string> groups;
    for (const Group group : info.groups) groups.emplace_back(name(group));
    line("分组", "Disclosure groups", list_of(groups));
    line("是否必须答复某条消息", "Must be a reply", yes_no(info.reply));
    line("到达即启动时钟", "Starts a clock on arrival", yes_no(info.starts_clock));
    out_ += pick("\n由消息结构自动生成，请勿手改。\n\n", "\nPrinted from the schemas; not edited by hand.\n\n");
    out_ += pick("| 字段 | 类型 | 分组 | 必填 | 含义 | 规则 |\n", "| field | kind | group | must | meaning | rules |\n");
    out_ += "| --- | --- | --- | --- | --- | --- |\n";
    rows(type_.root, "");
    if (!enums_.empty()) out_ += pick("\n## 取值\n", "\n## Values\n") + enums_;
    return out_;
  }

 private:
  std::string pick(const std::string& zh, const std::string& en) const { return language_ == Language::zh ? zh : en; }
  std::string yes_no(bool value) const { return value ? pick("是", "yes") : pick("否", "no"); }

  std::string list_of(const std::vector<std::string>& items) const {
    std::string out;
    for (const std::string& item : items) out += (out.empty() ? "`" : ", `") + item + "`";
    return out.empty() ? pick("无", "none") : out;
  }

  void line(const std::string& zh, const std::string& en, const std::string& value) {
    out_ += "- " + pick(zh + "：", en + ": ") + value + "\n";
  }

  void rows(const TableModel& table, const std::string& prefix) {
    for (const Field& field : table.fields) {
      const std::string path = prefix + field.name + (field.list ? "[]" : "");
      std::string groups;
      for (const Group group : field.groups.list()) groups += (groups.empty() ? "" : " ") + std::string(name(group));
      out_ += "| `" + path + "` | " + kind(field) + " | " + groups + " | " + need(table, field) + " | " + pick(field.zh, field.en) +
              " | " + rules(table, field) + " |\n";
      if (field.shape == Shape::table) rows(*field.table, path + ".");
      if (field.enumeration != nullptr) values(*field.enumeration);
    }
  }

  std::string kind(const Field& field) const {
    std::string out;
    switch (field.shape) {
      case Shape::table: out = pick("对象", "object"); break;
      case Shape::text: out = pick("文本", "text"); break;
      case Shape::bytes: out = pick("字节（十六进制）", "bytes (hex)"); break;
      case Shape::boolean: out = pick("是/否", "boolean"); break;
      case Shape::enumeration: out = "`" + field.enumeration->name + "`"; break;
      case Shape::integer: out = number_kind(field); break;
    }
    return field.list ? pick(out + "列表", "list of " + out) : out;
  }

  std::string number_kind(const Field& field) const {
    switch (field.unit) {
      case Unit::instant: return pick("时间", "instant");
      case Unit::date: return pick("日期", "date");
      case Unit::position: return pick("日志位置", "position");
      case Unit::decimal: return pick("小数", "decimal");
      case Unit::plain: break;
    }
    return pick("整数", "integer");
  }

  std::string need(const TableModel& table, const Field& field) const {
    if (field.must) return yes_no(true);
    if (!field.must_if.set()) return "";
    return pick("若 ", "if ") + condition(table, field.must_if);
  }

  std::string condition(const TableModel& table, const Condition& condition) const {
    std::string out = "`" + table.fields[condition.field].name + "`";
    std::string values;
    for (const std::string& value : condition.values) values += (values.empty() ? "" : " / ") + value;
    if (!values.empty()) out += " = " + values;
    if (condition.absent) out += values.empty() ? pick(" 未填", " is absent") : pick(" 或未填", " or absent");
    return out;
  }

  std::string rules(const TableModel& table, const Field& field) const {
    std::string out;
    const auto add = [&](const std::string& text) { out += (out.empty() ? "" : pick("；", "; ")) + text; };
    if (!field.unit_text.empty() && field.unit != Unit::instant && field.unit != Unit::date && field.unit != Unit::position) {
      add(pick("单位 ", "unit ") + field.unit_text);
    }
    if (field.pattern) add("`" + field.pattern->text() + "`");
    if (field.min) add(pick("最小 ", "min ") + std::to_string(*field.min));
    if (field.max) add(pick("最大 ", "max ") + std::to_string(*field.max));
    if (field.list) add(std::to_string(field.min_items) + "–" + std::to_string(field.max_items) + pick(" 项", " items"));
    if (field.masks != kNoField) add(pick("由 `" + table.fields[field.masks].name + "` 自动掩码", "masked from `" + table.fields[field.masks].name + "`"));
    if (field.counts != kNoField) add(pick("等于 `" + table.fields[field.counts].name + "` 的项数", "length of `" + table.fields[field.counts].name + "`"));
    if (field.check == Check::uscc) add(pick("GB 32100 校验位，不符时提示", "GB 32100 check digit, warning"));
    if (field.check == Check::citizen_id) add(pick("居民身份证按 GB 11643 校验，不符时拒绝", "citizen ids by GB 11643, refused"));
    if (field.check == Check::crs) add(pick("不接受 GCJ-02、BD-09", "GCJ-02 and BD-09 are refused"));
    return out;
  }

  void values(const EnumModel& model) {
    const std::string title = "\n### `" + model.name + "`\n";
    if (enums_.find(title) != std::string::npos) return;
    enums_ += title + "\n" + pick("| 取值 | 含义 |\n", "| value | meaning |\n") + "| --- | --- |\n";
    for (const EnumValue& value : model.values) enums_ += "| `" + value.name + "` | " + pick(value.zh, value.en) + " |\n";
  }

  const TypeModel& type_;
  Language language_;
  std::string out_;
  std::string enums_;
};

std::string index(const std::vector<TypeModel>& types, Language language) {
  const bool zh = language == Language::zh;
  std::string out = zh ? "# 消息类型\n\n由消息结构自动生成，请勿手改。\n\n| 代码 | 名称 | 标识 | 分组 |\n"
                       : "# Message types\n\nPrinted from the schemas; not edited by hand.\n\n| code | name | identifier | groups |\n";
  out += "| --- | --- | --- | --- |\n";
  for (const TypeModel& type : types) {
    const std::string code = std::to_string(type.info.code);
    std::string groups;
    for (const Group group : type.info.groups) groups += (groups.empty() ? "" : " ") + std::string(name(group));
    out += "| [" + code + "](" + code + (zh ? ".zh.md" : ".en.md") + ") | " + (zh ? type.info.zh : type.info.en) + " | `" +
           type.info.name + "` | " + groups + " |\n";
  }
  return out;
}

}  // namespace

std::vector<ReferencePage> reference_pages() {
  const auto types = load_types();
  std::vector<ReferencePage> out = {{"README.md", index(types, Language::en)}, {"README.zh-CN.md", index(types, Language::zh)}};
  for (const TypeModel& type : types) {
    const std::string code = std::to_string(type.info.code);
    out.push_back({code + ".zh.md", PageWriter(type, Language::zh).run()});
    out.push_back({code + ".en.md", PageWriter(type, Language::en).run()});
  }
  return out;
}

}  // namespace lianxi::codec
