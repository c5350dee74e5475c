// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/builtins/fake_services.h"

namespace mish::builtins {
namespace {

class Getopts : public BuiltinTest {
 protected:
  std::string step() { return get("o") + "|" + get("OPTARG") + "|" + get("OPTIND"); }
};

TEST_F(Getopts, ClustersAndArguments) {
  auto next = [&] { return status({"getopts", "ab:c", "o", "-acbX", "-b", "Y", "rest"}); };
  EXPECT_EQ(next(), 0);
  EXPECT_EQ(step(), "a|<unset>|1");
  next();
  EXPECT_EQ(step(), "c|<unset>|1");
  next();
  EXPECT_EQ(step(), "b|X|2");
  next();
  EXPECT_EQ(step(), "b|Y|4");
  EXPECT_EQ(next(), 1);
  EXPECT_EQ(step(), "?|<unset>|4");
}

TEST_F(Getopts, DoubleDashEndsTheOptions) {
  EXPECT_EQ(status({"getopts", "a", "o", "--", "-a"}), 1);
  EXPECT_EQ(step(), "?|<unset>|2");
}

TEST_F(Getopts, ErrorsAreReported) {
  EXPECT_EQ(status({"getopts", "a", "o", "-x"}), 0);
  EXPECT_EQ(step(), "?|<unset>|2");
  EXPECT_EQ(err, "mish: invalid option -- x\n");
  state.variables.assign(names::OPTIND, "1");
  EXPECT_EQ(status({"getopts", "a:", "o", "-a"}), 0);
  EXPECT_EQ(step(), "?|<unset>|2");
  EXPECT_EQ(err, "mish: option requires an argument -- a\n");
}

TEST_F(Getopts, SilentMode) {
  EXPECT_EQ(status({"getopts", ":a:", "o", "-x"}), 0);
  EXPECT_EQ(step(), "?|x|2");
  state.variables.assign(names::OPTIND, "1");
  EXPECT_EQ(status({"getopts", ":a:", "o", "-a"}), 0);
  EXPECT_EQ(step(), ":|a|2");
  EXPECT_EQ(err, "");
}

TEST_F(Getopts, AssigningOptindStartsAgain) {
  run({"getopts", "ab", "o", "-ab"});
  state.variables.assign(names::OPTIND, "1");
  run({"getopts", "ab", "o", "-ab"});
  EXPECT_EQ(step(), "a|<unset>|1");
}

TEST_F(Getopts, UsesPositionalParameters) {
  std::string_view words[] = {"-a", "x"};
  state.positional.assign(words);
  EXPECT_EQ(status({"getopts", "a", "o"}), 0);
  EXPECT_EQ(status({"getopts", "a", "o"}), 1);
  EXPECT_EQ(get("OPTIND"), "2");
}

TEST_F(Getopts, WrongUse) {
  EXPECT_EQ(status({"getopts", "a"}), 2);
  EXPECT_EQ(status({"getopts", "a", "1x"}), 1);
}

TEST_F(Getopts, ArgumentsMayShrink) {
  run({"getopts", "abc", "o", "-abc"});
  EXPECT_EQ(status({"getopts", "abc", "o", "-a"}), 1);
}

}  // namespace
}  // namespace mish::builtins
