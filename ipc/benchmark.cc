// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/benchmark.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "ipc/mailbox.h"
#include "ipc/message_queue.h"
#include "ipc/port.h"
#include "ipc/wait.h"
#include "shell/base/fd.h"

namespace mish::ipc {

namespace {

/// Two directions between a parent (side 0) and a child (side 1). Made before the fork, used after it.
class Link {
 public:
  virtual ~Link() = default;
  virtual bool send(int side, std::string_view bytes) = 0;
  /// The next message, of `size` bytes; valid until the next call. Nothing (data() == nullptr) when that failed.
  virtual std::string_view receive(int side, size_t size) = 0;
  virtual size_t largest() const { return SIZE_MAX; }

 protected:
  std::string buffer_;
};

class PipeLink : public Link {
 public:
  bool open() {
    for (Pipe& p : pipes_) {
      Result<Pipe> made = make_pipe();
      if (!made.ok()) return false;
      p = std::move(*made);
    }
    return true;
  }
  bool send(int side, std::string_view bytes) override { return write_all(pipes_[side].write_end.get(), bytes).ok(); }
  std::string_view receive(int side, size_t size) override {
    buffer_.resize(size);
    for (size_t done = 0; done < size;) {
      Result<size_t> n = read_some(pipes_[1 - side].read_end.get(), buffer_.data() + done, size - done);
      if (!n.ok() || *n == 0) return {};
      done += *n;
    }
    return buffer_;
  }

 private:
  Pipe pipes_[2];
};

class SocketLink : public Link {
 public:
  bool open() {
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) return false;
    ends_[0].reset(fds[0]);
    ends_[1].reset(fds[1]);
    return true;
  }
  bool send(int side, std::string_view bytes) override {
    ssize_t n;
    while ((n = ::send(ends_[side].get(), bytes.data(), bytes.size(), MSG_NOSIGNAL)) < 0 && errno == EINTR) {
    }
    return n >= 0;
  }
  std::string_view receive(int side, size_t size) override {
    buffer_.resize(size);
    Result<size_t> n = read_some(ends_[side].get(), buffer_.data(), size);
    return n.ok() && *n == size ? std::string_view(buffer_) : std::string_view();
  }

 protected:
  UniqueFd ends_[2];
};

class PortLink : public Link {
 public:
  bool open() {
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) return false;
    for (int fd : fds) ends_.emplace_back(UniqueFd(fd));
    return true;
  }
  bool send(int side, std::string_view bytes) override {
    return ends_[static_cast<size_t>(side)].send(bytes, Wait::forever()).ok();
  }
  std::string_view receive(int side, size_t) override {
    Outcome<std::string> message = ends_[static_cast<size_t>(side)].receive(Wait::forever());
    if (!message) return {};
    buffer_ = std::move(*message);
    return buffer_;
  }

 private:
  std::vector<CommunicationPort> ends_;
};

/// Kernel queues, POSIX or System V: one for each direction.
class QueueLink : public Link {
 public:
  explicit QueueLink(Api api) : api_(api) {}
  ~QueueLink() override {
    for (const KernelName& name : names_) (void)MessageQueue::remove(name);
  }
  bool open() {
    for (int i = 0; i < 2; ++i) {
      KernelName name;
      name.api = api_;
      name.name = fmt::format("mish-bench-{}-{}", getpid(), i);
      Outcome<MessageQueue> queue = MessageQueue::create(name, {});
      if (!queue) return false;
      names_.push_back(queue->name());
      queues_.push_back(std::move(*queue));
    }
    return true;
  }
  bool send(int side, std::string_view bytes) override {
    return queues_[static_cast<size_t>(side)].send(bytes, api_ == Api::SystemV ? 1 : 0, Wait::forever()).ok();
  }
  std::string_view receive(int side, size_t) override {
    Outcome<QueueMessage> message = queues_[static_cast<size_t>(1 - side)].receive(0, false, Wait::forever());
    if (!message) return {};
    buffer_ = std::move(message->bytes);
    return buffer_;
  }
  size_t largest() const override { return 8192; }

 private:
  Api api_;
  std::vector<KernelName> names_;
  std::vector<MessageQueue> queues_;
};

class MailboxLink : public Link {
 public:
  ~MailboxLink() override {
    boxes_.clear();
    for (const ObjectName& name : names_) (void)Mailbox::remove(name);
  }
  bool open() {
    for (int i = 0; i < 2; ++i) {
      Outcome<ObjectName> name = ObjectName::parse(fmt::format("mish-bench-{}-{}", getpid(), i));
      if (!name) return false;
      MailboxConfig config;
      config.policy = Policy::Pair;
      Outcome<Mailbox> box = Mailbox::create(*name, config);
      if (!box) return false;
      names_.push_back(*name);
      boxes_.push_back(std::move(*box));
    }
    return true;
  }
  bool send(int side, std::string_view bytes) override { return boxes_[static_cast<size_t>(side)].send(bytes).ok(); }
  std::string_view receive(int side, size_t size) override {
    if (!boxes_[static_cast<size_t>(1 - side)].receive(message_)) return {};
    std::string_view text = message_.text();
    return text.size() == size ? text : std::string_view();
  }

 private:
  std::vector<ObjectName> names_;
  std::vector<Mailbox> boxes_;
  Message message_;
};

