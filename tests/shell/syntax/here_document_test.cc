// SPDX-License-Identifier: GPL-3.0-or-later
// Here-documents (XCU 2.7.4).
#include <gtest/gtest.h>

#include "tests/shell/syntax/parse_support.h"

namespace mish::syntax {
namespace {

TEST(HereDocument, BodyIsInDoubleQuoteContext) {
  EXPECT_EQ(parse("cat <<E\na $b \"c\" 'd' \\$e \\\"\n$(f \"g\")\nE\n"),
            "(simple cat (0<< E ['a ' \"$b\" ' \"c\" 'd' $e \\\\\"\\n' \"($ (simple f 'g'))\" '\\n']))");
}

TEST(HereDocument, QuotedDelimiterMakesItLiteral) {
  EXPECT_EQ(parse("cat <<'E'\n$a \\\n`b`\nE\n"), "(simple cat (0<< E '$a \\\\\\n`b`\\n'))");
  EXPECT_EQ(parse("cat <<\\E\n$a\nE\n"), "(simple cat (0<< E '$a\\n'))");
  EXPECT_EQ(parse("cat <<E\"F\"\n$a\nEF\n"), "(simple cat (0<< EF '$a\\n'))");
}

TEST(HereDocument, TabsAreStripped) {
  EXPECT_EQ(parse("cat <<-E\n\ta\n\t\t b\n\tE\n"), "(simple cat (0<< E 'a\\n b\\n'))");
  EXPECT_EQ(parse("cat <<-'E'\n\t$a\n\tE\n"), "(simple cat (0<< E '$a\\n'))");
}

TEST(HereDocument, SeveralOnOneLine) {
  EXPECT_EQ(parse("cat <<A 3<<B; d <<C\na\nA\nb\nB\nc\nC\ne\n"),
            "(list (simple cat (0<< A 'a\\n') (3<< B 'b\\n')) (simple d (0<< C 'c\\n')))\n(simple e)");
}

TEST(HereDocument, InsideCompoundCommandsAndFunctions) {
  EXPECT_EQ(parse("f() { cat <<E\nx\nE\n}\nif a <<F\ny\nF\nthen b; fi"),
            "(function f (group (simple cat (0<< E 'x\\n'))))\n(if (simple a (0<< F 'y\\n')) (simple b))");
  EXPECT_EQ(parse("{ a; } <<E | b\nx\nE\n"), "(pipe (group (simple a) (0<< E 'x\\n')) (simple b))");
}

TEST(HereDocument, InsideCommandSubstitution) {
  EXPECT_EQ(parse("a $(cat <<E\nx )\nE\n) b"), "(simple a ($ (simple cat (0<< E 'x )\\n'))) b)");
  EXPECT_EQ(parse("a $(cat <<E\nx\nE) b"), "(simple a ($ (simple cat (0<< E 'x\\n'))) b)");
  EXPECT_EQ(parse("a $(cat <<E)\nx\nE\nb"), "(simple a ($ (simple cat (0<< E 'x\\n'))))\n(simple b)");
  EXPECT_EQ(parse("a `cat <<E\nx\nE\n`"), "(simple a ($ (simple cat (0<< E 'x\\n'))))");
}

TEST(HereDocument, SubstitutionSpanningLinesOfTheBody) {
  EXPECT_EQ(parse("cat <<E\n$(a\nb)\nE\n"), "(simple cat (0<< E [\"($ (list (simple a) (simple b)))\" '\\n']))");
}

TEST(HereDocument, LineContinuation) {
  EXPECT_EQ(parse("cat <<E\na\\\nb\nE\n"), "(simple cat (0<< E 'ab\\n'))");
  EXPECT_EQ(parse("cat <<E\na\\\nE\nE\n"), "(simple cat (0<< E 'aE\\n'))");
  EXPECT_EQ(parse("cat <<EOF\na\nEO\\\nF\nb"), "(simple cat (0<< EOF 'a\\n'))\n(simple b)");
}

TEST(HereDocument, DelimiterIsNotExpanded) {
  EXPECT_EQ(parse("cat <<$x\na\n$x\nb"), "(simple cat (0<< $x 'a\\n'))\n(simple b)");
  EXPECT_EQ(parse("cat <<*\na\n*\nb"), "(simple cat (0<< * 'a\\n'))\n(simple b)");
}

TEST(HereDocument, EndOfFileEndsItWithAWarning) {
  EXPECT_EQ(parse("cat <<E\na\n"),
            "warning: here-document of line 1 ended by the end of the file (wanted `E')\n(simple cat (0<< E 'a\\n'))");
  EXPECT_EQ(parse("cat <<E"),
            "warning: here-document of line 1 ended by the end of the file (wanted `E')\n(simple cat (0<< E \"\"))");
  EXPECT_EQ(parse("cat <<E\na\nE"), "(simple cat (0<< E 'a\\n'))");
}

TEST(HereDocument, EmptyDelimiterEndsAtAnEmptyLine) {
  EXPECT_EQ(parse("cat <<''\na\n\nb"), "(simple cat (0<<  'a\\n'))\n(simple b)");
}

}  // namespace
}  // namespace mish::syntax
