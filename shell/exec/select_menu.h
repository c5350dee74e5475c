// SPDX-License-Identifier: GPL-3.0-or-later
// The menu of select: numbered words in as many columns as the line has room for, laid out as bash does. Knows neither
// the variables nor the terminal.
#ifndef MISH_SHELL_EXEC_SELECT_MENU_H_
#define MISH_SHELL_EXEC_SELECT_MENU_H_

#include <span>
#include <string>
#include <string_view>

namespace mish::exec {

/// The lines of the menu of `choices` (not empty), each ended by a newline, for a line of `width` columns. Words are
/// numbered down the columns; between columns stand tabs and spaces.
std::string select_menu(std::span<const std::string_view> choices, size_t width);

}  // namespace mish::exec

#endif  // MISH_SHELL_EXEC_SELECT_MENU_H_
