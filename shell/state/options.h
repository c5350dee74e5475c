// SPDX-License-Identifier: GPL-3.0-or-later
// The one table of options: those of `set` (XCU set) and those of `shopt`. `$-`, `set -o`, `set +o`, `shopt`,
// SHELLOPTS, BASHOPTS, the command line and completion all derive from it.
#ifndef MISH_SHELL_STATE_OPTIONS_H_
#define MISH_SHELL_STATE_OPTIONS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mish::state {

enum class Option : uint8_t {
  // set
  AllExport,
  BraceExpand,
  Emacs,
  ErrExit,
  ErrTrace,
  FuncTrace,
  HashAll,
  HistExpand,
  History,
  IgnoreEof,
  InteractiveComments,
  Keyword,
  Monitor,
  NoClobber,
  NoExec,
  NoGlob,
  NoLog,
  NonLexicalCtrl,
  Notify,
  NoUnset,
  OneCmd,
  Physical,
  PipeFail,
  Posix,
  Privileged,
  Verbose,
  Vi,
  XTrace,
  ForkSubshell,  // forksubshell: no in-process subshells (for tests and for comparing)
  PipeVerdict,   // pipeverdict: $? follows the verdict of the pipeline
  SubReaper,     // subreaper: the shell adopts orphaned grandchildren
  // set by invocation only; shown in $-
  Interactive,
  CommandString,
  StandardInput,
  Login,
  Restricted,
  // shopt
  AutoCd,
  AssocExpandOnce,
  CdableVars,
  CdSpell,
  CheckHash,
  CheckJobs,
  CheckWinSize,
  CmdHist,
  Compat31,
  Compat32,
  Compat40,
  Compat41,
  Compat42,
  Compat43,
  Compat44,  // known to scripts; but for compat31 without effect
  CompleteFullQuote,
  DirExpand,
  DirSpell,
  DotGlob,
  ExecFail,
  ExpandAliases,
  ExtDebug,
  ExtGlob,
  ExtQuote,
  FailGlob,
  ForceFignore,
  GlobAsciiRanges,
  GlobSkipDots,
  GlobStar,
  GnuErrFmt,
  HistAppend,
  HistReedit,
  HistVerify,
  HostComplete,
  HupOnExit,
  InheritErrExit,
  LastPipe,
  LitHist,
  LocalVarInherit,
  LocalVarUnset,
  LoginShell,
  MailWarn,
  NoCaseGlob,
  NoCaseMatch,
  NoEmptyCmdCompletion,
  NoExpandTranslation,
  NullGlob,
  PatSubReplacement,
  ProgComp,
  ProgCompAlias,
  PromptVars,
  RestrictedShell,
  ShiftVerbose,
  SourcePath,
  VarRedirClose,
  XpgEcho,
  kCount
};

enum class OptionFamily : uint8_t { Set, Invocation, Shopt };

struct OptionInfo {
  Option option;
  std::string_view name;  // long name, e.g. "errexit"
  char letter;            // of `set`, 0 if none
  OptionFamily family;
  bool settable;  // by set/shopt in a running shell
  bool default_on;
};

/// All options sorted by family and name.
std::span<const OptionInfo> option_table();
const OptionInfo* find_option(std::string_view long_name, OptionFamily family);
const OptionInfo* find_option(char letter);
const OptionInfo& info(Option option);

class OptionSet {
 public:
  /// Defaults of the table.
  OptionSet();
  bool is_on(Option option) const {
    auto i = static_cast<size_t>(option);
    return (bits_[i / 64] >> (i % 64) & 1) != 0;
  }
  void set(Option option, bool on) {
    auto i = static_cast<size_t>(option);
    uint64_t bit = uint64_t(1) << (i % 64);
    bits_[i / 64] = on ? bits_[i / 64] | bit : bits_[i / 64] & ~bit;
  }
  /// The value of `$-`.
  std::string flags() const;

  /// All of them as text, and back: how `local -` keeps them.
  std::string to_text() const;
  void from_text(std::string_view text);

 private:
  std::array<uint64_t, 2> bits_;
  static_assert(static_cast<size_t>(Option::kCount) <= 128);
};

}  // namespace mish::state

#endif  // MISH_SHELL_STATE_OPTIONS_H_
