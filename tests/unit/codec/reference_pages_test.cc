// The pages under docs/reference/messages are printed from the schemas; this keeps them so.
#include <gtest/gtest.h>

#include "schemas/codec/reference_pages.h"
#include "tests/unit/codec/golden.h"

namespace lianxi::codec {
namespace {

TEST(ReferencePagesTest, CommittedPagesAreThoseOfTheSchemas) {
  const auto directory = std::filesystem::path(LIANXI_SOURCE_DIR) / "docs" / "reference" / "messages";
  for (const ReferencePage& page : reference_pages()) {
    ASSERT_TRUE(std::filesystem::exists(directory / page.file)) << page.file << ": run lianxi-docgen docs/reference/messages";
    EXPECT_EQ(read_text(directory / page.file), page.text) << page.file << ": run lianxi-docgen docs/reference/messages";
  }
}

TEST(ReferencePagesTest, EveryTypeHasAPageInBothLanguages) {
  const auto pages = reference_pages();
  EXPECT_EQ(pages.size(), 2 * (Catalogue::instance().types().size() + 1));
}

}  // namespace
}  // namespace lianxi::codec
