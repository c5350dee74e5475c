// SPDX-License-Identifier: GPL-3.0-or-later
// Micro-benchmarks of the parser: bytes per second over typical text, or over the files named in MISH_PARSE_FILES
// (separated by colons), to be compared with `dash -n` on the same files.
#include <benchmark/benchmark.h>
#include <fcntl.h>

#include <cstdlib>
#include <string>

#include "shell/base/fd.h"
#include "shell/base/stack_guard.h"
#include "shell/syntax/parser.h"

namespace mish::syntax {
namespace {

constexpr std::string_view kConfigure = R"(# Check whether the compiler works.
if test "x$ac_cv_prog_cc_c89" = xno
then :
  { printf "%s\n" "$as_me:${as_lineno-$LINENO}: result: unsupported" >&5
printf "%s\n" "unsupported" >&6; }
else $as_nop
  for ac_arg in '' -qlanglvl=extc89 -Aa "-Ae $CFLAGS"; do
    CC="$ac_save_CC $ac_arg"
    case $ac_arg in
      *\'*) ac_arg=`printf "%s\n" "$ac_arg" | sed "s/'/'\\\\\\\\''/g"` ;;
      -q*) ac_cv=$(( ac_cv + 1 )) ;;
    esac
  done
fi
)";

std::string repeated(std::string_view text, size_t bytes) {
  std::string out;
  while (out.size() < bytes) out += text;
  return out;
}

void parse_all(benchmark::State& state, const std::string& text) {
  StackGuard::initialise();
  const ParserOptions options;
  for (auto _ : state) {
    StringSource source(text);
    Parser parser(source, options, nullptr, "bench");
    while (parser.parse_command().status == ParseStatus::Command) {
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(text.size()));
}

void configure(benchmark::State& state) { parse_all(state, repeated(kConfigure, 1 << 20)); }
BENCHMARK(configure);

void words(benchmark::State& state) { parse_all(state, repeated("some plain words in a row\n", 1 << 20)); }
BENCHMARK(words);

void quotes(benchmark::State& state) { parse_all(state, repeated("echo \"$a ${b:-c}\" 'd e' \\f\n", 1 << 20)); }
BENCHMARK(quotes);

void comments(benchmark::State& state) {
  parse_all(state, repeated("# a line that says nothing to the shell\n", 1 << 20));
}
BENCHMARK(comments);

void eval(benchmark::State& state) {
  const ParserOptions options;
  for (auto _ : state) {
    StringSource source("x=$((x+1))");
    Parser parser(source, options, nullptr, "eval");
    benchmark::DoNotOptimize(parser.parse_command().program->root());
  }
}
BENCHMARK(eval);

void files(benchmark::State& state) {
  std::string text;
  const char* list = std::getenv("MISH_PARSE_FILES");
  for (std::string_view rest = list == nullptr ? "" : list; !rest.empty();) {
    const std::string name(rest.substr(0, rest.find(':')));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (auto fd = open_file(name.c_str(), O_RDONLY)) {
      if (!read_all(fd->get(), text)) state.SkipWithError("cannot read a file of MISH_PARSE_FILES");
    }
  }
  parse_all(state, text);
}
BENCHMARK(files);

}  // namespace
}  // namespace mish::syntax

BENCHMARK_MAIN();