/// The slow way: a file that one writes and the other looks at again and again, since nothing tells it of news.
class FileLink : public Link {
 public:
  bool open() {
    for (UniqueFd& fd : files_) {
      char path[] = "/tmp/mish-bench-XXXXXX";
      fd.reset(mkostemp(path, O_CLOEXEC));
      if (!fd) return false;
      unlink(path);
    }
    return true;
  }
  bool send(int side, std::string_view bytes) override {
    if (pwrite(files_[side].get(), bytes.data(), bytes.size(), 8) != static_cast<ssize_t>(bytes.size())) return false;
    uint64_t number = ++sent_;
    return pwrite(files_[side].get(), &number, sizeof number, 0) == sizeof number;
  }
  std::string_view receive(int side, size_t size) override {
    uint64_t number = received_;
    while (number == received_) {
      if (pread(files_[1 - side].get(), &number, sizeof number, 0) != sizeof number) number = received_;
      if (number == received_) sched_yield();
    }
    received_ = number;
    buffer_.resize(size);
    if (pread(files_[1 - side].get(), buffer_.data(), size, 8) != static_cast<ssize_t>(size)) return {};
    return buffer_;
  }

 private:
  UniqueFd files_[2];
  uint64_t sent_ = 0, received_ = 0;
};

template <typename L, typename... Args>
std::unique_ptr<Link> opened(Args... args) {
  auto link = std::make_unique<L>(args...);
  return link->open() ? std::move(link) : std::unique_ptr<Link>();
}

std::unique_ptr<Link> make_link(std::string_view mechanism) {
  if (mechanism == "pipe") return opened<PipeLink>();
  if (mechanism == "seqpacket") return opened<SocketLink>();
  if (mechanism == "port") return opened<PortLink>();
  if (mechanism == "mq") return opened<QueueLink>(Api::Posix);
  if (mechanism == "sysv") return opened<QueueLink>(Api::SystemV);
  if (mechanism == "mbox") return opened<MailboxLink>();
  if (mechanism == "file") return opened<FileLink>();
  return nullptr;
}

/// A child that runs `body` and ends; killed when the parent gives up.
template <typename Body>
pid_t start_child(const BenchmarkPlan& plan, Body body) {
  pid_t pid = plan.fork_process();
  if (pid == 0) _exit(body() ? 0 : 1);
  return pid;
}

void end_child(pid_t pid) {
  kill(pid, SIGKILL);
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

/// Doubles the number of repetitions until they take long enough; nanoseconds for one, or -1.
template <typename Batch>
int64_t time_batches(int64_t enough_ns, Batch batch) {
  for (int64_t count = 16;; count *= 2) {
    int64_t start = monotonic_ns();
    if (!batch(count)) return -1;
    int64_t taken = monotonic_ns() - start;
    if (taken >= enough_ns || count > (int64_t{1} << 24)) return taken / count;
  }
}

int64_t measure_round_trip(std::string_view mechanism, size_t size, const BenchmarkPlan& plan) {
  std::unique_ptr<Link> link = make_link(mechanism);
  if (link == nullptr || size > link->largest()) return -1;
  pid_t child = start_child(plan, [&] {
    for (;;) {
      std::string_view message = link->receive(1, size);
      if (message.data() == nullptr) return true;
      if (!link->send(1, message)) return false;
    }
  });
  if (child < 0) return -1;
  std::string message(size, 'm');
  int64_t ns = time_batches(plan.time_ns, [&](int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      if (!link->send(0, message) || link->receive(0, size).data() == nullptr) return false;
    }
    return true;
  });
  end_child(child);
  return ns;
}

int64_t measure_one_way(std::string_view mechanism, size_t size, const BenchmarkPlan& plan) {
  if (mechanism == "file") return -1;  // without notice the reader may miss messages
  std::unique_ptr<Link> link = make_link(mechanism);
  if (link == nullptr || size > link->largest()) return -1;
  // Each batch: its length as a first message, the messages, one answer when all have arrived.
  pid_t child = start_child(plan, [&] {
    for (;;) {
      std::string_view first = link->receive(1, sizeof(int64_t));
      if (first.data() == nullptr) return true;
      int64_t count = 0;
      std::copy_n(first.data(), sizeof count, reinterpret_cast<char*>(&count));
      for (int64_t i = 0; i < count; ++i) {
        if (link->receive(1, size).data() == nullptr) return false;
      }
      if (!link->send(1, "12345678")) return false;
    }
  });
  if (child < 0) return -1;
  std::string message(size, 'm');
  int64_t ns = time_batches(plan.time_ns, [&](int64_t count) {
    if (!link->send(0, {reinterpret_cast<const char*>(&count), sizeof count})) return false;
    for (int64_t i = 0; i < count; ++i) {
      if (!link->send(0, message)) return false;
    }
    return link->receive(0, 8).data() != nullptr;
  });
  end_child(child);
  return ns;
}

}  // namespace

std::vector<std::string_view> benchmark_mechanisms() {
  return {"mbox", "pipe", "seqpacket", "port", "mq", "sysv", "file"};
}

Outcome<std::vector<BenchmarkResult>> measure(std::string_view mechanism, const BenchmarkPlan& plan) {
  std::vector<std::string_view> known = benchmark_mechanisms();
  auto found = std::find(known.begin(), known.end(), mechanism);
  if (found == known.end()) return Error{Status::Usage, EINVAL, fmt::format("'{}' is no mechanism", mechanism)};
  std::vector<BenchmarkResult> out;
  for (size_t size : plan.sizes) {
    BenchmarkResult result{*found, size, measure_round_trip(mechanism, size, plan),
                           measure_one_way(mechanism, size, plan)};
    out.push_back(result);
  }
  return out;
}

}  // namespace mish::ipc
