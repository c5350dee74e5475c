// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/set.h"

#include "builtins/listing.h"
#include "shell/api/option_parser.h"
#include "shell/api/services.h"

namespace mish::builtins {

namespace {

using state::Option;
using state::OptionFamily;
using state::OptionInfo;

void print_option(BuiltinContext& context, const OptionInfo& row, bool reusable) {
  bool is_on = context.state.is_on(row.option);
  bool is_shopt = row.family == OptionFamily::Shopt;
  if (reusable && is_shopt) {
    context.out.print("shopt {} {}\n", is_on ? "-s" : "-u", row.name);
  } else if (reusable) {
    context.out.print("set {} {}\n", is_on ? "-o" : "+o", row.name);
  } else {
    context.out.print("{:<15}\t{}\n", row.name, is_on ? "on" : "off");
  }
}

void print_options(BuiltinContext& context, OptionFamily family, bool reusable) {
  for (const OptionInfo& row : state::option_table()) {
    if (row.family == family) print_option(context, row, reusable);
  }
}

// The words of `set`, one after the other.
class SetOperands {
 public:
  SetOperands(BuiltinContext& context, Args args) : context_(context), args_(args) {}

  Completion run() {
    // A wrong option leaves everything as it was, also `set -e` before it.
    if (Completion wrong = walk(); wrong.status != 0) return wrong;
    applies_ = true;
    position_ = 0;
    return walk();
  }

 private:
  /// Looks at all words; does what they say when `applies_`.
  Completion walk() {
    bool sets_parameters = false;
    while (position_ < args_.size()) {
      std::string_view word = args_[position_];
      if (word == "--") {
        ++position_;
        sets_parameters = true;
        break;
      }
      if (word == "-") {  // ends the options; turns -x and -v off
        ++position_;
        change(state::info(Option::XTrace), false);
        change(state::info(Option::Verbose), false);
        break;
      }
      if (word == "+" && !context_.state.is_posix()) {  // bash: an option without a letter
        ++position_;
        continue;
      }
      if (word.size() < 2 || (word[0] != '-' && word[0] != '+')) break;
      ++position_;
      if (Completion completion = apply_cluster(word); completion.status != 0) return completion;
    }
    if (!applies_) return Completion::of(0);
    if (sets_parameters || position_ < args_.size()) context_.state.positional.assign(args_.subspan(position_));
    return refused_ ? Completion::of(1) : Completion::of(0);
  }

  Completion apply_cluster(std::string_view word) {
    bool on = word[0] == '-';
    for (char letter : word.substr(1)) {
      if (letter == 'o') {
        if (Completion completion = apply_long(on); completion.status != 0) return completion;
        continue;
      }
      const OptionInfo* row = state::find_option(letter);
      if (row == nullptr || !row->settable)
        return context_.usage_error(fmt::format("{}{}: invalid option", word[0], letter));
      change(*row, on);
    }
    return Completion::of(0);
  }

  Completion apply_long(bool on) {
    if (position_ == args_.size()) {
      if (applies_) print_options(context_, OptionFamily::Set, !on);
      return Completion::of(0);
    }
    std::string_view name = args_[position_++];
    const OptionInfo* row = state::find_option(name, OptionFamily::Set);
    if (row == nullptr)
      return context_.failure(fmt::format("{}: no such option; `set -o' lists them", name), state::kUsageError);
    change(*row, on);
    return Completion::of(0);
  }

  void change(const OptionInfo& row, bool on) {
    if (applies_ && !context_.services.set_option(row.option, on)) refused_ = true;
  }

  BuiltinContext& context_;
  Args args_;
  size_t position_ = 0;
  bool applies_ = false;
  bool refused_ = false;
};

/// `set -n`: what was read with this command is not executed any more either.
Completion unless_noexec(const BuiltinContext& context, Completion completion) {
  if (context.state.is_on(Option::NoExec)) completion.flow = state::Flow::Interrupt;
  return completion;
}

}  // namespace

Completion run_set(BuiltinContext& context, Args args) {
  if (args.empty()) {
    list_variables(context);
    if (!context.state.is_posix()) list_functions(context);
    return Completion::of(0);
  }
  return unless_noexec(context, SetOperands(context, args).run());
}

Completion run_shopt(BuiltinContext& context, Args args) {
  bool sets = false, unsets = false, reusable = false, quiet = false;
  OptionFamily family = OptionFamily::Shopt;
  OptionParser options(context, args, "opqsu");
  for (char letter; (letter = options.next()) != 0;) {
    switch (letter) {
      case 'o': family = OptionFamily::Set; break;
      case 'p': reusable = true; break;
      case 'q': quiet = true; break;
      case 's': sets = true; break;
      case 'u': unsets = true; break;
      default: return options.completion();
    }
  }
  if (sets && unsets) return context.usage_error("cannot set and unset options at once");
  args = options.operands();
  if (args.empty()) {
    for (const OptionInfo& row : state::option_table()) {
      if (row.family != family) continue;
      bool is_on = context.state.is_on(row.option);
      if ((sets && !is_on) || (unsets && is_on) || quiet) continue;
      print_option(context, row, reusable);
    }
    return Completion::of(0);
  }
  int status = 0;
  for (std::string_view name : args) {
    const OptionInfo* row = state::find_option(name, family);
    if (row == nullptr) {
      context.error("{}: no such option; `shopt{}' lists them", name, family == OptionFamily::Set ? " -o" : "");
      status = 1;
    } else if (sets || unsets) {
      if (!row->settable) {
        context.error("{}: set by invocation only", name);
        status = 1;
      } else if (!context.services.set_option(row->option, sets)) {
        status = 1;
      }
    } else {
      if (!quiet) print_option(context, *row, reusable);
      if (!context.state.is_on(row->option)) status = 1;
    }
  }
  return unless_noexec(context, Completion::of(status));
}

}  // namespace mish::builtins
