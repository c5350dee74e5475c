// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "tests/shell/syntax/parse_support.h"

namespace mish::syntax {
namespace {

ParseResult parse_one(std::string_view text) {
  StringSource source(text);
  ParserOptions options;
  Parser parser(source, options, nullptr, "test");
  return parser.parse_all();
}

// What the printed form of `text` parses to; must be what `text` parses to.
void expect_round_trip(std::string_view text) {
  ParseResult first = parse_one(text);
  ASSERT_EQ(first.status, ParseStatus::Command) << text << ": " << first.error.message;
  for (bool one_line : {false, true}) {
    if (one_line && text.find("<<") != std::string_view::npos) continue;
    std::string printed = one_line ? print_command_line(*first.program->root()) : print_command(*first.program->root());
    ParseResult second = parse_one(printed);
    EXPECT_EQ(dump(first.program->root()), dump(second.program->root())) << printed << ": " << second.error.message;
  }
}

TEST(Printer, PrintedTextParsesToTheSameNodes) {
  for (std::string_view text : {
           "a=1 b+=x c[1]=y cmd \"$x\" 'y z' >f 2>&1 3<g >>h <>i >|j",
           "a=(b [1]=c \"d e\") declare -A f=([k]=v)",
           "! a | b |& c && d || e; f & g",
           "{ a; b & } >f | (c; d) 2>g",
           "if a; then b; elif c; then d & else e; fi <f",
           "while a; b; do c; done; until d; do e & done",
           "for i in a \"b c\" $d; do e; done; for j; do k; done; for k in; do l; done",
           "for ((i = 0; i < 3; i++)); do a; done; for ((;;)); do b; done",
           "case $x in a | b) c;; \"d\") e & ;; (esac) f;& g) ;;& *) h;; esac",
           "f() { a; } >b; g() { h() { i; }; }",
           "[[ -f $a && ! ( b == c* || d =~ ^(e f)$ ) && g -lt 3 ]]",
           "[[ a && (b && c) || (d || e) && ! (f && g) ]] >&2",
           "((a = b ? 1 : 2)); select x in a; do b; done; coproc N { c; }; coproc d e",
           "time -p a | b; time c",
           "echo `a \\`b\\`` $(c \"d\") ${e:-f g} $((1 + 2)) {a,b{1..3}} ~/x <(y) $'z\\n' !(p|q)",
           "cat <<E; cat <<-'F' | b\nx $y\nE\n\t$z\n\tF\n",
           "if a <<E; then\nx\nE\nb; fi",
           "a {fd}>b &>c; d <<<\"e f\" &>>g",
           "f() { echo a\\ \n}; if echo b\\ ; then c\\ \nfi",
           "cat <<\"it's\"\n$x\nit's\n",
           "a | >b done; >c ! d; coproc e <f {",
           "! ! a; f() { b; } |& c",
           "a=([1 +\n1]=x [\"k;k\"]=y)",
       }) {
    expect_round_trip(text);
  }
}

TEST(Printer, FunctionLooksAsBashPrintsIt) {
  ParseResult result = parse_one("f() { if a; then b; else c; fi; for i in x y; do d; done; while e; do g & done; }");
  EXPECT_EQ(print_function(as<FunctionDefinition>(*result.program->root())),
            "f () \n"
            "{ \n"
            "    if a; then\n"
            "        b;\n"
            "    else\n"
            "        c;\n"
            "    fi;\n"
            "    for i in x y;\n"
            "    do\n"
            "        d;\n"
            "    done;\n"
            "    while e; do\n"
            "        g &\n"
            "    done\n"
            "}");
}

TEST(Printer, CaseLooksAsBashPrintsIt) {
  ParseResult result = parse_one("f() { case $1 in a|b) c; d;; *) e;; esac; }");
  EXPECT_EQ(print_function(as<FunctionDefinition>(*result.program->root())),
            "f () \n"
            "{ \n"
            "    case $1 in \n"
            "        a | b)\n"
            "            c;\n"
            "            d\n"
            "        ;;\n"
            "        *)\n"
            "            e\n"
            "        ;;\n"
            "    esac\n"
            "}");
}

TEST(Printer, OneLine) {
  ParseResult result = parse_one("while a; do { b; c; } | d & done");
  EXPECT_EQ(print_command_line(*result.program->root()), "while a; do { b; c; } | d & done");
}

}  // namespace
}  // namespace mish::syntax
