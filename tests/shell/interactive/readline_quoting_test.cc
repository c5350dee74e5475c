// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/readline_quoting.h"

#include <gtest/gtest.h>

namespace mish::interactive {
namespace {

TEST(QuoteFilename, BackslashesStandBeforeWhatTheShellWouldTake) {
  EXPECT_EQ(quote_filename("my file $1.txt", '\0'), "my\\ file\\ \\$1.txt");
  EXPECT_EQ(quote_filename("plain-name_1.txt", '\0'), "plain-name_1.txt");
}

TEST(QuoteFilename, InsideQuotesOnlyWhatEndsThemIsQuoted) {
  EXPECT_EQ(quote_filename("a b'c", '\''), "'a b'\\''c");
  EXPECT_EQ(quote_filename("a b$c\"", '"'), "\"a b\\$c\\\"");
}

TEST(QuoteFilename, HomeDirectoryStaysAtTheFront) {
  EXPECT_EQ(quote_filename("~user/a~b", '\0'), "~user/a\\~b");
  EXPECT_EQ(quote_filename("~", '\0'), "~");
}

TEST(RemoveQuotes, TakesQuotesAndBackslashesAway) {
  EXPECT_EQ(remove_quotes("a\\ b'c d'\"e'f\"", '\0'), "a bc de'f");
  EXPECT_EQ(remove_quotes("it is'nt", '\''), "it isnt");
}

TEST(RemoveQuotes, BackslashInSingleQuotesIsItself) { EXPECT_EQ(remove_quotes("'a\\b'", '\0'), "a\\b"); }

TEST(IsQuotedAt, KnowsBackslashesAndQuotes) {
  EXPECT_TRUE(is_quoted_at("a\\ b", 2));
  EXPECT_TRUE(is_quoted_at("'a b'", 2));
  EXPECT_FALSE(is_quoted_at("'a' b", 3));
  EXPECT_FALSE(is_quoted_at("a b", 1));
}

TEST(IsQuotedAt, ClosingQuoteIsNotQuoted) { EXPECT_FALSE(is_quoted_at("'a'", 2)); }

}  // namespace
}  // namespace mish::interactive
