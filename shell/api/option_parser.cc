// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/api/option_parser.h"

#include "shell/api/services.h"

namespace mish::api {

char OptionParser::fail(std::string_view message) {
  failed_ = true;
  completion_ = context_.usage_error(message);
  return '?';
}

char OptionParser::next() {
  argument_ = {};
  if (offset_ == 0) {
    if (position_ == args_.size()) return 0;
    std::string_view word = args_[position_];
    bool begins_option = word.size() > 1 && (word[0] == '-' || (plus_ && word[0] == '+'));
    if (!begins_option) return 0;
    if (word == "--") {
      ++position_;
      return 0;
    }
    if (word == "--help" && !context_.state.is_posix()) {
      if (const Builtin* builtin = context_.services.find_builtin(context_.name)) {
        context_.out.print("{}: {}\n{}\n", builtin->name, builtin->synopsis, builtin->help);
      }
      failed_ = true;
      completion_ = Completion::of(state::kUsageError);
      return '?';
    }
    is_plus_ = word[0] == '+';
    offset_ = 1;
  }
  std::string_view word = args_[position_];
  char letter = word[offset_++];
  bool ends_word = offset_ == word.size();
  size_t known = letter == ':' ? std::string_view::npos : letters_.find(letter);
  if (known == std::string_view::npos) {
    return fail(fmt::format("{}{}: invalid option", is_plus_ ? '+' : '-', letter));
  }
  bool takes_argument = known + 1 < letters_.size() && letters_[known + 1] == ':';
  if (!takes_argument) {
    if (ends_word) {
      ++position_;
      offset_ = 0;
    }
    return letter;
  }
  ++position_;
  if (!ends_word) {
    argument_ = word.substr(offset_);
  } else if (position_ < args_.size()) {
    argument_ = args_[position_++];
  } else {
    return fail(fmt::format("{}{}: option requires an argument", is_plus_ ? '+' : '-', letter));
  }
  offset_ = 0;
  return letter;
}

}  // namespace mish::api
