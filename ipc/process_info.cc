// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/process_info.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <span>

#include "ipc/inventory.h"
#include "shell/base/fd.h"
#include "shell/base/text.h"

namespace mish::ipc {

namespace {

bool read_proc(pid_t pid, const char* file, std::string& out) {
  out.clear();
  Result<UniqueFd> fd = open_file(fmt::format("/proc/{}/{}", pid, file).c_str(), O_RDONLY);
  return fd.ok() && read_all(fd->get(), out).ok();
}

std::string read_link(pid_t pid, std::string_view file) {
  char target[4096];
  ssize_t n = readlink(fmt::format("/proc/{}/{}", pid, file).c_str(), target, sizeof target);
  return n < 0 ? std::string() : std::string(target, static_cast<size_t>(n));
}

/// Walks fields separated by blanks.
class Fields {
 public:
  explicit Fields(std::string_view text) : text_(text) {}
  std::string_view next() {
    while (!text_.empty() && is_space(text_.front())) text_.remove_prefix(1);
    size_t n = 0;
    while (n < text_.size() && !is_space(text_[n])) ++n;
    std::string_view field = text_.substr(0, n);
    text_.remove_prefix(n);
    return field;
  }
  template <typename T = uint64_t>
  T number(int base = 10) {
    std::string_view field = next();
    if (base == 16 && field.starts_with("0x")) field.remove_prefix(2);
    T value{};
    std::from_chars(field.data(), field.data() + field.size(), value, base);
    return value;
  }

