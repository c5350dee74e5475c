// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/exec/coprocess.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "shell/base/retry.h"
#include "shell/exec/context.h"
#include "shell/process/fd_plan.h"
#include "shell/process/job.h"
#include "shell/process/signals.h"
#include "shell/state/shell_state.h"

namespace mish::exec {

namespace {

constexpr int kFirstFd = 60;  // out of the way of those that scripts choose

Name pid_variable(Name name) { return NameTable::intern(std::string(text(name)) + "_PID"); }

}  // namespace

bool Coprocesses::End::is_ours() const {
  struct stat status {};
  return fd >= 0 && fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode) && status.st_ino == pipe;
}

bool Coprocesses::End::has_bytes() const {
  int count = 0;
  return ioctl(fd, FIONREAD, &count) == 0 && count > 0;
}

void Coprocesses::End::close() {
  if (fd < 0) return;
  process::take_back_fd(fd);
  if (is_ours()) close_surely(fd);
  fd = -1;
}

Result<Coprocesses::End> Coprocesses::lend(UniqueFd fd) {
  End end;
  end.fd = retry_interrupted([&] { return fcntl(fd.get(), F_DUPFD_CLOEXEC, kFirstFd); });
  if (end.fd < 0) return Errno::last();
  process::lend_fd(end.fd);
  struct stat status {};
  if (fstat(end.fd, &status) == 0) end.pipe = status.st_ino;
  return end;
}

Result<void> Coprocesses::add(Name name, pid_t pid, UniqueFd from_it, UniqueFd to_it) {
  std::erase_if(entries_, [&](Entry& entry) {
    if (entry.name != name && !has_ended(entry.pid)) return false;
    entry.from_it.close();
    entry.to_it.close();
    return true;
  });
  Entry entry{name, pid, {}, {}};
  Result<End> read_end = lend(std::move(from_it));
  if (!read_end.ok()) return read_end.error();
  entry.from_it = *read_end;
  Result<End> write_end = lend(std::move(to_it));
  if (!write_end.ok()) {
    entry.from_it.close();
    return write_end.error();
  }
  entry.to_it = *write_end;
  state::VariableTable& variables = context_.state.variables;
  state::IndexedArray& array = variables.prepare_internal_indexed(name);
  array.clear();
  array.set(0, std::to_string(entry.from_it.fd));
  array.set(1, std::to_string(entry.to_it.fd));
  variables.assign(pid_variable(name), std::to_string(pid));
  entries_.push_back(entry);
  return {};
}

bool Coprocesses::has_ended(pid_t pid) const {
  const process::JobProcess* process = context_.jobs.find_process(pid);
  if (process != nullptr) return process->status.is_finished();
  return kill(pid, 0) != 0;  // waited for, or disowned
}

void Coprocesses::drop_ended() {
  std::erase_if(entries_, [this](Entry& entry) {
    if (!has_ended(entry.pid)) return false;
    if (context_.jobs.find_process(entry.pid) != nullptr && entry.looks_left-- > 0) {
      process::request_safe_point();
      return false;
    }
    entry.to_it.close();
    if (entry.from_it.is_ours() && entry.from_it.has_bytes()) return false;
    entry.from_it.close();
    context_.state.variables.unset(entry.name);
    context_.state.variables.unset(pid_variable(entry.name));
    return true;
  });
}

void Coprocesses::lose_input(int fd) {
  struct stat written {};
  if (entries_.empty() || fstat(fd, &written) != 0 || !S_ISFIFO(written.st_mode)) return;
  for (Entry& entry : entries_) {
    if (entry.to_it.is_ours() && entry.to_it.pipe == written.st_ino) entry.to_it.close();
  }
}

void Coprocesses::close_all() {
  for (Entry& entry : entries_) {
    entry.from_it.close();
    entry.to_it.close();
  }
  entries_.clear();
}

}  // namespace mish::exec
