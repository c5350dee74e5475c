// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/builtins/fake_services.h"

namespace mish::builtins {
namespace {

class EchoTest : public BuiltinTest {
 protected:
  std::string echo(std::initializer_list<std::string_view> args) {
    std::vector<std::string_view> words = {"echo"};
    words.insert(words.end(), args.begin(), args.end());
    out.clear();
    Output stream(out);
    Output err_stream(err);
    const api::Builtin* builtin = services.find_builtin("echo");
    api::BuiltinContext context{state, jobs, services, nullptr, stream, err_stream, "echo", false, {}};
    builtin->function(context, std::span<const std::string_view>(words).subspan(1));
    stream.flush();
    return out;
  }
};

TEST_F(EchoTest, JoinsWithSpaces) {
  EXPECT_EQ(echo({"a", "", "b"}), "a  b\n");
  EXPECT_EQ(echo({}), "\n");
}

TEST_F(EchoTest, OptionsEndAtTheFirstThatIsNone) {
  EXPECT_EQ(echo({"-n", "-e", "a\\tb"}), "a\tb");
  EXPECT_EQ(echo({"-nx", "a"}), "-nx a\n");
  EXPECT_EQ(echo({"-", "--"}), "- --\n");
  EXPECT_EQ(echo({"-eE", "a\\tb"}), "a\\tb\n");
}

TEST_F(EchoTest, Escapes) {
  EXPECT_EQ(echo({"-e", "\\0101\\x41\\e\\101\\q"}), "AA\033\\101\\q\n");
  EXPECT_EQ(echo({"-e", "a\\cb", "c"}), "a");
  EXPECT_EQ(echo({"-e", "a\\"}), "a\\\n");
}

TEST_F(EchoTest, PosixModeReplacesEscapesAndKnowsOnlyALeadingDashN) {
  use_posix_mode();
  EXPECT_EQ(echo({"a\\tb"}), "a\tb\n");
  EXPECT_EQ(echo({"-n", "a"}), "a");
  EXPECT_EQ(echo({"-e", "a"}), "-e a\n");
  EXPECT_EQ(echo({"\\x41\\0101"}), "\\x41A\n");
}

}  // namespace
}  // namespace mish::builtins
