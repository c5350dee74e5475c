// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/status_ring.h"

#include <gtest/gtest.h>

namespace mish::process {
namespace {

TEST(StatusRing, AStatusIsTakenOutOnce) {
  StatusRing ring(2, 4);
  EXPECT_EQ(ring.take(7), std::nullopt);
  ring.insert(7, 0);
  ring.insert(4194303, 255);
  EXPECT_EQ(ring.take(7), 0);
  EXPECT_EQ(ring.take(7), std::nullopt);
  EXPECT_EQ(ring.take(4194303), 255);
}

TEST(StatusRing, TheOldestIsGivenUp) {
  StatusRing ring(2, 4);
  for (int i = 1; i <= 5; ++i) ring.insert(i, i);
  EXPECT_EQ(ring.take(1), std::nullopt);
  for (int i = 2; i <= 5; ++i) EXPECT_EQ(ring.take(i), i);
}

TEST(StatusRing, OfANumberUsedTwiceTheNewestCounts) {
  StatusRing ring(4, 4);
  for (int i = 1; i <= 3; ++i) ring.insert(i, 0);
  ring.insert(9, 1);
  ring.insert(9, 2);  // around the end
  EXPECT_EQ(ring.take(9), 2);
  EXPECT_EQ(ring.take(9), std::nullopt);
}

TEST(StatusRing, ClearingForgetsAll) {
  StatusRing ring(4, 4);
  for (int i = 1; i <= 6; ++i) ring.insert(i, 0);
  ring.clear();
  for (int i = 1; i <= 6; ++i) EXPECT_EQ(ring.take(i), std::nullopt);
}

}  // namespace
}  // namespace mish::process
