// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/quoting.h"

#include <gtest/gtest.h>

#include "shell/base/locale.h"

namespace mish {
namespace {

TEST(Quote, PlainTextStaysAsItIs) {
  EXPECT_EQ(quote("/usr/bin:x,y_1=2%@+-."), "/usr/bin:x,y_1=2%@+-.");
  EXPECT_EQ(quote("a#b"), "a#b");
}

TEST(Quote, ActiveCharactersGetSingleQuotes) {
  EXPECT_EQ(quote("a b"), "'a b'");
  EXPECT_EQ(quote(""), "''");
  EXPECT_EQ(quote("#x"), "'#x'");
  EXPECT_EQ(quote("~"), "'~'");
  EXPECT_EQ(quote("it's"), "'it'\\''s'");
}

TEST(Quote, ControlCharactersGetDollarQuotesWhereAllowed) {
  EXPECT_EQ(quote("a\nb\033"), "$'a\\nb\\E'");
  EXPECT_EQ(quote("a\nb", false), "'a\nb'");
  EXPECT_EQ(quote("\001'\\"), "$'\\001\\'\\\\'");
}

TEST(Quote, HighBytesDependOnTheLocale) {
  EXPECT_EQ(quote("\xc3\xa9"), "$'\\303\\251'");
  set_locale({.lc_all = "C.UTF-8"});
  EXPECT_EQ(quote("\xc3\xa9"), "\xc3\xa9");
  EXPECT_EQ(quote("\xc3"), "$'\\303'");
  set_locale({});
}

TEST(Quote, BackslashForm) {
  EXPECT_EQ(quote_backslash("a b$c,d"), "a\\ b\\$c\\,d");
  EXPECT_EQ(quote_backslash(""), "''");
  EXPECT_EQ(quote_backslash("~a~b"), "\\~a~b");
  EXPECT_EQ(quote_backslash("x=~"), "x=\\~");
  EXPECT_EQ(quote_backslash("a\tb"), "$'a\\tb'");
}

TEST(Quote, DoubleForm) {
  EXPECT_EQ(quote_double("a\"b$c`d\\e'f"), "\"a\\\"b\\$c\\`d\\\\e'f\"");
  EXPECT_EQ(quote_double("a\nb"), "$'a\\nb'");
}

TEST(Quote, Json) { EXPECT_EQ(quote_json("a\"b\\\n\x01\xc3\xa9\xff"), "\"a\\\"b\\\\\\n\\u0001\xc3\xa9\xef\xbf\xbd\""); }

TEST(Quote, PrintableShowsWhatATerminalWouldObey) { EXPECT_EQ(printable("a\033[1m\n\377"), "a\\x1b[1m\\n\\377"); }

}  // namespace
}  // namespace mish
