// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/diagnostic.h"

#include <gtest/gtest.h>

namespace mish {
namespace {

TEST(Diagnostic, NamesShellFileAndLine) {
  EXPECT_EQ(format_diagnostic("mish", {"a.sh", 7, 0}, "cd: /nope: No such file or directory"),
            "mish: a.sh: line 7: cd: /nope: No such file or directory\n");
}

TEST(Diagnostic, LeavesOutWhatIsUnknown) {
  EXPECT_EQ(format_diagnostic("sh", {}, "no job control"), "sh: no job control\n");
}

TEST(Diagnostic, CalledBashItSaysFileAndLineAlone) {
  EXPECT_EQ(format_diagnostic("bash", {"a.sh", 7, 0}, "x: unbound variable"), "a.sh: line 7: x: unbound variable\n");
  EXPECT_EQ(format_diagnostic("bash", {}, "no job control"), "bash: no job control\n");
}

TEST(Diagnostic, SyntaxErrorPointsAtTheColumn) {
  EXPECT_EQ(format_syntax_error({"a.sh", 2, 5}, "unexpected `fi'", "  x fi\n"),
            "a.sh:2:5: syntax error: unexpected `fi'\n      x fi\n        ^\n");
}

TEST(Diagnostic, TabsBeforeTheCaretStayTabs) {
  EXPECT_EQ(format_syntax_error({"-c", 1, 2}, "bad", "\t)"), "-c:1:2: syntax error: bad\n    \t)\n    \t^\n");
}

TEST(Diagnostic, WithoutColumnThereIsNoCaret) {
  EXPECT_EQ(format_syntax_error({"a.sh", 3, 0}, "unexpected end of file", "x"),
            "a.sh:3: syntax error: unexpected end of file\n");
}

TEST(Diagnostic, AnEndlessLineIsCutAroundTheError) {
  std::string line(1000000, 'x');
  std::string out = format_syntax_error({"a", 1, 500001}, "bad", line);
  EXPECT_LT(out.size(), 400u);
  EXPECT_NE(out.find("^\n"), std::string::npos);
}

}  // namespace
}  // namespace mish
