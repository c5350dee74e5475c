// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/builtins/fake_services.h"

namespace mish::builtins {
namespace {

class CompleteTest : public BuiltinTest {
 protected:
  void TearDown() override { run({"complete", "-r"}); }
};

TEST_F(CompleteTest, SpecificationsArePrintedAsTheyCanBeRead) {
  EXPECT_EQ(status({"complete", "-o", "nospace", "-d", "-W", "a b", "-F", "_f", "-X", "!*.c", "one"}), 0);
  EXPECT_EQ(status({"complete", "-p", "one"}), 0);
  EXPECT_EQ(out, "complete -o nospace -d -W 'a b' -X '!*.c' -F _f one\n");
  EXPECT_EQ(status({"complete", "-r", "one"}), 0);
  EXPECT_EQ(status({"complete", "-p", "one"}), 1);
}

TEST_F(CompleteTest, WordListIsFilteredByTheWord) {
  EXPECT_EQ(status({"compgen", "-W", "bar baz 'two words' foo", "--", "ba"}), 0);
  EXPECT_EQ(out, "bar\nbaz\n");
  EXPECT_EQ(status({"compgen", "-W", "'two words'", "t"}), 0);
  EXPECT_EQ(out, "two words\n");
  EXPECT_EQ(status({"compgen", "-W", "a b", "x"}), 1);
}

TEST_F(CompleteTest, WordListIsExpanded) {
  state.variables.assign(n("options"), "--all --any");
  EXPECT_EQ(status({"compgen", "-W", "$options", "--", "--a"}), 0);
  EXPECT_EQ(out, "--all\n--any\n");
}

TEST_F(CompleteTest, FilterPrefixAndSuffix) {
  EXPECT_EQ(status({"compgen", "-X", "*.o", "-P", "<", "-S", ">", "-W", "a.c a.o"}), 0);
  EXPECT_EQ(out, "<a.c>\n");
  EXPECT_EQ(status({"compgen", "-X", "!*.o", "-W", "a.c a.o"}), 0);
  EXPECT_EQ(out, "a.o\n");
}

TEST_F(CompleteTest, CompoptNeedsARunningCompletion) {
  EXPECT_EQ(status({"compopt", "-o", "nospace"}), 1);
  EXPECT_EQ(status({"compopt", "-o", "nosuch"}), 2);
}

}  // namespace
}  // namespace mish::builtins
