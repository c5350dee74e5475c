// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/pattern/pathname.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace mish::pattern {
namespace {

class PathnameTest : public testing::Test {
 protected:
  static void touch(const std::string& path) {
    std::filesystem::path file(path);
    if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
    std::ofstream out(file);
  }
  std::string glob(std::string_view pattern, GlobOptions options = {}, std::string_view quoted = {}) {
    Arena arena;
    std::vector<std::string_view> matches;
    Result<void> result = expander_.expand(pattern, quoted, options, arena, matches);
    if (!result.ok()) return "error " + std::to_string(result.code());
    std::string joined;
    for (std::string_view match : matches) joined.append(joined.empty() ? "" : " ").append(match);
    return joined;
  }
  tests::TemporaryWorkingDirectory root_;
  PathnameExpander expander_;
};

TEST_F(PathnameTest, MatchesAreSortedByBytes) {
  for (const char* name : {"b", "a", "B", "a1", ".hidden", "longer_name_2", "longer_name_1"}) touch(name);
  EXPECT_EQ(glob("*"), "B a a1 b longer_name_1 longer_name_2");
  EXPECT_EQ(glob("[ab]"), "a b");
  EXPECT_EQ(glob("nothing*"), "");
}

TEST_F(PathnameTest, LeadingPeriodMustBeExplicit) {
  touch(".a");
  touch("b");
  EXPECT_EQ(glob("*"), "b");
  EXPECT_EQ(glob(".*"), ".a");
  EXPECT_EQ(glob("*", {.dot_glob = true}), ".a b");
  EXPECT_EQ(glob(".*", {.skip_dots = false}), ". .. .a");
}

TEST_F(PathnameTest, ComponentsAreWalked) {
  touch("d1/x.c");
  touch("d1/y.h");
  touch("d2/x.c");
  touch("file");
  EXPECT_EQ(glob("d?/x.c"), "d1/x.c d2/x.c");
  EXPECT_EQ(glob("*/*.c"), "d1/x.c d2/x.c");
  EXPECT_EQ(glob("d1/*"), "d1/x.c d1/y.h");
  EXPECT_EQ(glob("./d1//*.c"), "./d1//x.c");
  EXPECT_EQ(glob("*/y.h"), "d1/y.h");
  EXPECT_EQ(glob(root_ / "f*"), root_ / "file");
  EXPECT_EQ(glob("file/*"), "");
}

TEST_F(PathnameTest, TrailingSlashMeansDirectories) {
  touch("d/x");
  touch("f");
  std::filesystem::create_directory_symlink("d", "link");
  std::filesystem::create_symlink("nowhere", "dangling");
  EXPECT_EQ(glob("*/"), "d/ link/");
  EXPECT_EQ(glob("*"), "d dangling f link");
  EXPECT_EQ(glob("d*ing"), "dangling");
  EXPECT_EQ(glob("*/x"), "d/x link/x");
}

TEST_F(PathnameTest, QuotedCharactersAreLiteral) {
  touch("a*b");
  touch("axb");
  touch("sub[1]/x");
  EXPECT_EQ(glob("a*b*", {}, std::string_view("\0\1\0\0", 4)), "a*b");
  EXPECT_EQ(glob("a\\*b*"), "a*b");
  EXPECT_EQ(glob("sub\\[1\\]/*"), "sub[1]/x");
}

TEST_F(PathnameTest, SlashEndsABracket) {
  touch("a[b/c]d");
  EXPECT_EQ(glob("a[b/c]*"), "a[b/c]d");
}

TEST_F(PathnameTest, GlobStar) {
  touch("a/b/c.txt");
  touch("a/x.txt");
  touch("top.txt");
  touch("a/.git/y.txt");
  std::filesystem::create_directory_symlink("a", "link");
  GlobOptions star{.glob_star = true};
  EXPECT_EQ(glob("**/*.txt", star), "a/b/c.txt a/x.txt top.txt");
  EXPECT_EQ(glob("**", star), "a a/b a/b/c.txt a/x.txt link top.txt");
  EXPECT_EQ(glob("a/**", star), "a/ a/b a/b/c.txt a/x.txt");
  EXPECT_EQ(glob("**/", star), "a/ a/b/ link/");
  EXPECT_EQ(glob("**/**/c.txt", star), "a/b/c.txt");
  EXPECT_EQ(glob("**"), "a link top.txt");
}

TEST_F(PathnameTest, IgnoringCase) {
  touch("File.TXT");
  EXPECT_EQ(glob("*.txt", {.ignore_case = true}), "File.TXT");
  EXPECT_EQ(glob("*.txt"), "");
}

TEST_F(PathnameTest, ExtendedPatterns) {
  for (const char* name : {"a.c", "a.o", "b.h"}) touch(name);
  EXPECT_EQ(glob("!(*.o)"), "a.c b.h");
  EXPECT_EQ(glob("@(a|b).[ch]"), "a.c b.h");
}

TEST_F(PathnameTest, RunningOutOfDescriptorsIsAnError) {
  touch("a");
  rlimit old{};
  getrlimit(RLIMIT_NOFILE, &old);
  rlimit none = old;
  none.rlim_cur = 0;
  setrlimit(RLIMIT_NOFILE, &none);
  std::string result = glob("*");
  setrlimit(RLIMIT_NOFILE, &old);
  EXPECT_EQ(result, "error " + std::to_string(EMFILE));
  EXPECT_EQ(expander_.error_path(), ".");
}

TEST_F(PathnameTest, ManyFilesComeSorted) {
  for (int i = 0; i < 3000; ++i) touch("f" + std::to_string(i * 7919 % 3000));
  std::string all = glob("f*");
  EXPECT_EQ(all.substr(0, 16), "f0 f1 f10 f100 f");
  EXPECT_EQ(std::count(all.begin(), all.end(), ' '), 2999);
}

}  // namespace
}  // namespace mish::pattern
