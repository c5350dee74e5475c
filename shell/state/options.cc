// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/options.h"

#include <array>
#include <cstring>

namespace mish::state {

namespace {

using enum OptionFamily;

constexpr OptionInfo kOptions[] = {
    {Option::AllExport, "allexport", 'a', Set, true, false},
    {Option::BraceExpand, "braceexpand", 'B', Set, true, true},
    {Option::Emacs, "emacs", 0, Set, true, false},
    {Option::ErrExit, "errexit", 'e', Set, true, false},
    {Option::ErrTrace, "errtrace", 'E', Set, true, false},
    {Option::ForkSubshell, "forksubshell", 0, Set, true, false},
    {Option::FuncTrace, "functrace", 'T', Set, true, false},
    {Option::HashAll, "hashall", 'h', Set, true, true},
    {Option::HistExpand, "histexpand", 'H', Set, true, false},
    {Option::History, "history", 0, Set, true, false},
    {Option::IgnoreEof, "ignoreeof", 0, Set, true, false},
    {Option::InteractiveComments, "interactive-comments", 0, Set, true, true},
    {Option::Keyword, "keyword", 'k', Set, true, false},
    {Option::Monitor, "monitor", 'm', Set, true, false},
    {Option::NoClobber, "noclobber", 'C', Set, true, false},
    {Option::NoExec, "noexec", 'n', Set, true, false},
    {Option::NoGlob, "noglob", 'f', Set, true, false},
    {Option::NoLog, "nolog", 0, Set, true, false},
    {Option::NonLexicalCtrl, "nonlexicalctrl", 0, Set, true, false},
    {Option::Notify, "notify", 'b', Set, true, false},
    {Option::NoUnset, "nounset", 'u', Set, true, false},
    {Option::OneCmd, "onecmd", 't', Set, true, false},
    {Option::Physical, "physical", 'P', Set, true, false},
    {Option::PipeFail, "pipefail", 0, Set, true, false},
    {Option::PipeVerdict, "pipeverdict", 0, Set, true, false},
    {Option::Posix, "posix", 0, Set, true, false},
    {Option::Privileged, "privileged", 'p', Set, true, false},
    {Option::SubReaper, "subreaper", 0, Set, true, false},
    {Option::Verbose, "verbose", 'v', Set, true, false},
    {Option::Vi, "vi", 0, Set, true, false},
    {Option::XTrace, "xtrace", 'x', Set, true, false},

    {Option::CommandString, "command", 'c', Invocation, false, false},
    {Option::Interactive, "interactive", 'i', Invocation, false, false},
    {Option::Login, "login", 'l', Invocation, false, false},
    {Option::Restricted, "restricted", 'r', Invocation, false, false},
    {Option::StandardInput, "stdin", 's', Invocation, false, false},

    {Option::AssocExpandOnce, "assoc_expand_once", 0, Shopt, true, false},
    {Option::AutoCd, "autocd", 0, Shopt, true, false},
    {Option::CdableVars, "cdable_vars", 0, Shopt, true, false},
    {Option::CdSpell, "cdspell", 0, Shopt, true, false},
    {Option::CheckHash, "checkhash", 0, Shopt, true, false},
    {Option::CheckJobs, "checkjobs", 0, Shopt, true, false},
    {Option::CheckWinSize, "checkwinsize", 0, Shopt, true, true},
    {Option::CmdHist, "cmdhist", 0, Shopt, true, true},
    {Option::Compat31, "compat31", 0, Shopt, true, false},
    {Option::Compat32, "compat32", 0, Shopt, true, false},
    {Option::Compat40, "compat40", 0, Shopt, true, false},
    {Option::Compat41, "compat41", 0, Shopt, true, false},
    {Option::Compat42, "compat42", 0, Shopt, true, false},
    {Option::Compat43, "compat43", 0, Shopt, true, false},
    {Option::Compat44, "compat44", 0, Shopt, true, false},
    {Option::CompleteFullQuote, "complete_fullquote", 0, Shopt, true, true},
    {Option::DirExpand, "direxpand", 0, Shopt, true, false},
    {Option::DirSpell, "dirspell", 0, Shopt, true, false},
    {Option::DotGlob, "dotglob", 0, Shopt, true, false},
    {Option::ExecFail, "execfail", 0, Shopt, true, false},
    {Option::ExpandAliases, "expand_aliases", 0, Shopt, true, false},
    {Option::ExtDebug, "extdebug", 0, Shopt, true, false},
    {Option::ExtGlob, "extglob", 0, Shopt, true, false},
    {Option::ExtQuote, "extquote", 0, Shopt, true, true},
    {Option::FailGlob, "failglob", 0, Shopt, true, false},
    {Option::ForceFignore, "force_fignore", 0, Shopt, true, true},
    {Option::GlobAsciiRanges, "globasciiranges", 0, Shopt, true, true},
    {Option::GlobSkipDots, "globskipdots", 0, Shopt, true, true},
    {Option::GlobStar, "globstar", 0, Shopt, true, false},
    {Option::GnuErrFmt, "gnu_errfmt", 0, Shopt, true, false},
    {Option::HistAppend, "histappend", 0, Shopt, true, false},
    {Option::HistReedit, "histreedit", 0, Shopt, true, false},
    {Option::HistVerify, "histverify", 0, Shopt, true, false},
    {Option::HostComplete, "hostcomplete", 0, Shopt, true, true},
    {Option::HupOnExit, "huponexit", 0, Shopt, true, false},
    {Option::InheritErrExit, "inherit_errexit", 0, Shopt, true, false},
    {Option::InteractiveComments, "interactive_comments", 0, Shopt, true, true},
    {Option::LastPipe, "lastpipe", 0, Shopt, true, false},
    {Option::LitHist, "lithist", 0, Shopt, true, false},
    {Option::LocalVarInherit, "localvar_inherit", 0, Shopt, true, false},
    {Option::LocalVarUnset, "localvar_unset", 0, Shopt, true, false},
    {Option::LoginShell, "login_shell", 0, Shopt, false, false},
    {Option::MailWarn, "mailwarn", 0, Shopt, true, false},
    {Option::NoEmptyCmdCompletion, "no_empty_cmd_completion", 0, Shopt, true, false},
    {Option::NoCaseGlob, "nocaseglob", 0, Shopt, true, false},
    {Option::NoCaseMatch, "nocasematch", 0, Shopt, true, false},
    {Option::NoExpandTranslation, "noexpand_translation", 0, Shopt, true, false},
    {Option::NullGlob, "nullglob", 0, Shopt, true, false},
    {Option::PatSubReplacement, "patsub_replacement", 0, Shopt, true, true},
    {Option::ProgComp, "progcomp", 0, Shopt, true, true},
    {Option::ProgCompAlias, "progcomp_alias", 0, Shopt, true, false},
    {Option::PromptVars, "promptvars", 0, Shopt, true, true},
    {Option::RestrictedShell, "restricted_shell", 0, Shopt, false, false},
    {Option::ShiftVerbose, "shift_verbose", 0, Shopt, true, false},
    {Option::SourcePath, "sourcepath", 0, Shopt, true, true},
    {Option::VarRedirClose, "varredir_close", 0, Shopt, true, false},
    {Option::XpgEcho, "xpg_echo", 0, Shopt, true, false},
};

constexpr bool is_sorted_by_family_and_name() {
  for (size_t i = 1; i < std::size(kOptions); ++i) {
    const OptionInfo& a = kOptions[i - 1];
    const OptionInfo& b = kOptions[i];
    if (a.family > b.family || (a.family == b.family && !(a.name < b.name))) return false;
  }
  return true;
}
static_assert(is_sorted_by_family_and_name());

constexpr size_t kCount = static_cast<size_t>(Option::kCount);

constexpr std::array<uint8_t, kCount> kRowOf = [] {
  std::array<uint8_t, kCount> rows{};
  for (size_t i = std::size(kOptions); i-- > 0;)
    rows[static_cast<size_t>(kOptions[i].option)] = static_cast<uint8_t>(i);
  return rows;
}();
static_assert(
    [] {
      for (size_t i = 0; i < kCount; ++i) {
        if (static_cast<size_t>(kOptions[kRowOf[i]].option) != i) return false;
      }
      return true;
    }(),
    "an option has no row");

constexpr std::array<uint64_t, 2> kDefaults = [] {
  std::array<uint64_t, 2> bits{};
  for (const OptionInfo& row : kOptions) {
    size_t i = static_cast<size_t>(row.option);
    if (row.default_on) bits[i / 64] |= uint64_t(1) << (i % 64);
  }
  return bits;
}();

// The order in which bash shows them.
constexpr std::string_view kFlagOrder = "abefhiklmnprtuvxBCEHPTcs";

}  // namespace

std::span<const OptionInfo> option_table() { return kOptions; }

const OptionInfo* find_option(std::string_view long_name, OptionFamily family) {
  for (const OptionInfo& row : kOptions) {
    if (row.family == family && row.name == long_name) return &row;
  }
  return nullptr;
}

const OptionInfo* find_option(char letter) {
  for (const OptionInfo& row : kOptions) {
    if (row.letter == letter && letter != 0) return &row;
  }
  return nullptr;
}

const OptionInfo& info(Option option) { return kOptions[kRowOf[static_cast<size_t>(option)]]; }

OptionSet::OptionSet() : bits_(kDefaults) {}

std::string OptionSet::to_text() const {
  return std::string(reinterpret_cast<const char*>(bits_.data()), sizeof bits_);
}

void OptionSet::from_text(std::string_view text) {
  if (text.size() == sizeof bits_) std::memcpy(bits_.data(), text.data(), sizeof bits_);
}

std::string OptionSet::flags() const {
  std::string letters;
  for (char letter : kFlagOrder) {
    const OptionInfo* row = find_option(letter);
    if (row != nullptr && is_on(row->option)) letters += letter;
  }
  return letters;
}

}  // namespace mish::state