 private:
  std::string_view text_;
};

/// Calls `use(line)` for each line.
template <typename Use>
void for_each_line(std::string_view text, Use use) {
  while (!text.empty()) {
    size_t end = text.find('\n');
    use(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

uint64_t ticks_to_us(uint64_t ticks) {
  static const uint64_t per_second = static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
  return ticks * 1'000'000 / per_second;
}

int64_t boot_time() {
  static const int64_t when = [] {
    timespec boot{};
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &boot);
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec - boot.tv_sec;
  }();
  return when;
}

/// Whether a runnable process has a CPU at this moment: its CPU clock runs between two looks.
bool is_on_cpu(pid_t pid) {
  if (pid == getpid()) return true;
  clockid_t clock{};
  if (clock_getcpuclockid(pid, &clock) != 0) return false;
  timespec first{};
  timespec second{};
  if (clock_gettime(clock, &first) != 0 || clock_gettime(clock, &second) != 0) return false;
  return first.tv_nsec != second.tv_nsec || first.tv_sec != second.tv_sec;
}

ProcessState textbook_state(char kernel, pid_t pid, uint64_t time_slices, bool has_slices) {
  switch (kernel) {
    case 'R':
      if (has_slices && time_slices == 0) return ProcessState::New;  // forked, never yet given a CPU
      return is_on_cpu(pid) ? ProcessState::Running : ProcessState::Ready;
    case 'Z':
    case 'X':
    case 'x': return ProcessState::Terminated;
  }
  return ProcessState::Waiting;
}

std::string_view policy_name(unsigned policy) {
  switch (policy) {
    case SCHED_OTHER: return "other";
    case SCHED_FIFO: return "fifo";
    case SCHED_RR: return "rr";
    case SCHED_BATCH: return "batch";
    case SCHED_IDLE: return "idle";
    case 6: return "deadline";
  }
  return "unknown";
}

std::string terminal_name(int device) {
  if (device == 0) return {};
  unsigned number = (static_cast<unsigned>(device) & 0xff) | ((static_cast<unsigned>(device) >> 12) & 0xfff00);
  unsigned kind = (static_cast<unsigned>(device) >> 8) & 0xfff;
  if (kind >= 136 && kind <= 143) return fmt::format("pts/{}", (kind - 136) * 256 + number);
  if (kind == 4) return number < 64 ? fmt::format("tty{}", number) : fmt::format("ttyS{}", number - 64);
  return fmt::format("{}:{}", kind, number);
}

std::string user_name(uid_t uid) {
  static std::map<uid_t, std::string> known;
  auto [entry, is_new] = known.try_emplace(uid);
  if (is_new) {
    passwd record{};
    passwd* found = nullptr;
    char buffer[4096];
    bool ok = getpwuid_r(uid, &record, buffer, sizeof buffer, &found) == 0 && found != nullptr;
    entry->second = ok ? found->pw_name : std::to_string(uid);
  }
  return entry->second;
}

/// /proc/PID/stat. The name is in parentheses and may hold blanks and parentheses itself: the last one ends it.
bool parse_stat(std::string_view stat, ProcessInfo& p) {
  size_t open = stat.find('(');
  size_t close = stat.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return false;
  p.command.assign(stat.substr(open + 1, close - open - 1));
  Fields f(stat.substr(close + 1));
  std::string_view state = f.next();
  p.kernel_state = state.empty() ? '?' : state[0];
  p.parent = f.number<pid_t>();
  p.group = f.number<pid_t>();
  p.session = f.number<pid_t>();
  p.terminal = terminal_name(f.number<int>());
  p.foreground_group = f.number<pid_t>();
  f.next();  // flags
  p.minor_faults = f.number();
  f.next();
  p.major_faults = f.number();
  f.next();
  p.user_us = ticks_to_us(f.number());
  p.system_us = ticks_to_us(f.number());
  p.children_us = ticks_to_us(f.number());
  p.children_us += ticks_to_us(f.number());
  p.priority = f.number<long>();
  p.nice = f.number<long>();
  p.threads = f.number<long>();
  f.next();
  p.start_ticks = f.number();
  p.virtual_size = f.number();
  p.resident = f.number() * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  f.next();  // limit of the resident set
  p.text_start = f.number();
  p.text_end = f.number();
  p.stack_start = f.number();
  for (int i = 0; i < 9; ++i) f.next();  // registers and signals, obsolete here
  f.next();                              // exit signal
  p.last_cpu = f.number<int>();
  p.real_time_priority = f.number<unsigned>();
  p.policy = policy_name(f.number<unsigned>());
  for (int i = 0; i < 3; ++i) f.next();
  p.data_start = f.number();
  p.data_end = f.number();
  p.heap_start = f.number();
  for (int i = 0; i < 4; ++i) f.next();
  p.exit_status = f.number<int>();
  p.start_time = boot_time() + static_cast<int64_t>(ticks_to_us(p.start_ticks) / 1'000'000);
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  uint64_t now_us = static_cast<uint64_t>(now.tv_sec) * 1'000'000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
  uint64_t started = ticks_to_us(p.start_ticks);
  p.elapsed_us = now_us > started ? now_us - started : 0;
  return true;
}

void parse_status(std::string_view status, ProcessInfo& p) {
  for_each_line(status, [&p](std::string_view line) {
    size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    std::string_view key = line.substr(0, colon);
    Fields f(line.substr(colon + 1));
    if (key == "Uid") {
      p.uid = f.number<uid_t>();
      p.effective_uid = f.number<uid_t>();
    } else if (key == "Gid") {
      p.gid = f.number<gid_t>();
      p.effective_gid = f.number<gid_t>();
    } else if (key == "TracerPid")
      p.tracer = f.number<pid_t>();
    else if (key == "VmHWM")
      p.resident_peak = f.number() * 1024;
    else if (key == "RssAnon")
      p.anonymous = f.number() * 1024;
    else if (key == "RssFile")
      p.file_backed = f.number() * 1024;
    else if (key == "RssShmem")
      p.shared = f.number() * 1024;
    else if (key == "VmSwap")
      p.swapped = f.number() * 1024;
    else if (key == "VmExe")
      p.text = f.number() * 1024;
    else if (key == "VmData")
      p.data = f.number() * 1024;
    else if (key == "VmStk")
      p.stack = f.number() * 1024;
    else if (key == "VmLib")
      p.libraries = f.number() * 1024;
    else if (key == "VmPTE")
      p.page_tables = f.number() * 1024;
    else if (key == "SigPnd")
      p.pending = f.number(16);
    else if (key == "ShdPnd")
      p.group_pending = f.number(16);
    else if (key == "SigBlk")
      p.blocked = f.number(16);
    else if (key == "SigIgn")
      p.ignored = f.number(16);
    else if (key == "SigCgt")
      p.caught = f.number(16);
    else if (key == "Cpus_allowed_list")
      p.allowed_cpus = f.next();
    else if (key == "voluntary_ctxt_switches")
      p.voluntary_switches = f.number();
    else if (key == "nonvoluntary_ctxt_switches")
      p.involuntary_switches = f.number();
  });
  p.user = user_name(p.effective_uid);
}

void read_registers(ProcessInfo& p) {
  std::string text;
  if (!read_proc(p.pid, "syscall", text) || text.empty() || text[0] == 'r') return;  // "running"
  Fields f(text);
  p.system_call = f.number<long>();
  if (p.system_call >= 0) {
    for (uint64_t& argument : p.system_call_arguments) argument = f.number(16);
  }
  p.stack_pointer = f.number(16);
  p.program_counter = f.number(16);
  p.has_registers = true;
}

void read_input_output(ProcessInfo& p) {
  std::string text;
  if (read_proc(p.pid, "io", text)) {
    for_each_line(text, [&p](std::string_view line) {
      Fields f(line);
      std::string_view key = f.next();
      if (key == "rchar:")
        p.read_bytes = f.number();
      else if (key == "wchar:")
        p.written_bytes = f.number();
      else if (key == "syscr:")
        p.read_calls = f.number();
      else if (key == "syscw:")
        p.write_calls = f.number();
    });
  }
  std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(fmt::format("/proc/{}/fd", p.pid).c_str()), closedir);
  if (dir == nullptr) return;
  p.open_files = 0;
  while (dirent* entry = readdir(dir.get())) p.open_files += entry->d_name[0] != '.' ? 1 : 0;
}

/// True when the kernel counts time slices (CONFIG_SCHED_INFO).
bool read_schedule(ProcessInfo& p) {
  std::string text;
  if (!read_proc(p.pid, "schedstat", text) || text.empty()) return false;
  Fields f(text);
  p.run_ns = f.number();
  p.ready_ns = f.number();
  p.time_slices = f.number();
  return true;
}

std::string command_line(pid_t pid, const std::string& command) {
  std::string text;
  read_proc(pid, "cmdline", text);
  while (!text.empty() && text.back() == '\0') text.pop_back();
  if (text.empty()) return "[" + command + "]";
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text;
}

/// Entries of a directory of /proc that are numbers, sorted.
std::vector<pid_t> numeric_entries(const std::string& path) {
  std::vector<pid_t> out;
  std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(path.c_str()), closedir);
  if (dir == nullptr) return out;
  while (dirent* entry = readdir(dir.get())) {
    if (auto number = parse_integer(entry->d_name)) out.push_back(static_cast<pid_t>(*number));
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string_view segment_of(const MemoryRegion& region, const std::string& executable) {
  const std::string& perms = region.permissions;
  if (region.name == "[heap]") return "heap";
  if (region.name.starts_with("[stack")) return "stack";
  if (region.name.starts_with("[v")) return "kernel";
  if (region.name.empty() || region.name[0] == '[') return perms[3] == 's' ? "shared memory" : "anonymous";
  if (region.name.starts_with("/dev/shm/") || region.name.starts_with("/SYSV") || region.name.starts_with("/memfd:") ||
      region.name.starts_with("/dev/zero")) {
    return "shared memory";
  }
  if (region.name == executable) return perms[2] == 'x' ? "text" : perms[1] == 'w' ? "data" : "constants";
  if (region.name.find(".so") != std::string::npos) return "library";
  return "mapped file";
}

struct WaitWords {
  long number;
  std::string_view words;
  enum class Of : uint8_t { Nothing, Descriptor, Polled } of;  // what the arguments tell besides
};
using Of = WaitWords::Of;
constexpr WaitWords kWaitWords[] = {
    {SYS_read, "read", Of::Descriptor},
    {SYS_write, "write", Of::Descriptor},
    {SYS_readv, "read", Of::Descriptor},
    {SYS_writev, "write", Of::Descriptor},
    {SYS_recvfrom, "receive", Of::Descriptor},
    {SYS_recvmsg, "receive", Of::Descriptor},
    {SYS_sendto, "send", Of::Descriptor},
    {SYS_sendmsg, "send", Of::Descriptor},
    {SYS_accept, "a connection", Of::Descriptor},
    {SYS_accept4, "a connection", Of::Descriptor},
    {SYS_connect, "connect", Of::Descriptor},
    {SYS_flock, "a file lock", Of::Descriptor},
    {SYS_fcntl, "a file lock", Of::Descriptor},
    {SYS_mq_timedreceive, "a message", Of::Descriptor},
    {SYS_mq_timedsend, "room for a message", Of::Descriptor},
    {SYS_msgrcv, "a System V message", Of::Nothing},
    {SYS_msgsnd, "room for a System V message", Of::Nothing},
    {SYS_semop, "a System V semaphore", Of::Nothing},
    {SYS_semtimedop, "a System V semaphore", Of::Nothing},
    {SYS_wait4, "a child", Of::Nothing},
    {SYS_waitid, "a child", Of::Nothing},
    {SYS_ppoll, "events on", Of::Polled},
    {SYS_pselect6, "events on descriptors", Of::Nothing},
    {SYS_epoll_pwait, "events on descriptors", Of::Nothing},
    {SYS_nanosleep, "a time", Of::Nothing},
    {SYS_clock_nanosleep, "a time", Of::Nothing},
    {SYS_rt_sigsuspend, "a signal", Of::Nothing},
    {SYS_rt_sigtimedwait, "a signal", Of::Nothing},
    {SYS_openat, "the other end of a FIFO, or a file", Of::Nothing},
#ifdef SYS_poll
    {SYS_poll, "events on", Of::Polled},
    {SYS_select, "events on descriptors", Of::Nothing},
    {SYS_epoll_wait, "events on descriptors", Of::Nothing},
    {SYS_pause, "a signal", Of::Nothing},
    {SYS_open, "the other end of a FIFO, or a file", Of::Nothing},
#endif
};

}  // namespace

std::string_view state_name(ProcessState state) {
  switch (state) {
    case ProcessState::New: return "new";
    case ProcessState::Ready: return "ready";
    case ProcessState::Running: return "running";
    case ProcessState::Waiting: return "waiting";
    case ProcessState::Terminated: return "terminated";
  }
  return "";
}

Outcome<ProcessInfo> read_process(pid_t pid, Detail detail) {
  ProcessInfo p;
  p.pid = pid;
  std::string text;
  if (pid <= 0 || !read_proc(pid, "stat", text) || !parse_stat(text, p)) {
    return Error{Status::NoObject, ESRCH, "no such process"};
  }
  if (read_proc(pid, "status", text)) parse_status(text, p);
  p.arguments = command_line(pid, p.command);
  bool has_slices = p.kernel_state == 'R' || detail == Detail::Full ? read_schedule(p) : false;
  p.state = textbook_state(p.kernel_state, pid, p.time_slices, has_slices);
  if (detail == Detail::Basic) return p;
  p.executable = read_link(pid, "exe");
  p.directory = read_link(pid, "cwd");
  read_registers(p);
  read_input_output(p);
  timespec slice{};
  if (sched_rr_get_interval(pid, &slice) == 0) {
    p.slice_ns = static_cast<uint64_t>(slice.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(slice.tv_nsec);
  }
  return p;
}

std::vector<ProcessInfo> list_processes() {
  std::vector<ProcessInfo> out;
  for (pid_t pid : numeric_entries("/proc")) {
    if (Outcome<ProcessInfo> p = read_process(pid, Detail::Basic)) out.push_back(std::move(*p));
  }
  return out;
}

Outcome<std::vector<MemoryRegion>> read_memory(pid_t pid) {
  if (kill(pid, 0) != 0 && errno == ESRCH) return Error{Status::NoObject, ESRCH, "no such process"};
  Result<UniqueFd> fd = open_file(fmt::format("/proc/{}/smaps", pid).c_str(), O_RDONLY);
  if (!fd.ok()) return error_from_errno(fd.code());
  std::string text;
  if (Result<void> r = read_all(fd->get(), text); !r.ok()) return error_from_errno(r.code());
  std::string executable = read_link(pid, "exe");
  std::vector<MemoryRegion> regions;
  for_each_line(text, [&](std::string_view line) {
    Fields f(line);
    std::string_view key = f.next();
    if (key.empty()) return;
    if (key.back() != ':') {  // "start-end perms offset device inode name"
      MemoryRegion region;
      size_t dash = key.find('-');
      std::from_chars(key.data(), key.data() + dash, region.start, 16);
      std::from_chars(key.data() + dash + 1, key.data() + key.size(), region.end, 16);
      region.permissions = f.next();
      region.permissions.resize(4, '-');
      for (int i = 0; i < 3; ++i) f.next();
      if (std::string_view name = f.next(); !name.empty()) {
        region.name.assign(name.data(), static_cast<size_t>(line.data() + line.size() - name.data()));
      }
      region.size = region.end - region.start;
      region.segment = segment_of(region, executable);
      regions.push_back(std::move(region));
      return;
    }
    if (regions.empty()) return;
    MemoryRegion& region = regions.back();
    if (key == "Rss:")
      region.resident = f.number() * 1024;
    else if (key == "Shared_Clean:" || key == "Shared_Dirty:")
      region.shared += f.number() * 1024;
    else if (key == "Private_Clean:")
      region.private_clean = f.number() * 1024;
    else if (key == "Private_Dirty:")
      region.private_dirty = f.number() * 1024;
    else if (key == "Swap:")
      region.swapped = f.number() * 1024;
  });
  return regions;
}

Outcome<std::vector<ThreadInfo>> read_threads(pid_t pid) {
  std::string base = fmt::format("/proc/{}/task", pid);
  std::vector<pid_t> tids = numeric_entries(base);
  if (tids.empty()) return Error{Status::NoObject, ESRCH, "no such process"};
  std::vector<ThreadInfo> out;
  for (pid_t tid : tids) {
    ProcessInfo p;
    p.pid = tid;
    std::string text;
    std::string prefix = fmt::format("task/{}/", tid);
    if (!read_proc(pid, (prefix + "stat").c_str(), text) || !parse_stat(text, p)) continue;
    if (read_proc(pid, (prefix + "status").c_str(), text)) parse_status(text, p);
    ThreadInfo thread;
    thread.tid = tid;
    thread.name = p.command;
    thread.kernel_state = p.kernel_state;
    thread.state = p.kernel_state == 'R' ? (tid == getpid() ? ProcessState::Running : ProcessState::Ready)
                                         : textbook_state(p.kernel_state, pid, 0, false);
    thread.last_cpu = p.last_cpu;
    thread.user_us = p.user_us;
    thread.system_us = p.system_us;
    thread.voluntary_switches = p.voluntary_switches;
    thread.involuntary_switches = p.involuntary_switches;
    out.push_back(std::move(thread));
  }
  return out;
}

namespace {

/// Bytes of the memory of another process; false where we may not read it.
template <typename T>
bool peek_memory(pid_t pid, uint64_t address, std::span<T> out) {
  iovec here{out.data(), out.size_bytes()};
  iovec there{reinterpret_cast<void*>(address), out.size_bytes()};
  return process_vm_readv(pid, &here, 1, &there, 1, 0) == static_cast<ssize_t>(out.size_bytes());
}

/// Address of the first futex that a process sleeps on; 0 when it does not.
uint64_t futex_address(const ProcessInfo& p) {
  if (p.system_call == SYS_futex) return p.system_call_arguments[0];
#ifdef SYS_futex_waitv
  uint64_t waiter[3] = {};  // value, address, flags
  bool is_vector = p.system_call == SYS_futex_waitv;
  if (is_vector && peek_memory<uint64_t>(p.pid, p.system_call_arguments[0], waiter)) return waiter[1];
#endif
  return 0;
}

/// The descriptors that a process polls: "descriptor 3 (/jobs)", "descriptors 3 5"; "descriptors" when unknown.
std::string polled_descriptors(const ProcessInfo& p) {
  pollfd entries[8];
  size_t count = p.system_call_arguments[1];
  if (count == 0 || count > std::size(entries)) return "descriptors";
  if (!peek_memory<pollfd>(p.pid, p.system_call_arguments[0], {entries, count})) return "descriptors";
  std::string numbers;
  int last = -1;
  for (size_t i = 0; i < count; ++i) {
    if (entries[i].fd < 0) continue;
    last = entries[i].fd;
    numbers += fmt::format(" {}", last);
  }
  if (numbers.empty()) return "descriptors";
  if (numbers.rfind(' ') != 0) return "descriptors" + numbers;
  std::string target = read_link(p.pid, fmt::format("fd/{}", last));
  return target.empty() ? "descriptor" + numbers : fmt::format("descriptor{} ({})", numbers, target);
}

}  // namespace

std::string awaited_object(const ProcessInfo& p) {
  if (p.state != ProcessState::Waiting || !p.has_registers) return {};
  uint64_t address = futex_address(p);
  return address == 0 ? std::string() : object_mapped_at(p.pid, address);
}

std::string describe_wait(const ProcessInfo& p) {
  switch (p.state) {
    case ProcessState::New: return "nothing: not started yet";
    case ProcessState::Ready: return "a CPU";
    case ProcessState::Running: return "nothing: running";
    case ProcessState::Terminated: return "its parent to ask for its status";
    case ProcessState::Waiting: break;
  }
  if (p.kernel_state == 'T') return "SIGCONT (stopped)";
  if (p.kernel_state == 't') return fmt::format("its tracer, process {}", p.tracer);
  if (!p.has_registers || p.system_call < 0) return "unknown";
  if (std::string object = awaited_object(p); !object.empty()) return object;
  if (uint64_t address = futex_address(p); address != 0) return fmt::format("a futex at {:#x}", address);
  for (const WaitWords& entry : kWaitWords) {
    if (entry.number != p.system_call) continue;
    if (entry.of == Of::Nothing) return std::string(entry.words);
    if (entry.of == Of::Polled) return fmt::format("{} {}", entry.words, polled_descriptors(p));
    std::string target = read_link(p.pid, fmt::format("fd/{}", p.system_call_arguments[0]));
    return fmt::format("{} on descriptor {}{}", entry.words, p.system_call_arguments[0],
                       target.empty() ? "" : " (" + target + ")");
  }
  return fmt::format("system call {}", p.system_call);
}

std::string wait_channel(pid_t pid) {
  std::string text;
  if (read_proc(pid, "wchan", text) && !text.empty() && text != "0") return text;
  // Kernels that hide wchan may still show the stack to root: its first line that is not the scheduler's.
  if (!read_proc(pid, "stack", text)) return {};
  size_t at = text.find("] ");
  if (at == std::string::npos) return {};
  return text.substr(at + 2, text.find('+', at) - at - 2);
}

ProcessTree make_tree(const std::vector<ProcessInfo>& processes) {
  ProcessTree tree;
  for (const ProcessInfo& p : processes) tree.emplace(p.parent, &p);
  return tree;
}

std::vector<pid_t> descendants_first(const std::vector<ProcessInfo>& processes, pid_t root) {
  ProcessTree tree = make_tree(processes);
  std::vector<pid_t> order{root};
  for (size_t i = 0; i < order.size() && order.size() <= processes.size(); ++i) {
    auto [from, to] = tree.equal_range(order[i]);
    for (auto it = from; it != to; ++it) order.push_back(it->second->pid);
  }
  std::reverse(order.begin(), order.end());
  return order;
}

bool is_orphan(const ProcessInfo& process, const std::vector<ProcessInfo>& processes) {
  if (process.pid == 1 || process.parent == 0 || process.parent == 2) return false;  // init; kernel threads
  if (process.parent == 1) return true;
  if (process.session == process.pid) return false;
  for (const ProcessInfo& p : processes) {
    if (p.pid == process.parent) return p.session != process.session;
  }
  return false;
}

std::string signal_name(int number) {
  if (number >= SIGRTMIN && number <= SIGRTMAX) {
    return number == SIGRTMIN ? "RTMIN" : fmt::format("RTMIN+{}", number - SIGRTMIN);
  }
  const char* name = sigabbrev_np(number);
  return name != nullptr ? name : std::to_string(number);
}

int signal_by_name(std::string_view name) {
  if (auto number = parse_integer(name)) return *number > 0 && *number <= SIGRTMAX ? static_cast<int>(*number) : 0;
  if (name.starts_with("SIG")) name.remove_prefix(3);
  for (int number = 1; number <= SIGRTMAX; ++number) {
    if (signal_name(number) == name) return number;
  }
  return 0;
}

}  // namespace mish::ipc
