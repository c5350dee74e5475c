// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/exec/simple_command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "shell/base/quoting.h"
#include "shell/base/retry.h"
#include "shell/base/stack_guard.h"
#include "shell/exec/function_call.h"
#include "shell/exec/pipeline.h"
#include "shell/exec/read_eval_loop.h"
#include "shell/exec/redirection.h"
#include "shell/exec/subshell.h"
#include "shell/exec/trap_runner.h"
#include "shell/exec/xtrace.h"
#include "shell/process/job.h"
#include "shell/syntax/printer.h"

namespace mish::exec {

using state::ShellError;

namespace {

/// The scope of prefix assignments; pushed only when there are any.
class PrefixScope {
 public:
  explicit PrefixScope(state::VariableTable& variables) : variables_(variables) {}
  ~PrefixScope() {
    if (is_pushed_) variables_.pop_scope();
  }
  PrefixScope(const PrefixScope&) = delete;
  PrefixScope& operator=(const PrefixScope&) = delete;
  void push() {
    variables_.push_scope(true);
    is_pushed_ = true;
  }

 private:
  state::VariableTable& variables_;
  bool is_pushed_ = false;
};

char* const* make_argv(Arena& arena, Fields fields, std::string_view argv0) {
  std::span<char*> argv = arena.make_span<char*>(fields.size() + 1);
  for (size_t i = 0; i < fields.size(); ++i) argv[i] = const_cast<char*>(fields[i].data());
  if (!argv0.empty()) argv[0] = const_cast<char*>(arena.copy(argv0).data());
  return argv.data();
}

/// A file that exec refused may still be a script (XCU 2.9.1.6), unless its first line holds a NUL.
bool looks_like_text(const char* path) {
  Result<UniqueFd> file = open_file(path, O_RDONLY);
  if (!file.ok()) return true;
  char head[256];
  Result<size_t> got = read_some(file->get(), head, sizeof head);
  std::string_view text(head, got.ok() ? *got : 0);
  return text.substr(0, text.find('\n')).find('\0') == std::string_view::npos;
}

/// Builtins that run other commands need real descriptors, whatever their flags say.
bool writes_only(const api::Builtin& builtin) {
  return builtin.has(api::builtin_flag::PureOutput) ||
         (builtin.has(api::builtin_flag::Contained) && !builtin.has(api::builtin_flag::ReadsInput) &&
          builtin.name != "command" && builtin.name != "builtin" && builtin.name != "eval");
}

}  // namespace

Completion SimpleCommandRunner::run(const syntax::SimpleCommand& node, Tail tail) {
  state::ShellState& state = context_.state;
  state.line = node.line;
  if (Completion due = context_.traps->before_command(node); !due.is_normal()) [[unlikely]] {
    return TrapRunner::outcome(due);
  }
  Completion completion;
  try {
    completion = execute(node, tail);
  } catch (const ShellError& error) {
    completion = consequence(context_, error);
  }
  if (!state.pipe_statuses.empty()) [[unlikely]]
    state.pipe_statuses.clear();
  return completion;
}

Completion SimpleCommandRunner::execute(const syntax::SimpleCommand& node, Tail tail) {
  state::ShellState& state = context_.state;
  if (context_.traps->trap_depth() == 0) state.current_command = &node;
  auto without_words = [&state](Completion completion) {
    if (!state.is_posix()) state.last_argument.clear();  // a=$_ has read it by now
    return completion;
  };
  if (node.words.empty()) return without_words(node.redirections.empty() ? assign_only(node) : redirect_only(node));
  ArenaScope scope(state.scratch);
  ProcessSubstitutionScope substitutions(context_);
  expand::FieldList list(state.scratch);
  if (!node.is_declaration) [[likely]] {
    if (!node.all_literal) context_.expander.begin_command();
    context_.expander.expand_fields(node.words, list);
  } else {
    context_.expander.begin_command();
    expand_words(node, list);
  }
  Fields fields = list.span();
  if (fields.empty()) return without_words(redirect_only(node));
  Target target = node.words[0]->is_literal ? context_.search->classify(node) : context_.search->classify(fields[0]);
  if (context_.in_process != nullptr && !node.words[0]->is_literal && target.kind != Target::Kind::File) {
    return late_fork(node, target, fields);
  }
  Completion completion = run_target(node, target, fields, tail);
  // $_ is the last word of this command from now on, whatever ran inside.
  if (!state.is_posix()) state.last_argument = fields.back();
  return completion;
}

Completion SimpleCommandRunner::run_target(const syntax::SimpleCommand& node, const Target& target, Fields fields,
                                           Tail tail) {
  switch (target.kind) {
    case Target::Kind::SpecialBuiltin:
    case Target::Kind::Builtin: return builtin(node, target, fields);
    case Target::Kind::Function: return function(node, target, fields);
    case Target::Kind::File:
    case Target::Kind::NotFound:
    case Target::Kind::Unexecutable: break;
  }
  return external(node, fields, tail);
}

void SimpleCommandRunner::expand_words(const syntax::SimpleCommand& node, expand::FieldList& fields) {
  if (!node.is_declaration) return context_.expander.expand_fields(node.words, fields);
  for (const syntax::Word* word : node.words) {
    if (word->assignment != nullptr && word->assignment->is_array) {
      // Handed on as written: the builtin finds the node among the words of the command by the text's address.
      fields.push_back(word->source);
    } else if (word->is_literal) {
      fields.push_back(word->literal);
    } else if (word->assignment == nullptr) {
      context_.expander.expand_fields(*word, fields);
    } else {
      fields.push_back(context_.expander.expand_assignment_value(*word));
    }
  }
}

// --- assignments -----------------------------------------------------------------------------------------------------

Completion SimpleCommandRunner::assign_only(const syntax::SimpleCommand& node) {
  state::ShellState& state = context_.state;
  context_.expander.begin_command();
  ArenaScope scope(state.scratch);
  const bool is_traced = state.is_on(Option::XTrace);
  for (const syntax::Assignment& each : node.assignments) {
    if (is_traced && !state.is_posix()) [[unlikely]] {
      assign_traced(each);
    } else if (each.plain_arithmetic != nullptr && !each.append && each.subscript == nullptr) {
      state.variables.assign_integer(each.name, context_.expander.evaluate(*each.plain_arithmetic));
    } else {
      context_.expander.assign(each);
    }
  }
  if (is_traced && state.is_posix()) [[unlikely]]
    trace(node, {});
  int status = context_.expander.last_substitution_status();
  return Completion::of(status < 0 ? 0 : status);
}

// bash: each is traced before it is done, which may change PS4 or the next one.
void SimpleCommandRunner::assign_traced(const syntax::Assignment& assignment) {
  if (assignment.is_array) {
    trace_text(context_, syntax::print_assignment(assignment));
    return context_.expander.assign(assignment);
  }
  syntax::Word value;
  value.is_literal = true;
  value.literal = assignment.word != nullptr ? context_.expander.expand_single(*assignment.word) : "";
  trace_text(context_, traced_assignment(assignment, value.literal));
  syntax::Assignment expanded = assignment;
  expanded.word = &value;
  expanded.plain_arithmetic = nullptr;
  context_.expander.assign(expanded);
}

Completion SimpleCommandRunner::redirect_only(const syntax::SimpleCommand& node) {
  if (node.words.empty()) context_.expander.begin_command();
  if (!node.redirections.empty()) {
    // Without a command name redirections are performed in a subshell environment: undone, with what they expand.
    ProcessSubstitutionScope substitutions(context_);
    InProcessFrame frame(context_);
    AppliedRedirections redirections(context_);
    if (!redirections.apply(node.redirections)) return Completion::of(context_.state.error_status());
  }
  int status = context_.expander.last_substitution_status();
  if (!node.assignments.empty()) {
    Completion completion = assign_only(node);
    return context_.expander.last_substitution_status() < 0 && status > 0 ? Completion::of(status) : completion;
  }
  return Completion::of(status < 0 ? 0 : status);
}

void SimpleCommandRunner::assign_all(const syntax::SimpleCommand& node, bool exports) {
  state::VariableTable& variables = context_.state.variables;
  for (const syntax::Assignment& each : node.assignments) {
    context_.expander.assign(each);
    if (exports) variables.add_attributes(variables.target(each.name), state::attribute::Exported);
  }
}

void SimpleCommandRunner::assign_prefix(const syntax::SimpleCommand& node, bool exports) {
  state::VariableTable& variables = context_.state.variables;
  for (const syntax::Assignment& each : node.assignments) {
    try {
      Name name = variables.target(each.name);
      variables.save_for_scope(name);
      context_.expander.assign(each);
      if (each.subscript == nullptr && !each.is_array) variables.make_scalar(name);
      if (exports) variables.add_attributes(name, state::attribute::Exported);
    } catch (const ShellError& error) {
      // bash: the command runs all the same, without this assignment; errexit takes it for a failure.
      bool goes_on = error.kind() == ShellError::Kind::Assignment && !context_.state.is_posix() &&
                     !context_.state.is_on(Option::ErrExit);
      if (!goes_on) throw;
      context_.services.report(error.message());
    }
  }
}

Completion SimpleCommandRunner::assignment_failure(const ShellError& error) {
  // bash with errexit: the command is not run, and that is all.
  if (error.kind() == ShellError::Kind::Assignment && !context_.state.is_posix()) {
    context_.services.report(error.message());
    return Completion::of(context_.state.status_of(error));
  }
  return consequence(context_, error);
}

void SimpleCommandRunner::trace(const syntax::SimpleCommand& node, Fields fields) {
  if (!context_.state.is_on(Option::XTrace)) [[likely]]
    return;
  std::string assignments;
  for (const syntax::Assignment& each : node.assignments) {
    const bool is_plain = !each.is_array && each.subscript == nullptr && !each.append;
    std::string text =
        is_plain ? traced_assignment(each, context_.state.variables.text(each.name)) : syntax::print_assignment(each);
    if (!context_.state.is_posix()) {  // bash: a line for each
      trace_text(context_, text);
      continue;
    }
    if (!assignments.empty()) assignments += ' ';
    assignments += text;
  }
  if (!assignments.empty() || !fields.empty()) trace_command(context_, assignments, fields);
}

// --- builtins --------------------------------------------------------------------------------------------------------

Completion SimpleCommandRunner::call_builtin(const api::Builtin& builtin, Fields fields,
                                             const syntax::SimpleCommand* command, bool is_special) {
  api::BuiltinContext context{context_.state,    context_.jobs, context_.services,
                              context_.frontend, context_.out,  context_.err,
                              fields[0],         is_special,    command};
  Completion completion = builtin.function(context, fields.subspan(1));
  if (completion.flow == Flow::Exit) [[unlikely]]
    completion.status = context_.traps->on_leave(completion.status);
  if (context_.err.has_pending()) context_.err.flush();
  if (context_.err.error() != 0) context_.err.clear_error();
  if (context_.out.has_pending()) context_.out.flush();
  if (int error = context_.out.error(); error != 0) [[unlikely]] {
    context_.out.clear_error();
    context_.pipelines->coprocesses().lose_input(context_.out.fd());
    if (error != EINTR) context.error(std::string("write error: ") + std::string(Errno(error).message()));
    context_.err.flush();
    if (completion.status == 0) completion.status = state::kFailure;
  }
  return completion;
}

Completion SimpleCommandRunner::redirection_failure(bool is_special) {
  // XCU 2.8.1: a redirection error with a special builtin ends the shell; with 1, as most shells have it.
  if (is_special && context_.state.is_posix()) {
    return {state::kFailure, context_.is_interactive() ? Flow::Interrupt : Flow::Exit, 0};
  }
  return Completion::of(context_.state.error_status());
}

Completion SimpleCommandRunner::builtin(const syntax::SimpleCommand& node, const Target& target, Fields fields) {
  const api::Builtin& builtin = *target.builtin;
  bool is_special = target.kind == Target::Kind::SpecialBuiltin;
  if (node.is_plain && !context_.state.is_on(Option::XTrace)) [[likely]] {
    try {
      return call_builtin(builtin, fields, &node, is_special);
    } catch (const ShellError& error) {
      if (error.kind() != ShellError::Kind::Utility || (is_special && context_.state.is_posix())) throw;
      context_.services.report(error.message());
      return Completion::of(context_.state.status_of(error));
    }
  }
  bool is_permanent = is_special && context_.state.is_posix();
  if (OutputRedirections::serves(node.redirections) && writes_only(builtin)) {
    OutputRedirections redirections(context_);
    if (!node.redirections.empty() && !redirections.apply(node.redirections)) return redirection_failure(is_special);
    PrefixScope scope(context_.state.variables);
    if (is_permanent) {
      assign_all(node);
    } else if (!node.assignments.empty()) {
      scope.push();
      try {
        assign_prefix(node, true);
      } catch (const ShellError& error) {
        return assignment_failure(error);
      }
    }
    trace(node, fields, redirections);
    Completion completion = call_builtin(builtin, fields, &node, is_special);
    redirections.restore();
    return completion;
  }
  // XCU 2.9.1.2 leaves open whether the command `exec` becomes sees them; every shell lets it.
  bool exports = is_permanent && builtin.name == "exec" && fields.size() > 1;
  AppliedRedirections redirections(context_);
  if (!node.redirections.empty() && !redirections.apply(node.redirections)) return redirection_failure(is_special);
  // An EXIT action is to write where the shell wrote, not where `trap >file &` did.
  bool keeps = builtin.name != "trap" && context_.subshells->take_fresh(node);
  PrefixScope scope(context_.state.variables);
  if (is_permanent) {
    assign_all(node, exports);
  } else if (!node.assignments.empty()) {
    scope.push();
    try {
      assign_prefix(node, true);
    } catch (const ShellError& error) {
      return assignment_failure(error);
    }
  }
  trace(node, fields, redirections);
  if (keeps) redirections.keep();
  redirections.belong_to_command();
  AppliedRedirections* outer = std::exchange(redirections_, &redirections);
  Completion completion;
  try {
    completion = call_builtin(builtin, fields, &node, is_special);
  } catch (const ShellError& error) {
    redirections_ = outer;
    if (error.kind() != ShellError::Kind::Utility || (is_special && context_.state.is_posix())) throw;
    context_.services.report(error.message());
    return Completion::of(context_.state.status_of(error));
  }
  redirections_ = outer;
  return completion;
}

void SimpleCommandRunner::keep_redirections() {
  if (redirections_ != nullptr) redirections_->keep();
}

// --- functions -------------------------------------------------------------------------------------------------------

Completion SimpleCommandRunner::function(const syntax::SimpleCommand& node, const Target& target, Fields fields) {
  if (node.is_plain && !context_.state.is_on(Option::XTrace)) [[likely]] {
    return call_function(target, fields);
  }
  AppliedRedirections redirections(context_);
  if (!node.redirections.empty() && !redirections.apply(node.redirections))
    return Completion::of(context_.state.error_status());
  redirections.belong_to_command();
  bool keeps = context_.subshells->take_fresh(node);
  PrefixScope scope(context_.state.variables);
  if (!node.assignments.empty()) {
    scope.push();
    try {
      assign_prefix(node, true);
    } catch (const ShellError& error) {
      return assignment_failure(error);
    }
  }
  trace(node, fields, redirections);
  if (keeps) redirections.keep();
  return call_function(target, fields);
}

Completion SimpleCommandRunner::call_function(const Target& target, Fields fields) {
  return context_.functions->call(target.function, fields.subspan(1));
}

Completion SimpleCommandRunner::late_fork(const syntax::SimpleCommand& node, const Target& target, Fields fields) {
  // What the name is was not known when the subshell was admitted. It is in tail position: a child can finish it.
  bool stays = target.kind == Target::Kind::Builtin && writes_only(*target.builtin) && target.builtin->name != "set" &&
               target.builtin->name != "unset" && target.builtin->name != "alias" && target.builtin->name != "trap";
  if (stays) return builtin(node, target, fields);
  process::InterruptHold hold(context_.traps->holds_interrupts());
  process::Job& job = context_.jobs.create(false, {});
  process::ChildOptions options;
  options.role = process::ChildRole::Substitution;
  pid_t pid = context_.subshells->fork(options);
  if (pid == 0) {
    --context_.state.subshell_depth;  // it is the same environment, now in a process of its own
    Completion completion;
    try {
      completion =
          target.kind == Target::Kind::Function ? function(node, target, fields) : builtin(node, target, fields);
    } catch (const ShellError& error) {
      completion = consequence(context_, error);
    }
    context_.subshells->end_child(completion);
  }
  if (pid < 0) {
    context_.jobs.release(job);
    return Completion::of(state::kNotExecutable);
  }
  context_.jobs.add_process(job, pid);
  return context_.subshells->wait_for(job, hold, true);
}

// --- external utilities ----------------------------------------------------------------------------------------------

int SimpleCommandRunner::report_failure(std::string_view name, int error) {
  // What a terminal would take for a command to itself is shown in quotes.
  const std::string text = printable(name) == name ? std::string(name) : quote_ansi_c(name);
  const std::string path(name);
  struct stat status;
  switch (error) {
    case ENOENT:
      if (name.find('/') == std::string_view::npos) {
        context_.services.report(text + ": command not found");
        return state::kNotFound;
      }
      if (retry_interrupted([&] { return stat(path.c_str(), &status); }) == 0) {
        context_.services.report(text + ": its interpreter was not found");
        return state::kNotFound;
      }
      context_.services.report(text + ": No such file or directory");
      return state::kNotFound;
    case EACCES:
      if (retry_interrupted([&] { return stat(path.c_str(), &status); }) == 0 && S_ISDIR(status.st_mode))
        error = EISDIR;
      break;
    case ENOEXEC: context_.services.report(text + ": cannot execute binary file"); return state::kNotExecutable;
    case ENOTDIR: context_.services.report(text + ": Not a directory"); return state::kNotFound;
    default: break;
  }
  context_.services.report(text + ": " + std::string(Errno(error).message()));
  return state::kNotExecutable;
}

int SimpleCommandRunner::report_failure_under(process::FdPlan& plan, std::string_view name, int error) {
  context_.out.flush();
  context_.err.flush();
  process::SavedFds saved;
  if (!plan.empty() && !plan.apply_here(&saved)) return report_failure(name, error);
  int status = report_failure(name, error);
  context_.err.flush();
  return status;
}

std::string SimpleCommandRunner::script_interpreter_name() const { return context_.state.is_posix() ? "sh" : "mish"; }

bool SimpleCommandRunner::has_not_found_handler() const {
  constexpr int kDeepest = 16;  // a handler whose own commands are not found would go on for ever
  if (context_.state.is_posix() || not_found_depth_ >= kDeepest) return false;
  std::optional<Name> name = NameTable::find("command_not_found_handle");
  return name && context_.state.functions.find(*name) != nullptr;
}

SimpleCommandRunner::Started SimpleCommandRunner::start(Fields fields, process::FdPlan& plan, pid_t process_group,
                                                        process::Terminal* terminal, bool is_asynchronous,
                                                        bool default_path) {
  std::string path;
  Arena& scratch = context_.state.scratch;
  for (int attempt = 0;; ++attempt) {
    int found = context_.search->find_file(fields[0], path, default_path);
    if (found != 0) return {-1, report_failure_under(plan, path, found)};
    process::SpawnRequest request;
    request.path = path.c_str();
    request.argv = make_argv(scratch, fields, {});
    request.envp = context_.state.environment.envp(context_.state, path);
    request.plan = &plan;
    request.process_group = process_group;
    request.terminal = terminal;
    request.is_asynchronous = is_asynchronous;
    process::SpawnResult result = process::spawn(request);
    if (result.ok()) return {result.pid, 0};
    if (result.stage == process::SpawnStage::Fork) {
      context_.services.report(std::string("cannot fork: ") + std::string(Errno(result.error).message()));
      return {-1, state::kNotExecutable};
    }
    if (result.stage == process::SpawnStage::Descriptors) {
      context_.services.report(std::string("cannot set up descriptors: ") + std::string(Errno(result.error).message()));
      return {-1, state::kNotExecutable};
    }
    bool was_hashed = fields[0].find('/') == std::string_view::npos;
    if (result.error == ENOENT && was_hashed && attempt == 0) {
      context_.search->forget(fields[0]);  // moved since it was remembered
      continue;
    }
    if (result.error == ENOEXEC && looks_like_text(path.c_str())) {
      // XCU 2.9.1.6: as if a shell were invoked with the path as its first operand.
      std::span<std::string_view> script = scratch.make_span<std::string_view>(fields.size() + 1);
      script[0] = scratch.copy(script_interpreter_name());
      script[1] = scratch.copy(path);
      for (size_t i = 1; i < fields.size(); ++i) script[i + 1] = fields[i];
      request.path = "/proc/self/exe";
      request.argv = make_argv(scratch, script, {});
      result = process::spawn(request);
      if (result.ok()) return {result.pid, 0};
    }
    return {-1, report_failure_under(plan, was_hashed ? std::string_view(path) : fields[0], result.error)};
  }
}

int SimpleCommandRunner::replace(Fields fields, std::string_view argv0, bool empty_environment, bool default_path) {
  std::string path;
  Arena& scratch = context_.state.scratch;
  int found = context_.search->find_file(fields[0], path, default_path);
  if (found != 0) return report_failure(path, found);
  context_.out.flush();
  context_.err.flush();
  char* none[] = {nullptr};
  char* const* envp = empty_environment ? none : context_.state.environment.envp(context_.state, path);
  Errno error = process::replace_process(path.c_str(), make_argv(scratch, fields, argv0), envp);
  if (error.code() == ENOENT && fields[0].find('/') == std::string_view::npos) {
    context_.search->forget(fields[0]);
    found = context_.search->find_file(fields[0], path, default_path);
    if (found != 0) return report_failure(path, found);
    error = process::replace_process(path.c_str(), make_argv(scratch, fields, argv0), envp);
  }
  if (error.code() == ENOEXEC && looks_like_text(path.c_str())) {
    std::span<std::string_view> script = scratch.make_span<std::string_view>(fields.size() + 1);
    script[0] = scratch.copy(script_interpreter_name());
    script[1] = scratch.copy(path);
    for (size_t i = 1; i < fields.size(); ++i) script[i + 1] = fields[i];
    process::replace_process("/proc/self/exe", make_argv(scratch, script, {}), envp);
  }
  return report_failure(fields[0].find('/') == std::string_view::npos ? std::string_view(path) : fields[0],
                        error.code());
}

Completion SimpleCommandRunner::not_found(Fields fields) {
  process::InterruptHold hold(context_.subshells->holds_interrupts());
  process::Job& job = context_.subshells->new_job(nullptr);
  process::ChildOptions options;
  options.process_group = context_.jobs.group_for_next(job);
  options.terminal = context_.subshells->terminal_for(job);
  pid_t pid = context_.subshells->fork(options);
  if (pid == 0) {
    ++not_found_depth_;
    Completion completion;
    try {
      completion = context_.functions->call(NameTable::intern("command_not_found_handle"), fields);
    } catch (const ShellError& error) {
      completion = consequence(context_, error);
    }
    context_.subshells->end_child(completion);
  }
  if (pid < 0) {
    context_.jobs.release(job);
    return Completion::of(state::kNotFound);
  }
  context_.jobs.add_process(job, pid);
  return context_.subshells->wait_for(job, hold, false);
}

bool SimpleCommandRunner::change_directory_by_name(Fields fields, Completion& completion) {
  if (!context_.state.is_on(Option::AutoCd) || !context_.is_interactive() || fields.size() != 1) return false;
  struct stat status;
  if (retry_interrupted([&] { return stat(fields[0].data(), &status); }) != 0 || !S_ISDIR(status.st_mode)) return false;
  const api::Builtin* cd = context_.search->find_builtin("cd");
  if (cd == nullptr) return false;
  std::string_view words[] = {"cd", "--", fields[0]};
  completion = call_builtin(*cd, words, nullptr, false);
  return true;
}

bool SimpleCommandRunner::resumes_job(std::string_view word) const {
  return word.starts_with('%') && context_.jobs.is_monitor();
}

Completion SimpleCommandRunner::resume_job(Fields fields, bool foreground) {
  std::vector<std::string_view> words = {foreground ? "fg" : "bg"};
  words.insert(words.end(), fields.begin(), fields.end());
  return run_words(words, {});
}

/// What a utility reads or opens concerns it alone: other shells expand that in its process, so an error there fails
/// the command, not the shell. In POSIX mode file names are the shell's own (XCU 2.8.1), as in dash.
bool SimpleCommandRunner::prepare_for_utility(std::span<const syntax::Redirection> redirections,
                                              process::FdPlan& plan) {
  Captures captures;
  for (const syntax::Redirection& each : redirections) {
    try {
      if (!prepare_redirections(context_, {&each, 1}, plan, captures)) return false;
    } catch (const ShellError& error) {
      bool is_document = each.kind == syntax::RedirectionKind::HereDocument;
      if (error.is_fatal() || (context_.state.is_posix() && !is_document)) throw;
      context_.services.report(error.message());
      return false;
    }
  }
  return true;
}

Completion SimpleCommandRunner::external(const syntax::SimpleCommand& node, Fields fields, Tail tail) {
  if (resumes_job(fields[0])) return resume_job(fields, true);
  if (Completion moved; change_directory_by_name(fields, moved)) return moved;
  process::FdPlan plan;
  if (!plan_captured_output(context_, plan)) return Completion::of(state::kNotExecutable);
  if (!node.redirections.empty() && !prepare_for_utility(node.redirections, plan)) {
    return Completion::of(context_.state.error_status());
  }
  PrefixScope scope(context_.state.variables);
  if (!node.assignments.empty()) {
    scope.push();
    try {
      assign_prefix(node, true);
    } catch (const ShellError& error) {
      return assignment_failure(error);
    }
  }
  trace(node, fields);
  if (has_not_found_handler()) {
    std::string path;
    if (context_.search->find_file(fields[0], path) == ENOENT) {
      AppliedRedirections redirections(context_);
      if (!redirections.apply(node.redirections)) return Completion::of(context_.state.error_status());
      return not_found(fields);
    }
  }
  if (tail == Tail::Yes && !context_.jobs.is_monitor() && context_.traps->allows_replacement() &&
      !context_.jobs.has_active()) {
    if (Result<void> arranged = plan.apply_here(nullptr); !arranged) {
      context_.subshells->report_descriptors(arranged.error());
      return Completion::of(state::kNotExecutable);
    }
    return {replace(fields, {}, false, false), Flow::Exit, 0};
  }
  process::InterruptHold hold(context_.subshells->holds_interrupts());
  process::Job& job = context_.subshells->new_job(&node);
  Started started =
      start(fields, plan, context_.jobs.group_for_next(job), context_.subshells->terminal_for(job), false, false);
  plan.clear();
  if (started.pid < 0) {
    context_.jobs.release(job);
    return Completion::of(started.status);
  }
  context_.jobs.add_process(job, started.pid);
  return context_.subshells->wait_for(job, hold, tail == Tail::Yes);
}

Completion SimpleCommandRunner::run_words(Fields words, const api::RunOptions& options) {
  if (words.empty()) return {};
  if (stack_is_low())
    throw ShellError(ShellError::Kind::Exhausted, "maximum recursion depth exceeded", state::kUsageError);
  Target target = context_.search->classify(words[0], options.skip_functions || options.builtin_only);
  if (target.is_builtin()) {
    try {
      return call_builtin(*target.builtin, words, nullptr, false);
    } catch (const ShellError& error) {
      // By way of `command` a special builtin loses its consequences.
      if (error.kind() != ShellError::Kind::Utility) throw;
      context_.services.report(error.message());
      return Completion::of(context_.state.status_of(error));
    }
  }
  if (options.builtin_only) {
    context_.services.report(std::string(words[0]) + ": not a shell builtin");
    return Completion::of(state::kFailure);
  }
  if (target.kind == Target::Kind::Function) return context_.functions->call(target.function, words.subspan(1));
  process::FdPlan plan;
  if (!plan_captured_output(context_, plan)) return Completion::of(state::kNotExecutable);
  process::InterruptHold hold(context_.subshells->holds_interrupts());
  process::Job& job = context_.subshells->new_job(nullptr);
  Started started = start(words, plan, context_.jobs.group_for_next(job), context_.subshells->terminal_for(job), false,
                          options.default_path);
  if (started.pid < 0) {
    context_.jobs.release(job);
    return Completion::of(started.status);
  }
  context_.jobs.add_process(job, started.pid);
  return context_.subshells->wait_for(job, hold, false);
}

}  // namespace mish::exec
