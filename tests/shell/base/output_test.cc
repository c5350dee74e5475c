// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/output.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "shell/base/fd.h"

namespace mish {
namespace {

TEST(Output, CollectsInMemory) {
  std::string memory;
  Output out(memory);
  out.write("n=");
  out.write_integer(INT64_MIN);
  out.put('\n');
  out.print("{}-{}", 1, "two");
  EXPECT_TRUE(out.flush());
  EXPECT_EQ(memory, "n=-9223372036854775808\n1-two");
}

TEST(Output, TextLargerThanTheBufferKeepsOrder) {
  std::string memory;
  Output out(memory);
  std::string big(100000, 'x');
  out.write("a");
  out.write(big);
  out.write("b");
  out.flush();
  EXPECT_EQ(memory, "a" + big + "b");
}

TEST(Output, HoldsThousandsOfBytesBeforeItWrites) {
  std::string memory;
  Output out(memory);
  std::string expected;
  for (char c : {'a', 'b', 'c', 'd', 'e'}) {
    std::string piece(700, c);
    out.write(piece);
    out.put('\n');
    expected += piece + '\n';
  }
  EXPECT_EQ(memory, "");
  EXPECT_EQ(out.pending(), expected);
  out.flush();
  EXPECT_EQ(memory, expected);
}

TEST(Output, RemembersTheFirstError) {
  UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  Output out(full.get());
  out.write("x");
  EXPECT_FALSE(out.flush());
  EXPECT_EQ(out.error(), ENOSPC);
  out.clear_error();
  EXPECT_TRUE(out.flush());
}

TEST(Output, RedirectingFlushesToTheOldTarget) {
  std::string first, second;
  Output out(first);
  out.write("one");
  out.redirect_to_memory(&second);
  out.write("two");
  out.flush();
  EXPECT_EQ(first, "one");
  EXPECT_EQ(second, "two");
}

TEST(Output, DiscardDropsWhatIsPending) {
  std::string memory;
  Output out(memory);
  out.write("lost");
  EXPECT_TRUE(out.has_pending());
  out.discard();
  out.flush();
  EXPECT_EQ(memory, "");
}

}  // namespace
}  // namespace mish
