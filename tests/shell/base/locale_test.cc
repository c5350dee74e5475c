// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/locale.h"

#include <gtest/gtest.h>

namespace mish {
namespace {

class Utf8 : public testing::Test {
 protected:
  void SetUp() override { set_locale({.lc_all = "C.UTF-8"}); }
  void TearDown() override { set_locale({}); }
};

TEST(Locale, InTheCLocaleEveryByteIsACharacter) {
  set_locale({});
  EXPECT_FALSE(is_multibyte_locale());
  EXPECT_EQ(count_characters("h\xc3\xa9"), 3u);
  EXPECT_EQ(decode("\xc3\xa9", 0).code, 0xC3u);
}

TEST(Locale, PrecedenceIsAllThenCategoryThenLang) {
  set_locale({.lc_all = "C", .lc_ctype = "C.UTF-8", .lang = "C.UTF-8"});
  EXPECT_FALSE(is_multibyte_locale());
  set_locale({.lc_ctype = "C.UTF-8", .lang = "C"});
  EXPECT_TRUE(is_multibyte_locale());
  set_locale({});
}

TEST(Locale, AnUnknownLocaleIsTheCLocale) {
  set_locale({.lc_all = "xx_NOWHERE.UTF-8"});
  EXPECT_FALSE(is_multibyte_locale());
  set_locale({});
}

TEST_F(Utf8, CountsCharacters) {
  EXPECT_EQ(count_characters("h\xc3\xa9llo w\xc3\xb6rld, \xe2\x82\xac and \xf0\x9f\x98\x80"), 20u);
  EXPECT_EQ(count_characters(""), 0u);
}

TEST_F(Utf8, InvalidBytesAreCharactersOfTheirOwn) {
  EXPECT_EQ(count_characters("a\xff\xc3"
                             "b"),
            4u);
  EXPECT_EQ(decode("\xff", 0).code, kInvalidByte + 0xFF);
  EXPECT_EQ(decode("\xc0\x80", 0).length, 1);          // overlong
  EXPECT_EQ(decode("\xed\xa0\x80", 0).length, 1);      // surrogate
  EXPECT_EQ(decode("\xf4\x90\x80\x80", 0).length, 1);  // beyond U+10FFFF
  EXPECT_EQ(decode("\xe2\x82", 0).length, 1);          // cut off
}

TEST_F(Utf8, OffsetOfTheNthCharacter) {
  EXPECT_EQ(character_offset("h\xc3\xa9llo", 2), 3u);
  EXPECT_EQ(character_offset("h\xc3\xa9llo", 99), 6u);
  EXPECT_EQ(character_offset("0123456789\xc3\xa9x", 11), 12u);
}

TEST_F(Utf8, EncodingGoesBack) {
  std::string out;
  append_character(out, 0x20AC);
  append_character(out, kInvalidByte + 0x80);
  EXPECT_EQ(out, "\xe2\x82\xac\x80");
}

TEST_F(Utf8, ClassesAndCaseReachBeyondAscii) {
  EXPECT_TRUE(is_in_class(0xE9, "alpha"));
  EXPECT_FALSE(is_in_class(0xE9, "digit"));
  EXPECT_EQ(to_upper(0xE9), 0xC9u);
  EXPECT_EQ(to_lower(0xC9), 0xE9u);
}

TEST_F(Utf8, WidthOfWideAndCombiningCharacters) {
  EXPECT_EQ(display_width("a\xe4\xb8\xad"), 3);
  EXPECT_EQ(display_width("e\xcc\x81"), 1);
  EXPECT_EQ(display_width("\033\x01"
                          "ab"),
            2);
}

TEST(Locale, Classes) {
  EXPECT_TRUE(is_in_class('a', "alpha"));
  EXPECT_TRUE(is_in_class('_', "punct"));
  EXPECT_TRUE(is_in_class('\v', "space"));
  EXPECT_FALSE(is_in_class('\v', "blank"));
  EXPECT_FALSE(is_in_class('a', "nonsense"));
  EXPECT_TRUE(is_valid_class("xdigit"));
  EXPECT_FALSE(is_valid_class("nonsense"));
}

TEST(Locale, CollationIsByteOrderInTheCLocale) {
  EXPECT_EQ(collate("B", "a"), -1);
  EXPECT_EQ(collate("a", "a"), 0);
  EXPECT_EQ(collate("ab", "a"), 1);
  EXPECT_EQ(collate(std::string_view("a\0b", 3), std::string_view("a\0a", 3)), 1);
}

}  // namespace
}  // namespace mish
