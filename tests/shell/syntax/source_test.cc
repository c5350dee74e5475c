// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/shell/syntax/parse_support.h"

namespace mish::syntax {
namespace {

TEST(SharedInputSource, LeavesTheOffsetBehindTheLine) {
  auto file = memory_file("a b\ncat\nrest\n");
  ASSERT_TRUE(file);
  SharedInputSource source(file->get());
  ParserOptions options;
  Parser parser(source, options, nullptr, "stdin");
  EXPECT_EQ(dump(parser.parse_command().program->root()), "(simple a b)");
  EXPECT_EQ(::lseek(file->get(), 0, SEEK_CUR), 4);
  EXPECT_EQ(dump(parser.parse_command().program->root()), "(simple cat)");
  EXPECT_EQ(::lseek(file->get(), 0, SEEK_CUR), 8);
}

TEST(SharedInputSource, ReadsNotAByteBeyondTheLineOfAPipe) {
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe);
  ASSERT_TRUE(write_all(pipe->write_end.get(), "if a\nthen b; fi\nrest"));
  pipe->write_end.reset();
  SharedInputSource source(pipe->read_end.get());
  ParserOptions options;
  Parser parser(source, options, nullptr, "stdin");
  EXPECT_EQ(dump(parser.parse_command().program->root()), "(if (simple a) (simple b))");
  std::string left;
  ASSERT_TRUE(read_all(pipe->read_end.get(), left));
  EXPECT_EQ(left, "rest");
}

TEST(FileSource, ReadsInBlocks) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "echo " + std::to_string(i) + "\n";
  auto file = memory_file(text);
  ASSERT_TRUE(file);
  FileSource source(std::move(*file));
  ParserOptions options;
  Parser parser(source, options, nullptr, "file");
  int commands = 0;
  while (parser.parse_command().status == ParseStatus::Command) ++commands;
  EXPECT_EQ(commands, 20000);
}

TEST(FileSource, ReportsErrors) {
  FileSource source(UniqueFd(::open("/", O_RDONLY | O_CLOEXEC)));
  EXPECT_EQ(parse(source), "read error");
  EXPECT_EQ(source.error(), EISDIR);
}

}  // namespace
}  // namespace mish::syntax
