// SPDX-License-Identifier: GPL-3.0-or-later
// Mailboxes beside the other ways to pass messages between two processes: pipe, seqpacket socket, POSIX and System V
// queues, Boost.Interprocess, ZeroMQ, nng (each if it was found). Round trips of 64 bytes, and one way in four sizes;
// medians of interleaved runs; the ratio says how many times faster a mailbox is. `ipc_bench [SECONDS_PER_RUN]`.
#include <fmt/format.h>
#include <mqueue.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ipc/futex.h"
#include "ipc/mailbox.h"

#ifdef MISH_HAS_BOOST
#include <boost/interprocess/ipc/message_queue.hpp>
#endif
#ifdef MISH_HAS_ZMQ
#include <zmq.h>
#endif
#ifdef MISH_HAS_NNG
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#endif

namespace mish::ipc {
namespace {

constexpr size_t kLargest = 1 << 20;

/// One direction of a mechanism. Made before fork; `connect` is called in each process for its side.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual void connect(bool /*sends*/) {}
  virtual void send(const char* data, size_t size) = 0;
  virtual void receive(char* data, size_t size) = 0;
};

class MailboxChannel : public Channel {
 public:
  explicit MailboxChannel(const char* name, Policy policy) : name_(*ObjectName::parse(name)) {
    (void)Mailbox::remove(name_);
    box_ = std::make_unique<Mailbox>(std::move(*Mailbox::create(name_, {.policy = policy})));
  }
  ~MailboxChannel() override { (void)Mailbox::remove(name_); }
  void send(const char* data, size_t size) override { (void)box_->send({data, size}); }
  void receive(char*, size_t) override { (void)box_->receive(message_); }

 private:
  ObjectName name_;
  std::unique_ptr<Mailbox> box_;
  Message message_;
};

/// Anything with two descriptors.
class DescriptorChannel : public Channel {
 public:
  explicit DescriptorChannel(bool packets) : packets_(packets) {
    if (packets) {
      (void)socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds_);
      int size = 4 << 20;
      for (int fd : fds_) setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    } else {
      (void)pipe(fds_);
    }
  }
  ~DescriptorChannel() override {
    for (int fd : fds_) close(fd);
  }
  void send(const char* data, size_t size) override {
    while (size > 0) {
      ssize_t n = write(fds_[1], data, size);
      if (n <= 0) _exit(1);
      data += n;
      size -= static_cast<size_t>(n);
    }
  }
  void receive(char* data, size_t size) override {
    while (size > 0) {
      ssize_t n = read(fds_[0], data, size);
      if (n <= 0) _exit(1);
      if (packets_) return;
      data += n;
      size -= static_cast<size_t>(n);
    }
  }

 private:
  bool packets_;
  int fds_[2];
};

class PosixQueueChannel : public Channel {
 public:
  explicit PosixQueueChannel(const char* name) : name_(std::string("/") + name) {
    mq_unlink(name_.c_str());
    mq_attr attributes{};
    attributes.mq_maxmsg = 10;
    attributes.mq_msgsize = 8192;
    queue_ = mq_open(name_.c_str(), O_CREAT | O_RDWR, 0600, &attributes);
  }
  ~PosixQueueChannel() override {
    mq_close(queue_);
    mq_unlink(name_.c_str());
  }
  void send(const char* data, size_t size) override { (void)mq_send(queue_, data, size, 0); }
  void receive(char* data, size_t) override { (void)mq_receive(queue_, data, 8192, nullptr); }

 private:
  std::string name_;
  mqd_t queue_;
};

class SystemVChannel : public Channel {
 public:
  SystemVChannel() : id_(msgget(IPC_PRIVATE, 0600)) {}
  ~SystemVChannel() override { msgctl(id_, IPC_RMID, nullptr); }
  void send(const char* data, size_t size) override {
    buffer_.resize(sizeof(long) + size);
    long type = 1;
    memcpy(buffer_.data(), &type, sizeof type);
    memcpy(buffer_.data() + sizeof type, data, size);
    (void)msgsnd(id_, buffer_.data(), size, 0);
  }
  void receive(char*, size_t size) override {
    buffer_.resize(sizeof(long) + size);
    (void)msgrcv(id_, buffer_.data(), size, 0, 0);
  }

 private:
  int id_;
  std::vector<char> buffer_;
};

#ifdef MISH_HAS_BOOST
class BoostChannel : public Channel {
 public:
  BoostChannel(const char* name, size_t size) : name_(name) {
    using namespace boost::interprocess;
    message_queue::remove(name);
    queue_ = std::make_unique<message_queue>(create_only, name, size > 65536 ? 8 : 256, size);
  }
  ~BoostChannel() override { boost::interprocess::message_queue::remove(name_.c_str()); }
  void send(const char* data, size_t size) override { queue_->send(data, size, 0); }
  void receive(char* data, size_t size) override {
    boost::interprocess::message_queue::size_type got = 0;
    unsigned priority = 0;
    queue_->receive(data, size, got, priority);
  }

