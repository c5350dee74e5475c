// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/special_variables.h"

#include <fmt/core.h>
#include <pwd.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

#include "shell/base/locale.h"
#include "shell/base/text.h"
#include "shell/state/shell_state.h"
#include "shell/syntax/printer.h"

namespace mish::state {

namespace {

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

int64_t nanoseconds(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * kNanosecondsPerSecond + now.tv_nsec;
}

// --- numbers ---

// Park and Miller's minimal standard generator, 15 bits of it, as bash yields them for a given seed. A subshell starts
// a sequence of its own.
void refresh_random(ShellState& state, Variable& v) {
  if (state.random_seed_depth != state.subshell_depth) {
    state.random_seed = static_cast<uint32_t>(getpid()) ^ static_cast<uint32_t>(nanoseconds(CLOCK_REALTIME));
    state.random_seed_depth = state.subshell_depth;
  }
  int64_t seed = state.random_seed == 0 ? 123459876 : state.random_seed;
  int64_t next = 16807 * (seed % 127773) - 2836 * (seed / 127773);
  if (next < 0) next += 0x7fffffff;
  state.random_seed = static_cast<uint32_t>(next);
  v.value.set_integer(((next >> 16) ^ (next & 0xffff)) & 0x7fff);
}

void seed_random(ShellState& state, const Variable& v) {
  if (v.value.is_unset()) return;
  state.random_seed = static_cast<uint32_t>(parse_integer_trimmed(v.value.text()).value_or(0));
  state.random_seed_depth = state.subshell_depth;
}

void refresh_srandom(ShellState&, Variable& v) {
  uint32_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number)
    number = static_cast<uint32_t>(nanoseconds(CLOCK_REALTIME));
  v.value.set_integer(number);
}

void refresh_seconds(ShellState& state, Variable& v) {
  v.value.set_integer((nanoseconds(CLOCK_MONOTONIC) - state.seconds_base_ns) / kNanosecondsPerSecond);
}

void set_seconds(ShellState& state, const Variable& v) {
  int64_t start = parse_integer_trimmed(v.value.text()).value_or(0);
  state.seconds_base_ns = nanoseconds(CLOCK_MONOTONIC) - start * kNanosecondsPerSecond;
}

void refresh_line(ShellState& state, Variable& v) { v.value.set_integer(state.line + state.line_offset); }

void set_line(ShellState& state, const Variable& v) {
  state.line_offset = parse_integer_trimmed(v.value.text()).value_or(0) - state.line;
}

void refresh_epoch_seconds(ShellState&, Variable& v) { v.value.set_integer(time(nullptr)); }

void refresh_epoch_realtime(ShellState&, Variable& v) {
  int64_t now = nanoseconds(CLOCK_REALTIME) / 1000;
  v.value.set_text(fmt::format("{}.{:06}", now / 1'000'000, now % 1'000'000));
}

void refresh_bash_pid(ShellState&, Variable& v) { v.value.set_integer(getpid()); }
void refresh_subshell(ShellState& state, Variable& v) { v.value.set_integer(state.subshell_depth); }
void refresh_history_number(ShellState& state, Variable& v) { v.value.set_integer(state.history_number); }

// Constants are made when they are first read.
void refresh_parent(ShellState& state, Variable& v) {
  if (v.value.is_unset()) v.value.set_integer(state.parent_pid);
}
// Always: the environment may have had another, and `set +p` changes them.
void refresh_uid(ShellState&, Variable& v) { v.value.set_integer(getuid()); }
void refresh_euid(ShellState&, Variable& v) { v.value.set_integer(geteuid()); }

void refresh_groups(ShellState&, Variable& v) {
  if (!v.value.is_unset()) return;
  int count = getgroups(0, nullptr);
  std::vector<gid_t> groups(count > 0 ? static_cast<size_t>(count) : 0);
  count = getgroups(static_cast<int>(groups.size()), groups.data());
  IndexedArray& array = v.value.make_indexed();
  array.set(0, std::to_string(getegid()));
  int64_t next = 1;
  for (int i = 0; i < count; ++i) {
    if (groups[static_cast<size_t>(i)] != getegid()) array.set(next++, std::to_string(groups[static_cast<size_t>(i)]));
  }
}

// --- names ---

void refresh_host_name(ShellState&, Variable& v) {
  if (!v.value.is_unset()) return;
  char name[256] = "localhost";
  gethostname(name, sizeof name - 1);
  v.value.set_text(name);
}

#if defined(__x86_64__)
constexpr std::string_view kHostType = "x86_64";
#elif defined(__aarch64__)
constexpr std::string_view kHostType = "aarch64";
#elif defined(__riscv)
constexpr std::string_view kHostType = "riscv64";
#elif defined(__i386__)
constexpr std::string_view kHostType = "i686";
#else
constexpr std::string_view kHostType = "unknown";
#endif

void refresh_host_type(ShellState&, Variable& v) {
  if (v.value.is_unset()) v.value.set_text(kHostType);
}
void refresh_os_type(ShellState&, Variable& v) {
  if (v.value.is_unset()) v.value.set_text("linux-gnu");
}
void refresh_machine_type(ShellState&, Variable& v) {
  if (v.value.is_unset()) v.value.set_text(std::string(kHostType) + "-pc-linux-gnu");
}
void refresh_mish_version(ShellState&, Variable& v) {
  if (v.value.is_unset()) v.value.set_text(MISH_VERSION_TEXT);
}

// The version of bash whose language this is: scripts and tools ask for it before they use that language.
void refresh_bash_version(ShellState&, Variable& v) {
  if (v.value.is_unset()) v.value.set_text("5.2.15(1)-release");
}
void refresh_bash_version_info(ShellState&, Variable& v) {
  if (!v.value.is_unset()) return;
  IndexedArray& array = v.value.make_indexed();
  array.set(0, "5");
  array.set(1, "2");
  array.set(2, "15");
  array.set(3, "1");
  array.set(4, "release");
  array.set(5, std::string(kHostType) + "-pc-linux-gnu");
}

void refresh_bash(ShellState& state, Variable& v) {
  if (!v.value.is_unset()) return;
  char path[4096];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  v.value.set_text(length > 0 ? std::string_view(path, static_cast<size_t>(length))
                              : std::string_view(state.shell_name));
}

// bash gives these two a value where the environment has none: cron and containers start shells without.
void refresh_login_shell(ShellState&, Variable& v) {
  if (!v.value.is_unset()) return;
  const passwd* user = getpwuid(getuid());
  v.value.set_text(user != nullptr && user->pw_shell[0] != '\0' ? user->pw_shell : "/bin/sh");
}
void refresh_terminal_type(ShellState&, Variable& v) {
  if (v.value.is_unset()) v.value.set_text("dumb");
}

void refresh_last_argument(ShellState& state, Variable& v) { v.value.set_text(state.last_argument); }

void refresh_argv0(ShellState& state, Variable& v) { v.value.set_text(state.zero); }
void set_argv0(ShellState& state, const Variable& v) {
  if (!v.value.is_unset()) state.zero = v.value.text();
}

void refresh_execution_string(ShellState& state, Variable& v) {
  if (state.is_on(Option::CommandString)) v.value.set_text(state.command_string);
}

void refresh_command(ShellState& state, Variable& v) {
  v.value.set_text(state.current_command != nullptr ? syntax::print_command_head(*state.current_command)
                                                    : std::string());
}

// --- the call stack ---

void refresh_function_names(ShellState& state, Variable& v) {
  v.value.unset();
  std::vector<const Frame*> frames = state.calls.visible();
  IndexedArray& array = v.value.make_indexed();
  v.attributes |= attribute::Declared;
  bool in_function = false;
  for (const Frame* frame : frames) in_function = in_function || frame->kind == FrameKind::Function;
  if (!in_function) return;  // declared, but unset
  v.attributes &= static_cast<Attributes>(~attribute::Declared);
  int64_t i = 0;
  for (const Frame* frame : frames) {
    switch (frame->kind) {
      case FrameKind::Function: array.set(i++, text(frame->function)); break;
      case FrameKind::Source: array.set(i++, "source"); break;
      case FrameKind::Main: array.set(i++, "main"); break;
      case FrameKind::Eval:
      case FrameKind::Trap:
      case FrameKind::Subshell: break;
    }
  }
}

void refresh_sources(ShellState& state, Variable& v) {
  v.value.unset();
  IndexedArray& array = v.value.make_indexed();
  int64_t i = 0;
  for (const Frame* frame : state.calls.visible()) {
    array.set(i++, source_of(state, *frame));
  }
}

void refresh_lines(ShellState& state, Variable& v) {
  v.value.unset();
  IndexedArray& array = v.value.make_indexed();
  int64_t i = 0;
  for (const Frame* frame : state.calls.visible()) array.set(i++, std::to_string(frame->call_line));
}

/// The frames of BASH_ARGV, innermost first: those entered under extdebug, dot scripts without arguments of their own,
/// and the shell's own where no function hides it.
std::vector<const Frame*> frames_with_arguments(const ShellState& state) {
  std::span<const Frame> frames = state.calls.frames();
  auto is_dot_script = [](const Frame& frame) { return frame.kind == FrameKind::Source; };
  bool shows_main = state.is_on(Option::ExtDebug) || !state.calls.in_function() ||
                    std::any_of(frames.begin(), frames.end(), is_dot_script);
  std::vector<const Frame*> shown;
  for (size_t i = frames.size(); i-- > 0;) {
    if (frames[i].kind == FrameKind::Main ? shows_main : frames[i].shows_arguments) shown.push_back(&frames[i]);
  }
  return shown;
}

void refresh_argument_counts(ShellState& state, Variable& v) {
  v.value.unset();
  IndexedArray& array = v.value.make_indexed();
  int64_t i = 0;
  for (const Frame* frame : frames_with_arguments(state)) array.set(i++, std::to_string(frame->arguments.size()));
}

void refresh_arguments(ShellState& state, Variable& v) {
  v.value.unset();
  IndexedArray& array = v.value.make_indexed();
  int64_t i = 0;
  for (const Frame* frame : frames_with_arguments(state)) {
    for (size_t a = frame->arguments.size(); a-- > 0;) array.set(i++, frame->arguments[a]);
  }
}

// --- views of other tables ---

void refresh_pipe_status(ShellState& state, Variable& v) {
  IndexedArray& array = v.value.make_indexed();
  array.clear();
  if (state.pipe_statuses.empty()) array.set(0, std::to_string(state.last_status));
  for (size_t i = 0; i < state.pipe_statuses.size(); ++i) {
    array.set(static_cast<int64_t>(i), std::to_string(state.pipe_statuses[i]));
  }
}

void refresh_directory_stack(ShellState& state, Variable& v) {
  v.value.unset();
  IndexedArray& array = v.value.make_indexed();
  array.set(0, state.directory.logical());
  int64_t i = 1;
  for (const std::string& entry : state.directory_stack.entries) array.set(i++, entry);
}

void refresh_aliases(ShellState& state, Variable& v) {
  v.value.unset();
  AssociativeArray& array = v.value.make_associative();
  for (const auto& [name, value] : state.aliases.all()) array.set(name, value);
}

void set_aliases(ShellState& state, const Variable& v) {
  const AssociativeArray* array = v.value.associative();
  if (array == nullptr) return;
  for (const AssociativeArray::Entry* entry : array->listed()) {
    state.aliases.set(entry->key, entry->value);
  }
}

void refresh_hashed(ShellState& state, Variable& v) {
  v.value.unset();
  AssociativeArray& array = v.value.make_associative();
  for (Name name : state.hash.sorted_names()) array.set(text(name), state.hash.find(name)->path);
}

void set_hashed(ShellState& state, const Variable& v) {
  const AssociativeArray* array = v.value.associative();
  if (array == nullptr) return;
  for (const AssociativeArray::Entry* entry : array->listed()) {
    state.hash.remember(NameTable::intern(entry->key), entry->value, true);
  }
  state.bump_generation();
}

void refresh_options(ShellState& state, Variable& v, OptionFamily family) {
  std::string list;
  for (const OptionInfo& row : option_table()) {
    if (row.family != family || !state.is_on(row.option)) continue;
    if (!list.empty()) list += ':';
    list += row.name;
  }
  v.value.set_text(list);
}
void refresh_shell_options(ShellState& state, Variable& v) { refresh_options(state, v, OptionFamily::Set); }
void refresh_bash_options(ShellState& state, Variable& v) { refresh_options(state, v, OptionFamily::Shopt); }

// --- effects ---

void set_separators(ShellState& state, const Variable&) { update_separators(state); }

void set_path(ShellState& state, const Variable&) {
  state.hash.clear();
  state.bump_generation();
}

void set_option_index(ShellState& state, const Variable& v) {
  state.getopts.index = parse_integer_trimmed(v.value.text()).value_or(1);
  state.getopts.offset = 0;
}

void set_locale_variables(ShellState& state, const Variable&) {
  const VariableTable& variables = state.variables;
  set_locale({variables.text(names::LcAll), variables.text(names::LcCtype), variables.text(names::LcCollate),
              variables.text(names::LcMessages), variables.text(names::LcNumeric), variables.text(names::LcTime),
              variables.text(names::LANG)});
  update_separators(state);
}

void set_time_zone(ShellState&, const Variable& v) {
  if (v.value.is_unset()) {
    unsetenv("TZ");
  } else {
    setenv("TZ", std::string(v.value.text()).c_str(), 1);
  }
  tzset();
}

void set_glob_ignore(ShellState& state, const Variable& v) {
  if (v.value.is_unset() || !v.value.text().empty()) state.options.set(Option::DotGlob, !v.value.is_unset());
}

void set_ignore_eof(ShellState& state, const Variable& v) { state.options.set(Option::IgnoreEof, !v.value.is_unset()); }

// --- the table ---

constexpr uint16_t kReadOnly = attribute::ReadOnly;
constexpr uint16_t kInteger = attribute::Integer;

constexpr SpecialVariable kSpecials[] = {
    {names::BASH, refresh_bash, nullptr, false},
    {names::BASHOPTS, refresh_bash_options, nullptr, false, kReadOnly},
    {names::BASHPID, refresh_bash_pid, nullptr, false, kInteger, true},
    {names::BASH_ALIASES, refresh_aliases, set_aliases, false},
    {names::BASH_ARGC, refresh_argument_counts, nullptr, false},
    {names::BASH_ARGV, refresh_arguments, nullptr, false},
    {names::BASH_ARGV0, refresh_argv0, set_argv0, false, 0, true},
    {names::BASH_CMDS, refresh_hashed, set_hashed, false},
    {names::BASH_COMMAND, refresh_command, nullptr, false, 0, true},
    {names::BASH_EXECUTION_STRING, refresh_execution_string, nullptr, false},
    {names::BASH_LINENO, refresh_lines, nullptr, false},
    {names::BASH_SOURCE, refresh_sources, nullptr, false},
    {names::BASH_SUBSHELL, refresh_subshell, nullptr, false, 0, true},
    {names::BASH_VERSINFO, refresh_bash_version_info, nullptr, false, kReadOnly},
    {names::BASH_VERSION, refresh_bash_version, nullptr, false},
    {names::DIRSTACK, refresh_directory_stack, nullptr, false},
    {names::EPOCHREALTIME, refresh_epoch_realtime, nullptr, false, 0, true},
    {names::EPOCHSECONDS, refresh_epoch_seconds, nullptr, false, 0, true},
    {names::EUID, refresh_euid, nullptr, false, kReadOnly | kInteger},
    {names::FUNCNAME, refresh_function_names, nullptr, false},
    {names::GLOBIGNORE, nullptr, set_glob_ignore, false},
    {names::GROUPS, refresh_groups, nullptr, false},
    {names::HISTCMD, refresh_history_number, nullptr, false, kInteger, true},
    {names::HOSTNAME, refresh_host_name, nullptr, false},
    {names::HOSTTYPE, refresh_host_type, nullptr, false},
    {names::IFS, nullptr, set_separators, true},
    {names::IGNOREEOF, nullptr, set_ignore_eof, false},
    {names::LANG, nullptr, set_locale_variables, true},
    {names::LINENO, refresh_line, set_line, true, 0, true},
    {names::LcAll, nullptr, set_locale_variables, true},
    {names::LcCollate, nullptr, set_locale_variables, true},
    {names::LcCtype, nullptr, set_locale_variables, true},
    {names::LcMessages, nullptr, set_locale_variables, true},
    {names::LcNumeric, nullptr, set_locale_variables, true},
    {names::LcTime, nullptr, set_locale_variables, true},
    {names::MACHTYPE, refresh_machine_type, nullptr, false},
    {names::MISH_VERSION, refresh_mish_version, nullptr, false},
    {names::OPTIND, nullptr, set_option_index, true},
    {names::OSTYPE, refresh_os_type, nullptr, false},
    {names::PATH, nullptr, set_path, true},
    {names::PIPESTATUS, refresh_pipe_status, nullptr, false},
    {names::PPID, refresh_parent, nullptr, true, kReadOnly | kInteger},
    {names::RANDOM, refresh_random, seed_random, false, kInteger, true},
    {names::SECONDS, refresh_seconds, set_seconds, false, kInteger, true},
    {names::SHELL, refresh_login_shell, nullptr, false},
    {names::SHELLOPTS, refresh_shell_options, nullptr, false, kReadOnly},
    {names::SRANDOM, refresh_srandom, nullptr, false, kInteger, true},
    {names::TERM, refresh_terminal_type, nullptr, false},
    {names::TZ, nullptr, set_time_zone, true},
    {names::UID, refresh_uid, nullptr, false, kReadOnly | kInteger},
    {names::Underscore, refresh_last_argument, nullptr, false},
};

constexpr size_t kWellKnownCount = static_cast<size_t>(WellKnown::kCount);
static_assert(std::size(kSpecials) < 255);

// Row + 1 by Name, 0 for ordinary variables: found without hashing or searching.
constexpr std::array<uint8_t, kWellKnownCount> kRowOf = [] {
  std::array<uint8_t, kWellKnownCount> rows{};
  for (size_t i = 0; i < std::size(kSpecials); ++i) rows[index(kSpecials[i].name)] = static_cast<uint8_t>(i + 1);
  return rows;
}();

}  // namespace

