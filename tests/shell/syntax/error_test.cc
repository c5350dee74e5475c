// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "tests/shell/syntax/parse_support.h"

namespace mish::syntax {
namespace {

TEST(SyntaxError, NamesWhatIsMissingAndWhatItCloses) {
  EXPECT_EQ(parse("\nif a; then\nb\n"),
            "incomplete:4:1: unexpected end of file while looking for `fi' to close the `if' of line 2");
  EXPECT_EQ(parse("while a; do b"),
            "incomplete:1:14: unexpected end of file while looking for `done' to close the `while' of line 1");
  EXPECT_EQ(parse("case x in a) b"),
            "incomplete:1:15: unexpected end of file while looking for `esac' to close the `case' of line 1");
  EXPECT_EQ(parse("{ a"), "incomplete:1:4: unexpected end of file while looking for `}' to close the `{' of line 1");
  EXPECT_EQ(parse("(a"), "incomplete:1:3: unexpected end of file while looking for `)' to close the `(' of line 1");
  EXPECT_EQ(parse("a 'b"), "incomplete:1:5: unexpected end of file while looking for `'' to close the quote of line 1");
  EXPECT_EQ(parse("a \"b"),
            "incomplete:1:5: unexpected end of file while looking for `\"' to close the quote of line 1");
  EXPECT_EQ(parse("a ${b"), "incomplete:1:6: unexpected end of file while looking for `}' to close the `${' of line 1");
  EXPECT_EQ(parse("a $(b"), "incomplete:1:6: unexpected end of file while looking for `)' to close the `$(' of line 1");
  EXPECT_EQ(parse("a $((b"),
            "incomplete:1:7: unexpected end of file while looking for `))' to close the `((' of line 1");
  EXPECT_EQ(parse("a `b"),
            "incomplete:1:5: unexpected end of file while looking for ``' to close the backquote of line 1");
  EXPECT_EQ(parse("[[ a"), "incomplete:1:5: unexpected end of file while looking for `]]' to close the `[[' of line 1");
}

TEST(SyntaxError, UnexpectedTokens) {
  EXPECT_EQ(parse("a | | b"), "error:1:5: unexpected `|'; a command was expected");
  EXPECT_EQ(parse("a\n;"), "(simple a)\nerror:2:1: unexpected `;'");
  EXPECT_EQ(parse("a > ;"), "error:1:5: unexpected `;'; a word is missing after `>'");
  EXPECT_EQ(parse("{ }"), "error:1:3: unexpected `}'; a command is missing inside { }");
  EXPECT_EQ(parse("( )"), "error:1:3: unexpected `)'; a command is missing inside ( )");
  EXPECT_EQ(parse("if ; then a; fi"), "error:1:4: unexpected `;'; a command is missing after `if'");
  EXPECT_EQ(parse("for x in a; b; done"), "error:1:13: unexpected `b'; `do' was expected for the `for' of line 1");
  EXPECT_EQ(parse("for 1 in a; do b; done"), "error:1:5: `1' is not a valid variable name for `for'");
  EXPECT_EQ(parse("f() a"),
            "error:1:5: unexpected `a'; the body of a function must be a compound command such as { ...; }");
  EXPECT_EQ(parse("case a on"), "error:1:8: unexpected `on'; `in' was expected after the word of `case'");
  EXPECT_EQ(parse("while a; do b; fi"),
            "error:1:16: unexpected `fi' while looking for `done' to close the `while' of line 1");
  EXPECT_EQ(parse("a=(b;c)"), "error:1:5: unexpected `;' in the value of an array");
  EXPECT_EQ(parse("[[ a b ]]"), "error:1:6: unexpected `b' while looking for `]]' to close the `[[' of line 1");
}

TEST(SyntaxError, ClosersWithoutOpeners) {
  EXPECT_EQ(parse("fi"), "error:1:1: unexpected `fi'; there is no `if' before it");
  EXPECT_EQ(parse("a;;"), "error:1:2: unexpected `;;'; there is no `case' before it");
  EXPECT_EQ(parse("a)"), "error:1:2: unexpected `)'; there is no `(' before it");
}

TEST(SyntaxError, DidYouMean) {
  EXPECT_EQ(parse("if a; than b; fi"),
            "error:1:15: unexpected `fi'; `then' was expected for the `if' of line 1; did you mean `then' instead of "
            "`than' in "
            "line 1?");
  EXPECT_EQ(
      parse("while a\ndo b\ndoen\n"),
      "incomplete:4:1: unexpected end of file while looking for `done' to close the `while' of line 1; did you mean "
      "`done' instead of `doen' in line 3?");
  EXPECT_EQ(
      parse("if a\nthen b\nelseif c\nthen d\nfi"),
      "error:4:1: unexpected `then' while looking for `fi' to close the `if' of line 1; did you mean `elif' instead of "
      "`elseif' in line 3?");
}

TEST(SyntaxError, HoldsTheSourceLine) {
  StringSource source("a\nb ) c\nd");
  ParserOptions options;
  Parser parser(source, options, nullptr, "test");
  parser.parse_command();
  ParseResult result = parser.parse_command();
  EXPECT_EQ(result.error.source_line, "b ) c");
  EXPECT_EQ(result.error.column, 3u);
}

TEST(SyntaxError, InterruptedAndFailedSources) {
  class Interrupted final : public Source {
   public:
    Status next_line(LinePurpose, std::string_view& line) override {
      line = "if a\n";
      return calls_++ == 0 ? Status::Line : Status::Interrupted;
    }

   private:
    int calls_ = 0;
  } source;
  EXPECT_EQ(parse(source), "interrupted");
}

}  // namespace
}  // namespace mish::syntax
