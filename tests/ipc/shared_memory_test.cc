// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/shared_memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/ipc/support.h"

namespace mish::ipc {
namespace {

using testing::run_peer;
using testing::unique_key;
using testing::unique_name;

/// A POSIX segment that is gone when the test ends.
class SharedMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    name_ = *posix_name(unique_name("shm"));
    Outcome<SharedMemory> made = SharedMemory::create(name_, 4096, {});
    ASSERT_TRUE(made.ok()) << made.error().sentence;
    shm_ = std::move(*made);
  }
  void TearDown() override { (void)SharedMemory::remove(name_); }
  KernelName name_;
  SharedMemory shm_;
};

TEST_F(SharedMemoryTest, CreatesWithModeOfOwnerOnly) {
  Outcome<SegmentInfo> info = shm_.stat();
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->size, 4096u);
  EXPECT_EQ(info->mode, 0600u);
  EXPECT_GE(info->resident, 4096u);  // set aside, so that a later write cannot fail
}

TEST_F(SharedMemoryTest, SecondCreateSaysExists) {
  EXPECT_EQ(SharedMemory::create(name_, 4096, {}).status(), Status::Exists);
  EXPECT_EQ(SharedMemory::create(name_, 4096, {.mode = {}, .may_exist = true}).status(), Status::Done);
}

TEST_F(SharedMemoryTest, AppendsWhereTheTextEnds) {
  EXPECT_EQ(*shm_.append("Hello "), 6u);
  EXPECT_EQ(*shm_.append("World!"), 12u);
  EXPECT_EQ(*shm_.text(), "Hello World!");
}

TEST_F(SharedMemoryTest, CProgramReadsWhatWasAppended) {
  ASSERT_TRUE(shm_.append("Hello ").ok());
  ASSERT_TRUE(shm_.append("World!").ok());
  EXPECT_EQ(run_peer("shm_consumer " + name_.posix_path()), "Hello World!");
}

TEST_F(SharedMemoryTest, ReadsWhatACProgramWrote) {
  KernelName other = *posix_name(unique_name("producer"));
  EXPECT_EQ(run_peer("shm_producer " + other.posix_path()), "");
  Outcome<SharedMemory> opened = SharedMemory::open(other, SharedMemory::Access::ReadOnly);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(*opened->text(), "Hello World!");
  EXPECT_TRUE(SharedMemory::remove(other).ok());
  EXPECT_EQ(SharedMemory::open(other, SharedMemory::Access::ReadOnly).status(), Status::NoObject);
}

TEST_F(SharedMemoryTest, ReadsAndWritesAnyBytesAtOffsets) {
  ASSERT_TRUE(shm_.write(4090, std::string_view("a\0b\0cd", 6)).ok());
  std::string out;
  ASSERT_TRUE(shm_.read(4090, 100, out).ok());
  EXPECT_EQ(out, std::string("a\0b\0cd", 6));
  EXPECT_EQ(shm_.write(4091, "123456").status(), Status::TooBig);
  EXPECT_EQ(shm_.read(4097, 1, out).status(), Status::Usage);
}

TEST_F(SharedMemoryTest, CellsAreTyped) {
  ASSERT_TRUE(shm_.store(64, *parse_scalar(ScalarType::U32, "4000000000")).ok());
  EXPECT_EQ(scalar_text(*shm_.load(64, ScalarType::U32)), "4000000000");
  EXPECT_EQ(scalar_text(*shm_.load(64, ScalarType::I32)), "-294967296");
  ASSERT_TRUE(shm_.store(72, *parse_scalar(ScalarType::F64, "2.5")).ok());
  EXPECT_EQ(scalar_text(*shm_.load(72, ScalarType::F64)), "2.5");
  EXPECT_EQ(parse_scalar(ScalarType::U8, "256").status(), Status::Usage);
  EXPECT_EQ(shm_.add(65, *parse_scalar(ScalarType::U32, "1")).status(), Status::Usage);
}

TEST_F(SharedMemoryTest, AddIsAtomicAmongProcesses) {
  constexpr int kChildren = 4;
  constexpr int kTimes = 5000;
  pid_t children[kChildren];
  for (pid_t& child : children) {
    child = fork();
    if (child != 0) continue;
    Outcome<SharedMemory> mine = SharedMemory::open(name_, SharedMemory::Access::ReadWrite);
    for (int i = 0; i < kTimes; ++i) (void)mine->add(8, Scalar{ScalarType::I64, 1});
    _exit(0);
  }
  for (pid_t child : children) waitpid(child, nullptr, 0);
  EXPECT_EQ(scalar_text(*shm_.load(8, ScalarType::I64)), "20000");
}

TEST_F(SharedMemoryTest, CompareAndSwapTellsWhatItFound) {
  Scalar zero{ScalarType::I32, 0};
  Scalar seven{ScalarType::I32, 7};
  EXPECT_EQ(scalar_text(*shm_.exchange(0, zero, seven)), "0");
  EXPECT_EQ(scalar_text(*shm_.exchange(0, zero, seven)), "7");
}

TEST_F(SharedMemoryTest, TruncationByAnotherIsDamageNotDeath) {
  ASSERT_TRUE(shm_.load(2048, ScalarType::U8).ok());  // mapped now
  int fd = shm_open(name_.posix_path().c_str(), O_RDWR, 0);
  ASSERT_EQ(ftruncate(fd, 0), 0);
  EXPECT_FALSE(shm_.load(2048, ScalarType::U8).ok());
  EXPECT_EQ(*shm_.text(), "");
  close(fd);
}

