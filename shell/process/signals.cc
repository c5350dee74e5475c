// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "shell/base/retry.h"
#include "shell/base/text.h"

namespace mish::process {

// First of this file's variables, 1 KiB in all: every forked child writes to them, so they should lie in one page.
alignas(2048) volatile sig_atomic_t g_any_pending = 0;

namespace {

// --- names ---------------------------------------------------------------------------------------------------------

struct NamedSignal {
  std::string_view name;
  SignalNumber number;
};

constexpr NamedSignal kStandardSignals[] = {
    {"HUP", SIGHUP},
    {"INT", SIGINT},
    {"QUIT", SIGQUIT},
    {"ILL", SIGILL},
    {"TRAP", SIGTRAP},
    {"ABRT", SIGABRT},
    {"BUS", SIGBUS},
    {"FPE", SIGFPE},
    {"KILL", SIGKILL},
    {"USR1", SIGUSR1},
    {"SEGV", SIGSEGV},
    {"USR2", SIGUSR2},
    {"PIPE", SIGPIPE},
    {"ALRM", SIGALRM},
    {"TERM", SIGTERM},
    {"CHLD", SIGCHLD},
    {"CONT", SIGCONT},
    {"STOP", SIGSTOP},
    {"TSTP", SIGTSTP},
    {"TTIN", SIGTTIN},
    {"TTOU", SIGTTOU},
    {"URG", SIGURG},
    {"XCPU", SIGXCPU},
    {"XFSZ", SIGXFSZ},
    {"VTALRM", SIGVTALRM},
    {"PROF", SIGPROF},
    {"WINCH", SIGWINCH},
    {"IO", SIGIO},
    {"PWR", SIGPWR},
    {"SYS", SIGSYS},
#ifdef SIGSTKFLT
    {"STKFLT", SIGSTKFLT},
#endif
    // Other names of the above; only found, never shown.
    {"CLD", SIGCHLD},
    {"IOT", SIGABRT},
    {"POLL", SIGPOLL},
};

/// "RTMIN+3" and the like, made once.
struct NameArray {
  char text[kMaxSignal + 1][10] = {};
  NameArray() {
    for (const NamedSignal& signal : kStandardSignals) {
      char* out = text[signal.number];
      if (out[0] == '\0') signal.name.copy(out, signal.name.size());
    }
    int middle = (SIGRTMIN + SIGRTMAX) / 2;
    for (int i = SIGRTMIN; i <= SIGRTMAX && i <= kMaxSignal; ++i) {
      bool low = i <= middle;
      int distance = low ? i - SIGRTMIN : SIGRTMAX - i;
      char* out = text[i];
      memcpy(out, low ? "RTMIN" : "RTMAX", 5);
      if (distance == 0) continue;
      out[5] = low ? '+' : '-';
      if (distance >= 10) {
        out[6] = static_cast<char>('0' + distance / 10);
        out[7] = static_cast<char>('0' + distance % 10);
      } else {
        out[6] = static_cast<char>('0' + distance);
      }
    }
  }
};

const NameArray& signal_names() {
  static const NameArray names;  // at first use: nothing runs at start-up
  return names;
}

/// The digits of "RTMIN+n": 0..99, -1 if there is anything else.
int small_number(std::string_view digits) {
  if (digits.empty() || digits.size() > 2) return -1;
  int value = 0;
  for (char c : digits) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<SignalNumber> find_realtime(std::string_view name) {
  if (name.size() < 5) return std::nullopt;
  bool low = equals_without_case(name.substr(0, 5), "RTMIN");
  if (!low && !equals_without_case(name.substr(0, 5), "RTMAX")) return std::nullopt;
  int distance = 0;
  if (name.size() > 5) {
    if (name[5] != (low ? '+' : '-')) return std::nullopt;
    distance = small_number(name.substr(6));
    if (distance < 0) return std::nullopt;
  }
  int signal = low ? SIGRTMIN + distance : SIGRTMAX - distance;
  if (signal < SIGRTMIN || signal > SIGRTMAX || signal > kMaxSignal) return std::nullopt;
  return signal;
}

// --- what the process does on each signal
// ------------------------------------------------------------------------------

struct SignalState {
  Disposition disposition = Disposition::Default;
  bool entry_known = false;
  bool ignored_at_entry = false;
  bool was_trapped = false;   // the user set or reset it: what was at entry counts no more
  bool is_installed = false;  // the system was told the disposition
  bool set_by_user = false;   // by set_disposition(), as opposed to the shell's own wishes
};

SignalState g_states[kMaxSignal + 1];
volatile sig_atomic_t g_pending[kMaxSignal + 1];
volatile sig_atomic_t g_is_fatal[kMaxSignal + 1];  // its disposition is Default, though the handler is still installed
volatile sig_atomic_t g_child_changed = 0;
volatile sig_atomic_t g_child_trapped = 0;
bool g_watches_children = false;
bool g_interactive = false;
bool g_monitor = false;
uint64_t g_touched = 0;  // bit per signal whose disposition is not Default, or that a child needs changed
sigset_t g_entry_mask;
sigset_t g_shell_mask;

constexpr uint64_t bit(SignalNumber signal) { return uint64_t{1} << (signal - 1); }

bool is_settable(SignalNumber signal) {
  return signal >= 1 && signal <= kMaxSignal && signal != SIGKILL && signal != SIGSTOP &&
         (signal < 32 || signal >= SIGRTMIN);
}

/// Signals that end the process by default and nothing else. When one is reset, the handler may stay and do just that:
/// what is set and reset in turn, as EXIT actions are with ten signals, then costs no system calls.
constexpr uint64_t kEnding = bit(SIGHUP) | bit(SIGQUIT) | bit(SIGUSR1) | bit(SIGUSR2) | bit(SIGPIPE) | bit(SIGALRM) |
                             bit(SIGTERM) | bit(SIGVTALRM) | bit(SIGPROF) | bit(SIGXCPU);

bool is_stop_signal(SignalNumber signal) { return signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU; }

extern "C" void handle_signal(int signal) {
  if (g_is_fatal[signal] != 0) {
    struct sigaction action = {};
    sigaction(signal, &action, nullptr);
    raise(signal);  // comes when the handler returns, which blocks it
    return;
  }
  if (signal == SIGCHLD) {
    g_child_changed = 1;
    if (g_child_trapped) g_pending[SIGCHLD] = 1;
  } else {
    g_pending[signal] = 1;
  }
  g_any_pending = 1;
}

/// Installs what the kernel is to do. With `old`, tells what it was. False when the kernel refuses.
bool install(SignalNumber signal, void (*handler)(int), struct sigaction* old = nullptr) {
  struct sigaction action = {};
  action.sa_handler = handler;
  // A change of a child must not disturb system calls of libraries; every other caught signal must end them.
  action.sa_flags = signal == SIGCHLD ? SA_RESTART : 0;
  sigfillset(&action.sa_mask);
  return retry_interrupted([&] { return sigaction(signal, &action, old); }) == 0;
}

void note_entry(SignalNumber signal, const struct sigaction& old) {
  SignalState& state = g_states[signal];
  if (state.entry_known) return;
  state.entry_known = true;
  state.ignored_at_entry = old.sa_handler == SIG_IGN;
}

void (*handler_for(SignalNumber signal, Disposition disposition))(int) {
  if (signal == SIGCHLD) return g_watches_children || disposition == Disposition::Catch ? handle_signal : SIG_DFL;
  switch (disposition) {
    case Disposition::Default: return SIG_DFL;
    case Disposition::Ignore:
    case Disposition::IgnoreHere: return SIG_IGN;
    case Disposition::Catch: return handle_signal;
  }
  return SIG_DFL;
}

/// A signal that was blocked when the shell started would never be caught.
void unblock_at_last(SignalNumber signal) {
  if (sigismember(&g_shell_mask, signal) != 1) return;
  sigdelset(&g_shell_mask, signal);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal);
  sigprocmask(SIG_UNBLOCK, &one, nullptr);
}

/// False, with errno and nothing changed, when the kernel refuses.
bool change_disposition(SignalNumber signal, Disposition disposition) {
  SignalState& state = g_states[signal];
  if (state.is_installed && state.disposition == disposition) return true;
  const bool has_handler = state.disposition == Disposition::Catch || g_is_fatal[signal] != 0;
  const bool keeps_handler = has_handler &&
                             (disposition == Disposition::Catch || disposition == Disposition::Default) &&
                             (kEnding & bit(signal)) != 0;
  if (!keeps_handler) {
    sig_atomic_t child_was_trapped = g_child_trapped;
    if (signal == SIGCHLD) g_child_trapped = disposition == Disposition::Catch;
    struct sigaction old = {};
    if (!install(signal, handler_for(signal, disposition), &old)) {
      g_child_trapped = child_was_trapped;
      return false;
    }
    state.is_installed = true;
    note_entry(signal, old);
  }
  state.disposition = disposition;
  g_is_fatal[signal] = keeps_handler && disposition == Disposition::Default;
  if (disposition == Disposition::Catch) {
    unblock_at_last(signal);
  } else if (g_pending[signal] != 0 && disposition != Disposition::Default) {
    g_pending[signal] = 0;  // ignored signals are not remembered
  }
  bool needs_care = signal == SIGCHLD && (g_watches_children || state.ignored_at_entry);
  if (disposition == Disposition::Default && !needs_care) {
    g_touched &= ~bit(signal);
  } else {
    g_touched |= bit(signal);
  }
  return true;
}

/// Whether a child starts with the signal ignored because the shell did.
bool passes_on_ignored(const SignalState& state) { return state.ignored_at_entry && !state.was_trapped; }

/// What the shell itself, without the user's traps, wants for `signal`.
Disposition shells_wish(SignalNumber signal) {
  if (!g_interactive) return Disposition::Default;
  switch (signal) {
    case SIGINT: return Disposition::Catch;
    case SIGHUP:
      // `trap - HUP` at the prompt takes back what was ignored at entry.
      return is_ignored_at_entry(SIGHUP) && !g_states[SIGHUP].was_trapped ? Disposition::Ignore : Disposition::Catch;
    case SIGTERM:
    case SIGQUIT: return Disposition::IgnoreHere;
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU: return g_monitor ? Disposition::IgnoreHere : Disposition::Default;
    default: return Disposition::Default;
  }
}

constexpr SignalNumber kInteractiveSignals[] = {SIGINT, SIGHUP, SIGTERM, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};

}  // namespace

// --- names ---------------------------------------------------------------------------------------------------------

std::string_view signal_name(SignalNumber signal) {
  if (signal < 1 || signal > kMaxSignal) return {};
  return signal_names().text[signal];
}

std::optional<SignalNumber> find_signal(std::string_view name) {
  if (name.size() > 3 && equals_without_case(name.substr(0, 3), "SIG")) name.remove_prefix(3);
  for (const NamedSignal& signal : kStandardSignals) {
    if (equals_without_case(name, signal.name)) return signal.number;
  }
  return find_realtime(name);
}

std::optional<SignalNumber> parse_signal(std::string_view text) {
  if (int number = small_number(text); number > 0 && !signal_name(number).empty()) return number;
  return find_signal(text);
}

std::string_view signal_description(SignalNumber signal) {
  const char* text = strsignal(signal);
  return text != nullptr ? text : "Unknown signal";
}

// --- pending signals -----------------------------------------------------------------------------------------------

SignalNumber take_pending_signal() {
  // The summary is cleared before the flags are read: a signal that arrives in between sets both again.
  g_any_pending = 0;
  for (SignalNumber signal = 1; signal <= kMaxSignal; ++signal) {
    if (g_pending[signal] == 0) continue;
    g_pending[signal] = 0;
    g_any_pending = 1;  // there may be more
    return signal;
  }
  if (g_child_changed != 0) g_any_pending = 1;
  return 0;
}

SignalNumber peek_pending_signal(bool with_sigchld) {
  if (g_any_pending == 0) return 0;
  for (SignalNumber signal = 1; signal <= kMaxSignal; ++signal) {
    if (g_pending[signal] != 0 && (with_sigchld || signal != SIGCHLD)) return signal;
  }
  return 0;
}

bool is_signal_pending(SignalNumber signal) { return g_pending[signal] != 0; }

void clear_pending_signal(SignalNumber signal) { g_pending[signal] = 0; }

void raise_pending_signal(SignalNumber signal) {
  g_pending[signal] = 1;
  g_any_pending = 1;
}

bool take_child_change() {
  if (g_child_changed == 0) return false;
  g_child_changed = 0;
  return true;
}

// --- dispositions --------------------------------------------------------------------------------------------------

void initialise_signals() {
  sigprocmask(SIG_SETMASK, nullptr, &g_entry_mask);
  g_shell_mask = g_entry_mask;
  struct sigaction old = {};
  install(SIGCHLD, SIG_DFL, &old);
  note_entry(SIGCHLD, old);
  if (g_states[SIGCHLD].ignored_at_entry) g_touched |= bit(SIGCHLD);
  unblock_at_last(SIGCHLD);
}

bool set_disposition(SignalNumber signal, Disposition disposition) {
  if (!is_settable(signal)) return true;
  if (!change_disposition(signal, disposition)) return false;
  g_states[signal].set_by_user = true;
  g_states[signal].was_trapped = true;
  return true;
}

Disposition disposition(SignalNumber signal) {
  if (!is_settable(signal)) return Disposition::Default;
  Disposition current = g_states[signal].disposition;
  if (current == Disposition::Default && !g_states[signal].set_by_user && is_ignored_at_entry(signal)) {
    return Disposition::Ignore;
  }
  return current;
}

bool is_taken(SignalNumber signal) {
  Disposition current = g_states[signal].disposition;
  return current == Disposition::Catch || current == Disposition::IgnoreHere;
}

bool is_ignored_at_entry(SignalNumber signal) {
  if (!is_settable(signal)) return false;
  SignalState& state = g_states[signal];
  if (!state.entry_known) {
    struct sigaction old = {};
    sigaction(signal, nullptr, &old);
    note_entry(signal, old);
  }
  return state.ignored_at_entry;
}

bool watches_children() { return g_watches_children; }

bool watch_children() {
  if (g_watches_children) return true;
  struct sigaction old = {};
  if (!install(SIGCHLD, handle_signal, &old)) return false;
  g_watches_children = true;
  note_entry(SIGCHLD, old);
  g_touched |= bit(SIGCHLD);
  unblock_at_last(SIGCHLD);
  // Something may have happened before anybody watched.
  g_child_changed = 1;
  g_any_pending = 1;
  return true;
}

void set_interactive_dispositions(bool interactive, bool monitor) {
  g_interactive = interactive;
  g_monitor = monitor;
  for (SignalNumber signal : kInteractiveSignals) {
    if (g_states[signal].set_by_user) continue;
    Disposition wish = shells_wish(signal);
    if (wish == Disposition::Default && is_ignored_at_entry(signal)) wish = Disposition::Ignore;
    change_disposition(signal, wish);
  }
}

bool reset_disposition(SignalNumber signal) {
  if (!is_settable(signal)) return true;
  is_ignored_at_entry(signal);  // learnt before it is changed
  SignalState& state = g_states[signal];
  bool had_been_trapped = std::exchange(state.was_trapped, true);  // the wish depends on it
  Disposition wish = shells_wish(signal);
  if (!change_disposition(signal, wish)) {
    state.was_trapped = had_been_trapped;
    return false;
  }
  state.set_by_user = wish == Disposition::Default;
  return true;
}

bool is_hangup_fatal() {
  const SignalState& state = g_states[SIGHUP];
  return g_interactive && !state.set_by_user && state.disposition == Disposition::Catch;
}

void die_by_signal(SignalNumber signal) {
  install(signal, SIG_DFL);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal);
  raise(signal);
  sigprocmask(SIG_UNBLOCK, &one, nullptr);
  _exit(128 + signal);
}

