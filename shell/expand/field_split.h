// SPDX-License-Identifier: GPL-3.0-or-later
// Field splitting (XCU 2.6.5). Splits the results of expansions at IFS characters; knows nothing of quoting, which the
// caller has already marked. Also used by the read builtin.
#ifndef MISH_SHELL_EXPAND_FIELD_SPLIT_H_
#define MISH_SHELL_EXPAND_FIELD_SPLIT_H_

#include <cstddef>
#include <string_view>
#include <vector>

#include "shell/state/shell_state.h"

namespace mish::expand {

/// A field as a range of bytes of the input.
struct FieldRange {
  size_t begin;
  size_t end;
};

/// Splits `text`. Bytes whose `protect` mark is non-zero (backslash-escaped in `read`) are never separators; `protect`
/// may be empty. At most `limit` fields (0 = any number): the last one then takes the rest, without trailing IFS white
/// space (and without one trailing separator when nothing else follows it), as `read` demands.
void split_fields(const state::FieldSeparators& separators, std::string_view text, std::string_view protect,
                  size_t limit, std::vector<FieldRange>& fields);

}  // namespace mish::expand

#endif  // MISH_SHELL_EXPAND_FIELD_SPLIT_H_
