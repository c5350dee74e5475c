// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/shell/expand/fixture.h"

namespace mish::expand {
namespace {

class Brace : public ExpandTest {};

TEST_F(Brace, AlternativesKeepTheirOrder) {
  EXPECT_EQ(fields("a{b,c}d"), "[abd][acd]");
  EXPECT_EQ(fields("{a,b}{1,2}"), "[a1][a2][b1][b2]");
  EXPECT_EQ(fields("x{a,{b,c}d,}y"), "[xay][xbdy][xcdy][xy]");
}

TEST_F(Brace, Ranges) {
  EXPECT_EQ(fields("{1..3}"), "[1][2][3]");
  EXPECT_EQ(fields("{3..1}"), "[3][2][1]");
  EXPECT_EQ(fields("{01..03}"), "[01][02][03]");
  EXPECT_EQ(fields("{1..10..4}"), "[1][5][9]");
  EXPECT_EQ(fields("{a..c}x"), "[ax][bx][cx]");
  EXPECT_EQ(fields("{9223372036854775806..9223372036854775807}"), "[9223372036854775806][9223372036854775807]");
}

TEST_F(Brace, ExpansionsInsideAreDoneForEachWord) {
  set("x", "1 2");
  EXPECT_EQ(fields("{${x},b}c"), "[1][2c][bc]");
  EXPECT_EQ(fields("\"$x\"{a,b}"), "[1 2a][1 2b]");
}

TEST_F(Brace, TextsAreJoinedBeforeNamesAndTildesAreRead) {
  set("x", "1");
  set("xc", "2");
  set("HOME", "/h");
  EXPECT_EQ(fields("{$x,b}{c-d,e}"), "[2-d][bc-d][be]");
  EXPECT_EQ(fields("{~,a}/b ~{/c,}"), "[/h/b][a/b][/h/c][/h]");
}

TEST_F(Brace, QuotedOrSingleBracesAreLiteral) {
  EXPECT_EQ(fields("'{a,b}'"), "[{a,b}]");
  EXPECT_EQ(fields("{a} {} {a,b"), "[{a}][{}][{a,b]");
}

TEST_F(Brace, AssignmentsAreNotExpanded) {
  assign("v={a,b}");
  EXPECT_EQ(get("v"), "{a,b}");
}

}  // namespace
}  // namespace mish::expand
