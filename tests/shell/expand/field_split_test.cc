// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/expand/field_split.h"

#include "tests/shell/expand/fixture.h"

namespace mish::expand {
namespace {

class FieldSplitter : public ExpandTest {
 protected:
  std::string split(std::string_view separators, std::string_view text, size_t limit = 0,
                    std::string_view protect = {}) {
    ifs(separators);
    std::vector<FieldRange> ranges;
    split_fields(state.separators, text, protect, limit, ranges);
    std::string joined;
    for (const FieldRange& range : ranges) {
      joined.append("[").append(text.substr(range.begin, range.end - range.begin)).append("]");
    }
    return joined;
  }
};

TEST_F(FieldSplitter, WhiteSpaceIsTrimmedAndMerged) { EXPECT_EQ(split(" \t\n", "  a \t b\n"), "[a][b]"); }
TEST_F(FieldSplitter, EachOtherSeparatorEndsAField) { EXPECT_EQ(split(":", "a::b"), "[a][][b]"); }
TEST_F(FieldSplitter, TrailingNonWhitespaceIfsEndsField) { EXPECT_EQ(split(":", "a:b:"), "[a][b]"); }
TEST_F(FieldSplitter, LeadingSeparatorMakesAnEmptyField) { EXPECT_EQ(split(":", ":a"), "[][a]"); }
TEST_F(FieldSplitter, WhiteSpaceAroundASeparatorBelongsToIt) { EXPECT_EQ(split(" :", "a : b :c"), "[a][b][c]"); }
TEST_F(FieldSplitter, NullIfsDoesNotSplit) { EXPECT_EQ(split("", " a b "), "[ a b ]"); }

TEST_F(FieldSplitter, TheLastFieldTakesTheRest) {
  EXPECT_EQ(split(" \t\n", "a b c  ", 2), "[a][b c]");
  EXPECT_EQ(split(":", "a:b:c", 2), "[a][b:c]");
  EXPECT_EQ(split(":", "a:b:", 2), "[a][b]");
  EXPECT_EQ(split(":", "a:b::", 2), "[a][b::]");
  EXPECT_EQ(split(" \t\n", " a b ", 1), "[a b]");
}

TEST_F(FieldSplitter, ProtectedBytesNeverSeparate) {
  EXPECT_EQ(split(" ", "a b c", 0, std::string_view("\0\1\0\0\0", 5)), "[a b][c]");
}

TEST_F(FieldSplitter, SeparatorsMayBeMultibyte) {
  set_locale({.lc_all = "C.UTF-8"});
  EXPECT_EQ(split("\xc3\xa9",
                  "a\xc3\xa9"
                  "b\xc3\xa8"
                  "c"),
            "[a][b\xc3\xa8"
            "c]");
}

}  // namespace
}  // namespace mish::expand
