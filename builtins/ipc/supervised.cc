// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/ipc/supervised.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "ipc/kernel_name.h"
#include "ipc/process_info.h"
#include "ipc/wait.h"
#include "shell/base/fd.h"
#include "shell/process/child.h"

namespace mish::builtins {

namespace {

constexpr int64_t kMillisecond = 1'000'000;

/// What the child does to itself before it runs the command: async-signal-safe.
struct ChildSetup {
  SpawnPlan plan;
  sigset_t mask;
  static void apply(void* data) {
    const auto& self = *static_cast<const ChildSetup*>(data);
    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    auto limit = [](int resource, uint64_t soft, uint64_t hard) {
      if (soft == 0) return;
      rlimit value{soft, hard};
      setrlimit(static_cast<__rlimit_resource_t>(resource), &value);
    };
    const SpawnLimits& limits = self.plan.limits;
    limit(RLIMIT_CPU, limits.cpu_seconds, limits.cpu_seconds + 2);
    limit(RLIMIT_NOFILE, limits.files, limits.files);
    limit(RLIMIT_FSIZE, limits.file_size, limits.file_size);
    limit(RLIMIT_STACK, limits.stack, limits.stack);
    if (self.plan.nice != 0) setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + self.plan.nice);
    sigprocmask(SIG_SETMASK, &self.mask, nullptr);
  }
};

pid_t spawn(api::BuiltinContext& context, api::Args words, const SpawnPlan& plan, const sigset_t* mask) {
  ChildSetup setup{plan, {}};
  if (mask != nullptr)
    setup.mask = *mask;
  else
    sigprocmask(SIG_SETMASK, nullptr, &setup.mask);
  api::ShellServices::SpawnOptions options;
  options.child_setup = ChildSetup::apply;
  options.child_data = &setup;
  return context.services.spawn_command(words, options);
}

/// Ends this process the way `status` says, so that its parent sees the same.
[[noreturn]] void end_like(int status) {
  if (!WIFSIGNALED(status)) _exit(WEXITSTATUS(status));
  rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  signal(WTERMSIG(status), SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  raise(WTERMSIG(status));
  _exit(128 + WTERMSIG(status));
}

/// The process between the shell and the command under --cascade: adopts whatever the command leaves behind, and ends
/// it all when the command ends, when the shell ends, or when it is told to.
[[noreturn]] void supervise(api::BuiltinContext& context, api::Args words, const SpawnPlan& plan, pid_t shell) {
  sigset_t old_mask;
  sigset_t awaited;
  sigemptyset(&awaited);
  for (int s : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT}) sigaddset(&awaited, s);
  sigprocmask(SIG_BLOCK, &awaited, &old_mask);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (getppid() != shell) _exit(128 + SIGTERM);
  pid_t main_process = spawn(context, words, plan, &old_mask);
  if (main_process < 0) _exit(state::kNotExecutable);
  int main_status = 0;
  for (bool is_over = false; !is_over;) {
    int signal_number = sigwaitinfo(&awaited, nullptr);
    if (signal_number < 0) continue;
    if (signal_number != SIGCHLD) {
      main_status = signal_number;  // as wait(2) encodes a death by signal
      is_over = true;
    }
    int status = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid != main_process) continue;
      if (!is_over) main_status = status;
      is_over = true;
    }
  }
  signal_tree(getpid(), SIGKILL, false);
  while (waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
  }
  end_like(main_status);
}

/// Resident memory of a process and all below it.
uint64_t tree_memory(pid_t root) {
  std::vector<ipc::ProcessInfo> all = ipc::list_processes();
  std::vector<pid_t> tree = ipc::descendants_first(all, root);
  uint64_t sum = 0;
  for (const ipc::ProcessInfo& p : all) {
    if (std::find(tree.begin(), tree.end(), p.pid) != tree.end()) sum += p.resident;
  }
  return sum;
}

