// Each rule is shown to fail: one planted violation, and beside it the neighbour that is allowed.
#include "tests/unit/style/rules.h"

#include <gtest/gtest.h>

namespace lianxi::style {
namespace {

std::vector<std::string> rules_broken(std::string_view path, std::string_view text) {
  std::vector<std::string> rules;
  for (const auto& violation : check_file(path, text)) rules.push_back(violation.rule);
  return rules;
}

using Rules = std::vector<std::string>;

struct Planted {
  std::string path;
  std::string text;
  std::string rule;  // Empty: allowed.
};

void PrintTo(const Planted& planted, std::ostream* out) { *out << planted.path << ": " << planted.text; }

class PlantedTest : public testing::TestWithParam<Planted> {};

TEST_P(PlantedTest, IsJudgedByTheTable) {
  const auto& [path, text, rule] = GetParam();
  EXPECT_EQ(rules_broken(path, text + "\n"), rule.empty() ? Rules{} : Rules{rule});
}

INSTANTIATE_TEST_SUITE_P(
    Arrows, PlantedTest,
    testing::Values(Planted{"hub/hub.cc", "#include \"agents/runtime/agent.h\"", "arrow"},
                    Planted{"agents/runtime/agent.cc", "#include \"hub/log/log.h\"", "arrow"},
                    Planted{"schemas/codec/json.cc", "#include \"hub/log/log.h\"", "arrow"},
                    Planted{"schemas/codec/json.cc", "#include \"agents/runtime/agent.h\"", "arrow"},
                    Planted{"schemas/verifier/verify.cc", "#include \"schemas/evidence/entry.h\"", "arrow"},
                    Planted{"schemas/verifier/verify.cc", "#include \"schemas/codec/payload.h\"", "arrow"},
                    Planted{"schemas/verifier/verify.cc", "#include \"schemas/base/bytes.h\"", ""},
                    Planted{"schemas/verifier/verify.cc", "#include \"schemas/verifier/reader.h\"", ""},
                    Planted{"schemas/base/clock.cc", "#include \"schemas/codec/group.h\"", "arrow"},
                    Planted{"hub/admission/admission.cc", "#include \"hub/commit/commit.h\"", "arrow"},
                    Planted{"hub/session/session.cc", "#include \"hub/delivery/delivery.h\"", "arrow"},
                    Planted{"hub/log/log.cc", "#include \"hub/commit/commit.h\"", "arrow"},
                    Planted{"hub/commit/commit.cc", "#include \"hub/log/log.h\"", ""},
                    Planted{"hub/hub.cc", "#include \"hub/commit/commit.h\"", ""},
                    Planted{"hub/commit/commit.cc", "#include \"schemas/evidence/tree.h\"", ""},
                    Planted{"hub/commit/commit.cc", "#include \"tests/support/disk.h\"", "arrow"},
                    Planted{"tests/simulation/world.cc", "#include \"hub/commit/commit.h\"\n#include \"agents/runtime/agent.h\"", ""},
                    Planted{"hub/commit/commit.cc", "#include \"commit.h\"", "arrow"},
                    Planted{"hub/commit/commit.cc", "  #  include  \"hub/session/session.h\"", "arrow"}));

INSTANTIATE_TEST_SUITE_P(
    Libraries, PlantedTest,
    testing::Values(Planted{"hub/session/session.cc", "#include <zmq.hpp>", "library"},
                    Planted{"hub/transport/transport.cc", "#include <zmq.hpp>", ""},
                    Planted{"agents/link/link.cc", "#include <zmq.h>", ""},
                    Planted{"hub/log/log.cc", "#include <rocksdb/db.h>", "library"},
                    Planted{"schemas/store/rocks_store.cc", "#include <rocksdb/db.h>", ""},
                    Planted{"hub/log/log.cc", "#include <sqlite3.h>", "library"},
                    Planted{"hub/casework/cases.cc", "#include <sqlite3.h>", ""},
                    Planted{"hub/admin/http.cc", "#include <boost/beast.hpp>", "library"},
                    Planted{"schemas/base/http_server.cc", "#include <boost/beast.hpp>", ""},
                    Planted{"schemas/evidence/suite.cc", "#include <nettle/sha2.h>", "library"},
                    Planted{"schemas/verifier/verify.cc", "#include <sodium.h>", "library"},
                    Planted{"schemas/codec/json.h", "#include <nlohmann/json.hpp>", "header"},
                    Planted{"schemas/codec/json.h", "#include <nlohmann/json_fwd.hpp>", ""},
                    Planted{"schemas/codec/json.cc", "#include <nlohmann/json.hpp>", ""},
                    Planted{"hub/admin/config.h", "#include <toml++/toml.h>", "header"}));

INSTANTIATE_TEST_SUITE_P(
    Calls, PlantedTest,
    testing::Values(Planted{"hub/commit/commit.cc", "const auto t = std::chrono::system_clock::now();", "clock"},
                    Planted{"hub/commit/commit.cc", "clock_gettime(CLOCK_REALTIME, &t);", "clock"},
                    Planted{"hub/commit/commit.cc", "const auto t = time(nullptr);", "clock"},
                    Planted{"hub/commit/commit.cc", "const auto t = std::time(nullptr);", "clock"},
                    Planted{"schemas/base/clock.cc", "clock_gettime(CLOCK_REALTIME, &t);", ""},
                    Planted{"hub/commit/commit.cc", "entry.time(0);", ""},
                    Planted{"hub/commit/commit.cc", "event_time(nullptr);", ""},
                    Planted{"hub/commit/commit.cc", "std::this_thread::sleep_for(1ms);", "sleep"},
                    Planted{"tests/unit/log/log_test.cc", "usleep(10);", "sleep"},
                    Planted{"hub/commit/commit.cc", "// never sleep_for here", ""},
                    Planted{"hub/commit/commit.cc", "say(\"system_clock\");", ""}));

INSTANTIATE_TEST_SUITE_P(
    Outside, PlantedTest,
    testing::Values(Planted{"README.md", std::string("see ../") + "shared/DESIGN.md", "outside"},
                    Planted{"tests/tally.py", std::string("open('/") + "work/x')", "outside"},
                    Planted{"README.md", "see docs/architecture.md", ""}));

TEST(RulesTest, AViolationNamesItsLine) {
  const auto found = check_file("hub/log/log.cc", "// one\n/* two\nthree */\n#include <rocksdb/db.h>\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].line, 4);
}

TEST(RulesTest, AnIncludeInACommentIsNone) {
  EXPECT_EQ(rules_broken("hub/log/log.cc", "// #include <rocksdb/db.h>\n/*\n#include <zmq.h>\n*/\n"), Rules{});
}

TEST(RulesTest, CommentMarksInsideStringsStartNoComment) {
  EXPECT_EQ(rules_broken("hub/log/log.cc", "auto a = \"//\"; usleep(1);\nauto b = R\"(/*)\"; usleep(1);\nauto c = '\"'; usleep(1);\n"),
            (Rules{"sleep", "sleep", "sleep"}));
}

TEST(RulesTest, ADigitSeparatorStartsNoCharacter) {
  EXPECT_EQ(rules_broken("hub/log/log.cc", "auto a = 1'000; usleep(1);  // it's\n"), Rules{"sleep"});
}

}  // namespace
}  // namespace lianxi::style