 private:
  std::string name_;
  std::unique_ptr<boost::interprocess::message_queue> queue_;
};
#endif

#ifdef MISH_HAS_ZMQ
class ZmqChannel : public Channel {
 public:
  explicit ZmqChannel(const char* name) : address_(std::string("ipc:///tmp/") + name) {}
  ~ZmqChannel() override {
    if (socket_ != nullptr) zmq_close(socket_);
    if (context_ != nullptr) zmq_ctx_term(context_);
  }
  void connect(bool sends) override {  // after fork: it starts threads
    context_ = zmq_ctx_new();
    socket_ = zmq_socket(context_, ZMQ_PAIR);
    if (sends) {
      zmq_connect(socket_, address_.c_str());
    } else {
      zmq_bind(socket_, address_.c_str());
    }
  }
  void send(const char* data, size_t size) override { zmq_send(socket_, data, size, 0); }
  void receive(char* data, size_t size) override { zmq_recv(socket_, data, size, 0); }

 private:
  std::string address_;
  void* context_ = nullptr;
  void* socket_ = nullptr;
};
#endif

#ifdef MISH_HAS_NNG
class NngChannel : public Channel {
 public:
  explicit NngChannel(const char* name) : address_(std::string("ipc:///tmp/") + name + ".nng") {}
  ~NngChannel() override {
    if (is_open_) nng_close(socket_);
  }
  void connect(bool sends) override {
    nng_pair0_open(&socket_);
    is_open_ = true;
    nng_setopt_size(socket_, NNG_OPT_RECVMAXSZ, 0);
    if (sends) {
      nng_dial(socket_, address_.c_str(), nullptr, NNG_FLAG_NONBLOCK);
    } else {
      nng_listen(socket_, address_.c_str(), nullptr, 0);
    }
  }
  void send(const char* data, size_t size) override { nng_send(socket_, const_cast<char*>(data), size, 0); }
  void receive(char* data, size_t size) override { nng_recv(socket_, data, &size, 0); }

 private:
  std::string address_;
  nng_socket socket_{};
  bool is_open_ = false;
};
#endif

struct Mechanism {
  const char* name;
  std::function<std::unique_ptr<Channel>(const char* name, size_t size)> make;
  size_t largest = kLargest;
};

std::vector<Mechanism> mechanisms() {
  std::vector<Mechanism> all = {
      {"mbox", [](const char* n, size_t) { return std::make_unique<MailboxChannel>(n, Policy::Any); }},
      {"mbox pair", [](const char* n, size_t) { return std::make_unique<MailboxChannel>(n, Policy::Pair); }},
      {"pipe", [](const char*, size_t) { return std::make_unique<DescriptorChannel>(false); }},
      {"seqpacket", [](const char*, size_t) { return std::make_unique<DescriptorChannel>(true); }},
      {"POSIX mq", [](const char* n, size_t) { return std::make_unique<PosixQueueChannel>(n); }, 8192},
      {"SysV mq", [](const char*, size_t) { return std::make_unique<SystemVChannel>(); }, 8192},
  };
#ifdef MISH_HAS_BOOST
  all.push_back({"Boost", [](const char* n, size_t size) { return std::make_unique<BoostChannel>(n, size); }});
#endif
#ifdef MISH_HAS_ZMQ
  all.push_back({"ZeroMQ", [](const char* n, size_t) { return std::make_unique<ZmqChannel>(n); }});
#endif
#ifdef MISH_HAS_NNG
  all.push_back({"nng", [](const char* n, size_t) { return std::make_unique<NngChannel>(n); }});
#endif
  return all;
}