/// Ends the tree when a limit that the kernel does not watch is passed; the reason then.
std::string check_limits(pid_t pid, const SpawnLimits& limits, int64_t elapsed_ns) {
  std::string verdict;
  if (limits.time_ns != 0 && elapsed_ns > limits.time_ns) {
    verdict = fmt::format("ended: over its time limit of {}s", static_cast<double>(limits.time_ns) / 1e9);
  } else if (limits.memory != 0) {
    uint64_t memory = tree_memory(pid);
    if (memory <= limits.memory) return verdict;
    verdict = fmt::format("ended: over its memory limit of {} (resident {})", ipc::size_text(limits.memory),
                          ipc::size_text(memory));
  }
  if (!verdict.empty()) signal_tree(pid, SIGKILL, true);
  return verdict;
}

std::string kernel_verdict(const process::ProcessStatus& status, const SpawnLimits& limits) {
  if (status.signal() == SIGXCPU || (status.signal() == SIGKILL && limits.cpu_seconds != 0)) {
    return limits.cpu_seconds != 0 ? fmt::format("ended: over its limit of {}s CPU time", limits.cpu_seconds)
                                   : std::string();
  }
  if (status.signal() == SIGXFSZ && limits.file_size != 0) {
    return fmt::format("ended: a file passed its limit of {}", ipc::size_text(limits.file_size));
  }
  return {};
}

UniqueFd open_pidfd(pid_t pid) { return UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))); }

}  // namespace

