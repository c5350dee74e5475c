// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/pattern/pattern.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "shell/base/locale.h"
#include "shell/base/stack_guard.h"

namespace mish::pattern {
namespace {

Arena g_arena;

Pattern make(std::string_view text, PatternOptions options = {}) {
  return Pattern::compile(text, {}, options, g_arena);
}
bool match(std::string_view pattern, std::string_view text, PatternOptions options = {}) {
  return make(pattern, options).matches(text);
}

class PatternUtf8 : public testing::Test {
 protected:
  void SetUp() override { set_locale({.lc_all = "C.UTF-8"}); }
  void TearDown() override { set_locale({}); }
};

TEST(Pattern, LiteralTextMatchesItself) {
  EXPECT_TRUE(match("abc", "abc"));
  EXPECT_FALSE(match("abc", "abcd"));
  EXPECT_TRUE(match("", ""));
  EXPECT_FALSE(match("", "x"));
  EXPECT_TRUE(make("a]b)c|d-e").is_literal());
}

TEST(Pattern, QuestionMarkMatchesOneCharacter) {
  EXPECT_TRUE(match("a?c", "abc"));
  EXPECT_FALSE(match("a?c", "ac"));
  EXPECT_FALSE(match("?", ""));
}

TEST(Pattern, AsteriskMatchesAnyString) {
  EXPECT_TRUE(match("*", ""));
  EXPECT_TRUE(match("*.c", "main.c"));
  EXPECT_FALSE(match("*.c", "main.cc"));
  EXPECT_TRUE(match("a*b*c", "a_b_b_c"));
  EXPECT_FALSE(match("a*b*c", "a_c_b"));
  EXPECT_TRUE(match("*/*", "/"));
  EXPECT_FALSE(match("ab*ba", "aba"));
}

TEST(Pattern, QuotedCharactersAreLiteral) {
  Pattern star = Pattern::compile("a*", std::string_view("\0\1", 2), {}, g_arena);
  EXPECT_TRUE(star.is_literal());
  EXPECT_TRUE(star.matches("a*"));
  EXPECT_FALSE(star.matches("ab"));
  // "[" quoted: no bracket expression. "]" quoted inside: a member.
  EXPECT_TRUE(Pattern::compile("[a]", std::string_view("\1\0\0", 3), {}, g_arena).matches("[a]"));
  EXPECT_TRUE(Pattern::compile("[a]b]", std::string_view("\0\0\1\0\0", 5), {}, g_arena).matches("]"));
  // A quoted hyphen makes no range, a quoted ! no negation.
  Pattern hyphen = Pattern::compile("[a-c]", std::string_view("\0\0\1\0\0", 5), {}, g_arena);
  EXPECT_TRUE(hyphen.matches("-"));
  EXPECT_FALSE(hyphen.matches("b"));
  EXPECT_TRUE(Pattern::compile("[!a]", std::string_view("\0\1\0\0", 4), {}, g_arena).matches("!"));
}

TEST(Pattern, BackslashEscapes) {
  EXPECT_TRUE(match("\\*", "*"));
  EXPECT_FALSE(match("\\*", "x"));
  EXPECT_TRUE(match("a\\\\b", "a\\b"));
  EXPECT_TRUE(match("a\\b\\c*", "abcd"));
  EXPECT_TRUE(match("x\\", "x\\"));
  EXPECT_TRUE(match("[\\]]", "]"));
  EXPECT_TRUE(match("[a\\-c]", "-"));
  EXPECT_FALSE(match("[a\\-c]", "b"));
}

TEST(Pattern, BracketExpressions) {
  EXPECT_TRUE(match("[abc]", "b"));
  EXPECT_FALSE(match("[abc]", "d"));
  EXPECT_TRUE(match("[!abc]", "d"));
  EXPECT_TRUE(match("[^abc]", "d"));
  EXPECT_FALSE(match("[!abc]", ""));
  EXPECT_TRUE(match("[a-f]x", "cx"));
  EXPECT_FALSE(match("[f-a]", "c"));
  EXPECT_TRUE(match("[]a]", "]"));
  EXPECT_TRUE(match("[!]a]", "b"));
  EXPECT_FALSE(match("[!]a]", "]"));
  EXPECT_TRUE(match("[a-]", "-"));
  EXPECT_TRUE(match("[-a]", "-"));
  EXPECT_TRUE(match("[--/]", "."));
}

TEST(Pattern, AnUnclosedBracketIsLiteral) {
  EXPECT_TRUE(match("[", "["));
  EXPECT_TRUE(match("[a", "[a"));
  EXPECT_TRUE(match("[]", "[]"));
  EXPECT_TRUE(match("[!]", "[!]"));
  EXPECT_TRUE(match("a[*", "a[xyz"));
}

TEST(Pattern, ClassesSymbolsAndEquivalences) {
  EXPECT_TRUE(match("[[:alpha:]]", "x"));
  EXPECT_FALSE(match("[[:alpha:]]", "1"));
  EXPECT_TRUE(match("[[:digit:]_]", "_"));
  EXPECT_TRUE(match("[![:space:]]", "x"));
  EXPECT_FALSE(match("[![:space:]]", "\n"));
  EXPECT_TRUE(match("[[.-.]]", "-"));
  EXPECT_TRUE(match("[[.hyphen.]]", "-"));
  EXPECT_TRUE(match("[[.a.]-[.c.]]", "b"));
  EXPECT_TRUE(match("[[=a=]b]", "a"));
  EXPECT_TRUE(match("[[.].]]", "]"));
  EXPECT_FALSE(match("[[:nonsense:]]", "n"));
  EXPECT_TRUE(match("[[:alpha:]-z]", "-"));
  EXPECT_TRUE(match("[[:]", ":"));
}

TEST(Pattern, IgnoringCase) {
  PatternOptions nocase{.extglob = true, .ignore_case = true};
  EXPECT_TRUE(match("abC*", "ABcd", nocase));
  EXPECT_TRUE(match("[a-c]", "B", nocase));
  EXPECT_FALSE(match("[!a-c]", "B", nocase));
  EXPECT_TRUE(match("@(foo|Bar)", "BAR", nocase));
}

TEST(Pattern, ExtendedGroups) {
  EXPECT_TRUE(match("@(foo|bar)", "bar"));
  EXPECT_FALSE(match("@(foo|bar)", "foobar"));
  EXPECT_TRUE(match("?(a)b", "b"));
  EXPECT_TRUE(match("?(a)b", "ab"));
  EXPECT_FALSE(match("?(a)b", "aab"));
  EXPECT_TRUE(match("*(ab|c)", "abcab"));
  EXPECT_TRUE(match("*(ab|c)", ""));
  EXPECT_FALSE(match("+(ab|c)", ""));
  EXPECT_TRUE(match("+([0-9])", "0123"));
  EXPECT_FALSE(match("+([0-9])", "01x3"));
  EXPECT_TRUE(match("!(foo)", "bar"));
  EXPECT_FALSE(match("!(foo)", "foo"));
  EXPECT_TRUE(match("!(foo)", "foobar"));
  EXPECT_TRUE(match("*.!(o|c)", "x.h"));
  EXPECT_FALSE(match("x.!(o|c)", "x.o"));
  EXPECT_TRUE(match("@(a|@(b|c)*)d", "bxxd"));
  EXPECT_TRUE(match("@(a[)]|b)", "a)"));
  EXPECT_TRUE(match("a@()b", "ab"));
  EXPECT_TRUE(match("@(a|)b", "b"));
}

TEST(Pattern, WithoutExtglobParenthesesAreLiteral) {
  PatternOptions plain{.extglob = false, .ignore_case = false};
  EXPECT_TRUE(match("@(a)", "@(a)", plain));
  EXPECT_TRUE(match("*(a)", "xyz(a)", plain));
  EXPECT_TRUE(match("@(a", "@(a"));
}

TEST(Pattern, NeverExponential) {
  std::string text(3000, 'a');
  EXPECT_FALSE(match("a*a*a*a*a*a*a*a*a*a*b", text));
  EXPECT_FALSE(match("*(a|a|aa)b", text));
  EXPECT_FALSE(match("+(*(a))b", text.substr(0, 300)));
  EXPECT_TRUE(match("*(*(*(a)))", text.substr(0, 300)));
  auto nested = [](std::string_view open, int depth) {
    std::string pattern;
    for (int i = 0; i < depth; ++i) pattern += open;
    return pattern + "b" + std::string(static_cast<size_t>(depth), ')');
  };
  EXPECT_FALSE(match(nested("+(a|", 60), "aaaaaaaac"));
  EXPECT_FALSE(match(nested("*(a", 60) + "c", "aaaaaaaaaaaaaaaaaaaaaaaa"));
  EXPECT_FALSE(match(nested("!(a", 30), std::string(40, 'a')));
  EXPECT_TRUE(match(nested("!(a", 29), std::string(40, 'a')));
  std::string open;
  for (int i = 0; i < 50000; ++i) open += "@(";
  EXPECT_TRUE(match(open, open));
  std::string brackets(100000, '[');
  EXPECT_TRUE(match(brackets, brackets));
}

TEST(Pattern, SuffixesOfRepeatedGroupsAreFoundSoon) {
  const std::string text = std::string(3000, 'a') + "b";
  const Pattern missing = make("+(a|+(aa))c");
  EXPECT_EQ(missing.longest_suffix(text), kNoMatch);
  EXPECT_EQ(missing.shortest_suffix(text), kNoMatch);
  const Pattern present = make("+(a|+(aa))b");
  EXPECT_EQ(present.longest_suffix(text), 0u);
  EXPECT_EQ(present.shortest_suffix(text), 2999u);
  const std::string blanks = std::string(200000, ' ') + "b";
  EXPECT_EQ(make("*([[:space:]])").longest_suffix(blanks), blanks.size());
  EXPECT_EQ(make("*([[:space:]])b").longest_suffix(blanks), 0u);
}

TEST(Pattern, GroupsThatMatchNowhereAreGivenUpSoon) {
  const std::string text(200000, 'a');
  EXPECT_FALSE(make("+(a)b").find(text, 0).has_value());
  const auto found = make("+(a)b").find(text + "cab", 0);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->begin, text.size() + 1);
  EXPECT_EQ(found->end, text.size() + 3);
}

TEST(Pattern, DeepNestingDoesNotCrash) {
  StackGuard::initialise();
  std::string deep;
  for (int i = 0; i < 20000; ++i) deep += "@(";
  deep += "a";
  deep.append(20000, ')');
  match(deep, "a");
}

TEST(Pattern, FilenamesNeedAnExplicitPeriod) {
  EXPECT_FALSE(make("*").matches_filename(".profile"));
  EXPECT_FALSE(make("?profile").matches_filename(".profile"));
  EXPECT_FALSE(make("[.]profile").matches_filename(".profile"));
  EXPECT_TRUE(make(".p*").matches_filename(".profile"));
  EXPECT_FALSE(make("!(x)").matches_filename(".profile"));
  EXPECT_TRUE(make("@(.p*|x)").matches_filename(".profile"));
  EXPECT_FALSE(make("@(.x|*)").matches_filename(".profile"));
  EXPECT_TRUE(make("*").matches_filename("a.b"));
}

TEST(Pattern, TrimsPrefixes) {
  EXPECT_EQ(make("*/").shortest_prefix("a/b/c"), 2u);
  EXPECT_EQ(make("*/").longest_prefix("a/b/c"), 4u);
  EXPECT_EQ(make("x").shortest_prefix("abc"), kNoMatch);
  EXPECT_EQ(make("a").longest_prefix("abc"), 1u);
  EXPECT_EQ(make("*").shortest_prefix("abc"), 0u);
  EXPECT_EQ(make("*").longest_prefix("abc"), 3u);
  EXPECT_EQ(make("+(a)").shortest_prefix("aaab"), 1u);
  EXPECT_EQ(make("+(a)").longest_prefix("aaab"), 3u);
}

TEST(Pattern, TrimsSuffixes) {
  EXPECT_EQ(make(".*").shortest_suffix("a.b.c"), 3u);
  EXPECT_EQ(make(".*").longest_suffix("a.b.c"), 1u);
  EXPECT_EQ(make("c").shortest_suffix("a.b.c"), 4u);
  EXPECT_EQ(make("*").shortest_suffix("abc"), 3u);
  EXPECT_EQ(make("*").longest_suffix("abc"), 0u);
  EXPECT_EQ(make("[0-9]*z").longest_suffix("a1b2z"), 1u);
  EXPECT_EQ(make("+([0-9])").longest_suffix("ab123"), 2u);
  EXPECT_EQ(make("+([0-9])").shortest_suffix("ab123"), 4u);
}

TEST(Pattern, FindsTheLeftmostLongestMatch) {
  auto found = make("b*c").find("abcabcd", 0);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->begin, 1u);
  EXPECT_EQ(found->end, 6u);
  EXPECT_FALSE(make("x").find("abc", 0).has_value());
  found = make("+([[:space:]])").find("ab \t c", 0);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->begin, 2u);
  EXPECT_EQ(found->end, 5u);
}

