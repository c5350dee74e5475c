// SPDX-License-Identifier: GPL-3.0-or-later
// Mailboxes in bad company: garbled and truncated files, a full file system, no descriptors left. The right status, no
// crash, nothing lost.
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <fstream>
#include <random>

#include "ipc/mailbox_layout.h"
#include "tests/ipc/mailbox_fixture.h"

namespace mish::ipc {
namespace {

using namespace layout;

constexpr ReceiveOptions kReceiveNow{.deadline = kNoWait};

class FaultTest : public MailboxTest {
 protected:
  std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }
};

TEST_F(FaultTest, GarbledObjectsNeverCrash) {
  long rounds = getenv("MISH_GARBLES") != nullptr ? atol(getenv("MISH_GARBLES")) : 3000;
  {
    Mailbox box = make("a", {.capacity = 100, .bytes = 1u << 20, .keep = true});
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(box.send(std::string(static_cast<size_t>(i) * 500, 'x')));
  }
  std::ifstream in(file("a"), std::ios::binary);
  std::string image((std::istreambuf_iterator<char>(in)), {});
  in.close();
  // In children, a batch each: a crash or a hang is theirs.
  long batch = 500;
  long start = getenv("MISH_GARBLE_FROM") != nullptr ? atol(getenv("MISH_GARBLE_FROM")) : 0;
  for (long first = start; first < start + rounds; first += batch) {
    Child child([&] {
      alarm(40);
      std::minstd_rand random(static_cast<unsigned>(first) + 1);
      for (long i = 0; i < batch; ++i) {
        std::string copy = image;
        int changes = 1 + static_cast<int>(random() % 8);
        for (int c = 0; c < changes; ++c) {
          // Mostly the header behind the fixed part, the participants and the slots; sometimes anywhere.
          size_t range = random() % 4 == 0 ? copy.size() : sizeof(Header);
          size_t at = random() % range & ~size_t{7};
          uint64_t value = random() % 3 == 0 ? ~uint64_t{0} : random() * uint64_t{0x100000001} >> (random() % 64);
          // A lock word that names a living process is a lock that is held: waiting for it is right. Leave those alone.
          bool is_lock = at == offsetof(Header, tail_lock) || at == offsetof(Header, head_lock);
          if (!is_lock) memcpy(copy.data() + at, &value, sizeof value);
        }
        int fd = ::open(file("b").c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
        if (write(fd, copy.data(), copy.size()) != static_cast<ssize_t>(copy.size())) return 2;
        ::close(fd);
        auto box = Mailbox::open(named("b"), where());
        if (!box) continue;
        Message message;
        (void)box->send("hello", {.deadline = kNoWait});
        (void)box->send(std::string(10000, 'y'), {.deadline = kNoWait});
        for (int n = 0; n < 30 && box->receive(message, kReceiveNow); ++n) {
        }
        (void)box->receive(message, {.last = true, .lease = true, .deadline = kNoWait});
        (void)box->stat();
        (void)box->repair();
        (void)box->flush();
      }
      return 0;
    });
    ASSERT_EQ(child.wait(), 0) << "batch " << first;
  }
}

TEST_F(FaultTest, TruncationUnderOurFeetIsDamageNotDeath) {
  for (off_t length : {off_t{0}, off_t{4096}, off_t{40000}}) {
    Child child([&] {
      Mailbox box = make("a");
      if (!box.send(std::string(200000, 'x'))) return 1;
      if (truncate(file("a").c_str(), length) != 0) return 2;
      Message message;
      Status received = box.receive(message, kReceiveNow).status();
      Status sent = box.send(std::string(5000, 'y'), {.deadline = kNoWait}).status();
      (void)box.repair();
      return received == Status::Damaged && sent == Status::Damaged ? 0 : 3;
    });
    EXPECT_EQ(child.wait(), 0) << length;
    EXPECT_EQ(Mailbox::open(named("a"), where()).status(), Status::Damaged);
    ASSERT_TRUE(Mailbox::remove(named("a"), where()));
  }
}

TEST_F(FaultTest, OtherVersionIsRefused) {
  { Mailbox box = make("a", {.keep = true}); }
  int fd = ::open(file("a").c_str(), O_WRONLY);
  uint32_t version = kVersion + 1;
  ASSERT_EQ(pwrite(fd, &version, sizeof version, offsetof(Geometry, version)), 4);
  ::close(fd);
  EXPECT_EQ(Mailbox::open(named("a"), where()).status(), Status::Damaged);
}

TEST_F(FaultTest, DirectoryOfSomebodyElseIsRefused) {
  std::string path = path_ + "/theirs";
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  ASSERT_EQ(chmod(path.c_str(), 0777), 0);
  EXPECT_EQ(ObjectDirectory::at(path, geteuid()).status(), Status::NotPermitted);
  ASSERT_EQ(symlink(path_.c_str(), (path_ + "/link").c_str()), 0);
  EXPECT_EQ(ObjectDirectory::at(path_ + "/link", geteuid()).status(), Status::NotPermitted);
}

bool write_line(const char* path, const std::string& line) {
  std::ofstream file(path);
  return static_cast<bool>(file << line << std::flush);
}

/// Mounts of one's own: for root in a namespace of mounts, for others in one of users, too, where they stay themselves.
bool leave_mounts() {
  if (unshare(CLONE_NEWNS) == 0) return true;
  const std::string user = fmt::format("{0} {0} 1", geteuid()), group = fmt::format("{0} {0} 1", getegid());
  return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && write_line("/proc/self/setgroups", "deny") &&
         write_line("/proc/self/uid_map", user) && write_line("/proc/self/gid_map", group);
}

/// Runs `body(directory)` in a child with a file system of `size` bytes of its own; skips where that is not permitted.
template <typename Body>
int with_small_file_system(const std::string& path, const char* size, Body body) {
  Child child([&] {
    if (!leave_mounts()) return 77;
    (void)mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    std::string options = std::string("mode=0700,size=") + size;
    if (mount("tmpfs", path.c_str(), "tmpfs", 0, options.c_str()) != 0) return 77;
    auto where = ObjectDirectory::at(path, geteuid());
    return where ? body(*where) : 76;
  });
  return child.wait();
}

TEST_F(FaultTest, FullFileSystemIsAStatusAndLosesNothing) {
  std::string path = path_ + "/small";
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  int result = with_small_file_system(path, "512k", [&](const ObjectDirectory& where) {
    auto box = Mailbox::create(*ObjectName::parse("a"), {.capacity = kUnbounded, .bytes = 64u << 20}, where);
    if (!box) return 1;
    std::string body(30000, 'z');
    int sent = 0;
    auto last = box->send(body, {.deadline = kNoWait});
    for (; last; ++sent) last = box->send(body, {.deadline = kNoWait});
    if (last.status() != Status::TooBig || last.error().sentence.find("no space left") == std::string::npos) return 2;
    Message message;
    for (int i = 0; i < sent; ++i) {
      if (!box->receive(message, kReceiveNow) || message.text() != body) return 3;
    }
    if (!box->send(body, {.deadline = kNoWait})) return 4;
    std::string rest(400 * 1024, 'r');
    int fd = openat(where.fd(), "filler", O_CREAT | O_WRONLY, 0600);
    while (write(fd, rest.data(), 4096) > 0) {
    }
    return Mailbox::create(*ObjectName::parse("b"), {}, where).status() == Status::TooBig ? 0 : 5;
  });
  if (result == 77) GTEST_SKIP() << "no file system of one's own here";
  EXPECT_EQ(result, 0);
}

TEST_F(FaultTest, WithoutDescriptorsOpeningFailsCleanly) {
  Mailbox box = make("a");
  Child child([&] {
    rlimit limit{20, 20};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
    while (dup(0) >= 0) {
    }
    if (Mailbox::open(named("a"), where()).ok()) return 2;
    return box.send("the old handle works") ? 0 : 3;
  });
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(FaultTest, SignalsAtEverySystemCallChangeNothing) {
  Mailbox box = make("a", {.capacity = 2});
  struct sigaction action {};
  action.sa_handler = [](int) {};
  Child sender([&] {
    sigaction(SIGALRM, &action, nullptr);
    itimerval every{{0, 50}, {0, 50}};
    setitimer(ITIMER_REAL, &every, nullptr);
    for (int i = 0; i < 2000; ++i) {
      if (!box.send(std::to_string(i))) return 1;
    }
    return 0;
  });
  sigaction(SIGALRM, &action, nullptr);
  itimerval every{{0, 70}, {0, 70}};
  setitimer(ITIMER_REAL, &every, nullptr);
  Message message;
  bool all = true;
  for (int i = 0; i < 2000 && all; ++i) all = box.receive(message).ok() && message.text() == std::to_string(i);
  itimerval never{};
  setitimer(ITIMER_REAL, &never, nullptr);
  EXPECT_TRUE(all);
  EXPECT_EQ(sender.wait(), 0);
}

}  // namespace
}  // namespace mish::ipc
