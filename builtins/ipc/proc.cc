// SPDX-License-Identifier: GPL-3.0-or-later
// proc: processes as the textbook has them (ipc/process_info.h): control block, states, tree, memory, threads, orphans,
// zombies; and starting and ending them.
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "builtins/ipc/nouns.h"
#include "builtins/ipc/supervised.h"
#include "ipc/process_info.h"
#include "shell/base/quoting.h"
#include "shell/base/text.h"
#include "shell/process/job.h"

namespace mish::builtins {

namespace {

using ipc::ProcessInfo;

/// Operand `i` as a pid: a number, or a job (%1: its first process). This shell when absent.
std::optional<pid_t> pid_operand(Call& call, size_t i, Completion& failed) {
  std::string_view text = call.operand(i);
  if (i >= call.operand_count()) return getpid();
  if (text == "self") return getpid();
  if (text.starts_with('%')) {
    process::JobLookup found = call.context.jobs.find(text);
    if (found.job != nullptr && !found.job->processes().empty()) return found.job->processes().front().pid;
    failed = call.fail({ipc::Status::NoObject, ESRCH, "no such job"}, text);
    return std::nullopt;
  }
  if (std::optional<pid_t> pid = parse_id(text); pid && *pid > 0) return pid;
  failed = call.fail({ipc::Status::Usage, EINVAL, "this is no process id"}, text);
  return std::nullopt;
}

Cell hex_cell(uint64_t value) { return text_cell(fmt::format("{:#x}", value)); }
Cell us_cell(uint64_t us) { return duration_cell(static_cast<int64_t>(us) * 1000); }
Cell signals_cell(uint64_t set) {
  std::vector<std::string> names;
  for (int n = 1; n <= 64; ++n) {
    if ((set >> (n - 1) & 1) != 0) names.push_back(ipc::signal_name(n));
  }
  return list_cell(names);
}
Cell path_cell(const std::string& text) { return text.empty() ? no_cell() : text_cell(text); }
Cell state_cell(const ProcessInfo& p) { return text_cell(ipc::state_name(p.state)); }

Completion show(Call& call) {
  Completion failed;
  std::optional<pid_t> pid = pid_operand(call, 0, failed);
  if (!pid) return failed;
  ipc::Outcome<ProcessInfo> found = ipc::read_process(*pid, ipc::Detail::Full);
  if (!found) return call.fail(found.error());
  const ProcessInfo& p = *found;
  Record r;
  r.add("pid", number_cell(p.pid));
  r.add("parent", number_cell(p.parent));
  r.add("group", number_cell(p.group));
  r.add("session", number_cell(p.session));
  r.add("terminal", path_cell(p.terminal));
  r.add("command", text_cell(p.command));
  r.add("arguments", text_cell(p.arguments));
  r.add("executable", path_cell(p.executable));
  r.add("directory", path_cell(p.directory));
  r.add("user", text_cell(p.user));
  r.add("state", state_cell(p));
  r.add("kernel_state", text_cell(std::string(1, p.kernel_state)));
  r.add("waits_for", text_cell(ipc::describe_wait(p)));
  r.add("program_counter", p.has_registers ? hex_cell(p.program_counter) : no_cell());
  r.add("stack_pointer", p.has_registers ? hex_cell(p.stack_pointer) : no_cell());
  r.add("system_call", p.has_registers && p.system_call >= 0 ? number_cell(p.system_call) : no_cell());
  r.add("policy", text_cell(p.policy));
  r.add("priority", number_cell(p.priority));
  r.add("nice", number_cell(p.nice));
  r.add("last_cpu", number_cell(p.last_cpu));
  r.add("allowed_cpus", path_cell(p.allowed_cpus));
  r.add("time_slices", unsigned_cell(p.time_slices));
  r.add("slice", duration_cell(static_cast<int64_t>(p.slice_ns)));
  r.add("time_running", duration_cell(static_cast<int64_t>(p.run_ns)));
  r.add("time_ready", duration_cell(static_cast<int64_t>(p.ready_ns)));
  r.add("switches_voluntary", unsigned_cell(p.voluntary_switches));
  r.add("switches_involuntary", unsigned_cell(p.involuntary_switches));
  r.add("memory_virtual", size_cell(p.virtual_size));
  r.add("memory_resident", size_cell(p.resident));
  r.add("memory_peak", size_cell(p.resident_peak));
  r.add("memory_shared", size_cell(p.shared));
  r.add("memory_swapped", size_cell(p.swapped));
  r.add("text", size_cell(p.text));
  r.add("data", size_cell(p.data));
  r.add("stack", size_cell(p.stack));
  r.add("libraries", size_cell(p.libraries));
  r.add("page_tables", size_cell(p.page_tables));
  r.add("text_start", hex_cell(p.text_start));
  r.add("data_start", hex_cell(p.data_start));
  r.add("heap_start", hex_cell(p.heap_start));
  r.add("stack_start", hex_cell(p.stack_start));
  r.add("started", time_cell(p.start_time));
  r.add("elapsed", us_cell(p.elapsed_us));
  r.add("cpu_user", us_cell(p.user_us));
  r.add("cpu_system", us_cell(p.system_us));
  r.add("cpu_children", us_cell(p.children_us));
  r.add("faults_minor", unsigned_cell(p.minor_faults));
  r.add("faults_major", unsigned_cell(p.major_faults));
  r.add("threads", number_cell(p.threads));
  r.add("open_files", maybe_cell(p.open_files));
  r.add("read_bytes", size_cell(p.read_bytes));
  r.add("written_bytes", size_cell(p.written_bytes));
  r.add("signals_pending", signals_cell(p.pending | p.group_pending));
  r.add("signals_blocked", signals_cell(p.blocked));
  r.add("signals_ignored", signals_cell(p.ignored));
  r.add("signals_caught", signals_cell(p.caught));
  return r.print(call);
}

void add_row(Table& table, const ProcessInfo& p) {
  std::string kernel(1, p.kernel_state);
  table.add({number_cell(p.pid), number_cell(p.parent), text_cell(p.user), state_cell(p), text_cell(kernel),
             us_cell(p.user_us + p.system_us), size_cell(p.resident), text_cell(p.arguments)});
}
Table process_table() {
  return Table{{"pid", "PID"},        {"parent", "PARENT"}, {"user", "USER"},       {"state", "STATE"},
               {"kernel_state", "K"}, {"cpu", "CPU"},       {"resident", "MEMORY"}, {"arguments", "COMMAND"}};
}

Completion list(Call& call) {
  std::string_view wanted = call.value("state");
  Table table = process_table();
  for (const ProcessInfo& p : ipc::list_processes()) {
    if (wanted.data() != nullptr && ipc::state_name(p.state) != wanted) continue;
    add_row(table, p);
  }
  if (wanted.data() != nullptr && wanted != "new" && wanted != "ready" && wanted != "running" && wanted != "waiting" &&
      wanted != "terminated") {
    return call.usage(fmt::format("'{}' is no state (new ready running waiting terminated)", wanted));
  }
  return table.print(call);
}

Completion zombies(Call& call) {
  Table table = process_table();
  for (const ProcessInfo& p : ipc::list_processes()) {
    if (p.state == ipc::ProcessState::Terminated) add_row(table, p);
  }
  return table.print(call);
}

Completion orphans(Call& call) {
  std::vector<ProcessInfo> all = ipc::list_processes();
  Table table = process_table();
  for (const ProcessInfo& p : all) {
    bool is_mine = call.has("all") || p.uid == getuid();
    if (is_mine && ipc::is_orphan(p, all)) add_row(table, p);
  }
  return table.print(call);
}

/// One line a process, branches drawn; iterative, since a tree may be deep.
Completion tree(Call& call) {
  std::vector<ProcessInfo> all = ipc::list_processes();
  Completion failed;
  std::optional<pid_t> root = call.operand_count() > 0 ? pid_operand(call, 0, failed) : std::optional<pid_t>(1);
  if (!root) return failed;
  ipc::ProcessTree children = ipc::make_tree(all);
  struct Item {
    const ProcessInfo* process;
    std::string lead;  // drawn before the lines of its children
    std::string mark;  // drawn before its own line
  };
  std::vector<Item> stack;
  for (const ProcessInfo& p : all) {
    if (p.pid == *root) stack.push_back({&p, "", ""});
  }
  if (stack.empty()) return call.fail({ipc::Status::NoObject, ESRCH, "no such process"});
  Table table{{"pid", "PID"}, {"parent", "PARENT"}, {"command", "COMMAND"}};
  size_t count = 0;
  while (!stack.empty() && count++ <= all.size()) {
    Item item = std::move(stack.back());
    stack.pop_back();
    if (call.wants_json())
      table.add({number_cell(item.process->pid), number_cell(item.process->parent), text_cell(item.process->command)});
    else
      call.out().print("{}{} {} [{}]\n", item.mark, item.process->pid, printable(item.process->command),
                       ipc::state_name(item.process->state));
    auto [from, to] = children.equal_range(item.process->pid);
    std::vector<const ProcessInfo*> below;
    for (auto it = from; it != to; ++it) below.push_back(it->second);
    for (size_t i = below.size(); i-- > 0;) {
      bool is_last = i + 1 == below.size();
      stack.push_back({below[i], item.lead + (is_last ? "   " : "│  "), item.lead + (is_last ? "└─ " : "├─ ")});
    }
  }
  return call.wants_json() ? table.print(call) : call.done();
}

Completion mem(Call& call) {
  Completion failed;
  std::optional<pid_t> pid = pid_operand(call, 0, failed);
  if (!pid) return failed;
  ipc::Outcome<std::vector<ipc::MemoryRegion>> regions = ipc::read_memory(*pid);
  if (!regions) return call.fail(regions.error());
  Table table{{"start", "START"},       {"size", "SIZE"},     {"permissions", "PERM"}, {"segment", "SEGMENT"},
              {"resident", "RESIDENT"}, {"shared", "SHARED"}, {"private", "PRIVATE"},  {"name", "NAME"}};
  uint64_t still_shared = 0;
  uint64_t copied = 0;
  for (const ipc::MemoryRegion& region : *regions) {
    // With --cow: what fork gave to both and a write would copy. Code is shared for good and does not count.
    if (call.has("cow") && (!region.is_copy_on_write() || region.permissions[1] != 'w')) continue;
    still_shared += region.shared;
    copied += region.private_dirty;
    table.add({hex_cell(region.start), size_cell(region.size), text_cell(region.permissions), text_cell(region.segment),
               size_cell(region.resident), size_cell(region.shared),
               size_cell(region.private_clean + region.private_dirty), text_cell(region.name)});
  }
  Completion printed = table.print(call);
  if (call.has("cow") && !call.wants_json()) {
    call.out().print("{} still shared (copied on the first write), {} copied or its own\n",
                     ipc::size_text(still_shared), ipc::size_text(copied));
  }
  return printed;
}

Completion threads(Call& call) {
  Completion failed;
  std::optional<pid_t> pid = pid_operand(call, 0, failed);
  if (!pid) return failed;
  ipc::Outcome<std::vector<ipc::ThreadInfo>> found = ipc::read_threads(*pid);
  if (!found) return call.fail(found.error());
  Table table{{"tid", "TID"},
              {"name", "NAME"},
              {"state", "STATE"},
              {"last_cpu", "CPU"},
              {"user", "USER"},
              {"system", "SYSTEM"},
              {"switches_voluntary", "VOLUNTARY"},
              {"switches_involuntary", "INVOLUNTARY"}};
  for (const ipc::ThreadInfo& t : *found) {
    table.add({number_cell(t.tid), text_cell(t.name), text_cell(ipc::state_name(t.state)), number_cell(t.last_cpu),
               us_cell(t.user_us), us_cell(t.system_us), unsigned_cell(t.voluntary_switches),
               unsigned_cell(t.involuntary_switches)});
  }
  return table.print(call);
}

Completion wait_channel(Call& call) {
  Completion failed;
  std::optional<pid_t> pid = pid_operand(call, 0, failed);
  if (!pid) return failed;
  ipc::Outcome<ProcessInfo> p = ipc::read_process(*pid, ipc::Detail::Full);
  if (!p) return call.fail(p.error());
  if (call.wants_json()) {
    Record record;
    record.add("pid", number_cell(p->pid));
    record.add("state", state_cell(*p));
    record.add("waits_for", text_cell(ipc::describe_wait(*p)));
    record.add("kernel_function", path_cell(ipc::wait_channel(*pid)));
    return record.print(call);
  }
  return call.result(ipc::describe_wait(*p));
}

int64_t microseconds(const timeval& time) { return time.tv_sec * 1'000'000 + time.tv_usec; }

/// What wait handed to the parent, by name.
std::vector<std::pair<std::string_view, std::string>> report_of(const EndedProcess& ended) {
  const process::ProcessStatus& s = ended.status;
  return {{"pid", std::to_string(ended.pid)},
          {"status", std::to_string(s.to_exit_status())},
          {"signal", s.signal() != 0 ? ipc::signal_name(s.signal()) : ""},
          {"core", s.dumped_core() ? "yes" : "no"},
          {"elapsed_us", std::to_string(ended.elapsed_ns / 1000)},
          {"user_us", std::to_string(microseconds(ended.usage.ru_utime))},
          {"system_us", std::to_string(microseconds(ended.usage.ru_stime))},
          {"peak_kib", std::to_string(ended.usage.ru_maxrss)},
          {"faults_minor", std::to_string(ended.usage.ru_minflt)},
          {"faults_major", std::to_string(ended.usage.ru_majflt)},
          {"switches_voluntary", std::to_string(ended.usage.ru_nvcsw)},
          {"switches_involuntary", std::to_string(ended.usage.ru_nivcsw)},
          {"verdict", ended.verdict}};
}

Completion spawn(Call& call) {
  if (call.data_words().empty()) return call.usage("a command is missing");
  SpawnPlan plan;
  plan.cascade = call.has("cascade");
  plan.nice = static_cast<int>(call.integer("nice", -40, 40).value_or(0));
  if (call.failed()) return call.failure();
  if (std::string_view text = call.value("limit"); text.data() != nullptr) {
    ipc::Outcome<SpawnLimits> limits = SpawnLimits::parse(text);
    if (!limits) return call.usage(limits.error().sentence);
    plan.limits = *limits;
  }
  std::string_view pid_variable = call.value("pid-var");
  std::string_view command = call.data_words().front();
  if (call.has("detach")) {
    ipc::Outcome<pid_t> pid = start_detached(call.context, call.data_words(), plan);
    if (!pid) return call.fail(pid.error(), command);
    if (pid_variable.data() != nullptr)
      return call.assign(pid_variable, std::to_string(*pid)) ? call.done() : call.failure();
    return call.result(std::to_string(*pid));
  }
  ipc::Outcome<EndedProcess> ended = run_supervised(call.context, call.data_words(), plan);
  if (!ended) return call.fail(ended.error(), command);
  if (!ended->verdict.empty()) call.context.error("{}: {}", command, ended->verdict);
  if (pid_variable.data() != nullptr && !call.assign(pid_variable, std::to_string(ended->pid))) return call.failure();
  if (std::string_view record = call.value("record"); record.data() != nullptr) {
    Name name = NameTable::intern(record);
    call.context.state.variables.prepare_associative(name, false);
    for (const auto& [key, value] : report_of(*ended)) call.context.state.variables.assign_key(name, key, value);
  }
  if (call.has("verbose")) {
    for (const auto& [key, value] : report_of(*ended))
      call.context.err.print("{:<21} {}\n", key, value.empty() ? "-" : value);
    call.context.err.flush();
  }
  return ended->traps.is_normal() ? Completion::of(ended->status.to_exit_status()) : ended->traps;
}

Completion end_processes(Call& call) {
  std::string_view text = call.value("signal");
  int signal_number = text.data() == nullptr ? SIGTERM : ipc::signal_by_name(text);
  if (signal_number == 0 && text != "0") return call.usage(fmt::format("'{}' is no signal", text));
  Completion last = call.done();
  for (size_t i = 0; i < call.operand_count(); ++i) {
    std::optional<pid_t> pid = pid_operand(call, i, last);
    if (!pid) continue;
    bool is_sent = call.has("tree") ? signal_tree(*pid, signal_number, true) > 0 : kill(*pid, signal_number) == 0;
    if (!is_sent) {
      ipc::Error error =
          errno == EPERM ? ipc::error_from_errno(EPERM) : ipc::Error{ipc::Status::NoObject, ESRCH, "no such process"};
      last = call.fail(error, call.operand(i));
    }
  }
  return last;
}

/// Asks for the status of ended children that are nobody's job: adopted ones, with `set -o subreaper`.
Completion reap(Call& call) {
  int64_t count = 0;
  for (const ProcessInfo& p : ipc::list_processes()) {
    if (p.parent != getpid() || p.state != ipc::ProcessState::Terminated) continue;
    if (call.context.jobs.find_process(p.pid) != nullptr) continue;
    if (waitpid(p.pid, nullptr, WNOHANG) == p.pid) ++count;
  }
  return call.has("variable") ? call.result(std::to_string(count)) : call.done();
}

constexpr OptionRow kState{"state", 0, "S", "only processes in this state: new ready running waiting terminated"};
constexpr OptionRow kCow{"cow", 0, "", "only what fork shared for writing: copied, or still shared"};
constexpr OptionRow kAll{"all", 0, "", "of all users"};
constexpr OptionRow kTree{"tree", 0, "", "the process and all below it, children first"};
constexpr OptionRow kSignal{"signal", 's', "SIG", "the signal (default TERM)"};
constexpr OptionRow kCascade{"cascade", 0, "", "all its descendants end when it ends, or when this shell ends"};
constexpr OptionRow kDetach{"detach", 0, "", "leave it to init, in a session of its own; print its pid"};
constexpr OptionRow kLimit{"limit", 0, "L",
                           "mem=200M,cpu=10s,time=1m,files=64,fsize=1G,stack=8M: ended beyond, with the reason"};
constexpr OptionRow kNice{"nice", 0, "N", "add N to its nice value"};
constexpr OptionRow kVerbose{"verbose", 'v', "", "print status, signal, core flag and resources when it ended"};
constexpr OptionRow kRecord{"record", 0, "MAP", "store the same in the associative array MAP"};
constexpr OptionRow kPidVar{"pid-var", 0, "VAR", "store its pid in VAR"};

constexpr OptionRow kJsonOptions[] = {kJsonOption};
constexpr OptionRow kListOptions[] = {kState, kJsonOption};
constexpr OptionRow kMemOptions[] = {kCow, kJsonOption};
constexpr OptionRow kOrphanOptions[] = {kAll, kJsonOption};
constexpr OptionRow kChannelOptions[] = {kVariableOption, kJsonOption};
constexpr OptionRow kSpawnOptions[] = {kCascade, kDetach, kLimit, kNice, kVerbose, kRecord, kPidVar};
constexpr OptionRow kKillOptions[] = {kTree, kSignal};
constexpr OptionRow kReapOptions[] = {kVariableOption};

constexpr Verb kVerbs[] = {
    {"tree", tree, "[PID] [--json]", "draw the tree of processes, pid 1 at the root", "proc tree $$", kJsonOptions, 0,
     1},
    {"list", list, "[--state S] [--json]", "list processes with the textbook's state and the kernel's letter",
     "proc list --state running", kListOptions, 0, 0},
    {"show", show, "[PID] [--json]", "print the process control block (default: of this shell)", "proc show $!",
     kJsonOptions, 0, 1},
    {"mem", mem, "[PID] [--cow] [--json]", "print the memory layout: text, data, heap, stack, libraries, shared memory",
     "proc mem $! --cow", kMemOptions, 0, 1},
    {"threads", threads, "[PID] [--json]", "list the threads of a process", "proc threads $!", kJsonOptions, 0, 1},
    {"wait-channel", wait_channel, "[PID] [--json]", "tell what a process waits for", "proc wait-channel %1",
     kChannelOptions, 0, 1},
    {"spawn", spawn, "[--cascade] [--detach] [--limit L] [--nice N] [-v] -- cmd",
     "run a command with limits, and tell how it ended",
     "proc spawn --limit mem=200M,cpu=10s -- make\nproc spawn --cascade -- ./start-servers", kSpawnOptions, 0, 0, true},
    {"kill", end_processes, "[--tree] [-s SIG] PID...", "send a signal, to the whole tree below it too",
     "proc kill --tree $!", kKillOptions, 1, kAnyNumber},
    {"zombies", zombies, "[--json]", "list processes that ended and whose parent has not asked", "proc zombies",
     kJsonOptions, 0, 0},
    {"orphans", orphans, "[--all] [--json]", "list processes whose parent died and that were adopted", "proc orphans",
     kOrphanOptions, 0, 0},
    {"reap", reap, "[-v COUNT]", "ask for the status of ended children that are no jobs", "set -o subreaper; proc reap",
     kReapOptions, 0, 0},
};

}  // namespace

const Noun kProcNoun{"proc", "processes: control block, states, tree, memory; start and end them", kVerbs, nullptr};

}  // namespace mish::builtins
