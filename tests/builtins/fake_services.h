// SPDX-License-Identifier: GPL-3.0-or-later
// A shell for the tests of builtins: real state, jobs and expander, no executor. What a builtin asks to be run is
// noted.
#ifndef MISH_TESTS_BUILTINS_FAKE_SERVICES_H_
#define MISH_TESTS_BUILTINS_FAKE_SERVICES_H_

#include <gtest/gtest.h>

#include <cerrno>
#include <initializer_list>
#include <string>
#include <vector>

#include "builtins/builtins.h"
#include "shell/api/services.h"
#include "shell/expand/expander.h"
#include "shell/process/job.h"
#include "shell/state/special_variables.h"

namespace mish::builtins {

class FakeHooks final : public expand::ExpansionHooks {
 public:
  int run_command_substitution(const syntax::CommandSubstitution&, std::string&) override { return 0; }
  std::string open_process_substitution(const syntax::ProcessSubstitution&) override { return "/dev/null"; }
  void warn(std::string_view) override {}
};

class FakeServices final : public api::ShellServices {
 public:
  explicit FakeServices(state::ShellState& state) : state_(state), expander_(state, hooks_) {}

  // What was asked for, one line each.
  std::vector<std::string> requests;
  api::Completion answer;  // of everything that is run
  bool interactive = false;
  api::FoundCommand found;  // of find_command, when the name is not a builtin, function or keyword

  api::Completion run_text(std::string_view text, std::string_view name) override {
    return note("text " + std::string(name) + ": " + std::string(text));
  }
  api::Completion run_file(std::string_view path, api::Args arguments) override {
    return note("file " + std::string(path) + joined(arguments));
  }
  api::Completion run_command(api::Args words, const api::RunOptions& options) override {
    return note(std::string("command") + (options.skip_functions ? " -functions" : "") +
                (options.builtin_only ? " builtin" : "") + (options.default_path ? " -p" : "") + joined(words));
  }
  api::Completion replace_shell(api::Args words, std::string_view argv0, bool empty_environment) override {
    return note("exec " + std::string(argv0) + (empty_environment ? " -c" : "") + joined(words));
  }
  void keep_redirections() override { note("keep redirections"); }
  pid_t spawn_command(api::Args, const SpawnOptions&) override {
    errno = ENOSYS;
    return -1;
  }
  api::Completion capture_command(api::Args words, std::string&) override { return note("capture" + joined(words)); }
  api::FoundCommand find_command(std::string_view name, const api::RunOptions&) override {
    using Kind = api::FoundCommand::Kind;
    api::FoundCommand result = found;
    std::optional<Name> known = NameTable::find(name);
    if (name == "if") {
      result.kind = Kind::Keyword;
    } else if (known.has_value() && state_.functions.find(*known) != nullptr) {
      result.kind = Kind::Function;
    } else if (const api::Builtin* builtin = find_builtin(name)) {
      result.kind = builtin->kind == api::BuiltinKind::Special ? Kind::SpecialBuiltin : Kind::Builtin;
      result.builtin = builtin;
    }
    return result;
  }
  const api::Builtin* find_builtin(std::string_view name) const override {
    for (const api::Builtin& builtin : builtin_table()) {
      if (builtin.name == name) return &builtin;
    }
    return nullptr;
  }
  api::BuiltinTable builtins() const override { return builtin_table(); }
  bool enable_builtin(std::string_view name, bool on) override {
    note(std::string(on ? "enable " : "disable ") + std::string(name));
    return find_builtin(name) != nullptr;
  }
  bool is_builtin_enabled(const api::Builtin&) const override { return true; }
  bool set_option(state::Option option, bool on) override {
    state_.options.set(option, on);
    return true;
  }
  Result<void> set_trap(state::Condition condition, state::TrapAction action) override {
    state_.traps.set(condition, std::move(action));
    return {};
  }
  bool is_ignored_at_entry(state::Condition) const override { return false; }
  int pending_trap_signal() const override { return 0; }
  api::Completion run_pending_traps() override { return {}; }
  api::Completion continue_job(int, bool) override { return {}; }
  int wait_readable(int, int) override { return 1; }
  Location location() const override { return {"test", state_.line, 0}; }
  void report(std::string_view message) override { note("report " + std::string(message)); }
  expand::Expander& expander() override { return expander_; }
  bool is_interactive() const override { return interactive; }
  api::Editor* editor() override { return nullptr; }

 private:
  api::Completion note(std::string request) {
    requests.push_back(std::move(request));
    return answer;
  }
  static std::string joined(api::Args words) {
    std::string text;
    for (std::string_view word : words) text.append(" ").append(word);
    return text;
  }

  state::ShellState& state_;
  FakeHooks hooks_;
  expand::Expander expander_;
};

/// Calls builtins and keeps what they wrote.
/// A frame of the call stack as a call on `line` of `source` makes it.
inline state::Frame frame_of(state::FrameKind kind, Name function, std::string_view source = {}, uint32_t line = 0) {
  state::Frame frame;
  frame.kind = kind;
  frame.function = function;
  frame.source_name = source;
  frame.call_line = line;
  return frame;
}

class BuiltinTest : public testing::Test {
 protected:
  BuiltinTest() : services(state) { state::install_special_variables(state); }

  /// Runs the builtin args[0]. `out` and `err` hold what this call wrote.
  api::Completion run(std::initializer_list<std::string_view> args) {
    out.clear();
    err.clear();
    std::vector<std::string_view> words(args.begin(), args.end());
    const api::Builtin* builtin = services.find_builtin(words.at(0));
    if (builtin == nullptr) throw std::out_of_range("no such builtin");
    Output out_stream(out);
    Output err_stream(err);
    bool is_special = builtin->kind == api::BuiltinKind::Special;
    api::BuiltinContext context{state, jobs, services, nullptr, out_stream, err_stream, words[0], is_special, {}};
    api::Completion completion = builtin->function(context, std::span<const std::string_view>(words).subspan(1));
    out_stream.flush();
    err_stream.flush();
    return completion;
  }
  int status(std::initializer_list<std::string_view> args) { return run(args).status; }
  void use_posix_mode() { state.options.set(state::Option::Posix, true); }
  Name n(const char* text) { return NameTable::intern(text); }
  std::string get(const char* name) {
    std::string_view text = state.variables.text_or_null(n(name));
    return text.data() == nullptr ? "<unset>" : std::string(text);
  }

  state::ShellState state;
  process::JobTable jobs;
  FakeServices services;
  std::string out, err;
};

}  // namespace mish::builtins

#endif  // MISH_TESTS_BUILTINS_FAKE_SERVICES_H_
