// SPDX-License-Identifier: GPL-3.0-or-later
// A process as the textbook draws it: its control block (state, program counter, registers, scheduling, memory,
// accounting, open files, signals), its memory map with what copy-on-write still shares, its threads, what it waits
// for. Everything is read from /proc; nothing is changed.
#ifndef MISH_IPC_PROCESS_INFO_H_
#define MISH_IPC_PROCESS_INFO_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/status.h"

namespace mish::ipc {

/// The five states of the textbook.
enum class ProcessState : uint8_t { New, Ready, Running, Waiting, Terminated };
std::string_view state_name(ProcessState state);

/// The process control block. Sizes in bytes, times in microseconds.
struct ProcessInfo {
  pid_t pid = 0, parent = 0, group = 0, session = 0, tracer = 0, foreground_group = 0;
  std::string command;    // the kernel's short name
  std::string arguments;  // whole command line, blanks between; [command] for a process without one
  std::string executable, directory, terminal;
  char kernel_state = '?';
  ProcessState state = ProcessState::Waiting;
  uid_t uid = 0, effective_uid = 0;
  gid_t gid = 0, effective_gid = 0;
  std::string user;

  // Registers: known while the process is blocked in a system call and may be looked at (ptrace rules).
  bool has_registers = false;
  long system_call = -1;
  uint64_t system_call_arguments[6] = {};
  uint64_t program_counter = 0, stack_pointer = 0;

  // Scheduling.
  std::string policy;
  long priority = 0, nice = 0;
  unsigned real_time_priority = 0;
  int last_cpu = 0;
  std::string allowed_cpus;
  uint64_t time_slices = 0;           // times it was given a CPU
  uint64_t run_ns = 0, ready_ns = 0;  // on a CPU; in the ready queue
  uint64_t slice_ns = 0;              // length of a round-robin slice, 0 unknown
  uint64_t voluntary_switches = 0, involuntary_switches = 0;

  // Memory.
  uint64_t virtual_size = 0, resident = 0, resident_peak = 0, anonymous = 0, file_backed = 0, shared = 0, swapped = 0;
  uint64_t text = 0, data = 0, stack = 0, libraries = 0, page_tables = 0;
  uint64_t text_start = 0, text_end = 0, data_start = 0, data_end = 0, heap_start = 0, stack_start = 0;

  // Accounting.
  uint64_t user_us = 0, system_us = 0, children_us = 0;
  uint64_t start_ticks = 0;  // after boot, clock ticks: with the pid it names a process for ever
  int64_t start_time = 0;    // seconds since the epoch
  uint64_t elapsed_us = 0;
  uint64_t minor_faults = 0, major_faults = 0;
  long threads = 0;
  int exit_status = 0;  // of a terminated process, as wait(2) encodes it

  // Files and input/output.
  long open_files = -1;  // -1 unknown
  uint64_t read_bytes = 0, written_bytes = 0, read_calls = 0, write_calls = 0;

  // Signals, bit n-1 = signal n.
  uint64_t pending = 0, group_pending = 0, blocked = 0, ignored = 0, caught = 0;
};

/// What to read: Basic is /proc/PID/stat and status (list, tree), Full is everything.
enum class Detail : uint8_t { Basic, Full };

/// The control block of `pid`. NoObject when there is no such process.
Outcome<ProcessInfo> read_process(pid_t pid, Detail detail);

/// All processes, by pid, Basic. Those that end meanwhile are left out.
std::vector<ProcessInfo> list_processes();

/// One region of memory.
struct MemoryRegion {
  uint64_t start = 0, end = 0;
  std::string permissions;   // rwxp
  std::string name;          // file, [heap], [stack] ...
  std::string_view segment;  // text, data, heap, stack, library, mapped file, shared memory, anonymous, kernel
  uint64_t size = 0, resident = 0, shared = 0, private_clean = 0, private_dirty = 0, swapped = 0;
  bool is_copy_on_write() const { return permissions.size() > 3 && permissions[3] == 'p'; }
};

/// The memory map with page counts (/proc/PID/smaps). NotPermitted for a process of somebody else.
Outcome<std::vector<MemoryRegion>> read_memory(pid_t pid);

struct ThreadInfo {
  pid_t tid = 0;
  std::string name;
  char kernel_state = '?';
  ProcessState state = ProcessState::Waiting;
  int last_cpu = 0;
  uint64_t user_us = 0, system_us = 0, voluntary_switches = 0, involuntary_switches = 0;
};
Outcome<std::vector<ThreadInfo>> read_threads(pid_t pid);

/// What the process waits for, as a sentence: "read of descriptor 0 (pipe:[71])", "mbox jobs", "a child".
std::string describe_wait(const ProcessInfo& process);
/// The object of ours or of the kernel in shared memory in which it sleeps, such as "mbox jobs"; "" for anything
/// else.
std::string awaited_object(const ProcessInfo& process);
/// The kernel's function it sleeps in, "" when unknown.
std::string wait_channel(pid_t pid);

/// Children by parent, in order of pid.
using ProcessTree = std::multimap<pid_t, const ProcessInfo*>;
ProcessTree make_tree(const std::vector<ProcessInfo>& processes);
/// `root` and all its descendants, children before their parents.
std::vector<pid_t> descendants_first(const std::vector<ProcessInfo>& processes, pid_t root);
/// Whether its parent died and it was adopted: its parent is init, or lives in another session although the process
/// never made one of its own.
bool is_orphan(const ProcessInfo& process, const std::vector<ProcessInfo>& processes);

/// "USR1" for 10; "RTMIN+3"; the number when it has no name.
std::string signal_name(int signal_number);
/// Number of "USR1", "SIGUSR1" or "10"; 0 when there is none.
int signal_by_name(std::string_view name);

}  // namespace mish::ipc

#endif  // MISH_IPC_PROCESS_INFO_H_
