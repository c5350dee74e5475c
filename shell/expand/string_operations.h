// SPDX-License-Identifier: GPL-3.0-or-later
// What the operators of ${...} do to one value: trimming, substrings, replacement, case, escapes. Pure functions over
// text; results are views into the argument or copies in the arena.
#ifndef MISH_SHELL_EXPAND_STRING_OPERATIONS_H_
#define MISH_SHELL_EXPAND_STRING_OPERATIONS_H_

#include <optional>
#include <string>
#include <string_view>

#include "shell/base/arena.h"
#include "shell/pattern/pattern.h"
#include "shell/syntax/word.h"

namespace mish::expand {

/// ${x#p} ${x##p} ${x%p} ${x%%p}: a part of `text`.
std::string_view trim(syntax::ParameterOp op, std::string_view text, const pattern::Pattern& pattern);

/// ${x:offset:length} in characters. Negative offsets and lengths count from the end. An offset outside gives "".
/// nullopt when the length is negative and its end lies before the offset.
std::optional<std::string_view> substring(std::string_view text, int64_t offset, std::optional<int64_t> length);

/// The replacement of ${x/p/r}: `text`, in which a byte marked `&` stands for what matched (shopt patsub_replacement).
struct Replacement {
  std::string_view text;
  std::string_view references;  // non-zero for each & that is a reference; empty if there are none
};
/// ${x/p/r} ${x//p/r} ${x/#p/r} ${x/%p/r}.
std::string_view replace(syntax::ParameterOp op, std::string_view text, const pattern::Pattern& pattern,
                         const Replacement& replacement, Arena& arena);

/// ${x^p} ${x^^p} ${x,p} ${x,,p} ${x~p} ${x~~p}; `pattern` null: every character.
std::string_view change_case(syntax::ParameterOp op, std::string_view text, const pattern::Pattern* pattern,
                             Arena& arena);

/// ${x@E}: backslash escapes decoded as in $'...'.
std::string decode_escapes(std::string_view text);

}  // namespace mish::expand

#endif  // MISH_SHELL_EXPAND_STRING_OPERATIONS_H_
