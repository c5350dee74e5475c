// SPDX-License-Identifier: GPL-3.0-or-later
// ipc: all objects at once: list, stat, collect garbage, who shares what, waiting for several, measuring, limits.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "builtins/ipc/arrivals.h"
#include "builtins/ipc/mailboxes.h"
#include "builtins/ipc/nouns.h"
#include "ipc/benchmark.h"
#include "ipc/inventory.h"
#include "ipc/mailbox.h"
#include "shell/base/fd.h"
#include "shell/base/quoting.h"
#include "shell/base/text.h"
#include "shell/process/child.h"

namespace mish::builtins {

namespace {

constexpr const Noun* kNouns[] = {&kFifoNoun, &kIpcNoun, &kMboxNoun, &kMqNoun,  &kPortNoun,
                                  &kProcNoun, &kRpcNoun, &kSemNoun,  &kShmNoun, &kSockNoun};

std::vector<std::string> kinds_of(const Call& call) {
  std::vector<std::string> kinds;
  for (size_t i = 0; i < call.operand_count(); ++i) kinds.emplace_back(call.operand(i));
  return kinds;
}

Completion list(Call& call) {
  ipc::InventoryFilter filter{kinds_of(call)};
  for (std::string& kind : filter.kinds) {
    if (kind == "sock") kind = "socket";  // as the noun is called
    if (kind != "shm" && kind != "mq" && kind != "mbox" && kind != "sem" && kind != "port" && kind != "socket") {
      return call.usage(fmt::format("'{}' is no kind (shm mq mbox sem port socket)", kind));
    }
  }
  std::string note;
  Table table{{"kind", "KIND"},           {"api", "API"},     {"name", "NAME"},         {"owner", "OWNER"},
              {"mode", "MODE"},           {"used", "USED"},   {"capacity", "CAPACITY"}, {"users", "USERS"},
              {"direction", "DIRECTION"}, {"stale", "STALE"}, {"changed", "CHANGED"}};
  for (const ipc::ObjectInfo& o : ipc::list_objects(filter, note)) {
    bool is_bytes = o.kind == "shm";
    auto amount = [is_bytes](int64_t n) {
      return n >= 0 && is_bytes ? size_cell(static_cast<uint64_t>(n)) : maybe_cell(n);
    };
    table.add({text_cell(o.kind), text_cell(o.api), text_cell(o.name), user_cell(o.uid), mode_cell(o.mode),
               amount(o.used), amount(o.capacity), maybe_cell(o.users), text_cell(o.direction), bool_cell(o.is_stale),
               time_cell(o.changed)});
  }
  if (!note.empty() && !call.wants_json() && !filter.kinds.empty()) call.context.error("{}", note);
  return table.print(call);
}

/// `ipc stat shm OS` is `shm stat OS`.
Completion stat(Call& call) {
  for (const Noun* noun : ipc_nouns()) {
    if (noun->name != call.operand(0) || noun == &kIpcNoun) continue;
    std::vector<std::string_view> words{"stat", call.operand(1)};
    if (call.wants_json()) words.emplace_back("--json");
    return run_noun(call.context, words, *noun);
  }
  return call.usage(fmt::format("'{}' is no kind of object", call.operand(0)));
}

Completion gc(Call& call) {
  Completion last = call.done();
  for (const ipc::Garbage& garbage : ipc::find_garbage(call.has("foreign"))) {
    bool is_dry = call.has("dry-run");
    ipc::Outcome<void> done = is_dry ? ipc::Outcome<void>() : ipc::collect(garbage);
    if (!done)
      last = call.fail(done.error(), garbage.kind + " " + garbage.name);
    else
      call.out().print("{} {} {}: {}\n", is_dry ? "would remove" : "removed", garbage.kind, garbage.name,
                       garbage.reason);
  }
  return last;
}

std::string_view access_of(const ipc::Sharing& s) { return s.reads && s.writes ? "rw" : s.writes ? "w" : "r"; }

std::string dot_quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

/// For Graphviz: processes are boxes, objects ellipses; an arrow is the way the bytes go.
Completion print_dot(Call& call, const std::vector<ipc::Sharing>& sharing) {
  call.out().write("digraph ipc {\n  rankdir=LR;\n");
  std::set<std::string> nodes;
  for (const ipc::Sharing& s : sharing) {
    std::string process = fmt::format("{} {}", s.process, s.pid);
    if (nodes.insert(process).second) call.out().print("  {} [shape=box];\n", dot_quoted(process));
    if (nodes.insert(s.object).second) call.out().print("  {} [shape=ellipse];\n", dot_quoted(s.object));
    std::string_view style = s.reads && s.writes ? " [dir=both]" : "";
    if (s.writes)
      call.out().print("  {} -> {}{};\n", dot_quoted(process), dot_quoted(s.object), style);
    else
      call.out().print("  {} -> {};\n", dot_quoted(s.object), dot_quoted(process));
  }
  call.out().write("}\n");
  return call.done();
}

Completion graph(Call& call) {
  std::vector<ipc::Sharing> sharing = ipc::list_sharing(call.has("all") ? 1 : 2);
  if (std::optional<int64_t> pid = call.integer("pid")) {
    std::set<std::string> objects;
    for (const ipc::Sharing& s : sharing) {
      if (s.pid == *pid) objects.insert(s.object);
    }
    std::erase_if(sharing, [&](const ipc::Sharing& s) { return !objects.contains(s.object); });
  }
  if (call.failed()) return call.failure();
  if (call.has("dot")) return print_dot(call, sharing);
  Table table{{"object", "OBJECT"}, {"pid", "PID"}, {"process", "PROCESS"}, {"access", "ACCESS"}};
  for (const ipc::Sharing& s : sharing) {
    table.add({text_cell(s.object), number_cell(s.pid), text_cell(s.process), text_cell(access_of(s))});
  }
  return table.print(call);
}

// --- waiting for several ---------------------------------------------------------------------------------------------

/// One thing waited for: a descriptor to poll, or a mailbox that rings the doorbell.
struct Target {
  std::string_view text;
  UniqueFd owned;
  int fd = -1;
  std::optional<ipc::Mailbox> mailbox;
};

ipc::Outcome<Target> parse_target(std::string_view text) {
  Target target;
  target.text = text;
  size_t colon = text.find(':');
  std::string_view kind = text.substr(0, colon);
  std::string_view rest = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (kind == "mbox") {
    ipc::Outcome<ipc::ObjectName> name = ipc::ObjectName::parse(rest);
    if (!name) return name.error();
    ipc::Outcome<ipc::Mailbox> box = ipc::Mailbox::open(*name);
    if (!box) return box.error();
    target.mailbox = std::move(*box);
    return target;
  }
  if (kind == "timer") {
    ipc::Outcome<int64_t> ns = ipc::parse_duration(rest);
    if (!ns) return ns.error();
    target.owned.reset(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    int64_t left = std::max<int64_t>(*ns, 1);
    itimerspec when{.it_interval = {0, 0}, .it_value = {left / 1'000'000'000, left % 1'000'000'000}};
    if (!target.owned || timerfd_settime(target.owned.get(), 0, &when, nullptr) != 0)
      return ipc::error_from_errno(errno);
    target.fd = target.owned.get();
    return target;
  }
  std::optional<int> number = parse_id(rest);
  if (number && kind == "pid") {
    target.owned.reset(static_cast<int>(syscall(SYS_pidfd_open, *number, 0)));
    if (!target.owned) return ipc::Error{ipc::Status::NoObject, errno, "no such process"};
    target.fd = target.owned.get();
    return target;
  }
  if (number && (kind == "fd" || kind == "port" || kind == "sock")) {
    target.fd = *number;
    if (fcntl(target.fd, F_GETFD) < 0) return ipc::Error{ipc::Status::NoObject, errno, "this descriptor is not open"};
    return target;
  }
  return ipc::Error{ipc::Status::Usage, EINVAL, "a target is mbox:NAME, port:H, sock:FD, fd:N, pid:N or timer:D"};
}

/// How long to sleep before the mailboxes are looked at again: a process that died took its stroke of the bell along.
constexpr int64_t kSlice = 500'000'000;

ipc::Wait slice_of(const ipc::Wait& wait) {
  if (wait.is_nowait() || wait.remaining_ns() <= kSlice) return wait;
  ipc::Wait slice = ipc::Wait::for_ns(kSlice);
  slice.interrupt = wait.interrupt;
  return slice;
}

/// Texts of the targets that are ready; empty ones mean: go on waiting.
ipc::Outcome<std::vector<std::string_view>> wait_for_targets(std::vector<Target>& targets, const ipc::Wait& wait) {
  ipc::Outcome<int> bell = ipc::Doorbell::fd();
  if (!bell) return bell.error();
  bool has_mailbox = std::any_of(targets.begin(), targets.end(), [](const Target& t) { return t.mailbox.has_value(); });
  for (;;) {
    std::vector<std::string_view> ready;
    for (Target& t : targets) {
      if (!t.mailbox) continue;
      if (ipc::Outcome<void> armed = t.mailbox->arm_doorbell(); !armed) return armed.error();
      if (t.mailbox->is_ready() || t.mailbox->is_removed()) ready.push_back(t.text);
    }
    std::vector<pollfd> entries{{.fd = *bell, .events = POLLIN, .revents = 0}};
    for (const Target& t : targets) entries.push_back({.fd = t.fd, .events = POLLIN, .revents = 0});
    std::vector<UniqueFd> lives;
    for (Target& t : targets) {
      if (!t.mailbox || !ready.empty()) continue;
      for (UniqueFd& life : t.mailbox->watch_lives()) lives.push_back(std::move(life));
    }
    for (const UniqueFd& life : lives) entries.push_back({.fd = life.get(), .events = POLLIN, .revents = 0});
    ipc::Wait limit = has_mailbox ? slice_of(wait) : wait;
    ipc::WaitResult result = ipc::wait_for_fds(entries, ready.empty() ? limit : ipc::Wait::none());
    for (size_t i = 0; i < targets.size(); ++i) {
      if (targets[i].fd >= 0 && entries[i + 1].revents != 0) ready.push_back(targets[i].text);
    }
    if (!ready.empty()) return ready;
    bool is_slice = result == ipc::WaitResult::TimedOut && !wait.is_nowait() && wait.remaining_ns() > 0;
    if (result != ipc::WaitResult::Ready && !is_slice) return ipc::wait_error(result, wait, "nothing is ready");
    ipc::Doorbell::clear();
  }
}

Completion wait(Call& call) {
  std::vector<Target> targets;
  for (size_t i = 0; i < call.operand_count(); ++i) {
    ipc::Outcome<Target> target = parse_target(call.operand(i));
    if (!target) return call.fail(target.error(), call.operand(i));
    targets.push_back(std::move(*target));
  }
  ipc::Outcome<std::vector<std::string_view>> ready =
      call.waiting([&](const ipc::Wait& limit) { return wait_for_targets(targets, limit); });
  for (Target& t : targets) {
    if (t.mailbox) t.mailbox->disarm_doorbell();
  }
  if (!ready) return call.fail(ready.error(), {});
  std::string text;
  for (std::string_view one : *ready) text += (text.empty() ? "" : " ") + std::string(one);
  return call.result(text);
}

Completion deliver(Call& call) { return deliver_arrivals(call.context); }

// --- measuring and limits --------------------------------------------------------------------------------------------

pid_t fork_for_benchmark() {
  Result<pid_t> pid = process::fork_child({});
  if (pid.ok()) return *pid;
  errno = pid.code();
  return -1;
}

Completion bench(Call& call) {
  ipc::BenchmarkPlan plan;
  plan.fork_process = fork_for_benchmark;
  if (std::optional<int64_t> ns = call.duration("time")) plan.time_ns = *ns;
  if (std::optional<uint64_t> size = call.size("size")) {
    constexpr uint64_t kMostBytes = 64 << 20;
    if (*size > kMostBytes) return call.usage("--size: at most 64M");
    plan.sizes = {static_cast<size_t>(std::max<uint64_t>(*size, 8))};
  }
  if (call.failed()) return call.failure();
  std::vector<std::string> mechanisms = kinds_of(call);
  if (mechanisms.empty()) {
    for (std::string_view name : ipc::benchmark_mechanisms()) mechanisms.emplace_back(name);
  }
  call.out().flush();
  Table table{{"mechanism", "MECHANISM"}, {"bytes", "BYTES"},           {"round_trip_ns", "ROUND TRIP"},
              {"one_way_ns", "ONE WAY"},  {"per_second", "MESSAGES/S"}, {"bytes_per_second", "BYTES/S"}};
  for (const std::string& mechanism : mechanisms) {
    ipc::Outcome<std::vector<ipc::BenchmarkResult>> results = ipc::measure(mechanism, plan);
    if (!results) return call.usage(results.error().sentence);
    for (const ipc::BenchmarkResult& r : *results) {
      int64_t per_second = r.one_way_ns > 0 ? 1'000'000'000 / r.one_way_ns : -1;
      table.add({text_cell(r.mechanism), unsigned_cell(r.bytes), duration_cell(r.round_trip_ns),
                 duration_cell(r.one_way_ns), maybe_cell(per_second),
                 per_second < 0 ? no_cell() : size_cell(static_cast<uint64_t>(per_second) * r.bytes)});
    }
    if (call.context.services.pending_trap_signal() != 0) break;
  }
  return table.print(call);
}

std::string file_text(const char* path) {
  std::string text;
  Result<UniqueFd> fd = open_file(path, O_RDONLY);
  if (!fd.ok() || !read_all(fd->get(), text).ok()) return {};
  while (!text.empty() && is_space(text.back())) text.pop_back();
  std::replace(text.begin(), text.end(), '\t', ' ');
  return text;
}

Completion limits(Call& call) {
  struct Row {
    std::string_view name;
    const char* path;
    std::string_view meaning;
  };
  static constexpr Row kRows[] = {
      {"mq queues", "/proc/sys/fs/mqueue/queues_max", "POSIX queues in the system"},
      {"mq messages", "/proc/sys/fs/mqueue/msg_max", "messages a POSIX queue may hold"},
      {"mq message size", "/proc/sys/fs/mqueue/msgsize_max", "bytes of a POSIX message"},
      {"sysv queues", "/proc/sys/kernel/msgmni", "System V queues in the system"},
      {"sysv message size", "/proc/sys/kernel/msgmax", "bytes of a System V message"},
      {"sysv queue bytes", "/proc/sys/kernel/msgmnb", "bytes a System V queue holds"},
      {"sysv segments", "/proc/sys/kernel/shmmni", "System V segments in the system"},
      {"sysv segment size", "/proc/sys/kernel/shmmax", "bytes of a System V segment"},
      {"sysv semaphores", "/proc/sys/kernel/sem", "a set, in all, operations a call, sets"},
      {"pipe size", "/proc/sys/fs/pipe-max-size", "bytes a pipe may hold"},
      {"listen backlog", "/proc/sys/net/core/somaxconn", "connections that may wait"},
  };
  Table table{{"limit", "LIMIT"}, {"value", "VALUE"}, {"meaning", "MEANING"}};
  struct statvfs fs {};
  if (statvfs("/dev/shm", &fs) == 0) {
    table.add({text_cell("shm size"), size_cell(fs.f_blocks * fs.f_frsize),
               text_cell("shared memory and mailboxes together")});
    table.add({text_cell("shm free"), size_cell(fs.f_bavail * fs.f_frsize), text_cell("of it not in use")});
  }
  for (const Row& row : kRows) {
    std::string text = file_text(row.path);
    if (!text.empty()) table.add({text_cell(row.name), text_cell(text), text_cell(row.meaning)});
  }
  rlimit limit{};
  auto resource = [](rlim_t n) { return n == RLIM_INFINITY ? text_cell("unlimited") : unsigned_cell(n); };
  if (getrlimit(RLIMIT_MSGQUEUE, &limit) == 0)
    table.add({text_cell("ulimit -q"), resource(limit.rlim_cur), text_cell("bytes in POSIX queues of this user")});
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
    table.add({text_cell("ulimit -n"), resource(limit.rlim_cur), text_cell("open descriptors of a process")});
  return table.print(call);
}

constexpr OptionRow kDryRun{"dry-run", 0, "", "only tell what would be removed"};
constexpr OptionRow kForeign{"foreign", 0, "", "also System V segments of this user that nobody can be using"};
constexpr OptionRow kDot{"dot", 0, "", "print for Graphviz: ipc graph --dot | dot -Tsvg"};
constexpr OptionRow kAll{"all", 0, "", "also objects that one process alone has"};
constexpr OptionRow kPid{"pid", 0, "PID", "only what this process shares"};
constexpr OptionRow kTime{"time", 0, "D", "time for each measurement (default 50ms)"};
constexpr OptionRow kSize{"size", 0, "B", "one size of message instead of 64, 4K and 64K"};

constexpr OptionRow kJsonOptions[] = {kJsonOption};
constexpr OptionRow kGcOptions[] = {kDryRun, kForeign};
constexpr OptionRow kGraphOptions[] = {kDot, kAll, kPid, kJsonOption};
constexpr OptionRow kWaitOptions[] = {kVariableOption, kNoWaitOption, kTimeoutOption};
constexpr OptionRow kBenchOptions[] = {kTime, kSize, kJsonOption};

constexpr Verb kVerbs[] = {
    {"list", list, "[KIND...] [--json]",
     "list every object: shm mq mbox sem port socket, ours and those of other programs",
     "ipc list\nipc list shm sem --json", kJsonOptions, 0, kAnyNumber},
    {"stat", stat, "KIND NAME [--json]", "tell all about one object", "ipc stat shm OS", kJsonOptions, 2, 2},
    {"gc", gc, "[--dry-run] [--foreign]", "remove what nobody can ever use again", "ipc gc --dry-run", kGcOptions, 0,
     0},
    {"graph", graph, "[--dot] [--all] [--pid PID] [--json]", "show which processes share what",
     "ipc graph --dot | dot -Tsvg > ipc.svg", kGraphOptions, 0, 0},
    {"wait", wait, "TARGET... [--nowait | --timeout D] [-v VAR]",
     "wait until one is ready and print it: mbox:NAME port:H sock:FD fd:N pid:N timer:D",
     "ipc wait mbox:a mbox:b timer:5s -v which", kWaitOptions, 1, kAnyNumber},
    {"deliver",
     deliver,
     "",
     "run the arrival traps that are due now (the shell does so by itself at safe points)",
     "trap 'mbox recv jobs -v job' mbox:jobs",
     {},
     0,
     0},
    {"bench", bench, "[MECHANISM...] [--size B] [--time D] [--json]",
     "measure this machine: mbox pipe seqpacket port mq sysv file", "ipc bench", kBenchOptions, 0, kAnyNumber},
    {"limits", limits, "[--json]", "list the limits of the system", "ipc limits", kJsonOptions, 0, 0},
};

}  // namespace

const Noun kIpcNoun{"ipc", "all objects of interprocess communication", kVerbs, nullptr};

std::span<const Noun* const> ipc_nouns() { return kNouns; }

void leave_ipc() {
  leave_mailboxes();
  close_listening_ports();
}

}  // namespace mish::builtins