/// Nanoseconds a message one way, `count` messages of `size`.
double one_way(const Mechanism& mechanism, size_t size, long count) {
  auto channel = mechanism.make("mish-bench-a", size);
  std::vector<char> buffer(std::max<size_t>(size, 8192), 'x');
  pid_t child = fork();
  if (child == 0) {
    channel->connect(true);
    for (long i = 0; i < count; ++i) channel->send(buffer.data(), size);
    usleep(mechanism.name[0] == 'Z' || mechanism.name[0] == 'n' ? 300'000 : 0);  // their threads still send
    _exit(0);
  }
  channel->connect(false);
  channel->receive(buffer.data(), size);
  Deadline start = now_ns();
  for (long i = 1; i < count; ++i) channel->receive(buffer.data(), size);
  double result = static_cast<double>(now_ns() - start) / static_cast<double>(count - 1);
  waitpid(child, nullptr, 0);
  return result;
}

/// Nanoseconds there and back, 64 bytes.
double round_trip(const Mechanism& mechanism, long count) {
  auto there = mechanism.make("mish-bench-a", 64), back = mechanism.make("mish-bench-b", 64);
  std::vector<char> buffer(8192, 'x');
  pid_t child = fork();
  if (child == 0) {
    there->connect(false);
    back->connect(true);
    for (long i = 0; i < count; ++i) {
      there->receive(buffer.data(), 64);
      back->send(buffer.data(), 64);
    }
    usleep(mechanism.name[0] == 'Z' || mechanism.name[0] == 'n' ? 300'000 : 0);
    _exit(0);
  }
  there->connect(true);
  back->connect(false);
  there->send(buffer.data(), 64);
  back->receive(buffer.data(), 64);
  Deadline start = now_ns();
  for (long i = 1; i < count; ++i) {
    there->send(buffer.data(), 64);
    back->receive(buffer.data(), 64);
  }
  double result = static_cast<double>(now_ns() - start) / static_cast<double>(count - 1);
  waitpid(child, nullptr, 0);
  return result;
}

/// Runs a measurement in a process of its own, as some opponents cannot be used on both sides of a fork. Negative when
/// it did not end within a minute.
template <typename Measurement>
double isolated(Measurement measurement) {
  int fds[2];
  if (pipe(fds) != 0) return -1;
  pid_t child = fork();
  if (child == 0) {
    alarm(60);
    double result = measurement();
    (void)!write(fds[1], &result, sizeof result);
    _exit(0);
  }
  close(fds[1]);
  double result = -1;
  if (read(fds[0], &result, sizeof result) != sizeof result) result = -1;
  close(fds[0]);
  waitpid(child, nullptr, 0);
  return result;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void show(const std::string& text) {
  fputs(text.c_str(), stdout);
  fflush(stdout);
}

int run(double seconds) {
  constexpr size_t kSizes[] = {64, 4096, 65536, kLargest};
  constexpr int kRuns = 3;
  auto all = mechanisms();
  struct Row {
    std::vector<double> round, way[4];
  };
  std::vector<Row> rows(all.size());
  for (int r = 0; r < kRuns; ++r) {
    for (size_t m = 0; m < all.size(); ++m) {
      rows[m].round.push_back(isolated([&] { return round_trip(all[m], static_cast<long>(100'000 * seconds)); }));
      for (size_t s = 0; s < std::size(kSizes); ++s) {
        if (kSizes[s] > all[m].largest) continue;
        double bytes = 1.5e9 * seconds;
        long count =
            std::min(static_cast<long>(1e6 * seconds), static_cast<long>(bytes / static_cast<double>(kSizes[s])));
        rows[m].way[s].push_back(isolated([&] { return one_way(all[m], kSizes[s], std::max(count, 20L)); }));
      }
    }
  }
  show(fmt::format("{:<10} {:>14} {:>16} {:>16} {:>16} {:>16}\n", "", "round trip", "one way 64 B", "4 KiB", "64 KiB",
                   "1 MiB"));
  for (size_t m = 0; m < all.size(); ++m) {
    double base = median(rows[0].round);
    show(fmt::format("{:<10} {:>7.2f} us {:>3.1f}x", all[m].name, median(rows[m].round) / 1e3,
                     median(rows[m].round) / base));
    for (size_t s = 0; s < std::size(kSizes); ++s) {
      if (rows[m].way[s].empty()) {
        show(fmt::format(" {:>16}", "-"));
        continue;
      }
      double ns = median(rows[m].way[s]);
      double ratio = ns / median(rows[0].way[s]);
      if (s == 0) {
        show(fmt::format(" {:>6.2f} M/s {:>4.1f}x", 1e3 / ns, ratio));
      } else {
        show(fmt::format(" {:>5.2f} GB/s {:>4.1f}x", static_cast<double>(kSizes[s]) / ns, ratio));
      }
    }
    show(fmt::format("\n"));
  }
  ObjectName name = *ObjectName::parse("mish-bench-c");
  Deadline start = now_ns();
  constexpr int kCreations = 2000;
  for (int i = 0; i < kCreations; ++i) {
    auto box = Mailbox::create(name, {});
    if (box) (void)box->remove();
  }
  show(fmt::format("\ncreate and remove a mailbox: {:.1f} us\n",
                   static_cast<double>(now_ns() - start) / kCreations / 1e3));
  return 0;
}

}  // namespace
}  // namespace mish::ipc

int main(int argc, char** argv) { return mish::ipc::run(argc > 1 ? atof(argv[1]) : 1.0); }
