// SPDX-License-Identifier: GPL-3.0-or-later
// Calling a function (XCU 2.9.5): frame, positional parameters borrowed from the caller's scratch memory, local scope,
// where `return` lands, which of the DEBUG, RETURN and ERR traps it inherits.
#ifndef MISH_SHELL_EXEC_FUNCTION_CALL_H_
#define MISH_SHELL_EXEC_FUNCTION_CALL_H_

#include <span>
#include <string_view>

#include "shell/exec/context.h"

namespace mish::exec {

class FunctionCaller {
 public:
  explicit FunctionCaller(ExecutionContext& context) : context_(context) {}

  /// Calls the function `name` with `arguments` ($1...), which must outlive the call. The redirections of the
  /// definition are performed around the body. Throws ShellError.
  Completion call(Name name, std::span<const std::string_view> arguments);

 private:
  Completion on_entry(const syntax::FunctionDefinition& definition);
  Completion body(const syntax::FunctionDefinition& definition);
  bool is_too_deep() const;

  ExecutionContext& context_;
  int depth_ = 0;
};

}  // namespace mish::exec

#endif  // MISH_SHELL_EXEC_FUNCTION_CALL_H_
