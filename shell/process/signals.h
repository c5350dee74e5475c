// SPDX-License-Identifier: GPL-3.0-or-later
// Signals (XBD <signal.h>, XCU 2.12, trap, kill): their names, the one handler and what it leaves pending, masks, and
// the dispositions of the shell and its children. The handler sets flags and nothing else; trap actions are run by the
// executor at its safe points. What is pending is one of the two process-wide objects of the shell.
#ifndef MISH_SHELL_PROCESS_SIGNALS_H_
#define MISH_SHELL_PROCESS_SIGNALS_H_

#include <signal.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace mish::process {

/// 1..kMaxSignal.
using SignalNumber = int;
inline constexpr SignalNumber kMaxSignal = 64;

// --- names ---------------------------------------------------------------------------------------------------------

/// Name without "SIG": "INT", "RTMIN", "RTMIN+3", "RTMAX-1", "RTMAX". Empty for a number that is no signal (0, 32, 33).
std::string_view signal_name(SignalNumber signal);

/// Signal of a name without regard to case, with or without "SIG", also RTMIN+n, RTMAX-n, CLD, IOT, POLL; nullopt if
/// unknown. Numbers are not taken.
std::optional<SignalNumber> find_signal(std::string_view name);

/// As find_signal(), but a decimal number of an existing signal is taken too.
std::optional<SignalNumber> parse_signal(std::string_view text);

/// "Terminated", "Segmentation fault", ...: the system's description, as job notices print it.
std::string_view signal_description(SignalNumber signal);

// --- pending signals -----------------------------------------------------------------------------------------------

/// Non-zero when any caught signal, or a change of a child, is waiting to be looked at. The hot path looks at this
/// only: `if (process::any_pending()) [[unlikely]] ...`.
extern volatile sig_atomic_t g_any_pending;
inline bool any_pending() { return g_any_pending != 0; }

/// Makes any_pending() true until the next safe point has looked, though no signal came.
inline void request_safe_point() { g_any_pending = 1; }

/// Takes the lowest pending caught signal out and returns it, 0 when none is left (then any_pending() is false, unless
/// something arrived meanwhile). SIGCHLD is returned only while it is trapped (Disposition::Catch). Call at safe
/// points:
///   if (take_child_change()) jobs.reap(); while (int signal = take_pending_signal()) run its trap;
SignalNumber take_pending_signal();

/// The lowest pending caught signal without taking it, 0 if none. `wait`, `read` and waits of the IPC builtins give up
/// with 128 + this. SIGCHLD counts only if `with_sigchld`.
SignalNumber peek_pending_signal(bool with_sigchld = true);

/// Whether this signal is pending; takes nothing.
bool is_signal_pending(SignalNumber signal);

/// Forgets a pending signal (an interactive shell drops SIGINT after it has abandoned the line).
void clear_pending_signal(SignalNumber signal);

/// Puts a signal back (or in) as if it had just been caught.
void raise_pending_signal(SignalNumber signal);

/// Whether SIGCHLD arrived since the last call. Only known after watch_children().
bool take_child_change();

// --- dispositions --------------------------------------------------------------------------------------------------

enum class Disposition : uint8_t {
  Default,     // as the system does
  Ignore,      // ignored by the shell and by its children (trap '' SIG)
  Catch,       // the handler: pending in the shell, default in children
  IgnoreHere,  // ignored by the shell itself (job control signals at a prompt), as at entry in children
};

/// Notes the signal mask and looks at SIGCHLD: must not be ignored, or no status could be had. Call once at start; one
/// or two system calls.
void initialise_signals();

/// Sets what the shell does on `signal`. SIGCHLD is never really ignored by the shell itself, only by its children.
/// Cheap when nothing changes. KILL and STOP and the C library's own signals are left alone without a word. False, with
/// errno and nothing changed, when the system refuses.
bool set_disposition(SignalNumber signal, Disposition disposition);

/// What was last set; Default (or Ignore if ignored at entry) when nothing was.
Disposition disposition(SignalNumber signal);

/// Whether the shell itself answers the signal: catches it, or ignores it for itself alone. No system call.
bool is_taken(SignalNumber signal);
/// Whether the signal was ignored when this process started (XCU trap: cannot be trapped in a non-interactive shell).
/// Asks the system once per signal.
bool is_ignored_at_entry(SignalNumber signal);

/// Installs the SIGCHLD handler, which only wakes: from then on take_child_change() tells, and interruptible waits
/// notice children. Needed from the first asynchronous list on and by interactive shells; cheap to call again. False
/// when the system refuses the handler: then nobody may sleep until it runs.
bool watch_children();
/// Whether that has been called.
bool watches_children();

/// The dispositions of an interactive shell (XCU sh, ASYNCHRONOUS EVENTS; 2.11): SIGINT caught, SIGTERM and SIGQUIT
/// ignored here, SIGHUP caught; with `monitor` also TSTP, TTIN, TTOU ignored here. Signals trapped by the user are left
/// alone. Calling it with interactive=false undoes what it did.
void set_interactive_dispositions(bool interactive, bool monitor);

/// Whether set_interactive_dispositions() currently owns what happens on `signal`, so that `trap - SIG` must go back to
/// it: call reset_disposition() instead of set_disposition(Default). Fails like that.
bool reset_disposition(SignalNumber signal);

