// SPDX-License-Identifier: GPL-3.0-or-later
// Damaged scripts: whatever the text, the parser ends with a command or one clear error, and what it accepts means the
// same after it was printed. The scripts of tests/cases are cut, doubled, joined and sprinkled with what the language
// is made of; the same seed makes the same mutants. MISH_MUTANTS=100000 looks at that many, MISH_SEED=7 at others.
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <regex>

#include "tests/shell/syntax/parse_support.h"
#include "tests/support/case_file.h"

namespace mish::syntax {
namespace {

constexpr std::string_view kPieces[] = {"'",
                                        "\"",
                                        "`",
                                        "$(",
                                        "${",
                                        "$((",
                                        "((",
                                        "))",
                                        ")",
                                        "}",
                                        "{",
                                        "(",
                                        "[[ ",
                                        " ]]",
                                        "<<E\n",
                                        "\nE\n",
                                        "<<-'F'\n",
                                        "<(",
                                        ">(",
                                        "<<<",
                                        "\\",
                                        "\\\n",
                                        "\n",
                                        ";",
                                        ";;",
                                        "&",
                                        "&&",
                                        "||",
                                        "|",
                                        "!",
                                        "#",
                                        "case x in ",
                                        " esac",
                                        "if ",
                                        " then ",
                                        " fi",
                                        "while ",
                                        " do ",
                                        " done",
                                        "for i in ",
                                        "f() ",
                                        "function g ",
                                        "$'",
                                        "@(",
                                        "!(",
                                        "[",
                                        "]",
                                        "=",
                                        "+=",
                                        "a=(",
                                        "~",
                                        "*",
                                        "?",
                                        "{a,b}",
                                        "{1..3}",
                                        "$x",
                                        "${x:-",
                                        "${x//",
                                        "${x:1:",
                                        "$((1+",
                                        ">",
                                        ">>",
                                        "2>&1",
                                        "{v}>",
                                        "time ",
                                        "coproc ",
                                        "select ",
                                        " ",
                                        "\t",
                                        "\0",
                                        "\xff",
                                        "\xc3\xa9",
                                        "select i in ",
                                        "until ",
                                        "=~ ",
                                        "-lt ",
                                        ">&",
                                        "<>",
                                        "&>",
                                        "|&",
                                        ";&",
                                        "$[",
                                        "1",
                                        "-"};

class Mutator {
 public:
  Mutator(std::vector<std::string> corpus, uint64_t seed) : corpus_(std::move(corpus)), random_(seed) {}
  /// One damaged script.
  std::string next() {
    std::string text = any_script();
    for (size_t count = 1 + below(4); count > 0; --count) damage(text);
    return text;
  }

 private:
  size_t below(size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  const std::string& any_script() { return corpus_[below(corpus_.size())]; }
  std::string any_span(const std::string& text) {
    return text.empty() ? text : text.substr(below(text.size()), 1 + below(40));
  }
  void damage(std::string& text) {
    const size_t place = below(text.size() + 1);
    switch (below(6)) {
      case 0: text.erase(place, 1 + below(12)); return;
      case 1: text.insert(place, any_span(text)); return;
      case 2: text.insert(place, any_span(any_script())); return;
      case 3: text.resize(place); return;
      case 4:
        if (place < text.size()) text[place] = static_cast<char>(below(256));
        return;
      default: text.insert(place, kPieces[below(std::size(kPieces))]); return;
    }
  }

  std::vector<std::string> corpus_;
  std::mt19937_64 random_;
};

uint64_t setting(const char* name, uint64_t otherwise) {
  const char* text = getenv(name);
  return text != nullptr ? strtoull(text, nullptr, 10) : otherwise;
}

/// Nothing when the text is refused, which has to have a reason.
std::optional<ProgramPtr> accepted(std::string_view text, const ParserOptions& options) {
  StringSource source(text);
  ParseResult result = Parser(source, options, nullptr, "test").parse_all();
  if (!result.warning.empty()) return std::nullopt;  // a here-document without its end cannot be printed as it was
  if (result.status == ParseStatus::Command) return result.program;
  EXPECT_TRUE(result.status == ParseStatus::Error || result.status == ParseStatus::Incomplete);
  EXPECT_FALSE(result.error.message.empty());
  EXPECT_GE(result.error.line, 1u);
  return std::nullopt;
}

/// As bash, the printer puts braces around the bodies of functions and drops blanks before what is no expression.
bool is_printed_otherwise(const std::string& dumped) {
  static const std::regex kOtherwise("\\(function [^ ]+ \\((?!group)|\\(arith-for.*\\(text ");
  return std::regex_search(dumped, kOtherwise);
}

TEST(Mutants, EndInAnErrorOrMeanTheSameWhenPrinted) {
  std::vector<std::string> corpus;
  for (const tests::ScriptCase& each : tests::read_cases(MISH_CASES_DIR)) corpus.push_back(each.script);
  Mutator mutator(std::move(corpus), setting("MISH_SEED", 1));
  for (uint64_t left = setting("MISH_MUTANTS", 4'000); left > 0 && !HasFailure(); --left) {
    const std::string text = mutator.next();
    ParserOptions options;
    options.posix = left % 4 == 0;
    if (text.ends_with('\\')) continue;  // means itself there, and nowhere else
    // Behind $(cat <<E) the body is no part of the word, and not printed.
    if (text.find("<<") != std::string::npos && text.find_first_of("(`") != std::string::npos) continue;
    std::optional<ProgramPtr> program = accepted(text, options);
    if (!program || (*program)->root() == nullptr || options.posix) continue;  // printed is the bash language
    const std::string printed = print_command(*(*program)->root());
    std::optional<ProgramPtr> again = accepted(printed, options);
    ASSERT_TRUE(again) << "script:\n" << text << "\nprinted:\n" << printed;
    const std::string first = dump((*program)->root()), second = dump((*again)->root());
    if (is_printed_otherwise(first)) continue;
    ASSERT_EQ(first, second) << "script:\n" << text << "\nprinted:\n" << printed;
  }
}

}  // namespace
}  // namespace mish::syntax
