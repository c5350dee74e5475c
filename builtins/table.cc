// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>

#include "builtins/alias.h"
#include "builtins/builtins.h"
#include "builtins/complete.h"
#include "builtins/declare.h"
#include "builtins/directory.h"
#include "builtins/echo.h"
#include "builtins/eval.h"
#include "builtins/flow.h"
#include "builtins/getopts.h"
#include "builtins/history.h"
#include "builtins/introspect.h"
#include "builtins/ipc/rows.h"
#include "builtins/jobs.h"
#include "builtins/kill.h"
#include "builtins/limits.h"
#include "builtins/printf.h"
#include "builtins/read.h"
#include "builtins/set.h"
#include "builtins/test.h"
#include "builtins/trap.h"
#include "builtins/variables.h"

namespace mish::builtins {

namespace {

template <size_t... N>
consteval std::array<Builtin, (N + ...)> merged(const Builtin (&... rows)[N]) {
  std::array<Builtin, (N + ...)> all{};
  size_t next = 0;
  ((std::copy(std::begin(rows), std::end(rows), all.begin() + static_cast<ptrdiff_t>(next)), next += N), ...);
  std::sort(all.begin(), all.end(), [](const Builtin& a, const Builtin& b) { return a.name < b.name; });
  return all;
}

constexpr auto kTable = merged(kAliasRows, kCompleteRows, kDeclareRows, kDirectoryRows, kEchoRows, kEvalRows, kFlowRows,
                               kGetoptsRows, kHistoryRows, kIntrospectRows, kIpcRows, kJobsRows, kKillRows, kLimitsRows,
                               kPrintfRows, kReadRows, kSetRows, kTestRows, kTrapRows, kVariablesRows);

static_assert(std::adjacent_find(kTable.begin(), kTable.end(),
                                 [](const Builtin& a, const Builtin& b) { return a.name >= b.name; }) == kTable.end(),
              "the names of builtins are sorted and unique");
static_assert(std::all_of(kTable.begin(), kTable.end(),
                          [](const Builtin& row) { return !row.synopsis.empty() && !row.help.empty(); }),
              "every builtin has a synopsis and a help text");

}  // namespace

api::BuiltinTable builtin_table() { return kTable; }

}  // namespace mish::builtins
