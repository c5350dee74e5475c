// SPDX-License-Identifier: GPL-3.0-or-later
// Micro-benchmarks of word expansion, assignment and arithmetic.
#include <benchmark/benchmark.h>

#include <string>

#include "shell/expand/expander.h"
#include "shell/state/special_variables.h"
#include "shell/syntax/parser.h"

namespace mish::expand {
namespace {

class NoHooks final : public ExpansionHooks {
 public:
  int run_command_substitution(const syntax::CommandSubstitution&, std::string&) override { return 0; }
  std::string open_process_substitution(const syntax::ProcessSubstitution&) override { return {}; }
  void warn(std::string_view) override {}
};

struct Bench {
  explicit Bench(std::string_view text) : source(text), parser(source, {}, nullptr, "bench") {
    state::install_special_variables(state);
    set("i", "41");
    set("x", "some text");
    set("path", "/usr/local/lib/library.so.1");
    set("words", "one two three four five six seven eight nine ten");
    state.variables.assign_integer(NameTable::intern("n"), 17);
    result = parser.parse_command();
  }
  void set(std::string_view name, std::string_view value) { state.variables.assign(NameTable::intern(name), value); }
  const syntax::SimpleCommand& command() { return syntax::as<syntax::SimpleCommand>(*result.program->root()); }

  state::ShellState state;
  NoHooks hooks;
  Expander expander{state, hooks};
  syntax::StringSource source;
  syntax::Parser parser;
  syntax::ParseResult result;
};

void fields(benchmark::State& run, std::string_view text) {
  Bench bench(text);
  const syntax::SimpleCommand& command = bench.command();
  for (auto _ : run) {
    ArenaScope scope(bench.state.scratch);
    FieldList list(bench.state.scratch);
    bench.expander.expand_fields(command.words, list);
    benchmark::DoNotOptimize(list.size());
  }
}
BENCHMARK_CAPTURE(fields, literal, "[ abc = def ]");
BENCHMARK_CAPTURE(fields, integer, ": $n");
BENCHMARK_CAPTURE(fields, text, ": $x");
BENCHMARK_CAPTURE(fields, quoted, ": \"$x\"");
BENCHMARK_CAPTURE(fields, mixed, ": \"a $x b $i\"");
BENCHMARK_CAPTURE(fields, split, ": $words");
BENCHMARK_CAPTURE(fields, trim, ": ${path##*/}");
BENCHMARK_CAPTURE(fields, defaults, ": ${x:-none} ${nope:-none}");
BENCHMARK_CAPTURE(fields, replace, ": ${path//\\//_}");
BENCHMARK_CAPTURE(fields, arithmetic, ": $((n + 1))");

void assignment(benchmark::State& run, std::string_view text) {
  Bench bench(text);
  const syntax::SimpleCommand& command = bench.command();
  for (auto _ : run) {
    for (const syntax::Assignment& assignment : command.assignments) bench.expander.assign(assignment);
  }
}
BENCHMARK_CAPTURE(assignment, literal, "y=text");
BENCHMARK_CAPTURE(assignment, increment, "i=$((i+1))");
BENCHMARK_CAPTURE(assignment, increment_dollar, "i=$(($i+1))");
BENCHMARK_CAPTURE(assignment, copy, "y=$x");
BENCHMARK_CAPTURE(assignment, trim, "y=${path#*/}");
BENCHMARK_CAPTURE(assignment, joined, "y=\"$x-$i\"");

void pattern(benchmark::State& run, std::string_view text) {
  Bench bench(text);
  const syntax::Word& word = *bench.command().words[1];
  for (auto _ : run) {
    ArenaScope scope(bench.state.scratch);
    benchmark::DoNotOptimize(bench.expander.expand_pattern(word).matches("/usr/local/lib/library.so.1"));
  }
}
BENCHMARK_CAPTURE(pattern, literal, ": --help");
BENCHMARK_CAPTURE(pattern, suffix, ": *.so.?");
BENCHMARK_CAPTURE(pattern, quoted, ": \"$x\"*");

}  // namespace
}  // namespace mish::expand

BENCHMARK_MAIN();
