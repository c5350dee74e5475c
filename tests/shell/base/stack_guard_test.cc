// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/stack_guard.h"

#include <gtest/gtest.h>

namespace mish {
namespace {

[[gnu::noinline]] int depth_until_low(int depth) {
  volatile char frame[512];
  frame[0] = static_cast<char>(depth);
  if (stack_is_low() || depth > 10000000) return depth;
  int result = depth_until_low(depth + 1);
  frame[1] = frame[0];
  return result;
}

TEST(StackGuard, EndsRecursionBeforeTheStackDoes) {
  StackGuard::initialise();
  EXPECT_FALSE(stack_is_low());
  int depth = depth_until_low(0);
  EXPECT_GT(depth, 100);
  EXPECT_LT(depth, 10000000);
  EXPECT_FALSE(stack_is_low());
}

TEST(StackGuard, CanBeLimitedForTests) {
  StackGuard::limit_to(64 * 1024);
  EXPECT_LT(depth_until_low(0), 256);
  StackGuard::initialise();
}

}  // namespace
}  // namespace mish
