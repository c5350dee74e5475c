// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/environment.h"

#include <cstring>

#include "shell/state/shell_state.h"
#include "shell/state/special_variables.h"
#include "shell/syntax/printer.h"

namespace mish::state {

namespace {

constexpr std::string_view kFunctionPrefix = "BASH_FUNC_";
constexpr std::string_view kFunctionSuffix = "%%=";

// Variables whose value the shell makes itself: a value from outside would be wrong or dangerous. SHELLOPTS and
// BASHOPTS are read by start-up before they become views of the options; UID and EUID say the truth when they are read
// and go on to the programs that are run, for which somebody has exported them.
bool is_own(const ShellState& state, Name name) {
  if (name == names::IFS || name == names::OPTIND || name == names::OPTARG || name == names::OPTERR ||
      name == names::PPID || name == names::LINENO) {
    return true;
  }
  if (state.is_posix()) return false;  // the others are variables like any there
  return name == names::BASH_VERSION || name == names::BASH_VERSINFO || name == names::MISH_VERSION ||
         name == names::GROUPS || name == names::FUNCNAME || name == names::BASH_SOURCE || name == names::BASH_LINENO ||
         name == names::PIPESTATUS || name == names::DIRSTACK || name == names::BASHPID ||
         name == names::BASH_SUBSHELL || name == names::BASH_REMATCH;
}

// Whether the value of a computed variable may be another one with nothing assigned.
bool changes_unnoticed(Name name) {
  const SpecialVariable* special = find_special(name);
  return special != nullptr && (special->is_listed_when_read || name == names::SHELLOPTS || name == names::BASHOPTS);
}

// bash takes a function from the environment only if its value begins with exactly `() {`.
std::string function_value(const syntax::FunctionDefinition& definition) {
  std::string text = syntax::print_function(definition);
  size_t body = text.find("()");
  body = body == std::string::npos ? 0 : text.find_first_not_of(" \n", body + 2);
  if (body == std::string::npos) body = 0;
  if (text[body] == '{') return "() " + text.substr(body);
  return "() { " + text.substr(body) + "\n}";
}

}  // namespace

char* const* Environment::envp(ShellState& state, std::string_view path) {
  bool is_current = variable_generation_ == state.variables.export_generation() &&
                    function_generation_ == state.functions.export_generation();
  if (!is_current || has_computed_ || pointers_.empty()) rebuild(state);
  size_t last = pointers_.size() - 1;
  pointers_[last - 1] = nullptr;
  if (!state.is_posix()) {
    underscore_.assign("_=").append(path);
    pointers_[last - 1] = underscore_.data();
  }
  return pointers_.data();
}

void Environment::rebuild(ShellState& state) {
  bytes_.clear();
  has_computed_ = false;
  std::vector<size_t> offsets;
  for (Name name : state.variables.exported_names()) {
    if (name == names::Underscore && !state.is_posix()) continue;
    const Variable* v = state.variables.resolve(name);
    if (v == nullptr || v->value.kind() != Value::Kind::Scalar) continue;  // arrays cannot be passed on
    if (v->has(attribute::Special) && changes_unnoticed(name)) has_computed_ = true;
    offsets.push_back(bytes_.size());
    bytes_.append(text(name)).append("=").append(v->value.text()).push_back('\0');
  }
  if (!state.is_posix() && state.functions.any_exported()) {
    for (Name name : state.functions.sorted_names()) {
      const Function* function = state.functions.find(name);
      if (!function->is_exported || function->definition == nullptr) continue;
      offsets.push_back(bytes_.size());
      bytes_.append(kFunctionPrefix).append(text(name)).append(kFunctionSuffix);
      bytes_.append(function_value(*function->definition)).push_back('\0');
    }
  }
  pointers_.clear();
  pointers_.reserve(offsets.size() + foreign_.size() + 2);
  for (size_t offset : offsets) pointers_.push_back(bytes_.data() + offset);
  for (std::string& entry : foreign_) pointers_.push_back(entry.data());
  pointers_.push_back(nullptr);  // place of `_`
  pointers_.push_back(nullptr);
  variable_generation_ = state.variables.export_generation();
  function_generation_ = state.functions.export_generation();
}

void Environment::import(ShellState& state, char** environ,
                         void (*import_function)(ShellState&, const char* name, const char* text)) {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const char* equals = std::strchr(*entry, '=');
    if (equals == nullptr) continue;
    std::string_view key(*entry, static_cast<size_t>(equals - *entry));
    if (is_identifier(key)) {
      Name name = NameTable::intern(key);
      if (name == names::Underscore && !state.is_posix()) {
        state.last_argument = equals + 1;  // how this shell or its script was called, until a command has run
      } else if (!is_own(state, name)) {
        state.variables.import(name, equals + 1);
      }
      continue;
    }
    bool is_function =
        key.size() > kFunctionPrefix.size() + 2 && key.starts_with(kFunctionPrefix) && key.ends_with("%%");
    if (is_function && import_function != nullptr) {
      std::string name(key.substr(kFunctionPrefix.size(), key.size() - kFunctionPrefix.size() - 2));
      import_function(state, name.c_str(), equals + 1);
    } else {
      foreign_.emplace_back(*entry);
    }
  }
}

}  // namespace mish::state
