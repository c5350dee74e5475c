// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/history_expansion.h"

#include <gtest/gtest.h>

namespace mish::interactive {
namespace {

class FakeLines final : public HistoryLines {
 public:
  size_t count() const override { return lines.size(); }
  int64_t first_number() const override { return 10; }
  std::string_view line(size_t position) const override { return lines[position]; }
  std::vector<std::string> lines = {"ls -l /tmp", "echo one two three", "vi src/main.cc"};
};

class HistoryExpansion : public testing::Test {
 protected:
  std::string expand(std::string_view text) {
    std::string out;
    outcome = expander.expand(lines, text, out);
    return out;
  }
  FakeLines lines;
  HistoryExpander expander;
  ExpansionOutcome outcome = ExpansionOutcome::Unchanged;
};

TEST_F(HistoryExpansion, Events) {
  EXPECT_EQ(expand("!!"), "vi src/main.cc");
  EXPECT_EQ(expand("!10"), "ls -l /tmp");
  EXPECT_EQ(expand("!-2 x"), "echo one two three x");
  EXPECT_EQ(expand("!ec"), "echo one two three");
  EXPECT_EQ(expand("!?tmp?"), "ls -l /tmp");
  EXPECT_EQ(outcome, ExpansionOutcome::Expanded);
}

TEST_F(HistoryExpansion, Words) {
  EXPECT_EQ(expand("cat !$"), "cat src/main.cc");
  EXPECT_EQ(expand("!ec:2"), "two");
  EXPECT_EQ(expand("!ec:1-2"), "one two");
  EXPECT_EQ(expand("!ec:*"), "one two three");
  EXPECT_EQ(expand("!ec:2*"), "two three");
  EXPECT_EQ(expand("!ec:2-"), "two");
  EXPECT_EQ(expand("!ec:^"), "one");
}

TEST_F(HistoryExpansion, Modifiers) {
  EXPECT_EQ(expand("!$:h"), "src");
  EXPECT_EQ(expand("!$:t"), "main.cc");
  EXPECT_EQ(expand("!$:r"), "src/main");
  EXPECT_EQ(expand("!$:e"), ".cc");
  EXPECT_EQ(expand("!ec:s/one/1/"), "echo 1 two three");
  EXPECT_EQ(expand("^vi^less"), "less src/main.cc");
  EXPECT_EQ(expand("!ec:gs/e/E/"), "Echo onE two thrEE");
}

TEST_F(HistoryExpansion, PrintOnly) {
  EXPECT_EQ(expand("!!:p"), "vi src/main.cc");
  EXPECT_EQ(outcome, ExpansionOutcome::PrintOnly);
}

TEST_F(HistoryExpansion, QuotesAndSpecialPlacesProtect) {
  for (std::string_view text : {"echo '!!'", "echo \\!x", "[ ! -f x ]", "echo a!", "[[ $a != b ]]", "echo \"hi!\"",
                                "echo $!", "ls [!a]*", "x=${!y}"}) {
    EXPECT_EQ(expand(text), text);
    EXPECT_EQ(outcome, ExpansionOutcome::Unchanged) << text;
  }
}

TEST_F(HistoryExpansion, DoubleQuotesDoNotProtect) { EXPECT_EQ(expand("echo \"!$\""), "echo \"src/main.cc\""); }

TEST_F(HistoryExpansion, UnknownEventIsAnError) {
  EXPECT_EQ(expand("!nosuch"), "!nosuch: event not found");
  EXPECT_EQ(outcome, ExpansionOutcome::Error);
}

TEST(HistoryWords, OperatorsAndQuotesMakeWords) {
  EXPECT_EQ(history_words("a|b 'c d' >e"), (std::vector<std::string>{"a", "|", "b", "'c d'", ">", "e"}));
}

}  // namespace
}  // namespace mish::interactive