TEST_F(SharedMemoryTest, LockExcludesAndDiesWithItsHolder) {
  pid_t holder = fork();
  if (holder == 0) {
    Outcome<UniqueFd> held = shm_.lock(Wait::forever());
    (void)shm_.store(0, Scalar{ScalarType::U8, 1});
    pause();
    _exit(0);
  }
  while (scalar_text(*shm_.load(0, ScalarType::U8)) != "1") sched_yield();
  EXPECT_EQ(shm_.lock(Wait::none()).status(), Status::WouldBlock);
  EXPECT_EQ(shm_.lock(Wait::for_ns(30'000'000)).status(), Status::TimedOut);
  kill(holder, SIGKILL);
  EXPECT_TRUE(shm_.lock(Wait::for_ns(5'000'000'000)).ok());
  waitpid(holder, nullptr, 0);
}

TEST_F(SharedMemoryTest, ResizeKeepsContents) {
  ASSERT_TRUE(shm_.append("kept").ok());
  ASSERT_TRUE(shm_.resize(1 << 20).ok());
  EXPECT_EQ(*shm_.text(), "kept");
  EXPECT_EQ(*shm_.size(), 1u << 20);
}

TEST(SharedMemory, WithoutRoomSaysSizesAndLeavesNothing) {
  KernelName name = *posix_name(unique_name("big"));
  Outcome<SharedMemory> made = SharedMemory::create(name, uint64_t{1} << 50, {});
  EXPECT_EQ(made.status(), Status::TooBig);
  EXPECT_NE(made.error().sentence.find("bytes wanted"), std::string::npos);
  EXPECT_EQ(SharedMemory::open(name, SharedMemory::Access::ReadOnly).status(), Status::NoObject);
}

TEST(SharedMemory, SystemVSegmentIsSharedWithACProgram) {
  std::string key = unique_key();
  KernelName name = *sysv_key(key);
  Outcome<SharedMemory> made = SharedMemory::create(name, 4096, {});
  ASSERT_TRUE(made.ok()) << made.error().sentence;
  ASSERT_TRUE(made->store(0, *parse_scalar(ScalarType::I32, "41")).ok());
  EXPECT_EQ(run_peer("sysv_counter " + key + " 42"), "41\n");
  EXPECT_EQ(scalar_text(*made->load(0, ScalarType::I32)), "42");
  EXPECT_EQ(made->stat()->attached, 0);
  EXPECT_TRUE(SharedMemory::remove(name).ok());
  EXPECT_EQ(SharedMemory::open(name, SharedMemory::Access::ReadOnly).status(), Status::NoObject);
}

TEST(SharedMemory, MappedFileIsASegment) {
  std::string path = ::testing::TempDir() + unique_name("file");
  std::ofstream(path) << "0123456789";
  KernelName name = *posix_name(unique_name("map"));
  ASSERT_TRUE(SharedMemory::map_file(name, path, std::nullopt).ok());
  Outcome<SharedMemory> shm = SharedMemory::open(name, SharedMemory::Access::ReadWrite);
  ASSERT_TRUE(shm.ok());
  ASSERT_TRUE(shm->write(2, "xy").ok());
  ASSERT_TRUE(shm->store(0, *parse_scalar(ScalarType::Char, "z")).ok());
  std::string text;
  std::ifstream(path) >> text;
  EXPECT_EQ(text, "z1xy456789");
  EXPECT_EQ(SharedMemory::create(name, 10, {}).status(), Status::Exists);
  EXPECT_TRUE(SharedMemory::remove(name).ok());
  EXPECT_EQ(access(path.c_str(), F_OK), 0);  // the file stays
  unlink(path.c_str());
}

TEST(SharedMemory, ListNamesEverySegment) {
  KernelName name = *posix_name(unique_name("listed"));
  ASSERT_TRUE(SharedMemory::create(name, 100, {.mode = mode_t{0640}, .may_exist = false}).ok());
  bool found = false;
  for (const SegmentInfo& info : SharedMemory::list()) {
    if (info.name.name == name.name) found = info.size == 100 && info.mode == 0640;
  }
  EXPECT_TRUE(found);
  (void)SharedMemory::remove(name);
}

TEST(KernelName, RefusesWhatTheKernelWould) {
  EXPECT_EQ(posix_name("/OS")->name, "OS");
  EXPECT_EQ(posix_name("a/b").status(), Status::Usage);
  EXPECT_EQ(posix_name("..").status(), Status::Usage);
  EXPECT_EQ(posix_name("").status(), Status::Usage);
  EXPECT_EQ(parse_kernel_name("key:0x1234")->key, 0x1234);
  EXPECT_EQ(parse_kernel_name("id:7")->id, 7);
  EXPECT_EQ(parse_kernel_name("key:x").status(), Status::Usage);
}

TEST(KernelName, SizesAndDurations) {
  EXPECT_EQ(*parse_size("64K"), 65536u);
  EXPECT_EQ(*parse_size("1MiB"), 1048576u);
  EXPECT_EQ(*parse_size("0x10"), 16u);
  EXPECT_EQ(parse_size("-1").status(), Status::Usage);
  EXPECT_EQ(parse_size("99999999T").status(), Status::Usage);
  EXPECT_EQ(*parse_duration("1.5s"), 1'500'000'000);
  EXPECT_EQ(*parse_duration("200ms"), 200'000'000);
  EXPECT_EQ(parse_duration("soon").status(), Status::Usage);
  EXPECT_EQ(size_text(24ull << 30), "24G");
}

}  // namespace
}  // namespace mish::ipc