/// Ends the process by `signal` so that the parent sees it: default disposition, unblocked, raised. Falls back on
/// _exit(128 + signal).
[[noreturn]] void die_by_signal(SignalNumber signal);

// --- masks ---------------------------------------------------------------------------------------------------------

/// The mask the process was started with; children get it.
const sigset_t& entry_mask();

/// Blocks all signals (or the given ones) during its life.
class SignalMask {
 public:
  SignalMask();
  ~SignalMask();
  SignalMask(const SignalMask&) = delete;
  SignalMask& operator=(const SignalMask&) = delete;
  /// What was in force before.
  const sigset_t& previous() const { return previous_; }
  /// Leaves the mask as it is at the end: in a forked child, which sets its own.
  void dismiss() { is_active_ = false; }

 private:
  sigset_t previous_;
  bool is_active_ = true;
};

/// Holds SIGINT back while a script waits for a foreground command, so that a command which handles Ctrl-C itself does
/// not cost the script its life. Make it before the command is started; call watch() when it is started, settle() when
/// its status is known. Does nothing unless SIGINT has its default disposition. Holds nest: the innermost counts.
class InterruptHold {
 public:
  /// `active`: false makes it do nothing (interactive shells, asynchronous lists, SIGINT trapped by the user).
  explicit InterruptHold(bool active);
  ~InterruptHold();
  InterruptHold(const InterruptHold&) = delete;
  InterruptHold& operator=(const InterruptHold&) = delete;
  /// The command's processes. When SIGINT comes they are asked at once (in /proc) whether they catch, ignore or block
  /// it. One that came before they were started is sent on to them.
  void watch(std::span<const pid_t> processes);
  /// A process is about to be started, signals are blocked: what came until now did not come to it.
  static void note_start();
  /// Whether there is one that holds SIGINT back now.
  static bool is_in_force();
  /// The shell reads from this pipe, whose other end others have, until the hold ends: SIGINT makes it non-blocking, so
  /// that a read that waits, or is about to, comes back with EAGAIN.
  void reads(int fd);
  /// How often SIGINT came.
  int arrivals() const { return has_come_; }
  /// The SIGINT that came is the shell's business: nobody of the command was left.
  void claim() { is_claimed_ = true; }
  /// Whether the shell will have to die of it, now that the command is over.
  bool is_fatal(bool killed_by_interrupt) const;
  /// Ends the hold. Returns whether the shell has to die of SIGINT (die_by_signal(), after its EXIT trap): SIGINT came
  /// meanwhile, and was claimed, or the command died of it too (`killed_by_interrupt`: that of a pipeline whose status
  /// counts), sent it itself (its pids in `senders`), or was over or about to die when the keyboard sent it. Otherwise
  /// it was the command's business and is dropped.
  [[nodiscard]] bool settle(bool killed_by_interrupt, std::span<const pid_t> senders = {});

 private:
  friend struct InterruptHandler;
  static constexpr size_t kMaxWatched = 8;
  void release();
  void probe();
  InterruptHold* outer_ = nullptr;
  bool is_active_ = false;
  bool came_before_start_ = false;
  bool is_claimed_ = false;
  volatile int reader_ = -1;
  volatile sig_atomic_t has_come_ = 0;
  volatile sig_atomic_t is_from_kernel_ = 0;
  volatile sig_atomic_t is_handled_ = 0;  // a process of the command catches or ignores it
  volatile pid_t sender_ = 0;
  volatile sig_atomic_t watched_count_ = 0;
  pid_t watched_[kMaxWatched] = {};
};

/// Whether the process catches, ignores or blocks SIGINT, or did when it ended (it is not reaped yet).
/// Async-signal-safe.
bool survives_interrupt(pid_t pid);
/// Whether SIGINT is in the set that `field` ("\nSigCgt:\t") of the text of /proc/PID/status shows. Likewise.
bool shows_interrupt(const char* status, const char* field);

// --- for process/child and process/spawn -----------------------------------------------------------------------------

/// How dispositions go over into a child.
struct ChildDispositions {
  bool is_asynchronous = false;     // SIGINT and SIGQUIT ignored: asynchronous list without job control (XCU 2.11)
  bool keeps_stop_ignored = false;  // TSTP, TTIN, TTOU stay ignored: command substitution of a shell with job control
};

/// Sets the dispositions of the child in this process, then forgets what was pending. In a forked child only.
void enter_child_dispositions(const ChildDispositions& child);

/// What a child that only execs must change, computed in the parent: after exec caught signals are default anyway, but
/// a handler must not run between clone and exec.
struct ExecDispositions {
  sigset_t to_default;
  sigset_t to_ignore;
  sigset_t stops;  // of TSTP, TTIN and TTOU those that will stop the child
  bool has_default = false;
  bool has_ignore = false;
};
ExecDispositions exec_dispositions(bool is_asynchronous);

/// Whether any handler of ours is installed.
bool catches_any();

/// Whether an interactive shell dies of SIGHUP: it is caught by the shell itself, not trapped by the user.
bool is_hangup_fatal();

/// The mask of the shell itself: that of the entry without the signals that were unblocked since. For forked subshells.
const sigset_t& shell_mask();

}  // namespace mish::process

#endif  // MISH_SHELL_PROCESS_SIGNALS_H_