// --- masks ---------------------------------------------------------------------------------------------------------

const sigset_t& entry_mask() { return g_entry_mask; }

const sigset_t& shell_mask() { return g_shell_mask; }

SignalMask::SignalMask() {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &previous_);
}

SignalMask::~SignalMask() {
  if (is_active_) sigprocmask(SIG_SETMASK, &previous_, nullptr);
}

/// The hold in force, the innermost of several.
namespace {
InterruptHold* volatile g_hold = nullptr;

}  // namespace

bool shows_interrupt(const char* status, const char* field) {
  const char* found = strstr(status, field);
  // SIGINT is bit 1 of the last of sixteen digits.
  if (found == nullptr || strlen(found) < strlen(field) + 16) return false;
  char digit = found[strlen(field) + 15];
  int value = digit <= '9' ? digit - '0' : digit - 'a' + 10;
  return (value & 2) != 0;
}

bool survives_interrupt(pid_t pid) {
  char path[32] = "/proc/";
  char digits[12];
  size_t count = 0;
  for (pid_t rest = pid; rest > 0; rest /= 10) digits[count++] = static_cast<char>('0' + rest % 10);
  char* end = path + 6;
  while (count > 0) *end++ = digits[--count];
  memcpy(end, "/status", 8);
  int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  char text[4096];
  ssize_t size = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  if (size <= 0) return false;
  text[size] = '\0';
  // Who blocks it takes it by sigwait() or signalfd().
  for (const char* field : {"\nSigBlk:\t", "\nSigIgn:\t", "\nSigCgt:\t"}) {
    if (shows_interrupt(text, field)) return true;
  }
  return false;
}

