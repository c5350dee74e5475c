// SPDX-License-Identifier: GPL-3.0-or-later
// Decides, before it starts, whether the body of a subshell or command substitution may run in this process on marked
// and rolled-back state. Admitted is what touches nothing but ShellState, its output, the working directory and the
// umask, and, as the last thing it does, external utilities; anything else that would change the process itself
// (limits, dispositions, descriptors that stay) is not.
#ifndef MISH_SHELL_EXEC_CONTAINMENT_H_
#define MISH_SHELL_EXEC_CONTAINMENT_H_

#include <span>
#include <vector>

#include "shell/exec/context.h"

namespace mish::exec {

/// Whether a body may run in this process, and which attributes of the process must be brought back afterwards.
struct Admission {
  bool is_admitted = false;
  bool changes_directory = false;
  bool changes_umask = false;

  bool changes_process() const { return changes_directory || changes_umask; }
};

class Containment {
 public:
  explicit Containment(ExecutionContext& context) : context_(context) {}

  /// Whether `body` may run in-process now. `cache` (of the node) remembers the verdict for the current
  /// command_generation. Always refused while `set -o forksubshell`.
  Admission admission(const syntax::Command& body, uint32_t& cache);
  /// The same without a cache, for bodies that are met once (stages of pipelines).
  Admission admission(const syntax::Command& body);

  /// Whether the words may be expanded in the parent on behalf of a process: no assignments, no substitutions, nothing
  /// that depends on which process expands them.
  bool is_pure(std::span<const syntax::Word* const> words) const;
  bool is_pure(const syntax::SimpleCommand& command) const;

 private:
  // All of these: whether the node is contained. `in_tail`: nothing follows in the subshell.
  bool command(const syntax::Command& node, bool in_tail);
  bool simple(const syntax::SimpleCommand& node, bool in_tail);
  bool builtin(const api::Builtin& builtin, std::span<const syntax::Word* const> words);
  bool function(Name name);
  bool optional(const syntax::Command* node, bool in_tail) { return node == nullptr || command(*node, in_tail); }
  bool redirections(std::span<const syntax::Redirection> list, bool own_output) const;
  bool words(std::span<const syntax::Word* const> list) const;
  bool word(const syntax::Word& node) const;
  bool assignment(const syntax::Assignment& node) const;
  bool condition(const syntax::ConditionNode& node) const;
  Admission analyse(const syntax::Command& body);

  ExecutionContext& context_;
  std::vector<Name> visiting_;  // functions whose bodies were looked at in this analysis
  Admission found_;             // in this analysis, so far
};

}  // namespace mish::exec

#endif  // MISH_SHELL_EXEC_CONTAINMENT_H_
