// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/exec/select_menu.h"

#include <fmt/format.h>

#include <algorithm>

#include "shell/base/locale.h"

namespace mish::exec {

namespace {

constexpr std::string_view kBehindNumber = ") ";
constexpr size_t kBetweenColumns = 2;
constexpr size_t kTabStop = 8;

size_t digits_of(size_t number) {
  size_t digits = 1;
  while (number >= 10) {
    number /= 10;
    ++digits;
  }
  return digits;
}

size_t width_of(std::string_view text) { return static_cast<size_t>(std::max(display_width(text), 0)); }

/// Goes from column `from` to column `to` with tabs as far as they reach.
void indent(std::string& out, size_t from, size_t to) {
  while (from < to) {
    bool takes_tab = to / kTabStop > from / kTabStop;
    out += takes_tab ? '\t' : ' ';
    from = takes_tab ? (from / kTabStop + 1) * kTabStop : from + 1;
  }
}

}  // namespace

std::string select_menu(std::span<const std::string_view> choices, size_t width) {
  const size_t count = choices.size();
  const size_t digits = digits_of(count);
  size_t widest = 0;
  for (std::string_view choice : choices) widest = std::max(widest, width_of(choice));
  const size_t column_width = widest + digits + kBehindNumber.size() + kBetweenColumns;

  const size_t columns = std::max<size_t>(width / column_width, 1);
  size_t rows = (count + columns - 1) / columns;
  if (rows == 1) rows = count;  // what fits into one line stands below each other

  std::string out;
  for (size_t row = 0; row < rows; ++row) {
    size_t position = 0;
    for (size_t i = row; i < count; i += rows) {
      const size_t number_width = position == 0 ? digits_of(rows) : digits;
      fmt::format_to(std::back_inserter(out), "{:>{}}{}{}", i + 1, number_width, kBehindNumber, choices[i]);
      if (i + rows >= count) break;
      size_t used = number_width + kBehindNumber.size() + width_of(choices[i]);
      indent(out, position + used, position + column_width);
      position += column_width;
    }
    out += '\n';
  }
  return out;
}

}  // namespace mish::exec