TEST_F(PatternUtf8, CharactersNotBytes) {
  EXPECT_TRUE(match("?", "\xc3\xa9"));
  EXPECT_FALSE(match("??", "\xc3\xa9"));
  EXPECT_TRUE(match("[\xc3\xa0-\xc3\xaf]", "\xc3\xa9"));
  EXPECT_TRUE(match("[[:alpha:]]", "\xc3\xa9"));
  EXPECT_TRUE(match("[!a]", "\xe2\x82\xac"));
  EXPECT_FALSE(match("*??", "\xe2\x82\xac"));
  EXPECT_EQ(make("?").shortest_suffix("a\xe2\x82\xac"), 1u);
  EXPECT_EQ(make("?*").longest_suffix("\xe2\x82\xac"
                                      "b"),
            0u);
}

TEST_F(PatternUtf8, InvalidBytesNeverMatchPartOfACharacter) {
  EXPECT_FALSE(match("*\xa9", "\xc3\xa9"));
  EXPECT_FALSE(match("\xc3*", "\xc3\xa9"));
  EXPECT_TRUE(match("*\xa9", "x\xa9"));
  EXPECT_TRUE(match("?", "\xff"));
  EXPECT_TRUE(match("[\xff]", "\xff"));
  EXPECT_EQ(make("\xa9").shortest_suffix("\xc3\xa9"), kNoMatch);
}

