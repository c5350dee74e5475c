// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/ipc/mailboxes.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "ipc/futex.h"
#include "shell/base/text.h"
#include "shell/process/job.h"

namespace mish::builtins {

namespace {

using ipc::Mailbox;
using ipc::Outcome;
using ipc::ProcessIdentity;
using ipc::Status;

/// Handles by the text users write.
class Attachments {
 public:
  void leave() {
    for (auto& [target, mailbox] : handles_) {
      if (mailbox->config().keep) continue;
      auto info = mailbox->stat();
      bool is_ours = info && info->owner == ProcessIdentity::self();
      if (is_ours && info->messages == 0 && !mailbox->is_removed()) (void)mailbox->remove();
    }
  }
  MailboxHandle find(std::string_view target) {
    auto found = handles_.find(target);
    if (found == handles_.end()) return nullptr;
    if (!found->second->is_removed()) return found->second;
    handles_.erase(found);
    return nullptr;
  }
  MailboxHandle put(std::string_view target, Mailbox mailbox) {
    drop(target);
    return handles_.emplace(target, std::make_shared<Mailbox>(std::move(mailbox))).first->second;
  }
  void drop(std::string_view target) {
    auto found = handles_.find(target);
    if (found != handles_.end()) handles_.erase(found);
  }

 private:
  std::map<std::string, MailboxHandle, std::less<>> handles_;
};

Attachments& attachments() {
  static Attachments all;
  return all;
}

// --- /dev/mbox/NAME: the helper that moves the lines.

/// Lines of the pipe, each a message, to end of file.
Outcome<void> pump_in(int from, Mailbox& mailbox) {
  std::string pending;
  char buffer[65536];
  bool at_end = false;
  while (!at_end) {
    Result<size_t> got = read_some(from, buffer, sizeof buffer);
    at_end = !got || *got == 0;
    if (!at_end) pending.append(buffer, *got);
    if (at_end && !pending.empty()) pending += '\n';
    size_t start = 0;
    for (size_t end; (end = pending.find('\n', start)) != std::string::npos; start = end + 1) {
      auto sent = mailbox.send(std::string_view(pending).substr(start, end - start));
      if (!sent) return sent.error();
    }
    pending.erase(0, start);
  }
  return {};
}

/// Waits for one of `entries`, of which the first is the pipe; false when its reader is gone.
bool wait_for_pipe(std::span<pollfd> entries) {
  while (poll(entries.data(), entries.size(), -1) < 0 && errno == EINTR) {
  }
  return (entries[0].revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

/// Until the pipe can take more.
bool wait_until_writable(int to) {
  pollfd pipe{to, POLLOUT, 0};
  return wait_for_pipe({&pipe, 1});
}

bool is_empty(int pipe) {
  int bytes = 0;
  return ioctl(pipe, FIONREAD, &bytes) == 0 && bytes == 0;
}

/// Until there may be news: the bell rings, or one of those ends whose end rings no bell.
bool wait_for_news(int to, int bell, Mailbox& mailbox) {
  std::vector<UniqueFd> lives = mailbox.watch_lives();
  std::vector<pollfd> entries{{to, 0, 0}, {bell, POLLIN, 0}};
  for (const UniqueFd& life : lives) entries.push_back({life.get(), POLLIN, 0});
  return wait_for_pipe(entries);
}

/// Messages of the mailbox, each a line, until it closes or the reader goes. One message is under way at a time: the
/// pipe holds a page, is writable again when all of it was read, and only then is the message done with.
int pump_out(int to, Mailbox& mailbox) {
  ipc::Outcome<int> bell = ipc::Doorbell::fd();
  if (!bell) return 1;
  (void)fcntl(to, F_SETPIPE_SZ, 4096);
  ipc::Message message;
  ipc::ReceiveOptions options{.deadline = ipc::kNoWait};
  mailbox.hold(options);
  for (;;) {
    auto received = mailbox.receive(message, options);
    if (received) {
      std::string line(message.text());
      line += '\n';
      if (!write_all(to, line)) return 1;
      bool has_reader = wait_until_writable(to);
      if (!has_reader && !is_empty(to)) return 1;
      if (!mailbox.finish(message.id)) return 1;
      if (!has_reader) return 0;  // who took all of it before he went
      continue;
    }
    if (received.status() != Status::WouldBlock) return received.status() == Status::Closed ? 0 : 1;
    if (!mailbox.arm_doorbell()) return 1;
    if (mailbox.is_ready()) continue;
    if (!wait_for_news(to, *bell, mailbox)) return 0;
    ipc::Doorbell::clear();
  }
}

/// What is open in the shell, ends of pipes above all, must not stay open here. Descriptors are put out of use and not
/// closed: whoever of us still has the number of one must not meet another under it.
void close_all_but(const std::vector<int>& kept) {
  UniqueFd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing) return;
  for (int fd : open_descriptors()) {
    bool is_used = fd == nothing.get() || std::find(kept.begin(), kept.end(), fd) != kept.end();
    if (!is_used) (void)dup3(nothing.get(), fd, fd < 3 ? 0 : O_CLOEXEC);
  }
}

void run_pump(int fd, const ipc::ObjectName& name, bool writes) {
  Outcome<Mailbox> mailbox = Mailbox::open(name);  // its own: a handle inherited over fork shares descriptors
  if (!mailbox) _exit(1);
  if (!writes) _exit(pump_out(fd, *mailbox));
  Outcome<void> sent = pump_in(fd, *mailbox);
  if (sent) _exit(0);
  // Whoever wrote the lines has gone on, or soon learns that the pipe is broken; nobody else can tell.
  (void)write_all(STDERR_FILENO, fmt::format("mish: /dev/mbox/{}: {}; this line and those after it are not sent\n",
                                             name.text(), sent.error().sentence));
  _exit(1);
}

}  // namespace

std::vector<int> open_descriptors() {
  std::vector<int> numbers;
  std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/proc/self/fd"), closedir);
  while (const dirent* entry = directory != nullptr ? readdir(directory.get()) : nullptr) {
    std::optional<int64_t> number = parse_integer(entry->d_name);
    if (number && *number != dirfd(directory.get())) numbers.push_back(static_cast<int>(*number));
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

pid_t fork_helper(const std::vector<int>& kept) {
  pid_t child = fork();
  if (child < 0) return -1;
  if (child == 0) {
    if (fork() != 0) _exit(0);  // so nobody has to wait for the helper
    for (int number : {SIGPIPE, SIGINT, SIGQUIT, SIGTSTP}) signal(number, SIG_IGN);
    close_all_but(kept);
    return 0;
  }
  int status;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return child;
}

Outcome<ProcessIdentity> process_named(api::BuiltinContext& context, std::string_view text) {
  if (text == "@self") return ProcessIdentity::self();
  pid_t pid = 0;
  if (text.starts_with("%")) {
    process::JobLookup job = context.jobs.find(text);
    if (job.job == nullptr) return {Status::NoObject, "no such job", ESRCH};
    pid = job.job->last_pid();
  } else {
    pid = parse_id(text.starts_with("@") ? text.substr(1) : text).value_or(0);
    if (pid == 0) return {Status::Usage, "is no process: use @PID, @self, %JOB or a number"};
  }
  Result<ProcessIdentity> found = ProcessIdentity::of(pid);
  if (!found) return {Status::NoObject, "no such process", ESRCH};
  return *found;
}

Outcome<MailboxHandle> attached_mailbox(api::BuiltinContext& context, std::string_view target) {
  bool is_direct = target.starts_with("@") || target.starts_with("%");
  if (!is_direct) {
    if (MailboxHandle known = attachments().find(target)) return known;
    Outcome<ipc::ObjectName> name = ipc::ObjectName::parse(target);
    if (!name) return name.error();
    Outcome<Mailbox> opened = Mailbox::open(*name);
    if (!opened) return opened.error();
    return attachments().put(target, std::move(*opened));
  }
  Outcome<ProcessIdentity> process = process_named(context, target);
  if (!process) return process.error();
  std::string key = "@" + std::to_string(process->pid) + "-" + std::to_string(process->start_time);
  if (MailboxHandle known = attachments().find(key)) return known;
  Outcome<Mailbox> opened = Mailbox::open_direct(*process);
  if (!opened) return opened.error();
  return attachments().put(key, std::move(*opened));
}

MailboxHandle keep_attached(std::string_view target, Mailbox mailbox) {
  return attachments().put(target, std::move(mailbox));
}

MailboxHandle known_mailbox(std::string_view target) { return attachments().find(target); }

void drop_attached(std::string_view target) { attachments().drop(target); }

void leave_mailboxes() { attachments().leave(); }

std::vector<std::string> mailbox_names() {
  std::vector<std::string> names;
  auto where = ipc::ObjectDirectory::of_user(geteuid());
  if (!where) return names;
  auto list = Mailbox::list(*where);
  if (!list) return names;
  for (const ipc::MailboxInfo& info : *list) {
    if (!info.name.starts_with("@")) names.push_back(info.name);
  }
  return names;
}

Result<UniqueFd> open_mailbox_path(std::string_view path, int flags, bool& is_mailbox) {
  constexpr std::string_view kPrefix = "/dev/mbox/";
  is_mailbox = path.starts_with(kPrefix);
  if (!is_mailbox) return Errno(ENOENT);
  Outcome<ipc::ObjectName> name = ipc::ObjectName::parse(path.substr(kPrefix.size()));
  if (!name) return Errno(EINVAL);
  Outcome<Mailbox> mailbox = Mailbox::open(*name);
  if (!mailbox) return Errno(mailbox.error().error_number != 0 ? mailbox.error().error_number : EIO);
  if ((flags & O_ACCMODE) == O_RDWR) return Errno(EINVAL);
  bool writes = (flags & O_ACCMODE) == O_WRONLY;
  if (auto info = mailbox->stat(); writes && info && info->is_closed) return Errno(EPIPE);
  Result<Pipe> pipe = make_pipe();
  if (!pipe) return pipe.error();
  UniqueFd& ours = writes ? pipe->write_end : pipe->read_end;
  UniqueFd& pumps = writes ? pipe->read_end : pipe->write_end;
  std::vector<int> kept{pumps.get()};
  if (writes) kept.push_back(STDERR_FILENO);
  pid_t helper = fork_helper(kept);
  if (helper < 0) return Errno::last();
  if (helper == 0) run_pump(pumps.get(), *name, writes);
  return std::move(ours);
}

}  // namespace mish::builtins
