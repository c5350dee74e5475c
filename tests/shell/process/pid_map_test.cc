// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/process/pid_map.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace mish::process {
namespace {

TEST(PidMap, FindsWhatWasInserted) {
  PidMap<int> map;
  EXPECT_EQ(map.find(5), nullptr);
  map.erase(5);
  map.insert(5, 50);
  map.insert(13, 130);  // the same slot in a table of eight
  ASSERT_NE(map.find(5), nullptr);
  EXPECT_EQ(*map.find(5), 50);
  EXPECT_EQ(*map.find(13), 130);
  EXPECT_EQ(map.find(21), nullptr);
  map.insert(5, 51);
  EXPECT_EQ(*map.find(5), 51);
  EXPECT_EQ(map.size(), 2u);
}

TEST(PidMap, ErasingLeavesTheOthersToBeFound) {
  PidMap<int> map;
  for (pid_t pid : {8, 16, 24}) map.insert(pid, pid * 10);  // all want the slot of 8
  map.erase(8);
  EXPECT_EQ(map.find(8), nullptr);
  ASSERT_NE(map.find(16), nullptr);
  ASSERT_NE(map.find(24), nullptr);
  EXPECT_EQ(*map.find(24), 240);
  map.clear();
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(map.find(16), nullptr);
}

TEST(PidMap, AgreesWithAMapOfNodesAfterManyChanges) {
  std::mt19937 random(1);
  PidMap<int> map;
  std::map<pid_t, int> expected;
  for (int i = 0; i < 20000; ++i) {
    pid_t pid = 1 + static_cast<pid_t>(random() % 300);
    if (random() % 2 == 0) {
      map.insert(pid, i);
      expected[pid] = i;
    } else {
      map.erase(pid);
      expected.erase(pid);
    }
    ASSERT_EQ(map.size(), expected.size());
  }
  for (pid_t pid = 1; pid <= 300; ++pid) {
    auto found = expected.find(pid);
    const int* value = map.find(pid);
    ASSERT_EQ(value != nullptr, found != expected.end()) << pid;
    if (value != nullptr) {
      EXPECT_EQ(*value, found->second);
    }
  }
}

}  // namespace
}  // namespace mish::process
