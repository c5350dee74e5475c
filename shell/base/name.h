// SPDX-License-Identifier: GPL-3.0-or-later
// Interns identifiers and command names to small dense integers, so that variables, functions and remembered command
// locations are arrays indexed by Name and nothing is hashed while a command runs. The table only grows; it is one of
// the two process-wide objects of the shell (the other is the set of pending signals).
#ifndef MISH_SHELL_BASE_NAME_H_
#define MISH_SHELL_BASE_NAME_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace mish {

/// An interned string. Compare with ==; use index() to index arrays.
enum class Name : uint32_t {};

inline constexpr Name kNoName = Name(0);  // the empty string
inline constexpr uint32_t index(Name name) { return static_cast<uint32_t>(name); }

/// The well-known names; `names::IFS` is the Name of "IFS". The list is the single source of both. First come those
/// whose variables every start of the shell touches: side by side they cost fewer pages.
// clang-format off
#define MISH_WELL_KNOWN_NAMES(X)                                                                                       \
  X(IFS) X(OPTIND) X(OPTERR) X(PS4) X(PATH) X(PWD) X(OLDPWD) X(HOME) X(SHLVL) X(SHELL) X(TERM) X(LANG) X(TZ)           \
  X(POSIXLY_CORRECT) X(PPID) X(LINENO) X(BASH) X(BASHOPTS) X(BASHPID) X(BASH_ALIASES) X(BASH_ARGC) X(BASH_ARGV)        \
  X(BASH_ARGV0) X(BASH_CMDS) X(BASH_COMMAND) X(BASH_EXECUTION_STRING) X(BASH_LINENO) X(BASH_SOURCE)                    \
  X(BASH_SUBSHELL) X(BASH_VERSINFO) X(BASH_VERSION) X(DIRSTACK) X(EPOCHREALTIME) X(EPOCHSECONDS) X(EUID)               \
  X(FUNCNAME) X(GLOBIGNORE) X(GROUPS) X(HISTCMD) X(HOSTNAME) X(HOSTTYPE) X(MACHTYPE) X(MISH_VERSION) X(OSTYPE)         \
  X(PIPESTATUS) X(RANDOM) X(SECONDS) X(SHELLOPTS) X(SRANDOM) X(UID) X(CDPATH) X(PS0) X(PS1) X(PS2) X(PS3) X(ENV)       \
  X(OPTARG) X(REPLY) X(BASH_REMATCH) X(BASH_ENV) X(BASH_XTRACEFD) X(HISTFILE) X(HISTSIZE) X(HISTFILESIZE)              \
  X(HISTCONTROL) X(HISTIGNORE) X(HISTTIMEFORMAT) X(FCEDIT) X(EDITOR) X(VISUAL) X(MAIL) X(MAILPATH) X(MAILCHECK)        \
  X(COLUMNS) X(LINES) X(TMOUT) X(TIMEFORMAT) X(PROMPT_COMMAND) X(PROMPT_DIRTRIM) X(IGNOREEOF) X(INPUTRC)               \
  X(EXECIGNORE) X(FIGNORE) X(MAPFILE) X(COPROC) X(COMP_WORDS) X(COMP_CWORD) X(COMP_LINE) X(COMP_POINT) X(COMP_TYPE)    \
  X(COMP_KEY) X(COMP_WORDBREAKS) X(COMPREPLY) X(READLINE_LINE) X(READLINE_POINT) X(READLINE_MARK) X(MESSAGE)           \
  X(MISH_DURATION) X(TMPDIR) X(FUNCNEST) X(NO_COLOR) X(CHILD_MAX) X(RPS1) X(CHECK_FAILED)

/// Names that cannot be spelled as identifiers here: the C library defines macros of the same spelling.
#define MISH_ODD_NAMES(X)                                                                                              \
  X(Underscore, "_") X(Dash, "-") X(LcAll, "LC_ALL") X(LcCtype, "LC_CTYPE") X(LcCollate, "LC_COLLATE")                 \
  X(LcMessages, "LC_MESSAGES") X(LcNumeric, "LC_NUMERIC") X(LcTime, "LC_TIME")
// clang-format on

enum class WellKnown : uint32_t {
  kEmpty,
#define MISH_NAME_ENUM(name, spelling) k##name,
  MISH_ODD_NAMES(MISH_NAME_ENUM)
#undef MISH_NAME_ENUM
#define MISH_NAME_ENUM(name) name,
      MISH_WELL_KNOWN_NAMES(MISH_NAME_ENUM)
#undef MISH_NAME_ENUM
          kCount
};

namespace names {
#define MISH_NAME_CONSTANT(name) inline constexpr Name name = Name(static_cast<uint32_t>(WellKnown::name));
MISH_WELL_KNOWN_NAMES(MISH_NAME_CONSTANT)
#undef MISH_NAME_CONSTANT
#define MISH_NAME_CONSTANT(name, spelling) inline constexpr Name name = Name(static_cast<uint32_t>(WellKnown::k##name));
MISH_ODD_NAMES(MISH_NAME_CONSTANT)
#undef MISH_NAME_CONSTANT
}  // namespace names

/// The append-only table of all names. All functions are static: the process has one.
class NameTable {
 public:
  /// The Name of `text`, made on first use. Throws std::bad_alloc.
  static Name intern(std::string_view text);
  /// The Name of `text` if it was ever interned; does not grow the table. For look-ups by computed names.
  static std::optional<Name> find(std::string_view text);
  /// The text, NUL-terminated, valid for the life of the process.
  static std::string_view text(Name name);
  /// Number of names so far; every index(name) is below it.
  static uint32_t size();
};

inline std::string_view text(Name name) { return NameTable::text(name); }

/// Whether `text` is a name in the sense of XBD 3.216: [A-Za-z_][A-Za-z0-9_]*.
bool is_identifier(std::string_view text);

}  // namespace mish

#endif  // MISH_SHELL_BASE_NAME_H_