/// Notes SIGINT in the hold in force.
struct InterruptHandler {
  static void handle(int, siginfo_t* info, void*) {
    InterruptHold* hold = g_hold;
    if (hold == nullptr) return;
    int error = errno;
    hold->is_from_kernel_ = info->si_code > 0;
    hold->sender_ = info->si_pid;
    hold->has_come_ = hold->has_come_ + 1;
    if (hold->reader_ >= 0) fcntl(hold->reader_, F_SETFL, O_NONBLOCK);
    hold->probe();
    errno = error;
  }
};

void InterruptHold::probe() {
  for (sig_atomic_t i = 0; i < watched_count_; ++i) {
    if (survives_interrupt(watched_[i])) is_handled_ = 1;
  }
}

InterruptHold::InterruptHold(bool active) {
  if (!active || disposition(SIGINT) == Disposition::Ignore || sigismember(&g_shell_mask, SIGINT) == 1) return;
  is_active_ = true;
  outer_ = g_hold;
  g_hold = this;
  if (outer_ != nullptr) return;
  struct sigaction action = {};
  action.sa_sigaction = InterruptHandler::handle;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  sigfillset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
}

InterruptHold::~InterruptHold() {
  if (!is_active_) return;
  release();
  if (has_come_ == 0) return;
  // Nobody asked what is to become of it.
  if (outer_ == nullptr) {
    raise(SIGINT);
    return;
  }
  outer_->is_from_kernel_ = is_from_kernel_;
  outer_->sender_ = sender_;
  outer_->has_come_ = 1;
}

