// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/exec/containment.h"

#include <algorithm>

#include "shell/base/stack_guard.h"
#include "shell/exec/command_search.h"

namespace mish::exec {

using syntax::CommandKind;
using syntax::PartKind;
using syntax::RedirectionKind;

namespace {

constexpr size_t kMaxFunctions = 64;

/// Options of `set` that are bits of the state and nothing more.
bool is_plain_set_operand(std::string_view text) {
  if (text.size() < 2 || (text[0] != '-' && text[0] != '+')) return true;
  return text.substr(1).find_first_not_of("efuxCnv-") == std::string_view::npos;
}

/// Whether a path may stand for a descriptor of whoever opens it.
bool names_descriptor(std::string_view path) {
  return path.starts_with("/dev/std") || path.starts_with("/dev/fd") || path.starts_with("/proc/");
}

bool parameter_is_pure(const syntax::ParameterExpansion& parameter) {
  return parameter.op == syntax::ParameterOp::None && !parameter.indirect && parameter.subscript == nullptr &&
         parameter.name != names::BASHPID && parameter.name != names::BASH_SUBSHELL &&
         parameter.name != names::RANDOM && parameter.name != names::SRANDOM;
}

}  // namespace

Admission Containment::admission(const syntax::Command& body, uint32_t& cache) {
  if (context_.state.is_on(Option::ForkSubshell)) return {};
  // The lowest bits hold the verdict, and that there is one.
  constexpr uint32_t kKnown = 1, kAdmitted = 2, kDirectory = 4, kUmask = 8;
  uint32_t generation = context_.state.command_generation << 4;
  if ((cache & ~15u) == generation && (cache & kKnown) != 0) {
    return {(cache & kAdmitted) != 0, (cache & kDirectory) != 0, (cache & kUmask) != 0};
  }
  Admission verdict = analyse(body);
  cache = generation | kKnown | (verdict.is_admitted ? kAdmitted : 0) | (verdict.changes_directory ? kDirectory : 0) |
          (verdict.changes_umask ? kUmask : 0);
  return verdict;
}

Admission Containment::admission(const syntax::Command& body) {
  return context_.state.is_on(Option::ForkSubshell) ? Admission{} : analyse(body);
}

Admission Containment::analyse(const syntax::Command& body) {
  visiting_.clear();
  found_ = {};
  found_.is_admitted = command(body, true);
  return found_;
}

bool Containment::command(const syntax::Command& node, bool in_tail) {
  if (stack_is_low()) return false;
  if (node.kind != CommandKind::Simple && !redirections(node.redirections, false)) return false;
  // What has redirections to undo is not in tail position.
  if (!node.redirections.empty() && node.kind != CommandKind::Simple) in_tail = false;
  switch (node.kind) {
    case CommandKind::Simple: return simple(syntax::as<syntax::SimpleCommand>(node), in_tail);
    case CommandKind::Pipeline: {
      const auto& pipeline = syntax::as<syntax::Pipeline>(node);
      // Stages of a real pipeline are processes; a single command (!, time) runs here.
      return pipeline.commands.size() > 1 ? in_tail && !context_.state.is_on(Option::LastPipe)
                                          : command(*pipeline.commands[0], false);
    }
    case CommandKind::AndOr: {
      auto items = syntax::as<syntax::AndOr>(node).items;
      for (size_t i = 0; i < items.size(); ++i) {
        if (!command(*items[i].command, in_tail && i + 1 == items.size())) return false;
      }
      return true;
    }
    case CommandKind::List: {
      auto items = syntax::as<syntax::List>(node).items;
      for (size_t i = 0; i < items.size(); ++i) {
        if (items[i].is_async) return false;
        if (!command(*items[i].command, in_tail && i + 1 == items.size())) return false;
      }
      return true;
    }
    case CommandKind::Group: return optional(syntax::as<syntax::Group>(node).body, in_tail);
    case CommandKind::Subshell: return optional(syntax::as<syntax::Subshell>(node).body, in_tail);
    case CommandKind::For: {
      const auto& loop = syntax::as<syntax::ForClause>(node);
      return words(loop.words) && optional(loop.body, false);
    }
    case CommandKind::ArithFor: return optional(syntax::as<syntax::ArithForClause>(node).body, false);
    case CommandKind::Case: {
      const auto& clause = syntax::as<syntax::CaseClause>(node);
      if (!word(*clause.word)) return false;
      for (const auto& item : clause.items) {
        if (!words(item.patterns) || !optional(item.body, in_tail)) return false;
      }
      return true;
    }
    case CommandKind::If: {
      const auto& clause = syntax::as<syntax::IfClause>(node);
      for (const auto& branch : clause.branches) {
        if (!command(*branch.condition, false) || !optional(branch.body, in_tail)) return false;
      }
      return optional(clause.else_body, in_tail);
    }
    case CommandKind::Loop: {
      const auto& loop = syntax::as<syntax::LoopClause>(node);
      return command(*loop.condition, false) && optional(loop.body, false);
    }
    case CommandKind::Function: return false;  // changes the meaning of the names that were looked at
    case CommandKind::Conditional: return condition(*syntax::as<syntax::Conditional>(node).root);
    case CommandKind::Arithmetic: return true;
    case CommandKind::Select:
    case CommandKind::Coprocess: return false;
  }
  return false;
}

bool Containment::simple(const syntax::SimpleCommand& node, bool in_tail) {
  for (const syntax::Assignment& each : node.assignments) {
    if (!assignment(each)) return false;
    // The search depends on it, and what it finds is not known now.
    if (each.name == names::PATH && !node.words.empty()) return false;
  }
  if (!words(node.words)) return false;
  if (node.words.empty()) return redirections(node.redirections, false);
  const syntax::Word& name = *node.words[0];
  if (!name.is_literal) {
    // What it will be is known only then; in tail position it can still fork (SimpleCommandRunner).
    return in_tail && redirections(node.redirections, false);
  }
  Target target = context_.search->classify(name.literal);
  switch (target.kind) {
    case Target::Kind::Function: return redirections(node.redirections, false) && function(target.function);
    case Target::Kind::SpecialBuiltin:
    case Target::Kind::Builtin: return redirections(node.redirections, true) && builtin(*target.builtin, node.words);
    case Target::Kind::File:
    case Target::Kind::NotFound:
    case Target::Kind::Unexecutable: break;
  }
  // A utility sees its parent process ($PPID), and may send it signals. In tail position it takes the place of the
  // subshell, whose parent is this process in any case.
  return in_tail && std::none_of(node.redirections.begin(), node.redirections.end(),
                                 [](const syntax::Redirection& each) { return each.fd_variable != kNoName; });
}

bool Containment::builtin(const api::Builtin& builtin, std::span<const syntax::Word* const> list) {
  std::string_view name = builtin.name;
  auto all_literal = [&] {
    return std::all_of(list.begin(), list.end(), [](const syntax::Word* each) { return each->is_literal; });
  };
  // [ -p /dev/stdout ]
  if (std::any_of(list.begin(), list.end(), [](const syntax::Word* each) { return names_descriptor(each->literal); }))
    return false;
  if (name == "set") {
    for (size_t i = 1; i < list.size(); ++i) {
      if (!list[i]->is_literal) return false;
      if (list[i]->literal == "--") return true;
      if (!is_plain_set_operand(list[i]->literal)) return false;
      if (list[i]->literal.empty() || (list[i]->literal[0] != '-' && list[i]->literal[0] != '+')) return true;
    }
    return true;
  }
  // Only their printing forms leave everything as it is.
  if (name == "trap" || name == "jobs")
    return all_literal() && (list.size() == 1 || (list.size() == 2 && list[1]->literal == "-p"));
  if (name == "alias" || name == "hash") return list.size() == 1;
  if (name == "cd" || name == "pushd" || name == "popd") {
    found_.changes_directory = true;
    return true;
  }
  if (name == "umask") {
    if (list.size() > 1) found_.changes_umask = true;
    return true;
  }
  if (name == "unset" || name == "export" || name == "readonly" || name == "declare" || name == "typeset") {
    // Functions are not taken away: the analysis relies on them.
    for (size_t i = 1; i < list.size(); ++i) {
      if (list[i]->is_literal && list[i]->literal.size() > 1 && list[i]->literal[0] == '-' &&
          list[i]->literal.find('f') != std::string_view::npos) {
        return false;
      }
      if (!list[i]->is_literal && list[i]->assignment == nullptr) return false;
    }
    return builtin.has(api::builtin_flag::Contained);
  }
  if (name == "command" || name == "builtin") {
    if (list.size() < 2) return true;
    if (!list[1]->is_literal) return false;
    if (list[1]->literal == "-v" || list[1]->literal == "-V") return name == "command";
    if (!list[1]->literal.empty() && list[1]->literal[0] == '-') return false;
    Target target = context_.search->classify(list[1]->literal, true);
    return target.is_builtin() && this->builtin(*target.builtin, list.subspan(1));
  }
  return builtin.has(api::builtin_flag::Contained);
}

bool Containment::function(Name name) {
  if (std::find(visiting_.begin(), visiting_.end(), name) != visiting_.end()) return true;
  if (visiting_.size() >= kMaxFunctions) return false;
  const state::Function* found = context_.state.functions.find(name);
  if (found == nullptr) return false;
  visiting_.push_back(name);
  return redirections(found->definition->redirections, false) && command(*found->definition->body, false);
}

bool Containment::redirections(std::span<const syntax::Redirection> list, bool own_output) const {
  for (const syntax::Redirection& each : list) {
    if (each.fd_variable != kNoName) return false;
    if (each.word != nullptr && !word(*each.word)) return false;
    if (each.body != nullptr && !word(*each.body)) return false;
    // The capture has no descriptor that another number could become.
    if (each.kind != RedirectionKind::Input && each.fd != 1 && each.fd != 2 && each.word != nullptr &&
        names_descriptor(each.word->literal)) {
      return false;
    }
    if (each.kind == RedirectionKind::DuplicateOutput || each.kind == RedirectionKind::DuplicateInput) {
      if (!each.word->is_literal) return false;
      // The capture has no descriptor: 1 may be copied to 2 and back, nowhere else.
      bool copies_output = each.word->literal == "1" || each.word->literal == "2" || each.word->literal == "1-" ||
                           each.word->literal == "2-";
      if (copies_output && (each.fd != 1 && each.fd != 2)) return false;
      if (copies_output && each.word->literal.size() > 1) return false;
      // "1" becoming another descriptor while it is captured is fine only for the builtin's own output.
      if (!own_output && each.kind == RedirectionKind::DuplicateInput && copies_output) return false;
    }
  }
  return true;
}

bool Containment::words(std::span<const syntax::Word* const> list) const {
  return std::all_of(list.begin(), list.end(), [this](const syntax::Word* each) { return word(*each); });
}

bool Containment::word(const syntax::Word& node) const {
  if (node.is_literal) return true;
  if (stack_is_low()) return false;
  for (const syntax::WordPart& part : node.parts) {
    switch (part.kind) {
      case PartKind::Literal:
      case PartKind::Tilde:
      case PartKind::CommandSubstitution:  // decides for itself
      case PartKind::Arithmetic: break;
      case PartKind::Parameter:
        if (part.parameter->name == names::BASHPID) return false;
        if (part.parameter->word != nullptr && !word(*part.parameter->word)) return false;
        if (part.parameter->replacement != nullptr && !word(*part.parameter->replacement)) return false;
        break;
      case PartKind::ProcessSubstitution: return false;
      case PartKind::Brace:
        if (!words(part.brace->alternatives)) return false;
        break;
    }
  }
  return true;
}

bool Containment::assignment(const syntax::Assignment& node) const {
  if (node.word != nullptr && !word(*node.word)) return false;
  return std::all_of(node.elements.begin(), node.elements.end(),
                     [this](const syntax::ArrayElement& each) { return each.word == nullptr || word(*each.word); });
}

bool Containment::condition(const syntax::ConditionNode& node) const {
  if (stack_is_low()) return false;
  if (node.left != nullptr && (!word(*node.left) || names_descriptor(node.left->literal))) return false;
  if (node.right != nullptr && !word(*node.right)) return false;
  if (node.first != nullptr && !condition(*node.first)) return false;
  return node.second == nullptr || condition(*node.second);
}

bool Containment::is_pure(std::span<const syntax::Word* const> list) const {
  for (const syntax::Word* each : list) {
    if (each->is_literal) continue;
    for (const syntax::WordPart& part : each->parts) {
      bool is_fine = part.kind == PartKind::Literal || part.kind == PartKind::Tilde ||
                     (part.kind == PartKind::Parameter && parameter_is_pure(*part.parameter));
      if (!is_fine) return false;
    }
  }
  return true;
}

bool Containment::is_pure(const syntax::SimpleCommand& command) const {
  if (!command.assignments.empty() || !is_pure(command.words)) return false;
  return std::all_of(command.redirections.begin(), command.redirections.end(), [this](const syntax::Redirection& each) {
    if (each.fd_variable != kNoName) return false;
    if (each.word != nullptr && !is_pure(std::span<const syntax::Word* const>(&each.word, 1))) return false;
    return each.body == nullptr || is_pure(std::span<const syntax::Word* const>(&each.body, 1));
  });
}

}  // namespace mish::exec