ipc::Outcome<SpawnLimits> SpawnLimits::parse(std::string_view text) {
  SpawnLimits limits;
  while (!text.empty()) {
    size_t comma = text.find(',');
    std::string_view item = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    size_t equals = item.find('=');
    std::string_view key = item.substr(0, equals);
    std::string_view value = equals == std::string_view::npos ? std::string_view() : item.substr(equals + 1);
    if (key == "cpu" || key == "time") {
      ipc::Outcome<int64_t> ns = ipc::parse_duration(value);
      if (!ns) return ns.error();
      if (key == "time")
        limits.time_ns = std::max<int64_t>(*ns, 1);
      else
        limits.cpu_seconds = static_cast<uint64_t>(std::max<int64_t>((*ns + 999'999'999) / 1'000'000'000, 1));
      continue;
    }
    uint64_t* target = key == "mem"     ? &limits.memory
                       : key == "files" ? &limits.files
                       : key == "fsize" ? &limits.file_size
                       : key == "stack" ? &limits.stack
                                        : nullptr;
    if (target == nullptr) {
      return ipc::Error{ipc::Status::Usage, EINVAL,
                        fmt::format("'{}' is no limit (mem cpu time files fsize stack)", item)};
    }
    ipc::Outcome<uint64_t> size = ipc::parse_size(value);
    if (!size) return size.error();
    *target = *size;
  }
  return limits;
}

namespace {

constexpr int kMostPasses = 100;

/// The processes below `root`, children first, after `visit` has seen each; those that appear meanwhile too.
template <typename Visit>
std::vector<pid_t> visit_tree(pid_t root, bool include_root, Visit visit) {
  std::vector<pid_t> seen;
  bool is_new = true;
  for (int pass = 0; is_new && pass < kMostPasses; ++pass) {
    is_new = false;
    std::vector<pid_t> fresh;
    for (pid_t pid : ipc::descendants_first(ipc::list_processes(), root)) {
      if ((pid == root && !include_root) || pid == getpid()) continue;
      if (std::find(seen.begin(), seen.end(), pid) != seen.end() || !visit(pid)) continue;
      fresh.push_back(pid);
      is_new = true;
    }
    seen.insert(seen.begin(), fresh.begin(), fresh.end());
  }
  return seen;
}

bool is_meant_to_end(int signal_number) {
  constexpr int kEnding[] = {SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGABRT};
  return std::find(std::begin(kEnding), std::end(kEnding), signal_number) != std::end(kEnding);
}

}  // namespace

size_t signal_tree(pid_t root, int signal_number, bool include_root) {
  if (!is_meant_to_end(signal_number)) {
    return visit_tree(root, include_root, [&](pid_t pid) { return kill(pid, signal_number) == 0; }).size();
  }
  // A process that forks just before it dies would leave an orphan nobody finds: all are stopped first.
  size_t count = 0;
  std::vector<pid_t> tree = visit_tree(root, include_root, [](pid_t pid) { return kill(pid, SIGSTOP) == 0; });
  for (pid_t pid : tree) count += kill(pid, signal_number) == 0;
  for (pid_t pid : tree) (void)kill(pid, SIGCONT);
  return count;
}

ipc::Outcome<EndedProcess> run_supervised(api::BuiltinContext& context, api::Args words, const SpawnPlan& plan) {
  context.out.flush();
  context.err.flush();
  EndedProcess ended;
  int64_t start = ipc::monotonic_ns();
  if (plan.cascade) {
    pid_t shell = getpid();
    Result<pid_t> pid = process::fork_child({});
    if (!pid.ok()) return ipc::error_from_errno(pid.code());
    if (*pid == 0) supervise(context, words, plan, shell);
    ended.pid = *pid;
  } else {
    ended.pid = spawn(context, words, plan, nullptr);
    if (ended.pid < 0) return ipc::error_from_errno(errno);
  }
  UniqueFd pidfd = open_pidfd(ended.pid);
  bool is_watched = plan.limits.memory != 0 || plan.limits.time_ns != 0;
  ipc::Wait wait;
  wait.interrupt.context = &context.services;
  wait.interrupt.should_stop = [](void* services) {
    return static_cast<api::ShellServices*>(services)->pending_trap_signal() != 0;
  };
  int raw = 0;
  for (;;) {
    if (is_watched) wait.deadline = ipc::monotonic_ns() + 50 * kMillisecond;
    if (pidfd && ipc::wait_for_fd(pidfd.get(), POLLIN, wait) == ipc::WaitResult::Interrupted) {
      ended.traps = context.services.run_pending_traps();
      // An action that leaves the shell leaves it when the command has ended, as with any command in the foreground.
      if (!ended.traps.is_normal()) wait.interrupt = {};
    }
    pid_t got = wait4(ended.pid, &raw, pidfd ? WNOHANG : 0, &ended.usage);
    if (got == ended.pid || (got < 0 && errno != EINTR)) break;
    if (is_watched && ended.verdict.empty()) {
      ended.verdict = check_limits(ended.pid, plan.limits, ipc::monotonic_ns() - start);
    }
  }
  ended.status = process::ProcessStatus::from_wait(raw);
  ended.elapsed_ns = ipc::monotonic_ns() - start;
  if (ended.verdict.empty()) ended.verdict = kernel_verdict(ended.status, plan.limits);
  return ended;
}

ipc::Outcome<pid_t> start_detached(api::BuiltinContext& context, api::Args words, const SpawnPlan& plan) {
  context.out.flush();
  context.err.flush();
  Result<Pipe> channel = make_pipe();
  if (!channel.ok()) return ipc::error_from_errno(channel.code());
  Result<pid_t> between = process::fork_child(
      {.role = process::ChildRole::Background, .process_group = process::kShellsGroup, .terminal = nullptr});
  if (!between.ok()) return ipc::error_from_errno(between.code());
  if (*between == 0) {
    // The process between ends at once, so that init adopts the command.
    setsid();
    pid_t pid = spawn(context, words, plan, nullptr);
    static_cast<void>(write_all(channel->write_end.get(), {reinterpret_cast<const char*>(&pid), sizeof pid}));
    _exit(0);
  }
  channel->write_end.reset();
  std::string bytes;
  Result<void> read = read_all(channel->read_end.get(), bytes);
  while (waitpid(*between, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_t pid = -1;
  if (!read.ok() || bytes.size() != sizeof pid)
    return ipc::Error{ipc::Status::Failed, 0, "the command could not be started"};
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(&pid));
  if (pid < 0) return ipc::error_from_errno(EAGAIN);
  return pid;
}

}  // namespace mish::builtins
