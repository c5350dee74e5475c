// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/name.h"

#include <gtest/gtest.h>

#include <string>

namespace mish {
namespace {

TEST(NameTable, SameTextSameName) {
  EXPECT_EQ(NameTable::intern("alpha_x"), NameTable::intern(std::string("alpha_") + "x"));
  EXPECT_NE(NameTable::intern("alpha_x"), NameTable::intern("alpha_y"));
  EXPECT_EQ(text(NameTable::intern("alpha_x")), "alpha_x");
}

TEST(NameTable, WellKnownNamesAreConstants) {
  EXPECT_EQ(NameTable::intern("IFS"), names::IFS);
  EXPECT_EQ(NameTable::intern("_"), names::Underscore);
  EXPECT_EQ(NameTable::intern("LC_ALL"), names::LcAll);
  EXPECT_EQ(NameTable::intern(""), kNoName);
}

TEST(NameTable, FindDoesNotGrow) {
  uint32_t before = NameTable::size();
  EXPECT_FALSE(NameTable::find("never_seen_before").has_value());
  EXPECT_EQ(NameTable::size(), before);
}

TEST(NameTable, KeepsManyNames) {
  for (int i = 0; i < 20000; ++i) NameTable::intern("many_" + std::to_string(i));
  for (int i = 0; i < 20000; i += 997) {
    std::string wanted = "many_" + std::to_string(i);
    EXPECT_EQ(text(NameTable::intern(wanted)), wanted);
  }
}

TEST(Identifier, IsLettersDigitsUnderscores) {
  EXPECT_TRUE(is_identifier("_a1"));
  EXPECT_FALSE(is_identifier("1a"));
  EXPECT_FALSE(is_identifier(""));
  EXPECT_FALSE(is_identifier("a-b"));
  EXPECT_FALSE(is_identifier("\xc3\xa9"));
}

}  // namespace
}  // namespace mish
