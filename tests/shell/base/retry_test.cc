// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/retry.h"

#include <gtest/gtest.h>

namespace mish {
namespace {

TEST(RetryInterrupted, CallsAgainAfterEintrOnly) {
  int calls = 0;
  EXPECT_EQ(retry_interrupted([&] {
              errno = EINTR;
              return ++calls < 3 ? -1 : 7;
            }),
            7);
  EXPECT_EQ(calls, 3);
}

TEST(RetryInterrupted, OtherErrorsAreTheCallers) {
  int calls = 0;
  EXPECT_EQ(retry_interrupted([&] {
              ++calls;
              errno = EIO;
              return -1;
            }),
            -1);
  EXPECT_EQ(errno, EIO);
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace mish
