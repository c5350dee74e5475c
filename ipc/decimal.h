// SPDX-License-Identifier: GPL-3.0-or-later
// Decimal fractions read in the C locale whatever the user's is. Not by std::from_chars: its floating-point half would
// make every start of the shell load the mathematical library.
#ifndef MISH_IPC_DECIMAL_H_
#define MISH_IPC_DECIMAL_H_

#include <locale.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>

#include "shell/base/text.h"

namespace mish::ipc {

/// Reads the number that `text` begins with (strtod(3)) into `value`; returns the bytes used, 0 when there is none or
/// it is out of range. Leading blanks are not skipped.
template <typename T>
size_t read_decimal(std::string_view text, T& value) {
  if (text.empty() || is_space(text[0])) return 0;
  static const locale_t c_locale = newlocale(LC_ALL_MASK, "C", nullptr);
  std::string terminated(text);
  char* end = nullptr;
  errno = 0;
  if constexpr (std::is_same_v<T, float>) {
    value = strtof_l(terminated.c_str(), &end, c_locale);
  } else {
    value = strtod_l(terminated.c_str(), &end, c_locale);
  }
  return errno == ERANGE ? 0 : static_cast<size_t>(end - terminated.c_str());
}

}  // namespace mish::ipc

#endif  // MISH_IPC_DECIMAL_H_
