// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/value.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace mish::state {
namespace {

TEST(Value, IntegerBecomesTextWhenAsked) {
  Value value;
  value.set_integer(-42);
  EXPECT_EQ(value.text(), "-42");
  EXPECT_EQ(value.plain_integer(), -42);
}

TEST(Value, OnlyCanonicalDecimalsAreIntegers) {
  Value value;
  value.set_text("17");
  EXPECT_EQ(value.plain_integer(), 17);
  for (const char* text : {"010", "-0", "+1", "", " 1", "1x", "99999999999999999999"}) {
    value.set_text(text);
    EXPECT_EQ(value.plain_integer(), std::nullopt) << text;
    EXPECT_EQ(value.text(), text);
  }
  value.set_text("0");
  EXPECT_EQ(value.plain_integer(), 0);
}

TEST(Value, AppendTurnsIntegerIntoText) {
  Value value;
  value.set_integer(12);
  value.append_text("3a");
  EXPECT_EQ(value.text(), "123a");
}

TEST(Value, ScalarBecomesElementZero) {
  Value value;
  value.set_text("x");
  value.make_indexed().set(3, "y");
  EXPECT_EQ(value.text(), "x");
  EXPECT_EQ(value.indexed()->count(), 2u);
  Value copy = value;
  copy.indexed()->set(0, "z");
  EXPECT_EQ(value.text(), "x");
}

TEST(IndexedArray, TurnsSparseAndStaysOrdered) {
  IndexedArray array;
  array.set(1'000'000'000, "far");
  array.set(2, "two");
  array.set(0, "zero");
  EXPECT_EQ(array.count(), 3u);
  EXPECT_EQ(array.end_index(), 1'000'000'001);
  std::string seen;
  for (auto it = array.first(); it.valid(); it.next()) seen += std::to_string(it.index()) + "=" + it.value() + " ";
  EXPECT_EQ(seen, "0=zero 2=two 1000000000=far ");
  array.erase(1'000'000'000);
  EXPECT_EQ(array.end_index(), 3);
  EXPECT_EQ(array.find(1'000'000'000), nullptr);
}

TEST(IndexedArray, FilledDownwardsInLinearTime) {
  IndexedArray array;
  constexpr int64_t kSize = 1'000'000;  // hours when each new first element moves all others
  for (int64_t i = kSize; i > 0; --i) array.set(10 * i, "x");
  array.set(15, "between");
  array.erase(10);
  array.set(3, "first");
  EXPECT_EQ(array.count(), static_cast<size_t>(kSize + 1));
  EXPECT_EQ(array.end_index(), 10 * kSize + 1);
  auto it = array.first();
  EXPECT_EQ(it.index(), 3);
  it.next();
  EXPECT_EQ(it.index(), 15);
  EXPECT_EQ(it.value(), "between");
  EXPECT_EQ(array.from(16).index(), 20);
  EXPECT_EQ(array.find(10), nullptr);
  IndexedArray copy = array;
  copy.set(1, "y");
  EXPECT_EQ(copy.first().index(), 1);
  EXPECT_EQ(array.first().index(), 3);
}

TEST(IndexedArray, FilledInAnyOrder) {
  IndexedArray array;
  constexpr int64_t kSize = 300'000;  // minutes when each new element moves those behind it
  for (int64_t i = 0; i < kSize; ++i) array.set((i * 7'919) % kSize * 1'000, "x");
  EXPECT_EQ(array.count(), static_cast<size_t>(kSize));
  int64_t expected = 0;
  for (auto it = array.first(); it.valid(); it.next(), expected += 1'000) ASSERT_EQ(it.index(), expected);
  for (int64_t i = 0; i < kSize; ++i) array.erase(i * 1'000);
  EXPECT_EQ(array.count(), 0u);
  EXPECT_EQ(array.end_index(), 0);
}

TEST(IndexedArray, QueueFindsItsHeadAtOnce) {
  IndexedArray array;
  constexpr int64_t kSize = 300'000;  // a minute when the head is looked for from 0
  for (int64_t i = 0; i < kSize; ++i) array.set(i, "x");
  for (int64_t i = 0; i < kSize; ++i) {
    ASSERT_EQ(array.first().index(), i);
    array.erase(i);
  }
  EXPECT_FALSE(array.first().valid());
  array.set(7, "again");
  EXPECT_EQ(array.first().index(), 7);
  array.set(2, "before");
  EXPECT_EQ(array.first().index(), 2);
  EXPECT_EQ(array.end_index(), 8);
}

TEST(IndexedArray, HolesAreSkipped) {
  IndexedArray array;
  for (int i = 0; i < 6; ++i) array.set(i, std::to_string(i));
  array.erase(0);
  array.erase(3);
  array.erase(5);
  EXPECT_EQ(array.end_index(), 5);
  EXPECT_EQ(array.first().index(), 1);
  EXPECT_EQ(array.from(3).index(), 4);
  EXPECT_FALSE(array.from(5).valid());
  EXPECT_EQ(array.count(), 3u);
}

TEST(AssociativeArray, IsListedInTheOrderOfBash) {
  AssociativeArray array;
  for (std::string_view key : {"xx", "yy", "zz", "aa", "bb"}) array.set(key, "");
  std::string keys;
  for (const auto* entry : array.listed()) keys += entry->key + ' ';
  EXPECT_EQ(keys, "aa xx zz bb yy ");
}

TEST(AssociativeArray, KeepsItsElementsThroughErasures) {
  AssociativeArray array;
  for (int i = 0; i < 1000; ++i) array.set("k" + std::to_string(i), std::to_string(i));
  for (int i = 0; i < 1000; ++i) {
    if (i % 3 != 0) array.erase("k" + std::to_string(i));
  }
  for (int i = 1000; i < 2000; ++i) array.set("k" + std::to_string(i), std::to_string(i));
  EXPECT_EQ(array.count(), 334u + 1000u);
  ASSERT_NE(array.find("k999"), nullptr);
  EXPECT_EQ(*array.find("k999"), "999");
  EXPECT_EQ(array.find("k998"), nullptr);
  std::set<int> values;
  for (const auto* entry : array.listed()) values.insert(std::stoi(entry->value));
  EXPECT_EQ(values.size(), array.count());
  EXPECT_EQ(*values.begin(), 0);
  EXPECT_EQ(*values.rbegin(), 1999);
}

TEST(AssociativeArray, EmptyKeyIsAKey) {
  AssociativeArray array;
  array.set("", "empty");
  ASSERT_NE(array.find(""), nullptr);
  array.erase("");
  EXPECT_EQ(array.find(""), nullptr);
}

}  // namespace
}  // namespace mish::state