// The definition, tried out: the matcher above must agree with it on every text.
bool reference(std::string_view p, std::string_view t) {
  if (p.empty()) return t.empty();
  if (p[0] == '*') return reference(p.substr(1), t) || (!t.empty() && reference(p, t.substr(1)));
  if (t.empty()) return false;
  if (p[0] == '?') return reference(p.substr(1), t.substr(1));
  if (p.substr(0, 4) == "[ab]") return t[0] != 'c' && reference(p.substr(4), t.substr(1));
  return p[0] == t[0] && reference(p.substr(1), t.substr(1));
}

TEST(Pattern, AgreesWithTheDefinition) {
  std::mt19937 random(7);
  const char* pieces[] = {"a", "b", "c", "*", "?", "[ab]", "*", "ab"};
  for (int round = 0; round < 20000; ++round) {
    Arena arena;
    std::string text, pattern;
    for (size_t n = random() % 6; n > 0; --n) pattern += pieces[random() % 8];
    for (size_t n = random() % 9; n > 0; --n) text += static_cast<char>('a' + random() % 3);
    // The same once plainly and once through the matcher of groups.
    for (std::string source : {pattern, "@(" + pattern + ")"}) {
      Pattern compiled = Pattern::compile(source, {}, {}, arena);
      size_t shortest = kNoMatch, longest = kNoMatch, short_suffix = kNoMatch, long_suffix = kNoMatch;
      for (size_t i = 0; i <= text.size(); ++i) {
        if (reference(pattern, std::string_view(text).substr(0, i))) {
          if (shortest == kNoMatch) shortest = i;
          longest = i;
        }
        if (reference(pattern, std::string_view(text).substr(i))) {
          if (long_suffix == kNoMatch) long_suffix = i;
          short_suffix = i;
        }
      }
      ASSERT_EQ(compiled.matches(text), reference(pattern, text)) << source << " " << text;
      ASSERT_EQ(compiled.shortest_prefix(text), shortest) << source << " " << text;
      ASSERT_EQ(compiled.longest_prefix(text), longest) << source << " " << text;
      ASSERT_EQ(compiled.shortest_suffix(text), short_suffix) << source << " " << text;
      ASSERT_EQ(compiled.longest_suffix(text), long_suffix) << source << " " << text;
      size_t begin = kNoMatch, end = kNoMatch;
      for (size_t i = 0; i <= text.size() && begin == kNoMatch; ++i) {
        for (size_t j = text.size() + 1; j-- > i && begin == kNoMatch;) {
          if (reference(pattern, std::string_view(text).substr(i, j - i))) begin = i, end = j;
        }
      }
      auto found = compiled.find(text, 0);
      ASSERT_EQ(found.has_value(), begin != kNoMatch) << source << " " << text;
      if (found) {
        ASSERT_EQ(found->begin, begin) << source << " " << text;
        ASSERT_EQ(found->end, end) << source << " " << text;
      }
    }
  }
}

