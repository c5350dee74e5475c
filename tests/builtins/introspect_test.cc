// SPDX-License-Identifier: GPL-3.0-or-later
#include <fstream>
#include <sstream>

#include "tests/builtins/fake_services.h"

namespace mish::builtins {
namespace {

class Introspection : public BuiltinTest {};

TEST_F(Introspection, TypeTellsTheKind) {
  EXPECT_EQ(status({"type", "-t", "cd"}), 0);
  EXPECT_EQ(out, "builtin\n");
  EXPECT_EQ(status({"type", "-t", "if"}), 0);
  EXPECT_EQ(out, "keyword\n");
  EXPECT_EQ(status({"type", "no-such-command"}), 1);
  EXPECT_NE(err.find("no-such-command: not found"), std::string::npos);
  EXPECT_EQ(status({"type", "-t", "no-such-command"}), 1);
  EXPECT_EQ(err, "");
}

TEST_F(Introspection, TypeSearchesPath) {
  state.variables.assign(names::PATH, "/bin");
  EXPECT_EQ(status({"type", "-P", "sh"}), 0);
  EXPECT_EQ(out, "/bin/sh\n");
  EXPECT_EQ(status({"type", "-P", "cd"}), 1);
  EXPECT_EQ(status({"type", "-at", "test"}), 0);
}

TEST_F(Introspection, HashRemembers) {
  state.variables.assign(names::PATH, "/bin");
  EXPECT_EQ(status({"hash", "sh"}), 0);
  EXPECT_EQ(status({"hash", "-t", "sh"}), 0);
  EXPECT_EQ(out, "/bin/sh\n");
  run({"hash"});
  EXPECT_EQ(out, "hits\tcommand\n   0\t/bin/sh\n");
  run({"hash", "-l"});
  EXPECT_EQ(out, "builtin hash -p /bin/sh sh\n");
  EXPECT_EQ(status({"hash", "no-such-command"}), 1);
  EXPECT_EQ(status({"hash", "-r"}), 0);
  EXPECT_EQ(status({"hash", "-t", "sh"}), 1);
}

TEST_F(Introspection, AliasesAreReadable) {
  EXPECT_EQ(status({"alias", "l=ls -l", "q=it's"}), 0);
  run({"alias"});
  EXPECT_EQ(out, "alias l='ls -l'\nalias q='it'\\''s'\n");
  use_posix_mode();
  run({"alias", "q"});
  EXPECT_EQ(out, "q='it'\\''s'\n");
  EXPECT_EQ(status({"alias", "missing"}), 1);
  EXPECT_EQ(status({"alias", "a$b=1"}), 1);
  EXPECT_EQ(status({"unalias", "missing"}), 1);
  EXPECT_EQ(status({"unalias", "-a"}), 0);
  EXPECT_FALSE(state.aliases.has_aliases());
}

TEST_F(Introspection, CallerShowsFrames) {
  EXPECT_EQ(status({"caller"}), 1);  // no file: -c, the standard input
  EXPECT_EQ(out, "");
  state.calls.top().source_name = "script";
  EXPECT_EQ(status({"caller"}), 0);
  EXPECT_EQ(out, "0 NULL\n");
  EXPECT_EQ(status({"caller", "0"}), 1);
  state.calls.push(frame_of(state::FrameKind::Function, n("outer"), "script", 9));
  state.calls.push(frame_of(state::FrameKind::Function, n("inner"), "script", 4));
  run({"caller"});
  EXPECT_EQ(out, "4 script\n");
  run({"caller", "0"});
  EXPECT_EQ(out, "4 outer script\n");
  run({"caller", "1"});
  EXPECT_EQ(out, "9 main script\n");
  EXPECT_EQ(status({"caller", "2"}), 1);
}

TEST_F(Introspection, HelpFindsByPattern) {
  EXPECT_EQ(status({"help", "cd"}), 0);
  EXPECT_EQ(out.substr(0, 4), "cd: ");
  EXPECT_EQ(status({"help", "-d", "un*"}), 0);
  EXPECT_NE(out.find("unalias - Remove aliases."), std::string::npos);
  EXPECT_NE(out.find("unset - "), std::string::npos);
  EXPECT_EQ(status({"help", "no-such-builtin"}), 1);
  EXPECT_EQ(status({"help"}), 0);
}

TEST_F(Introspection, EveryBuiltinHasAHelpText) {
  for (const api::Builtin& builtin : builtin_table()) {
    EXPECT_EQ(builtin.synopsis.substr(0, builtin.name.size()), builtin.name);
    size_t first_line = builtin.help.find('\n');
    EXPECT_NE(builtin.help.substr(0, first_line).back(), ' ') << builtin.name;
  }
}

TEST_F(Introspection, TheManualHasEveryBuiltin) {
  std::ostringstream page;
  page << std::ifstream(MISH_SOURCE_DIR "/shell/mish.1").rdbuf();
  const std::string manual = page.str();
  for (const api::Builtin& builtin : builtin_table()) {
    std::string heading(builtin.synopsis);
    for (size_t at = 0; (at = heading.find('-', at)) != std::string::npos; at += 2) heading.insert(at, 1, '\\');
    if (heading.starts_with('.')) heading.insert(0, "\\&");
    // Those for interprocess communication have a page of their own.
    const std::string name_alone = "\\fB" + std::string(builtin.name) + "\\fP";
    EXPECT_TRUE(manual.find(".B \"" + heading + "\"\n") != std::string::npos ||
                manual.find(name_alone) != std::string::npos)
        << builtin.synopsis;
  }
}

TEST_F(Introspection, EnableAsksTheShell) {
  EXPECT_EQ(status({"enable", "-n", "test"}), 0);
  EXPECT_EQ(services.requests, std::vector<std::string>{"disable test"});
  EXPECT_EQ(status({"enable", "no-such-builtin"}), 1);
  run({"enable", "-s"});
  EXPECT_NE(out.find("enable export\n"), std::string::npos);
  EXPECT_EQ(out.find("enable cd\n"), std::string::npos);
}

}  // namespace
}  // namespace mish::builtins