void InterruptHold::release() {
  is_active_ = false;
  if (g_hold == nullptr) return;  // a forked child, which has its own dispositions
  // In this order: a SIGINT between the two is still noted.
  if (outer_ == nullptr) install(SIGINT, handler_for(SIGINT, g_states[SIGINT].disposition));
  g_hold = outer_;
}

void InterruptHold::watch(std::span<const pid_t> processes) {
  if (!is_active_) return;
  bool is_first = watched_count_ == 0;
  sig_atomic_t count = 0;
  for (pid_t process : processes.last(std::min(processes.size(), kMaxWatched))) watched_[count++] = process;
  watched_count_ = count;
  if (has_come_ == 0 || !is_first) return;
  if (came_before_start_) {
    for (pid_t process : processes) kill(process, SIGINT);
  }
  probe();
}

void InterruptHold::reads(int fd) {
  if (!is_active_) return;
  // In this order: of a SIGINT between the two both know.
  reader_ = fd;
  if (has_come_ != 0) fcntl(fd, F_SETFL, O_NONBLOCK);
}

void InterruptHold::note_start() {
  if (g_hold != nullptr && g_hold->has_come_ != 0) g_hold->came_before_start_ = true;
}

bool InterruptHold::is_in_force() { return g_hold != nullptr; }

