// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/inline_vector.h"

#include <gtest/gtest.h>

#include <vector>

namespace mish {
namespace {

TEST(InlineVector, KeepsItsItemsWhenItOutgrowsTheObject) {
  InlineVector<int, 2> list;
  EXPECT_TRUE(list.empty());
  for (int i = 0; i < 100; ++i) list.push_back(i);
  ASSERT_EQ(list.size(), 100u);
  EXPECT_EQ(list.front(), 0);
  EXPECT_EQ(list.back(), 99);
  int expected = 0;
  for (int item : list) EXPECT_EQ(item, expected++);
  EXPECT_EQ(list.span().size(), 100u);
  EXPECT_EQ(list.span()[57], 57);
}

TEST(InlineVector, TakesAnItemOfItsOwn) {
  InlineVector<int, 1> list;
  list.push_back(7);
  for (int i = 0; i < 5; ++i) list.push_back(list.front());
  EXPECT_EQ(std::vector<int>(list.begin(), list.end()), std::vector<int>(6, 7));
}

TEST(InlineVector, IsUsedAgainAfterClear) {
  InlineVector<int, 2> list;
  for (int i = 0; i < 5; ++i) list.push_back(i);
  list.clear();
  EXPECT_TRUE(list.empty());
  list.push_back(42);
  EXPECT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0], 42);
}

}  // namespace
}  // namespace mish
