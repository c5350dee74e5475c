// SPDX-License-Identifier: GPL-3.0-or-later
// The functions of {fmt} that other files only declare, compiled into the program. Debian ships {fmt} as a shared
// library or as headers: loading the shared one (and libstdc++ with it) would cost more than half of the shell's
// start-up time, and the headers in every file twice the compile time. This file alone is compiled in header-only mode.
#ifndef FMT_HEADER_ONLY
#error "compile this file with FMT_HEADER_ONLY"
#endif
#include <fmt/format.h>

namespace mish {
namespace {

// Taking the address makes the compiler emit the function; the linker keeps the one copy. Nobody calls this: a table
// would be filled at every start of the shell.
template <typename Function>
void emit(Function* function) {
  asm volatile("" : : "r"(function));
}

namespace detail = fmt::detail;

[[gnu::used]] void emit_all() {
  emit(static_cast<std::string (*)(fmt::string_view, fmt::format_args)>(&fmt::vformat));
  emit(&detail::throw_format_error);
  emit(static_cast<bool (*)(uint32_t)>(&detail::is_printable));
  emit(static_cast<detail::thousands_sep_result<char> (*)(detail::locale_ref)>(&detail::thousands_sep_impl<char>));
  emit(static_cast<char (*)(detail::locale_ref)>(&detail::decimal_point_impl<char>));
  emit(static_cast<detail::dragonbox::decimal_fp<float> (*)(float)>(&detail::dragonbox::to_decimal<float>));
  emit(static_cast<detail::dragonbox::decimal_fp<double> (*)(double)>(&detail::dragonbox::to_decimal<double>));
}

}  // namespace
}  // namespace mish
