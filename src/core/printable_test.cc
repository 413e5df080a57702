#include "core/printable.h"

#include <gtest/gtest.h>

namespace gnomon {
namespace {

TEST(Printable, LeavesTextsOfAnyScriptAlone) {
  for (const char* text : {"", "gz--sz", "\u5e7f\u5dde", "a <b> \u00e9 \u00a0"}) EXPECT_EQ(printable(text), text);
}

TEST(Printable, ShowsControlCharactersInsteadOfObeyingThem) {
  EXPECT_EQ(printable("a\nb\r\x1b[2J\x7f"), "a\\x0ab\\x0d\\x1b[2J\\x7f");
  EXPECT_EQ(printable("\u009b31m"), "\\x9b31m");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
}

}  // namespace
}  // namespace gnomon
