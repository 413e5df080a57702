#include "schema/batch_text.h"

#include <gtest/gtest.h>

#include <string>

namespace gnomon::schema {
namespace {

bool plain(std::string_view text) {
  return is_plain_text(std::as_bytes(std::span(text)));
}

TEST(BatchText, PlainTextsOfAnyScriptPass) {
  for (const char* text : {"", "probe-1", "\u5e7f\u5dde", "dc 1 <b>\u00e9</b> \u00a0 \u2026", "\U0001f600"}) {
    EXPECT_TRUE(plain(text)) << text;
  }
}

TEST(BatchText, ControlCharactersAreRefused) {
  for (const std::string_view text : {"a\nb", "\x1b[2J", "a\rb", "\x7f", "\u009b31m", "\u0080", "\t"}) {
    EXPECT_FALSE(plain(text)) << text;
  }
  EXPECT_FALSE(plain(std::string(1, '\0')));
}

TEST(BatchText, LongTextsAndBrokenUtf8AreRefused) {
  EXPECT_TRUE(plain(std::string(kMaximumName, 'x')));
  EXPECT_FALSE(plain(std::string(kMaximumName + 1, 'x')));
  EXPECT_FALSE(plain("\xff"));
  EXPECT_FALSE(plain("\xc2"));
}

}  // namespace
}  // namespace gnomon::schema
