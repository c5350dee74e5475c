// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/getopts.h"

#include "builtins/operand.h"
#include "shell/api/option_parser.h"
#include "shell/base/text.h"

namespace mish::builtins {

namespace {

class OptionWalk {
 public:
  OptionWalk(BuiltinContext& context, std::string_view letters, Name variable, Args arguments)
      : context_(context), state_(context.state), variable_(variable), arguments_(arguments), letters_(letters) {
    is_silent_ = !letters_.empty() && letters_[0] == ':';
    if (is_silent_) letters_.remove_prefix(1);
    index_ = static_cast<size_t>(state_.getopts.index < 1 ? 1 : state_.getopts.index);
    offset_ = state_.getopts.offset;
  }

  Completion step() {
    if (!find_option()) return finish();
    std::string_view word = arguments_[index_ - 1];
    char letter = word[offset_++];
    bool ends_word = offset_ == word.size();
    size_t known = letter == ':' ? std::string_view::npos : letters_.find(letter);
    bool takes_argument = known != std::string_view::npos && letters_.substr(known + 1).starts_with(':');
    if (!takes_argument) {
      if (ends_word) next_word();
      return known == std::string_view::npos ? unknown(letter) : found(letter);
    }
    std::string_view argument = word.substr(offset_);
    bool has_argument = !ends_word;
    next_word();
    if (!has_argument) {
      if (index_ > arguments_.size()) return missing_argument(letter);
      argument = arguments_[index_ - 1];
      next_word();
    }
    state_.variables.assign(names::OPTARG, argument);
    return store(letter);
  }

 private:
  // Moves to the next option letter; false at the end of the options.
  bool find_option() {
    if (offset_ != 0 && (index_ > arguments_.size() || offset_ >= arguments_[index_ - 1].size())) next_word();
    if (offset_ != 0) return true;
    if (index_ > arguments_.size()) return false;
    std::string_view word = arguments_[index_ - 1];
    if (word.size() < 2 || word[0] != '-') return false;
    if (word == "--") {
      next_word();
      return false;
    }
    offset_ = 1;
    return true;
  }

  void next_word() {
    ++index_;
    offset_ = 0;
  }

  // The assignment of OPTIND forgets the place within a cluster, so it is set after it.
  void save_position() {
    state_.variables.assign_integer(names::OPTIND, static_cast<int64_t>(index_));
    state_.getopts.index = static_cast<int64_t>(index_);
    state_.getopts.offset = offset_;
  }

  Completion store(char letter) {
    save_position();
    state_.variables.assign(variable_, std::string_view(&letter, 1));
    return Completion::of(0);
  }

  Completion found(char letter) {
    state_.variables.unset(names::OPTARG);
    return store(letter);
  }

  Completion finish() {
    if (index_ > arguments_.size() + 1) index_ = arguments_.size() + 1;
    offset_ = 0;
    state_.variables.unset(names::OPTARG);
    store('?');
    return Completion::of(1);
  }

  Completion unknown(char letter) {
    report(letter, "invalid option");
    return store('?');
  }

  Completion missing_argument(char letter) {
    report(letter, "option requires an argument");
    return store(is_silent_ ? ':' : '?');
  }

  void report(char letter, std::string_view what) {
    if (is_silent_) {
      state_.variables.assign(names::OPTARG, std::string_view(&letter, 1));
      return;
    }
    state_.variables.unset(names::OPTARG);
    if (state_.variables.text(names::OPTERR) == "0") return;
    context_.out.flush();
    context_.err.print("{}: {} -- {}\n", state_.zero, what, letter);
    context_.err.flush();
  }

  BuiltinContext& context_;
  state::ShellState& state_;
  Name variable_;
  Args arguments_;
  std::string_view letters_;
  bool is_silent_ = false;
  size_t index_ = 1;   // of the word, from 1
  size_t offset_ = 0;  // of the next letter in it, 0 = the word was not begun
};

}  // namespace

Completion run_getopts(BuiltinContext& context, Args args) {
  OptionParser options(context, args, "");
  if (options.next() != 0) return options.completion();
  args = options.operands();
  if (args.size() < 2) return context.usage_error("optstring and name are required");
  if (!is_identifier(args[1]))
    return context.failure(fmt::format("{}: not a valid identifier", args[1]), context.state.error_status());
  Args arguments = args.size() > 2 ? args.subspan(2) : context.state.positional.all();
  Completion completion;
  auto step = [&] { completion = OptionWalk(context, args[0], NameTable::intern(args[1]), arguments).step(); };
  return reporting_errors(context, step) ? completion : Completion::of(state::kUsageError);
}

}  // namespace mish::builtins