bool InterruptHold::is_fatal(bool killed_by_interrupt) const {
  if (has_come_ == 0) return false;
  // The keyboard's SIGINT comes from the kernel and went to the command as well.
  return killed_by_interrupt || is_claimed_ || (is_from_kernel_ != 0 && is_handled_ == 0);
}

bool InterruptHold::settle(bool killed_by_interrupt, std::span<const pid_t> senders) {
  if (!is_active_) return false;
  release();
  if (is_fatal(killed_by_interrupt)) return true;
  if (has_come_ == 0 || is_from_kernel_ != 0) return false;
  // One that the command itself sent was meant for the shell.
  for (pid_t sender : senders) {
    if (sender == sender_) return true;
  }
  return false;
}

// --- children --------------------------------------------------------------------------------------------------------

void enter_child_dispositions(const ChildDispositions& child) {
  g_interactive = false;
  g_monitor = false;
  g_watches_children = false;
  for (SignalNumber signal = 1; signal <= kMaxSignal; ++signal) {
    g_pending[signal] = 0;
    if ((g_touched & bit(signal)) == 0) continue;
    SignalState& state = g_states[signal];
    switch (state.disposition) {
      case Disposition::Default:
      case Disposition::Ignore: break;
      case Disposition::IgnoreHere:
        if (child.keeps_stop_ignored && is_stop_signal(signal)) {
          state.disposition = Disposition::Ignore;
          continue;
        }
        [[fallthrough]];
      case Disposition::Catch:
        state.set_by_user = false;
        change_disposition(signal, passes_on_ignored(state) ? Disposition::Ignore : Disposition::Default);
        break;
    }
  }
  g_child_changed = 0;
  if ((g_touched & bit(SIGCHLD)) != 0) install(SIGCHLD, SIG_DFL);
  if (g_hold != nullptr) {
    g_hold = nullptr;
    install(SIGINT, handler_for(SIGINT, g_states[SIGINT].disposition));
  }
  g_any_pending = 0;
  if (child.is_asynchronous) {
    change_disposition(SIGINT, Disposition::Ignore);
    change_disposition(SIGQUIT, Disposition::Ignore);
  }
}

