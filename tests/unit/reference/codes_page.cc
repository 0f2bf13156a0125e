#include "tests/unit/reference/codes_page.h"

#include <array>

#include "schemas/base/code.h"

namespace lianxi {

namespace {

struct Chapter {
  std::uint16_t end;  // First number of the next one.
  std::string_view title;
};

constexpr std::array<Chapter, 4> kChapters{{
    {100, "0–99：本机与环境 · this machine and the world"},
    {200, "100–199：拒绝报文或会话 · a frame or session is refused"},
    {300, "200–299：拒绝整批，未入库 · an entry is refused, nothing is logged"},
    {65535, "300–399：拒绝单条消息，编号已用、已记录 · a message is refused: logged as refused, its number is spent"},
}};

std::string row(const CodeText& code) {
  std::string text = "| " + std::to_string(static_cast<unsigned>(code.code)) + " | `";
  text.append(code.name).append("` | ").append(code.zh).append("<br>").append(code.en).append(" | ");
  return text.append(code.next_zh).append("<br>").append(code.next_en).append(" |\n");
}

}  // namespace

std::string codes_page() {
  std::string page =
      "# 代码 · Codes\n\n每个拒绝都有编号、名称、一句话和下一步。编号写在日志和报文里，永不更改。\n\n"
      "Every refusal has a number, a name, a sentence and what to do next. Numbers stand in the log and on the wire and never change.\n\n"
      "Printed from `schemas/base/code.cc` by `./dev codes`; a test holds the two against each other.\n";
  std::size_t chapter = kChapters.size();
  for (const auto& code : all_codes()) {
    std::size_t of = 0;
    while (static_cast<std::uint16_t>(code.code) >= kChapters[of].end) ++of;
    if (of != chapter) {
      chapter = of;
      page.append("\n## ").append(kChapters[of].title).append("\n\n| | | | |\n| --- | --- | --- | --- |\n");
    }
    page += row(code);
  }
  return page;
}

}  // namespace lianxi