std::string_view source_of(const ShellState& state, const Frame& frame) {
  if (!frame.source_name.empty()) return frame.source_name;
  return state.is_on(Option::CommandString) ? "environment" : "main";
}

const SpecialVariable* find_special(Name name) {
  uint32_t i = index(name);
  if (i >= kWellKnownCount || kRowOf[i] == 0) return nullptr;
  return &kSpecials[kRowOf[i] - 1];
}

bool is_in_effect(const SpecialVariable& special, const ShellState& state) {
  return special.in_posix_mode || !state.is_posix();
}

void install_special_variables(ShellState& state) {
  VariableTable& variables = state.variables;
  // The system call, not the C library's vDSO path: cold, that one costs two page faults at every start.
  timespec now{};
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  state.seconds_base_ns = now.tv_sec * kNanosecondsPerSecond + now.tv_nsec;
  bool has_locale = false;
  for (const SpecialVariable& special : kSpecials) {
    if (!is_in_effect(special, state)) continue;
    Variable& v = variables.slot(special.name);
    if (special.refresh != nullptr) v.attributes |= attribute::Special;
    if (special.assigned != nullptr) v.attributes |= attribute::Acts;
    if (!state.is_posix()) v.attributes |= special.attributes;  // the standard has no variable read only by itself
    if (special.assigned == set_locale_variables && !v.value.is_unset()) has_locale = true;
  }
  if (has_locale) set_locale_variables(state, variables.slot(names::LANG));
  if (!variables.slot(names::TZ).value.is_unset()) tzset();
  variables.slot(names::IFS).value.set_text(" \t\n");
  variables.slot(names::OPTIND).value.set_integer(1);
  variables.slot(names::OPTERR).value.set_integer(1);
  Variable& trace_prompt = variables.slot(names::PS4);
  if (trace_prompt.value.is_unset()) trace_prompt.value.set_text("+ ");
}

void count_shell_level(ShellState& state) {
  int64_t level = parse_integer_trimmed(state.variables.text(names::SHLVL)).value_or(0) + 1;
  if (level < 1 || level > 999) level = 1;
  state.variables.assign_integer(names::SHLVL, level);
  state.variables.add_attributes(names::SHLVL, attribute::Exported);
}

void uncount_shell_level(ShellState& state) {
  int64_t level = parse_integer_trimmed(state.variables.text(names::SHLVL)).value_or(0) - 1;
  state.variables.assign_integer(names::SHLVL, level < 0 ? 0 : level);
  state.variables.add_attributes(names::SHLVL, attribute::Exported);
}

void note_window_size(ShellState& state, int rows, int columns) {
  auto update = [&state](Name name, int value) {
    const std::string text = std::to_string(value);
    if (state.variables.text(name) == text) return;
    if ((state.variables.attributes(name) & attribute::ReadOnly) != 0) return;
    state.variables.assign_internal(name, text);
  };
  update(names::LINES, rows);
  update(names::COLUMNS, columns);
}

}  // namespace mish::state