/// Groups by their definition: a sequence of letters and groups, the ends of whose matches from `start` are listed one
/// by one.
struct Sequence;
struct Item {
  char op;  // a group, or the letter itself
  std::vector<Sequence> alternatives;
};
struct Sequence {
  std::vector<Item> items;
};

std::set<size_t> ends_of(const Sequence& sequence, std::string_view text, size_t start);

std::set<size_t> ends_of(const Item& item, std::string_view text, size_t start) {
  if (item.alternatives.empty()) {
    return start < text.size() && text[start] == item.op ? std::set<size_t>{start + 1} : std::set<size_t>{};
  }
  auto once = [&](size_t from) {
    std::set<size_t> ends;
    for (const Sequence& each : item.alternatives) ends.merge(ends_of(each, text, from));
    return ends;
  };
  std::set<size_t> ends = once(start);
  if (item.op == '+' || item.op == '*') {
    for (size_t size = 0; size != ends.size();) {
      size = ends.size();
      for (size_t from : std::set<size_t>(ends)) ends.merge(once(from));
    }
  }
  if (item.op == '?' || item.op == '*') ends.insert(start);
  if (item.op != '!') return ends;
  std::set<size_t> others;
  for (size_t end = start; end <= text.size(); ++end) {
    if (!ends.contains(end)) others.insert(end);
  }
  return others;
}

