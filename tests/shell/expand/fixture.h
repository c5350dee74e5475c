// SPDX-License-Identifier: GPL-3.0-or-later
// An Expander over a fresh state, with words given as the text of a command. Command substitutions are faked: `$(text)`
// outputs `text` and a newline, its status is the length of the text.
#ifndef MISH_TESTS_SHELL_EXPAND_FIXTURE_H_
#define MISH_TESTS_SHELL_EXPAND_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "shell/base/locale.h"
#include "shell/base/stack_guard.h"
#include "shell/expand/expander.h"
#include "shell/state/special_variables.h"
#include "shell/syntax/parser.h"

namespace mish::expand {

class FakeHooks final : public ExpansionHooks {
 public:
  int run_command_substitution(const syntax::CommandSubstitution& substitution, std::string& out) override {
    ++substitutions;
    if (output.empty()) {
      out.append(substitution.text).append("\n");
    } else {
      out += output;
    }
    return static_cast<int>(substitution.text.size());
  }
  std::string open_process_substitution(const syntax::ProcessSubstitution&) override { return "/dev/fd/63"; }
  void warn(std::string_view message) override { warnings.emplace_back(message); }

  int substitutions = 0;
  std::string output;
  std::vector<std::string> warnings;
};

class ExpandTest : public testing::Test {
 protected:
  void SetUp() override {
    StackGuard::initialise();
    set_locale({});
    state::install_special_variables(state);
  }
  void TearDown() override { set_locale({}); }

  /// The first command of `text`. The program stays alive as long as the test.
  const syntax::SimpleCommand& parse(std::string_view text) {
    texts_.push_back(std::make_unique<std::string>(text));
    syntax::StringSource source(*texts_.back());
    syntax::ParserOptions options;
    options.posix = state.is_posix();
    syntax::Parser parser(source, options, nullptr, "test");
    syntax::ParseResult result = parser.parse_command();
    if (result.status != syntax::ParseStatus::Command)
      throw std::runtime_error("cannot parse: " + result.error.message);
    programs_.push_back(result.program);
    return syntax::as<syntax::SimpleCommand>(*result.program->root());
  }

  /// The words of `text` as fields, each in brackets; the message of the ShellError if one is thrown.
  std::string fields(const std::string& text) {
    try {
      FieldList list(state.scratch);
      expander.expand_fields(parse(": " + text).words.subspan(1), list);
      std::string joined;
      for (std::string_view field : list.span()) {
        EXPECT_EQ(field.data()[field.size()], '\0');
        joined.append("[").append(field).append("]");
      }
      return joined;
    } catch (const state::ShellError& error) {
      return "error: " + error.message();
    }
  }
  /// Performs the assignments of `text`.
  std::string assign(const std::string& text) {
    try {
      for (const syntax::Assignment& assignment : parse(text).assignments) expander.assign(assignment);
      return "";
    } catch (const state::ShellError& error) {
      return "error: " + error.message();
    }
  }
  /// The value of the first word of `text` as one string.
  std::string single(const std::string& text) {
    return std::string(expander.expand_single(*parse(": " + text).words[1]));
  }
  void set(std::string_view name, std::string_view value) { state.variables.assign(NameTable::intern(name), value); }
  std::string get(std::string_view name) { return std::string(state.variables.text(NameTable::intern(name))); }
  void positional(std::vector<std::string_view> arguments) { state.positional.assign(arguments); }
  void option(state::Option option, bool on = true) { state.options.set(option, on); }
  void ifs(std::string_view value) {
    set("IFS", value);
    state::update_separators(state);
  }

  state::ShellState state;
  FakeHooks hooks;
  Expander expander{state, hooks};

 private:
  std::vector<std::unique_ptr<std::string>> texts_;
  std::vector<syntax::ProgramPtr> programs_;
};

}  // namespace mish::expand

#endif  // MISH_TESTS_SHELL_EXPAND_FIXTURE_H_