ExecDispositions exec_dispositions(bool is_asynchronous) {
  ExecDispositions result;
  sigemptyset(&result.to_default);
  sigemptyset(&result.to_ignore);
  auto ignore = [&result](SignalNumber signal) {
    sigaddset(&result.to_ignore, signal);
    result.has_ignore = true;
  };
  for (uint64_t rest = g_touched; rest != 0; rest &= rest - 1) {
    SignalNumber signal = __builtin_ctzll(rest) + 1;
    const SignalState& state = g_states[signal];
    switch (state.disposition) {
      case Disposition::Ignore:
        if (signal == SIGCHLD) ignore(signal);  // the shell itself cannot ignore it
        break;
      case Disposition::Default:
        if (signal != SIGCHLD) break;
        [[fallthrough]];
      case Disposition::Catch:
      case Disposition::IgnoreHere:
        if (passes_on_ignored(state)) {
          ignore(signal);
        } else {
          sigaddset(&result.to_default, signal);
          result.has_default = true;
        }
        break;
    }
  }
  if (g_hold != nullptr) {
    sigaddset(&result.to_default, SIGINT);
    result.has_default = true;
  }
  if (is_asynchronous) {
    ignore(SIGINT);
    ignore(SIGQUIT);
    sigdelset(&result.to_default, SIGINT);
    sigdelset(&result.to_default, SIGQUIT);
  }
  sigemptyset(&result.stops);
  for (SignalNumber signal : {SIGTSTP, SIGTTIN, SIGTTOU}) {
    bool is_ignored = g_states[signal].disposition == Disposition::Ignore || passes_on_ignored(g_states[signal]) ||
                      disposition(signal) == Disposition::Ignore;
    if (!is_ignored) sigaddset(&result.stops, signal);
  }
  return result;
}

bool catches_any() {
  if (g_watches_children || g_hold != nullptr) return true;
  for (uint64_t rest = g_touched; rest != 0; rest &= rest - 1) {
    if (g_states[__builtin_ctzll(rest) + 1].disposition == Disposition::Catch) return true;
  }
  return false;
}

}  // namespace mish::process