std::set<size_t> ends_of(const Sequence& sequence, std::string_view text, size_t start) {
  std::set<size_t> starts{start};
  for (const Item& item : sequence.items) {
    std::set<size_t> ends;
    for (size_t from : starts) ends.merge(ends_of(item, text, from));
    starts = std::move(ends);
  }
  return starts;
}

Sequence make_sequence(std::mt19937& random, int depth, std::string& pattern) {
  Sequence sequence;
  for (size_t n = random() % 3; n > 0; --n) {
    Item item{depth > 0 && random() % 2 == 0 ? "@?*+!"[random() % 5] : "ab" [random() % 2], {}};
    pattern += item.op;
    if (item.op != 'a' && item.op != 'b') {
      for (size_t more = random() % 2 + 1; more > 0; --more) {
        pattern += item.alternatives.empty() ? '(' : '|';
        item.alternatives.push_back(make_sequence(random, depth - 1, pattern));
      }
      pattern += ')';
    }
    sequence.items.push_back(std::move(item));
  }
  return sequence;
}

TEST(Pattern, NestedGroupsAgreeWithTheDefinition) {
  std::mt19937 random(11);
  for (int round = 0; round < 20000; ++round) {
    Arena arena;
    std::string pattern;
    const Sequence sequence = make_sequence(random, 4, pattern);
    Pattern compiled = Pattern::compile(pattern, {}, {}, arena);
    std::string text;
    for (size_t n = random() % 7; n > 0; --n) text += static_cast<char>('a' + random() % 2);
    const std::set<size_t> ends = ends_of(sequence, text, 0);
    ASSERT_EQ(compiled.matches(text), ends.contains(text.size())) << pattern << " " << text;
    ASSERT_EQ(compiled.shortest_prefix(text), ends.empty() ? kNoMatch : *ends.begin()) << pattern << " " << text;
    ASSERT_EQ(compiled.longest_prefix(text), ends.empty() ? kNoMatch : *ends.rbegin()) << pattern << " " << text;
  }
}

TEST(HasSpecialCharacters, DecidesWhetherToLookAtTheFileSystem) {
  EXPECT_FALSE(has_special_characters("plain", {}, true));
  EXPECT_TRUE(has_special_characters("a*", {}, true));
  EXPECT_FALSE(has_special_characters("[", {}, true));
  EXPECT_FALSE(has_special_characters("a\\*b", {}, true));
  EXPECT_TRUE(has_special_characters("+(a)", {}, true));
  EXPECT_FALSE(has_special_characters("+(a)", {}, false));
  EXPECT_FALSE(has_special_characters("a*", std::string_view("\0\1", 2), true));
}

}  // namespace
}  // namespace mish::pattern
