// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/expand/string_operations.h"

#include <gtest/gtest.h>

namespace mish::expand {
namespace {

TEST(DecodeEscapes, KnowsTheEscapesOfDollarQuotes) {
  EXPECT_EQ(decode_escapes("a\\n\\t\\\\\\'\\e"), "a\n\t\\'\033");
  EXPECT_EQ(decode_escapes("\\101\\x42\\0103"), "AB\b3");
  EXPECT_EQ(decode_escapes("\\u20ac"), "\xe2\x82\xac");
  EXPECT_EQ(decode_escapes("\\q\\"), "\\q\\");
  EXPECT_EQ(decode_escapes("\\xg"), "\\xg");
}

TEST(Substring, CountsFromBothEnds) {
  EXPECT_EQ(substring("abcdef", 2, std::nullopt), "cdef");
  EXPECT_EQ(substring("abcdef", -2, std::nullopt), "ef");
  EXPECT_EQ(substring("abcdef", -9, std::nullopt), "");
  EXPECT_EQ(substring("abcdef", 1, -1), "bcde");
  EXPECT_EQ(substring("abcdef", 1, INT64_MAX), "bcdef");
  EXPECT_EQ(substring("abcdef", INT64_MAX, 1), "");
  EXPECT_FALSE(substring("abcdef", 4, -3).has_value());
  EXPECT_EQ(substring("abcdef", 0, INT64_MIN), std::nullopt);
}

}  // namespace
}  // namespace mish::expand
