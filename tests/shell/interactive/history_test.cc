// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/history.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/temporary_directory.h"

namespace mish::interactive {
namespace {

class HistoryTest : public testing::Test {
 protected:
  HistoryTest() {
    state.options.set(state::Option::History, true);
    set(names::HOME, home_.path());
    set(names::HISTFILE, home_ / "history");
  }
  void set(Name name, std::string_view value) { state.variables.assign(name, value); }
  std::string file() const {
    std::ifstream stream(home_ / "history");
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void write_file(std::string_view text) const { std::ofstream(home_ / "history") << text; }
  static std::vector<std::string> lines(const History& history) {
    std::vector<std::string> all;
    for (size_t i = 0; i < history.count(); ++i) all.push_back(history.entry(i).line);
    return all;
  }
  using Lines = std::vector<std::string>;
  state::ShellState state;
  tests::TemporaryDirectory home_;
};

TEST_F(HistoryTest, AddedCommandIsInTheFileAtOnce) {
  History history(state, false);
  history.load();
  history.add("echo one\n");
  EXPECT_TRUE(file().ends_with("\necho one\n"));
  EXPECT_EQ(file()[0], '#');
}

TEST_F(HistoryTest, CommandOfSeveralLinesComesBackWhole) {
  {
    History history(state, false);
    history.load();
    history.add("for i in 1\ndo :\n#5\ndone");
  }
  History again(state, false);
  again.load();
  EXPECT_EQ(lines(again), (Lines{"for i in 1\ndo :\n #5\ndone"}));
}

TEST_F(HistoryTest, FileWithoutTimesIsOneCommandALine) {
  write_file("a\nb\n");
  History history(state, false);
  history.load();
  EXPECT_EQ(lines(history), (Lines{"a", "b"}));
}

TEST_F(HistoryTest, TornRecordIsEndedByTheNext) {
  write_file("#1\nfirst\n#2\nhalf of a rec");
  History history(state, false);
  history.load();
  history.add("next");
  History again(state, false);
  again.load();
  EXPECT_EQ(lines(again), (Lines{"first", "half of a rec", "next"}));
}

TEST_F(HistoryTest, OtherSessionsCommandsAreSeenNotNumbered) {
  History mine(state, false), other(state, false);
  mine.load();
  other.load();
  other.add("from other");
  mine.add("mine");
  mine.read_others();
  EXPECT_EQ(lines(mine), (Lines{"mine"}));
  ASSERT_EQ(mine.others().size(), 1u);
  EXPECT_EQ(mine.others()[0].line, "from other");
  EXPECT_TRUE(mine.read_new(home_ / "history"));
  EXPECT_EQ(lines(mine), (Lines{"mine", "from other"}));
}

TEST_F(HistoryTest, HistControlAndHistIgnore) {
  History history(state, false);
  history.load();
  set(names::HISTCONTROL, "ignoreboth:erasedups");
  set(names::HISTIGNORE, "ls*:&");
  for (const char* line : {"a", " hidden", "a", "b", "ls -l", "a"}) history.add(line);
  EXPECT_EQ(lines(history), (Lines{"b", "a"}));
}

TEST_F(HistoryTest, HistSizeForgetsTheOldestAndKeepsNumbers) {
  History history(state, false);
  history.load();
  set(names::HISTSIZE, "2");
  for (const char* line : {"a", "b", "c"}) history.add(line);
  EXPECT_EQ(lines(history), (Lines{"b", "c"}));
  EXPECT_EQ(history.first_number(), 2);
}

TEST_F(HistoryTest, CompactionKeepsTheNewest) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "#1 /home/somebody\nsome command or other, number " + std::to_string(i) + "\n";
  write_file(text);
  set(names::HISTFILESIZE, "10");
  History history(state, false);
  history.load();
  History again(state, false);
  again.load();
  EXPECT_EQ(again.count(), 10u);
  EXPECT_EQ(again.entry(9).line, "some command or other, number 99");
}

TEST_F(HistoryTest, AFileThatIsALinkStaysOne) {
  std::filesystem::create_directory(home_ / "real");
  std::ofstream(home_ / "real/history") << "old\n";
  std::filesystem::permissions(home_ / "real/history", std::filesystem::perms(0640));
  std::filesystem::create_symlink("real/history", home_ / "history");
  std::filesystem::create_symlink("real/new", home_ / "new");
  History history(state, false);
  history.load();
  history.add("mine");
  EXPECT_TRUE(history.write_file(home_ / "history"));
  EXPECT_TRUE(history.write_file(home_ / "new"));
  for (const char* name : {"history", "new"}) {
    EXPECT_TRUE(std::filesystem::is_symlink(home_ / name));
    EXPECT_TRUE(std::filesystem::is_regular_file(home_ / name));
  }
  EXPECT_NE(file().find("mine"), std::string::npos);
  EXPECT_EQ(std::filesystem::status(home_ / "real/history").permissions(), std::filesystem::perms(0640));
  History again(state, false);
  again.load();
  EXPECT_EQ(lines(again), (Lines{"old", "mine"}));
}

TEST_F(HistoryTest, WhatIsNoRegularFileIsWrittenAndStays) {
  History history(state, false);
  history.load();
  history.add("mine");
  ASSERT_EQ(mkfifo((home_ / "fifo").c_str(), 0600), 0);
  EXPECT_FALSE(history.write_file(home_ / "fifo"));
  EXPECT_EQ(errno, ENXIO);  // nobody reads
  int reader = open((home_ / "fifo").c_str(), O_RDONLY | O_NONBLOCK);
  EXPECT_TRUE(history.write_file(home_ / "fifo"));
  char text[100] = "";
  EXPECT_GT(read(reader, text, sizeof text - 1), 0);
  EXPECT_NE(std::string(text).find("mine"), std::string::npos);
  close(reader);
  EXPECT_TRUE(std::filesystem::is_fifo(home_ / "fifo"));
  std::filesystem::create_symlink("/dev/null", home_ / "null");
  EXPECT_TRUE(history.write_file(home_ / "null"));
  EXPECT_TRUE(std::filesystem::is_symlink(home_ / "null"));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST_F(HistoryTest, ADeviceHoldsNone) {
  set(names::HISTFILE, "/dev/zero");
  History history(state, false);
  history.load();
  history.add("mine");
  EXPECT_EQ(lines(history), (Lines{"mine"}));
  EXPECT_FALSE(history.read_file("/dev/zero"));
  EXPECT_EQ(errno, EINVAL);
  EXPECT_FALSE(history.read_new("/dev/urandom"));
}

TEST_F(HistoryTest, OfALongFileTheEndIsRead) {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += "#1 /home/somebody\ncommand of a usual length, number " + std::to_string(i) + "\n";
  write_file(text);
  set(names::HISTSIZE, "5");
  History history(state, false);
  history.load();
  ASSERT_EQ(history.count(), 5u);
  EXPECT_EQ(history.entry(0).line, "command of a usual length, number 995");
  EXPECT_EQ(history.first_number(), 1);
  history.read_others();
  EXPECT_TRUE(history.others().empty());
}

TEST_F(HistoryTest, PrivateSessionWritesNothing) {
  History history(state, true);
  history.load();
  history.add("secret");
  EXPECT_EQ(file(), "");
  EXPECT_EQ(history.count(), 1u);
}

TEST_F(HistoryTest, BashHistoryIsImportedOnce) {
  state.variables.unset(names::HISTFILE);
  std::ofstream(home_ / ".bash_history") << "old one\nold two\n";
  History history(state, false);
  history.load();
  EXPECT_EQ(lines(history), (Lines{"old one", "old two"}));
  EXPECT_TRUE(std::filesystem::exists(home_ / ".local/state/mish/history"));
  state.variables.unset(names::HISTFILE);
  History again(state, false);
  again.load();
  EXPECT_EQ(again.count(), 2u);
}

}  // namespace
}  // namespace mish::interactive
