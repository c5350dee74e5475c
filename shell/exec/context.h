// SPDX-License-Identifier: GPL-3.0-or-later
// What the parts of the executor share: references to the state and to each other, the few facts that are known only
// while commands run (errexit contexts, captured output), and the one virtual call by which commands run commands.
#ifndef MISH_SHELL_EXEC_CONTEXT_H_
#define MISH_SHELL_EXEC_CONTEXT_H_

#include <cstdint>
#include <string>

#include "shell/api/builtin.h"
#include "shell/api/services.h"
#include "shell/api/virtual_files.h"
#include "shell/base/fd.h"
#include "shell/base/output.h"
#include "shell/expand/expander.h"
#include "shell/state/shell_state.h"
#include "shell/state/status.h"
#include "shell/syntax/command.h"
#include "shell/syntax/program.h"

namespace mish::process {
class JobTable;
}

namespace mish::exec {

using state::Completion;
using state::Flow;
using state::Option;

class AppliedRedirections;
class CommandSearch;
class Containment;
class FunctionCaller;
class PipelineRunner;
class SimpleCommandRunner;
class SubshellRunner;
class TrapRunner;
struct InProcessFrame;

/// Whether anything follows a command in its shell environment. After a command in tail position the environment ends:
/// a process may then be replaced by the command instead of waiting for it.
enum class Tail : bool { No, Yes };

/// Commands run commands: the walk, implemented by Executor, called by functions, pipelines, subshells and traps.
class CommandRunner {
 public:
  virtual ~CommandRunner() = default;
  /// Executes `command` in the current environment; `$?` is its status afterwards. Throws state::ShellError.
  virtual Completion run(const syntax::Command& command, Tail tail) = 0;
};

/// Output of an in-process command substitution: text of builtins goes straight to `memory`; processes write to the
/// pipe, which is made for the first of them and emptied into `memory` while they are waited for.
struct Capture {
  std::string* memory = nullptr;
  UniqueFd read_end;
  UniqueFd write_end;
  Capture* outer = nullptr;    // list of the live ones, innermost first
  bool is_incomplete = false;  // the pipe could not be read to its end
};

struct ExecutionContext {
  state::ShellState& state;
  process::JobTable& jobs;
  expand::Expander& expander;
  api::ShellServices& services;
  Output& out;  // descriptor 1, or the capture
  Output& err;  // descriptor 2, or the capture

  api::BuiltinTable builtins;
  api::Frontend* frontend = nullptr;  // null in scripts and subshells

  CommandRunner* runner = nullptr;
  CommandSearch* search = nullptr;
  Containment* containment = nullptr;
  FunctionCaller* functions = nullptr;
  PipelineRunner* pipelines = nullptr;
  SimpleCommandRunner* simple_commands = nullptr;
  SubshellRunner* subshells = nullptr;
  TrapRunner* traps = nullptr;

  /// Commands whose failure set -e must ignore are running (XCU set, -e): the left sides of && and ||, after !,
  /// conditions. Functions, eval and dot scripts called there inherit it.
  int errexit_ignored = 0;
  /// The command behind the innermost !: its own failure is none, but, without errexit, those of the commands in it
  /// are failures for the ERR action (bash).
  const syntax::Command* inverted = nullptr;
  /// Not null while standard output is captured in this process.
  Capture* capture = nullptr;
  /// The same for standard error (2>&1 inside a captured body).
  Capture* error_capture = nullptr;
  Capture* captures = nullptr;                          // all live ones
  AppliedRedirections* redirections = nullptr;          // in force in this process, innermost first
  AppliedRedirections* redirections_outside = nullptr;  // those of them around the outermost function that runs
  /// Opens names like /dev/tcp/HOST/PORT; null: there are none.
  api::OpenVirtualFile open_virtual_file = nullptr;
  /// Owner of the nodes that run; functions defined now share it.
  syntax::ProgramPtr program{};
  /// Innermost subshell environment that runs in this process, null if none.
  InProcessFrame* in_process = nullptr;
  /// The commands that run belong to a job with its own process group (this shell is inside an asynchronous list or a
  /// pipeline of a job): no further groups are made.
  bool is_job_member = false;
  /// The stack was used up and the commands on it are being left: no subshell in this process goes on.
  bool is_exhausted = false;
  /// Descriptor 0 was redirected for a compound command that runs: in the bash language its asynchronous lists read
  /// that.
  bool has_own_input = false;
  /// PS4 is being expanded: commands in it are traced with PS4 as it is written.
  bool is_in_ps4 = false;
  /// The last line of a trace for BASH_XTRACEFD could not be written, which was said.
  bool is_trace_lost = false;

  /// Whether this is the interactive shell environment itself, not a subshell of it.
  bool is_interactive() const { return state.is_on(Option::Interactive) && state.subshell_depth == 0; }
  /// Whether this process is the interactive shell, be it within a subshell that has no process of its own.
  bool is_interactive_process() const {
    return state.is_on(Option::Interactive) && state.subshell_depth == state.in_process_subshells;
  }
};

/// Counts a context in which errexit is ignored.
class ErrexitIgnored {
 public:
  explicit ErrexitIgnored(ExecutionContext& context) : context_(context) { ++context_.errexit_ignored; }
  ~ErrexitIgnored() { --context_.errexit_ignored; }
  ErrexitIgnored(const ErrexitIgnored&) = delete;
  ErrexitIgnored& operator=(const ErrexitIgnored&) = delete;

 private:
  ExecutionContext& context_;
};

}  // namespace mish::exec

#endif  // MISH_SHELL_EXEC_CONTEXT_H_
