// SPDX-License-Identifier: GPL-3.0-or-later
// The run-time entry points: references to variables, texts as words.
#include <gtest/gtest.h>

#include "tests/shell/syntax/parse_support.h"

namespace mish::syntax {
namespace {

TEST(ParseReference, Names) {
  Arena arena;
  auto reference = parse_reference("abc", arena);
  ASSERT_TRUE(reference);
  EXPECT_EQ(text(reference->name), "abc");
  EXPECT_EQ(reference->subscript, nullptr);
}

TEST(ParseReference, Subscripts) {
  Arena arena;
  auto reference = parse_reference("a[i + 1]", arena);
  ASSERT_TRUE(reference && reference->subscript != nullptr);
  EXPECT_EQ(reference->subscript->text, "i + 1");
  EXPECT_NE(reference->subscript->index->root, nullptr);
  EXPECT_EQ(parse_reference("a[@]", arena)->subscript->kind, Subscript::Kind::At);
  EXPECT_EQ(parse_reference("a['k k']", arena)->subscript->word->literal, "k k");
  EXPECT_EQ(parse_reference("a[$(']", arena)->subscript->text, "$('");  // no expression: a key as it stands
}

TEST(ParseReference, RefusesEverythingElse) {
  Arena arena;
  for (std::string_view text : {"", "1", "a b", "a[", "a[1", "a[]", "[1]", "a[1]b", "-"}) {
    EXPECT_FALSE(parse_reference(text, arena)) << text;
  }
}

TEST(ParseTextAsWord, IsInDoubleQuoteContextWithoutQuotes) {
  ProgramPtr program = ProgramPtr::create();
  std::string error;
  const Word* word = parse_text_as_word("a \"b\" $c \\$d", {}, *program, error);
  ASSERT_NE(word, nullptr);
  ASSERT_EQ(word->parts.size(), 3u);
  EXPECT_EQ(word->parts[0].text, "a \"b\" ");
  EXPECT_EQ(word->parts[2].text, " $d");
  EXPECT_EQ(parse_text_as_word("$(a", {}, *program, error), nullptr);
  EXPECT_EQ(error, "unexpected end of file while looking for `)' to close the `$(' of line 1");
}

}  // namespace
}  // namespace mish::syntax
