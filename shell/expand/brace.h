// SPDX-License-Identifier: GPL-3.0-or-later
// Brace expansion, of words whose braces the parser has already recognised. Words are produced one at a time, in order,
// so that {1..1000000} never exists as a whole.
#ifndef MISH_SHELL_EXPAND_BRACE_H_
#define MISH_SHELL_EXPAND_BRACE_H_

#include <span>
#include <string_view>
#include <vector>

#include "shell/base/arena.h"
#include "shell/syntax/word.h"

namespace mish::expand {

class BraceExpander {
 public:
  /// Text of range items is made in `arena` and lives until the arena is released.
  explicit BraceExpander(Arena& arena) : arena_(arena) {}
  virtual ~BraceExpander() = default;
  /// Calls produce() for each word that `parts` stands for. Throws ShellError, before the first, when braces nest too
  /// deeply or stand for more words than memory holds.
  void expand(std::span<const syntax::WordPart> parts);

 protected:
  /// The parts of one word; valid during the call.
  virtual void produce(std::span<const syntax::WordPart> parts) = 0;

 private:
  /// What follows an alternative once its own parts are used up.
  struct Rest {
    std::span<const syntax::WordPart> parts;
    const Rest* next;
  };
  void expand_from(std::span<const syntax::WordPart> parts, const Rest* rest);
  void expand_range(const syntax::BraceExpansion& range, std::span<const syntax::WordPart> after, const Rest* rest);

  /// In bash braces join texts before names and tildes are read: `{$x,b}c` is `$xc bc`, `~{/a,root}` is `~/a ~root`.
  bool needs_joining() const;
  std::span<const syntax::WordPart> join();
  void lengthen_name(syntax::WordPart& parameter, std::string_view& text);
  void split_tilde();

  Arena& arena_;
  std::vector<syntax::WordPart> word_;    // the word as far as it is made
  std::vector<syntax::WordPart> joined_;  // the same, see needs_joining()
};

}  // namespace mish::expand

#endif  // MISH_SHELL_EXPAND_BRACE_H_
