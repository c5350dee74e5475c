// SPDX-License-Identifier: GPL-3.0-or-later
#include "builtins/ipc/mbox_serve.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "builtins/ipc/mailboxes.h"
#include "builtins/ipc/redirected.h"
#include "ipc/futex.h"
#include "ipc/wait.h"
#include "shell/base/fd.h"

namespace mish::builtins {

namespace {

using ipc::Mailbox;
using ipc::Outcome;
using ipc::Status;

constexpr int64_t kMostWorkers = 200;
constexpr int64_t kDefaultRetries = 2;
constexpr int kWorkerDone = 0;
constexpr long long kRestartPause = 100'000'000;  // a worker that dies at once is not restarted in a busy loop

// --- A worker

/// One run of the handler; its status.
Completion handle(Call& call, const ipc::Message& message) {
  Result<UniqueFd> input = memory_file(message.text());
  if (!input) return call.fail(ipc::error_from_errno(input.code()));
  RedirectedFd redirected(0, input->get());
  if (!call.assign("MESSAGE", message.text())) return call.failure();
  call.context.state.variables.add_attributes(names::MESSAGE, state::attribute::Exported);
  return call.run(call.data_words());
}

/// The mailbox for messages whose handler fails; made when first needed.
Outcome<void> set_aside(Call& call, const ipc::Message& message) {
  std::string failed_name = std::string(call.operand(0)) + ".failed";
  Outcome<MailboxHandle> box = attached_mailbox(call.context, failed_name);
  if (!box && box.status() == Status::NoObject) {
    Outcome<ipc::ObjectName> name = ipc::ObjectName::parse(failed_name);
    if (!name) return name.error();
    Outcome<Mailbox> made = Mailbox::create(*name, {.capacity = ipc::kUnbounded, .keep = true});
    if (!made && made.status() != Status::Exists) return made.error();
    box = made ? Outcome<MailboxHandle>(keep_attached(failed_name, std::move(*made)))
               : attached_mailbox(call.context, failed_name);
  }
  if (!box) return box.error();
  Outcome<uint64_t> sent = (*box)->send(message.text(), {.type = message.type, .priority = message.priority});
  if (!sent) return sent.error();
  return {};
}

Completion work(Call& call, int64_t retries) {
  Outcome<MailboxHandle> box = attached_mailbox(call.context, call.operand(0));
  if (!box) return call.fail(box.error());
  ipc::Message message;
  for (;;) {
    Outcome<void> received = call.waiting([&](const ipc::Wait& wait) {
      return (*box)->receive(message, {.lease = true, .deadline = wait.deadline, .interrupt = wait.interrupt});
    });
    if (!received) {
      if (received.status() == Status::Closed) return call.done();
      return call.fail(received.error());
    }
    Completion result = handle(call, message);
    for (int64_t attempt = 0; result.status != 0 && attempt < retries; ++attempt) result = handle(call, message);
    if (result.status != 0) {
      call.context.error("{}: the handler failed with status {}; the message is in {}.failed", call.operand(0),
                         result.status, call.operand(0));
      if (Outcome<void> kept = set_aside(call, message); !kept) return call.fail(kept.error());
    }
    // The handler may be `mbox` itself and have moved the handles: look ours up again.
    box = attached_mailbox(call.context, call.operand(0));
    if (!box) return call.fail(box.error());
    if (Outcome<void> done = (*box)->ack(message.id); !done) return call.fail(done.error());
  }
}

// --- The supervisor

struct Worker {
  pid_t pid = -1;
  UniqueFd pidfd;
  long long started = 0;
};

/// In the worker, before it runs anything: it ends with its supervisor.
void tie_to_parent(void*) { prctl(PR_SET_PDEATHSIG, SIGTERM); }

bool start_worker(Call& call, Worker& worker, int64_t retries) {
  std::string retries_text = std::to_string(retries);
  std::vector<std::string_view> words = {"mbox", "serve", call.operand(0), "--worker", "--retries", retries_text, "--"};
  for (std::string_view word : call.data_words()) words.push_back(word);
  api::ShellServices::SpawnOptions options;
  options.child_setup = tie_to_parent;
  worker.pid = call.context.services.spawn_command(words, options);
  if (worker.pid < 0) return false;
  worker.started = ipc::now_ns();
  worker.pidfd.reset(static_cast<int>(syscall(SYS_pidfd_open, worker.pid, 0)));
  return worker.pidfd.is_open();
}

/// Whether the ended worker came to the end of the mailbox. The shell's job table may have reaped it before us; then
/// its end is told by the mailbox.
bool is_done(Worker& worker, Mailbox& mailbox) {
  int status = 0;
  pid_t reaped;
  do {
    reaped = waitpid(worker.pid, &status, 0);
  } while (reaped < 0 && errno == EINTR);
  worker.pidfd.reset();
  if (reaped == worker.pid) return WIFEXITED(status) && WEXITSTATUS(status) == kWorkerDone;
  auto info = mailbox.stat();
  return !info || (info->is_closed && info->messages == 0);
}

void stop_workers(std::vector<Worker>& workers) {
  for (Worker& worker : workers) {
    if (worker.pidfd.is_open()) kill(worker.pid, SIGTERM);
  }
  int status;
  for (Worker& worker : workers) {
    if (worker.pidfd.is_open()) (void)waitpid(worker.pid, &status, 0);
  }
}

Completion supervise(Call& call, Mailbox& mailbox, int64_t count, int64_t retries) {
  std::vector<Worker> workers(static_cast<size_t>(count));
  for (Worker& worker : workers) {
    if (start_worker(call, worker, retries)) continue;
    int error = errno;
    stop_workers(workers);
    return call.fail(ipc::error_from_errno(error, "cannot start a worker"));
  }
  for (;;) {
    std::vector<pollfd> entries;
    for (Worker& worker : workers) {
      if (worker.pidfd.is_open()) entries.push_back({worker.pidfd.get(), POLLIN, 0});
    }
    if (entries.empty()) return call.done();
    if (ipc::wait_for_fds(entries, call.wait()) != ipc::WaitResult::Ready) {
      if (call.resume_after_traps()) continue;
      stop_workers(workers);
      return call.fail({Status::Interrupted, EINTR, "interrupted"});
    }
    for (Worker& worker : workers) {
      if (!worker.pidfd.is_open()) continue;
      pollfd ended{worker.pidfd.get(), POLLIN, 0};
      if (poll(&ended, 1, 0) <= 0) continue;
      if (is_done(worker, mailbox)) continue;
      if (ipc::now_ns() - worker.started < kRestartPause) {
        (void)ipc::wait_for_fds({}, ipc::Wait::for_ns(kRestartPause));
      }
      if (!start_worker(call, worker, retries)) {
        stop_workers(workers);
        return call.fail(ipc::error_from_errno(errno, "cannot start a worker"));
      }
    }
  }
}

}  // namespace

Completion serve_mailbox(Call& call) {
  int64_t count = call.integer("jobs", 1, kMostWorkers).value_or(1);
  int64_t retries = call.integer("retries", 0).value_or(kDefaultRetries);
  if (call.failed()) return call.failure();
  if (call.data_words().empty()) return call.usage("a handler is missing: mbox serve NAME -- HANDLER");
  if (call.has("worker")) return work(call, retries);
  if (call.operand(0).starts_with("@") || call.operand(0).starts_with("%")) {
    return call.usage(
        "the workers are other processes and cannot receive from a process's own mailbox: make one with a name");
  }
  Outcome<MailboxHandle> box = attached_mailbox(call.context, call.operand(0));
  if (!box) return call.fail(box.error());
  return supervise(call, **box, count, retries);
}

}  // namespace mish::builtins
