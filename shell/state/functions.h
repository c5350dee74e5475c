// SPDX-License-Identifier: GPL-3.0-or-later
// Function definitions by Name. A running function keeps its definition alive when it is redefined or unset.
#ifndef MISH_SHELL_STATE_FUNCTIONS_H_
#define MISH_SHELL_STATE_FUNCTIONS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "shell/base/name.h"
#include "shell/syntax/command.h"
#include "shell/syntax/program.h"

namespace mish::state {

struct Function {
  syntax::ProgramPtr program;  // owns the nodes
  const syntax::FunctionDefinition* definition = nullptr;
  std::string source_name;  // file it was defined in
  bool is_exported = false;
  bool is_readonly = false;
  bool is_traced = false;
};

class FunctionTable {
 public:
  /// Null if there is none.
  const Function* find(Name name) const {
    uint32_t i = index(name);
    return i < functions_.size() ? functions_[i].get() : nullptr;
  }
  /// Keeps the definition alive while it runs.
  std::shared_ptr<Function> share(Name name) const;
  /// For changing the attributes; null if there is none.
  Function* find_mutable(Name name);
  /// Defines or redefines; an older definition's export and trace attributes are kept. False when it is readonly.
  bool define(Name name, Function function);
  /// False when it is readonly.
  bool unset(Name name);
  std::vector<Name> sorted_names() const;
  /// Whether any function is exported (BASH_FUNC_name%% must be put into the environment).
  bool any_exported() const;
  /// Grows with every change that may concern an exported function.
  uint32_t export_generation() const { return export_generation_; }

  /// Roll-back for in-process subshells.
  size_t begin_snapshot();
  /// True if anything changed back.
  bool roll_back(size_t snapshot);

 private:
  struct Undo {
    Name name;
    std::shared_ptr<Function> old;
  };
  std::vector<std::shared_ptr<Function>> functions_;
  std::vector<Undo> undo_;
  int snapshots_ = 0;
  uint32_t export_generation_ = 0;
};

}  // namespace mish::state

#endif  // MISH_SHELL_STATE_FUNCTIONS_H_
