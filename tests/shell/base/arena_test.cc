// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/arena.h"

#include <gtest/gtest.h>

namespace mish {
namespace {

TEST(Arena, CopyIsNulTerminated) {
  Arena arena;
  std::string_view copy = arena.copy("abc");
  EXPECT_EQ(copy, "abc");
  EXPECT_EQ(copy.data()[3], '\0');
}

TEST(Arena, ReleaseReusesTheMemory) {
  Arena arena;
  arena.allocate(16);
  Arena::Mark mark = arena.mark();
  void* first = arena.allocate(64);
  arena.release(mark);
  EXPECT_EQ(arena.allocate(64), first);
}

TEST(Arena, ReleaseAcrossBlocksKeepsEarlierObjects) {
  Arena arena(64);
  std::string_view kept = arena.copy("kept");
  {
    ArenaScope scope(arena);
    for (int i = 0; i < 1000; ++i) arena.allocate(100);
  }
  EXPECT_EQ(kept, "kept");
  EXPECT_EQ(arena.copy("next"), "next");
}

TEST(Arena, AnObjectLargerThanABlockFits) {
  Arena arena(64);
  std::string big(1 << 20, 'x');
  EXPECT_EQ(arena.copy(big), big);
}

}  // namespace
}  // namespace mish
