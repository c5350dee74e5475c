// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/ipc/virtual_files.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "ipc/endpoint.h"
#include "ipc/mailbox.h"
#include "shell/base/text.h"
#include "shell/process/child.h"

namespace mish::builtins {

namespace {

constexpr std::string_view kMailboxPrefix = "/dev/mbox/";

/// The helper keeps nothing of the shell open but `kept` and standard error: a pipe it held would never end.
void close_all_but(int kept) {
  if (kept != 3) dup3(kept, 3, O_CLOEXEC);
  syscall(SYS_close_range, 4u, ~0u, 0u);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(null, 0);
  dup2(null, 1);
}

/// Lines of descriptor 3 as messages, until its end.
int send_lines(const ipc::ObjectName& name) {
  ipc::Outcome<ipc::Mailbox> box = ipc::Mailbox::open(name);
  if (!box) return static_cast<int>(box.status());
  std::string pending;
  char buffer[65536];
  for (;;) {
    Result<size_t> n = read_some(3, buffer, sizeof buffer);
    if (!n.ok() || *n == 0) break;
    pending.append(buffer, *n);
    size_t start = 0;
    for (size_t end; (end = pending.find('\n', start)) != std::string::npos; start = end + 1) {
      ipc::Outcome<uint64_t> sent = box->send(std::string_view(pending).substr(start, end - start));
      if (!sent) return static_cast<int>(sent.status());
    }
    pending.erase(0, start);
  }
  if (!pending.empty() && !box->send(pending)) return 1;
  return 0;
}

/// Messages as lines on descriptor 3, until the mailbox is closed or nobody reads. A message that could not be written
/// goes back.
int receive_lines(const ipc::ObjectName& name) {
  signal(SIGPIPE, SIG_IGN);
  ipc::Outcome<ipc::Mailbox> box = ipc::Mailbox::open(name);
  if (!box) return static_cast<int>(box.status());
  ipc::Message message;
  ipc::ReceiveOptions options;
  options.lease = true;
  for (;;) {
    ipc::Outcome<void> received = box->receive(message, options);
    if (!received) return static_cast<int>(received.status());
    std::string line(message.text());
    line.push_back('\n');
    if (!write_all(3, line).ok()) {
      static_cast<void>(box->release(message.id));
      return 0;
    }
    if (ipc::Outcome<void> done = box->ack(message.id); !done) return static_cast<int>(done.status());
  }
}

int errno_of(const ipc::Error& error) {
  if (error.error_number != 0) return error.error_number;
  switch (error.status) {
    case ipc::Status::NoObject: return ENOENT;
    case ipc::Status::NotPermitted: return EACCES;
    case ipc::Status::Closed: return EPIPE;
    case ipc::Status::TooBig: return ENOSPC;
    case ipc::Status::Usage: return EINVAL;
    case ipc::Status::Done:
    case ipc::Status::Failed:
    case ipc::Status::WouldBlock:
    case ipc::Status::Damaged:
    case ipc::Status::Exists:
    case ipc::Status::TimedOut:
    case ipc::Status::Interrupted: break;
  }
  return EIO;
}

Result<UniqueFd> open_mailbox(std::string_view text, int flags) {
  int access = flags & O_ACCMODE;
  if (access == O_RDWR) return Errno(EINVAL);
  ipc::Outcome<ipc::ObjectName> name = ipc::ObjectName::parse(text);
  if (!name) return Errno(errno_of(name.error()));
  // Looked at here, so that a missing mailbox is an error of the redirection.
  if (ipc::Outcome<ipc::Mailbox> box = ipc::Mailbox::open(*name); !box) return Errno(errno_of(box.error()));
  Result<Pipe> pipe = make_pipe();
  if (!pipe.ok()) return pipe.error();
  bool is_reading = access == O_RDONLY;
  // A small pipe: what is in it when the reader ends is lost.
  if (is_reading) fcntl(pipe->write_end.get(), F_SETPIPE_SZ, 4096);
  process::ChildOptions options;
  options.role = process::ChildRole::Background;
  Result<pid_t> pid = process::fork_child(options);
  if (!pid.ok()) return pid.error();
  if (*pid == 0) {
    close_all_but(is_reading ? pipe->write_end.get() : pipe->read_end.get());
    _exit(is_reading ? receive_lines(*name) : send_lines(*name));
  }
  return is_reading ? std::move(pipe->read_end) : std::move(pipe->write_end);
}

}  // namespace

Result<UniqueFd> open_virtual_file(std::string_view path, int flags, bool& is_virtual) {
  is_virtual = true;
  if (starts_with(path, kMailboxPrefix)) return open_mailbox(path.substr(kMailboxPrefix.size()), flags);
  return ipc::open_network_path(path, is_virtual);
}

}  // namespace mish::builtins
