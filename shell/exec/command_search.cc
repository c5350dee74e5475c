// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/exec/command_search.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "shell/base/retry.h"
#include "shell/base/stack_guard.h"
#include "shell/syntax/token.h"

namespace mish::exec {

namespace {

bool is_regular_executable(const char* path, bool& exists) {
  struct stat status;
  exists = retry_interrupted([&] { return stat(path, &status); }) == 0;
  return exists && S_ISREG(status.st_mode) && faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

}  // namespace

const api::Builtin* CommandSearch::find_builtin(std::string_view name, bool even_disabled) const {
  auto found = std::lower_bound(context_.builtins.begin(), context_.builtins.end(), name,
                                [](const api::Builtin& builtin, std::string_view text) { return builtin.name < text; });
  if (found == context_.builtins.end() || found->name != name) return nullptr;
  if (found->kind == api::BuiltinKind::Extension && context_.state.is_posix() &&
      !found->has(api::builtin_flag::InPosixMode)) {
    return nullptr;
  }
  return even_disabled || is_enabled(*found) ? &*found : nullptr;
}

bool CommandSearch::is_enabled(const api::Builtin& builtin) const {
  auto position = static_cast<size_t>(&builtin - context_.builtins.data());
  // The bit says that the state differs from the default of the table.
  return disabled_[position] == builtin.has(api::builtin_flag::Disabled);
}

bool CommandSearch::enable(std::string_view name, bool on) {
  const api::Builtin* builtin = find_builtin(name, true);
  if (builtin == nullptr) return false;
  if (is_enabled(*builtin) != on) {
    disabled_.flip(static_cast<size_t>(builtin - context_.builtins.data()));
    context_.state.bump_generation();
  }
  return true;
}

Target CommandSearch::classify(std::string_view name, bool skip_functions) const {
  Target target;
  state::ShellState& state = context_.state;
  const api::Builtin* builtin = name.find('/') == std::string_view::npos ? find_builtin(name) : nullptr;
  bool is_special = builtin != nullptr && builtin->kind == api::BuiltinKind::Special;
  // XCU 2.9.1.4 finds special builtins first; bash outside POSIX mode lets functions hide them.
  bool special_first = is_special && (state.is_posix() || skip_functions);
  if (!special_first && !skip_functions) {
    if (std::optional<Name> known = NameTable::find(name); known && state.functions.find(*known) != nullptr) {
      target.kind = Target::Kind::Function;
      target.function = *known;
      return target;
    }
  }
  // XCU 2.9.1.4, step 1.e would look for a utility that is no intrinsic in PATH first; like every /bin/sh, this one has
  // its echo, printf and test whatever PATH says.
  if (builtin != nullptr) {
    target.kind = is_special ? Target::Kind::SpecialBuiltin : Target::Kind::Builtin;
    target.builtin = builtin;
    return target;
  }
  target.kind = Target::Kind::File;
  return target;
}

Target CommandSearch::unpack(const syntax::SimpleCommand& command) const {
  Target target;
  target.kind = static_cast<Target::Kind>(command.cache_extra);
  if (target.is_builtin()) {
    target.builtin = static_cast<const api::Builtin*>(command.cache_target);
  } else {
    target.function = command.words[0]->name;
  }
  return target;
}

Target CommandSearch::remember(const syntax::SimpleCommand& command) {
  Target target = classify(command.words[0]->literal);
  if (target.kind == Target::Kind::Function && target.function != command.words[0]->name) return target;
  command.cache_target = target.builtin;
  command.cache_extra = static_cast<uint32_t>(target.kind);
  command.cache_generation = context_.state.command_generation;
  return target;
}

int CommandSearch::find_file(std::string_view name, std::string& path, bool default_path) {
  state::ShellState& state = context_.state;
  if (name.find('/') != std::string_view::npos) {
    path.assign(name);
    return 0;  // exec tells what is wrong with it
  }
  if (name.empty()) {
    path.clear();
    return ENOENT;
  }
  // In POSIX mode set -h means more than this (see locate_utilities), and remembering is always allowed.
  bool may_remember = !default_path && (state.is_on(Option::HashAll) || state.is_posix());
  if (!default_path) {
    if (std::optional<Name> known = NameTable::find(name)) {
      const state::CommandHash::Entry* entry = state.hash.find(*known);
      if (entry != nullptr && (!state.is_on(Option::CheckHash) || access(entry->path.c_str(), X_OK) == 0)) {
        path = entry->path;
        state.hash.count_hit(*known);
        return 0;
      }
    }
  }
  std::string list;
  if (default_path) {
    list = state::default_path();
  } else {
    list = state.variables.text(names::PATH);  // unset, nothing is found, as in dash and bash
  }
  state::SearchTrouble trouble;
  path = state::search_path(name, list, &trouble);
  if (path.empty()) {
    path.assign(trouble.error != 0 ? trouble.path : name);
    if (trouble.error != 0) return trouble.error;
    return trouble.is_unexecutable ? EACCES : ENOENT;
  }
  // What is run may not be what the user meant.
  if (trouble.error != 0) context_.services.report(trouble.sentence());
  if (may_remember && path[0] == '/') {
    Name interned = NameTable::intern(name);
    state.hash.remember(interned, path);
    state.hash.count_hit(interned);
  }
  return 0;
}

void CommandSearch::locate_utilities(const syntax::Command& body) {
  using syntax::CommandKind;
  if (stack_is_low()) return;
  auto optional = [this](const syntax::Command* node) {
    if (node != nullptr) locate_utilities(*node);
  };
  switch (body.kind) {
    case CommandKind::Simple: {
      const auto& simple = syntax::as<syntax::SimpleCommand>(body);
      std::string path;
      if (!simple.words.empty() && simple.words[0]->is_literal &&
          classify(simple.words[0]->literal).kind == Target::Kind::File) {
        find_file(simple.words[0]->literal, path);
      }
      return;
    }
    case CommandKind::Pipeline:
      for (const syntax::Command* each : syntax::as<syntax::Pipeline>(body).commands) locate_utilities(*each);
      return;
    case CommandKind::AndOr:
      for (const auto& item : syntax::as<syntax::AndOr>(body).items) locate_utilities(*item.command);
      return;
    case CommandKind::List:
      for (const auto& item : syntax::as<syntax::List>(body).items) locate_utilities(*item.command);
      return;
    case CommandKind::Group: return optional(syntax::as<syntax::Group>(body).body);
    case CommandKind::Subshell: return optional(syntax::as<syntax::Subshell>(body).body);
    case CommandKind::For: return optional(syntax::as<syntax::ForClause>(body).body);
    case CommandKind::Case:
      for (const auto& item : syntax::as<syntax::CaseClause>(body).items) optional(item.body);
      return;
    case CommandKind::If:
      for (const auto& branch : syntax::as<syntax::IfClause>(body).branches) {
        optional(branch.condition);
        optional(branch.body);
      }
      return optional(syntax::as<syntax::IfClause>(body).else_body);
    case CommandKind::Loop:
      optional(syntax::as<syntax::LoopClause>(body).condition);
      return optional(syntax::as<syntax::LoopClause>(body).body);
    case CommandKind::ArithFor:
    case CommandKind::Function:
    case CommandKind::Conditional:
    case CommandKind::Arithmetic:
    case CommandKind::Select:
    case CommandKind::Coprocess: return;  // not of the standard, or not part of the body
  }
}

void CommandSearch::forget(std::string_view name) {
  if (std::optional<Name> known = NameTable::find(name)) context_.state.hash.forget(*known);
}

api::FoundCommand CommandSearch::describe(std::string_view name, const api::RunOptions& options) {
  using Kind = api::FoundCommand::Kind;
  api::FoundCommand found;
  if (!options.builtin_only && !options.skip_functions) {
    bool sees_aliases = context_.state.is_on(Option::ExpandAliases) || context_.state.is_posix();
    if (sees_aliases && context_.state.aliases.find_alias(name) != nullptr) {
      found.kind = Kind::Alias;
      return found;
    }
    if (syntax::find_reserved_word(name, context_.state.is_posix()) != syntax::ReservedWord::None) {
      found.kind = Kind::Keyword;
      return found;
    }
  }
  Target target = classify(name, options.skip_functions || options.builtin_only);
  switch (target.kind) {
    case Target::Kind::SpecialBuiltin:
      found.kind = Kind::SpecialBuiltin;
      found.builtin = target.builtin;
      return found;
    case Target::Kind::Function: found.kind = Kind::Function; return found;
    case Target::Kind::Builtin:
      found.kind = Kind::Builtin;
      found.builtin = target.builtin;
      if (target.builtin->kind == api::BuiltinKind::Utility && context_.state.is_posix()) {
        found.path = state::search_path(name, context_.state.variables.text(names::PATH));
      }
      return found;
    case Target::Kind::NotFound:
    case Target::Kind::Unexecutable:
    case Target::Kind::File: break;
  }
  if (options.builtin_only || name.empty()) return found;
  state::ShellState& state = context_.state;
  if (name.find('/') != std::string_view::npos) {
    bool exists = false;
    std::string path(name);
    if (is_regular_executable(path.c_str(), exists)) {
      found.kind = Kind::File;
      found.path = path;
    }
    found.is_unexecutable = exists && found.kind == Kind::NotFound;
    return found;
  }
  // As sh, what was looked up is remembered too (XCU 2.9.1.4 allows it, dash and ksh93 do it); it is true as long as
  // the file is there. Like bash, mish by default remembers only what it ran.
  bool may_remember = !options.default_path && state.is_posix();
  if (!options.default_path) {
    if (std::optional<Name> known = NameTable::find(name)) {
      const state::CommandHash::Entry* entry = state.hash.find(*known);
      if (entry != nullptr && (!may_remember || access(entry->path.c_str(), X_OK) == 0)) {
        found.kind = Kind::File;
        found.path = entry->path;
        found.is_hashed = true;
        return found;
      }
    }
  }
  std::string list = options.default_path ? state::default_path() : std::string(state.variables.text(names::PATH));
  state::SearchTrouble trouble;
  found.path = state::search_path(name, list, &trouble);
  found.is_unexecutable = trouble.is_unexecutable;
  if (trouble.error != 0) found.trouble = trouble.sentence();
  if (!found.path.empty()) {
    found.kind = Kind::File;
    if (may_remember && found.path[0] == '/') state.hash.remember(NameTable::intern(name), found.path);
  }
  return found;
}

}  // namespace mish::exec
