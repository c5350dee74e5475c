// SPDX-License-Identifier: GPL-3.0-or-later
// Micro-benchmarks of pattern compilation and matching.
#include <benchmark/benchmark.h>

#include <string>

#include "shell/pattern/pattern.h"

namespace mish::pattern {
namespace {

void compile(benchmark::State& state, std::string_view text) {
  Arena arena;
  for (auto _ : state) {
    ArenaScope scope(arena);
    benchmark::DoNotOptimize(Pattern::compile(text, {}, {}, arena));
  }
}
BENCHMARK_CAPTURE(compile, literal, "--help");
BENCHMARK_CAPTURE(compile, suffix, "*.tar.gz");
BENCHMARK_CAPTURE(compile, bracket, "[a-z]*[0-9]");
BENCHMARK_CAPTURE(compile, group, "@(foo|bar)*");

void match(benchmark::State& state, std::string_view pattern, std::string_view text) {
  Arena arena;
  Pattern compiled = Pattern::compile(pattern, {}, {}, arena);
  for (auto _ : state) benchmark::DoNotOptimize(compiled.matches(text));
}
BENCHMARK_CAPTURE(match, suffix, "*.tar.gz", "some/longer/path/to/archive-1.2.3.tar.gz");
BENCHMARK_CAPTURE(match, middle, "*a*b*c*", "some/longer/path/to/archive-1.2.3.tar.gz/b/c");
BENCHMARK_CAPTURE(match, bracket, "[a-z]*[0-9]", "identifier_that_ends_in_9");
BENCHMARK_CAPTURE(match, group, "+([a-z0-9])", "identifier9");

void trim_long(benchmark::State& state) {
  Arena arena;
  Pattern compiled = Pattern::compile("/*", {}, {}, arena);
  std::string text(100000, 'x');
  text[500] = '/';
  for (auto _ : state) {
    benchmark::DoNotOptimize(compiled.longest_suffix(text));
    benchmark::DoNotOptimize(compiled.shortest_suffix(text));
  }
}
BENCHMARK(trim_long);

}  // namespace
}  // namespace mish::pattern

BENCHMARK_MAIN();
