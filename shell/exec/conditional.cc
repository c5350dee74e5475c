// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/exec/conditional.h"

#include <fmt/format.h>
#include <regex.h>
#include <sys/resource.h>

#include <algorithm>
#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shell/base/locale.h"
#include "shell/base/stack_guard.h"
#include "shell/base/text.h"
#include "shell/exec/xtrace.h"
#include "shell/pattern/pattern.h"
#include "shell/state/file_test.h"
#include "shell/syntax/parser.h"

namespace mish::exec {

namespace {

/// Bytes of stack a library function may use here. Half of the soft limit at most: the rest is the shell's own.
size_t stack_left() {
  rlimit limit{};
  constexpr rlim_t kPlenty = rlim_t(8) << 20;
  if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur > kPlenty) return kPlenty / 2;
  return static_cast<size_t>(limit.rlim_cur) / 2;
}

/// How many steps the C library may recurse over `expression`, at least: its operators and groups, times the counts of
/// the intervals around them. The library does not look at the stack itself.
size_t regex_weight(std::string_view expression) {
  constexpr size_t kEnough = size_t(1) << 24;
  std::vector<size_t> outer;  // weights before the groups that are open
  size_t sum = 0, atom = 0;   // of this group up to the last atom; of the last atom
  bool was_operator = false;
  for (size_t i = 0; i < expression.size(); ++i) {
    char c = expression[i];
    if (c == '(') {
      constexpr size_t kDepths = 16;  // nested groups under repetition cost more than the sum of them
      outer.push_back(sum + atom);
      sum = 0;
      atom = 1 + outer.size() / kDepths;
    } else if (c == ')' && !outer.empty()) {
      atom += sum + 1;
      sum = outer.back();
      outer.pop_back();
    } else if (c == '*' || c == '+' || c == '?') {
      constexpr size_t kStacked = 64;  // a** costs the library the square of the stars
      atom += was_operator ? kStacked : 1;
      was_operator = true;
      continue;
    } else if (c == '{') {
      size_t most = 1, count = 0;
      for (++i; i < expression.size() && expression[i] != '}'; ++i) {
        count =
            expression[i] >= '0' && expression[i] <= '9' ? count * 10 + static_cast<size_t>(expression[i] - '0') : 0;
        most = std::max(most, count = std::min(count, kEnough));
      }
      atom = (atom + 1) * most;
    } else {
      sum += atom + (c == '|' ? 1 : 0);
      atom = 0;
    }
    was_operator = false;
    sum = std::min(sum, kEnough);
    atom = std::min(atom, kEnough);
  }
  while (!outer.empty()) {
    sum = std::min(sum + outer.back(), kEnough);
    outer.pop_back();
  }
  return sum + atom;
}

/// The last regular expressions, compiled; the newest first.
class RegexCache {
 public:
  RegexCache() = default;
  ~RegexCache() {
    for (Entry& entry : entries_) regfree(&entry.compiled);
  }
  RegexCache(const RegexCache&) = delete;
  RegexCache& operator=(const RegexCache&) = delete;

  /// Null when the expression is not valid; `error` then tells.
  const regex_t* find(std::string_view expression, bool ignore_case, std::string& error) {
    activate_locale();  // whose characters regcomp and regexec see
    if (locale_generation_ != g_locale_generation) {
      locale_generation_ = g_locale_generation;
      while (!entries_.empty()) {
        regfree(&entries_.back().compiled);
        entries_.pop_back();
      }
    }
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
      if (entry->ignore_case != ignore_case || entry->expression != expression) continue;
      if (entry != entries_.begin()) entries_.splice(entries_.begin(), entries_, entry);
      return &entries_.front().compiled;
    }
    constexpr size_t kStackForEach = 512;  // more than a step of regcomp and regexec was seen to take
    if (regex_weight(expression) > stack_left() / kStackForEach) {
      error = "too many groups and repetitions";
      return nullptr;
    }
    entries_.emplace_front();
    Entry& entry = entries_.front();
    entry.expression.assign(expression);
    entry.ignore_case = ignore_case;
    int code = regcomp(&entry.compiled, entry.expression.c_str(), REG_EXTENDED | (ignore_case ? REG_ICASE : 0));
    if (code != 0) {
      char message[256];
      regerror(code, &entry.compiled, message, sizeof message);
      error = message;
      entries_.pop_front();
      return nullptr;
    }
    if (entries_.size() > kKept) {
      regfree(&entries_.back().compiled);
      entries_.pop_back();
    }
    return &entry.compiled;
  }

 private:
  static constexpr size_t kKept = 16;
  struct Entry {
    std::string expression;
    bool ignore_case = false;
    regex_t compiled;
  };
  std::list<Entry> entries_;
  uint32_t locale_generation_ = 0;  // of which they were compiled in
};

class Evaluator {
 public:
  explicit Evaluator(ExecutionContext& context) : context_(context) {}

  int evaluate(const syntax::ConditionNode& node) {
    if (stack_is_low()) {
      throw state::ShellError(state::ShellError::Kind::Exhausted, "maximum recursion depth exceeded");
    }
    switch (node.kind) {
      case syntax::ConditionKind::Word: {
        std::string_view operand = single(*node.left);
        trace("-n", operand);
        return status_of(!operand.empty());
      }
      case syntax::ConditionKind::Unary: return unary(node);
      case syntax::ConditionKind::Binary: return binary(node);
      case syntax::ConditionKind::Not: {
        is_negated_ = !is_negated_;
        int status = evaluate(*node.first);
        return status > 1 ? status : 1 - status;
      }
      case syntax::ConditionKind::And: {
        int status = evaluate(*node.first);
        return status != 0 ? status : evaluate(*node.second);
      }
      case syntax::ConditionKind::Or: {
        int status = evaluate(*node.first);
        return status != 1 ? status : evaluate(*node.second);
      }
    }
    return 2;
  }

 private:
  static int status_of(bool value) { return value ? 0 : 1; }
  int status_about(std::string_view file, const Result<bool>& answer) {
    if (answer) return status_of(*answer);
    context_.services.report("[[: " + std::string(file) + ": " + std::string(answer.error().message()));
    return 2;
  }
  std::string_view single(const syntax::Word& word) { return context_.expander.expand_single(word); }
  bool ignores_case() const { return context_.state.is_on(Option::NoCaseMatch); }

  bool is_traced() const { return context_.state.is_on(Option::XTrace); }

  // As in bash, the operands expanded but not quoted.
  void trace(std::string_view op, std::string_view operand) {
    if (is_traced()) [[unlikely]]
      trace_term(fmt::format("{} {}", op, shown(operand)));
  }
  void trace(std::string_view left, std::string_view op, std::string_view right) {
    if (is_traced()) [[unlikely]]
      trace_term(fmt::format("{} {} {}", shown(left), op, shown(right)));
  }
  void trace_term(std::string_view term) {
    trace_text(context_, fmt::format("[[ {}{} ]]", std::exchange(is_negated_, false) ? "! " : "", term));
  }
  static std::string_view shown(std::string_view operand) { return operand.empty() ? "''" : operand; }

  int unary(const syntax::ConditionNode& node) {
    std::string_view operand = single(*node.left);
    trace(node.op, operand);
    if (node.op == "-v" && operand.find('[') != std::string_view::npos) return status_of(is_element_set(operand));
    return status_about(operand, state::evaluate_unary(context_.state, node.op[1], operand));
  }

  bool is_element_set(std::string_view text) {
    state::ShellState& state = context_.state;
    std::optional<syntax::VariableReference> reference = syntax::parse_reference(text, state.scratch);
    if (!reference) return false;
    if (reference->subscript == nullptr) return state.variables.is_set(reference->name);
    const state::Variable* variable = state.variables.resolve(reference->name);
    if (variable == nullptr) return false;
    const state::IndexedArray* indexed = variable->value.indexed();
    const state::AssociativeArray* associative = variable->value.associative();
    if (reference->subscript->kind != syntax::Subscript::Kind::Expression) {
      return (indexed != nullptr && indexed->count() != 0) || (associative != nullptr && associative->count() != 0) ||
             (indexed == nullptr && associative == nullptr && !variable->value.is_unset());
    }
    int64_t index = 0;
    std::string_view key;
    if (context_.expander.evaluate_subscript(reference->name, *reference->subscript, index, key)) {
      return associative != nullptr && associative->find(key) != nullptr;
    }
    if (indexed == nullptr) return index == 0 && !variable->value.is_unset();
    index = indexed->absolute(index);
    return indexed->find(index) != nullptr;
  }

  bool equals(std::string_view subject, const syntax::Word& pattern, std::string_view op) {
    constexpr auto kPlace = expand::Expander::PatternPlace::Condition;
    if (is_traced()) [[unlikely]] {
      std::string text;
      pattern::Pattern compiled = context_.expander.expand_pattern(pattern, kPlace, &text);
      trace(subject, op, text);
      return compiled.matches(subject);
    }
    if (pattern.is_literal && !ignores_case()) return pattern.literal == subject;
    return context_.expander.expand_pattern(pattern, kPlace).matches(subject);
  }

  int64_t number(const syntax::ArithExpression* expression, const syntax::Word& word) {
    if (expression != nullptr) return context_.expander.evaluate(*expression);
    return context_.expander.evaluate_text(single(word));
  }

  void numbers(const syntax::ConditionNode& node, int64_t& left, int64_t& right) {
    if (!is_traced()) [[likely]] {
      left = number(node.left_number, *node.left);
      right = number(node.right_number, *node.right);
      return;
    }
    std::string_view first = single(*node.left);
    std::string_view second = single(*node.right);
    trace(first, node.op, second);
    left = context_.expander.evaluate_text(first);
    right = context_.expander.evaluate_text(second);
  }

  int binary(const syntax::ConditionNode& node) {
    std::string_view op = node.op;
    if (op == "==" || op == "=" || op == "!=") {
      return status_of(equals(single(*node.left), *node.right, op) == (op[0] == '='));
    }
    if (op == "=~") return matches_regex(single(*node.left), *node.right);
    bool is_of_files = op == "-nt" || op == "-ot" || op == "-ef";
    if (is_of_files || op == "<" || op == ">") {
      std::string_view left = single(*node.left);
      std::string_view right = single(*node.right);
      trace(left, op, right);
      if (is_of_files) return status_about(left, state::compare_files(op, left, right));
      return status_of(op == "<" ? collate(left, right) < 0 : collate(left, right) > 0);
    }
    int64_t left = 0;
    int64_t right = 0;
    try {
      numbers(node, left, right);
    } catch (const state::ShellError& error) {
      // bash: an operand that is no number is a failure of the command, not of the shell.
      if (error.kind() != state::ShellError::Kind::Expansion) throw;
      context_.services.report("[[: " + error.message());
      return 1;
    }
    if (op == "-eq") return status_of(left == right);
    if (op == "-ne") return status_of(left != right);
    if (op == "-lt") return status_of(left < right);
    if (op == "-le") return status_of(left <= right);
    if (op == "-gt") return status_of(left > right);
    if (op == "-ge") return status_of(left >= right);
    return 2;
  }

  int matches_regex(std::string_view subject, const syntax::Word& word) {
    static RegexCache cache;  // compiled expressions depend on nothing but their text and the locale
    std::string error;
    // compat31: as in bash 3.1, quotes make no character of the expression ordinary.
    std::string_view expression = context_.state.is_on(Option::Compat31) ? context_.expander.expand_single(word)
                                                                         : context_.expander.expand_regex(word);
    trace(subject, "=~", expression);
    const regex_t* compiled = cache.find(expression, ignores_case(), error);
    if (compiled == nullptr) {
      context_.services.report("[[: " + std::string(expression) + ": invalid regular expression: " + error);
      return 2;
    }
    size_t groups = compiled->re_nsub + 1;
    std::span<regmatch_t> found = context_.state.scratch.make_span<regmatch_t>(groups);
    bool matched = regexec(compiled, context_.state.scratch.copy(subject).data(), groups, found.data(), 0) == 0;
    state::IndexedArray& result = context_.state.variables.prepare_internal_indexed(names::BASH_REMATCH);
    result.clear();
    if (!matched) return 1;
    for (size_t i = 0; i < groups; ++i) {
      std::string_view text;
      if (found[i].rm_so >= 0) {
        text =
            subject.substr(static_cast<size_t>(found[i].rm_so), static_cast<size_t>(found[i].rm_eo - found[i].rm_so));
      }
      result.set(static_cast<int64_t>(i), text);
    }
    return 0;
  }

  ExecutionContext& context_;
  bool is_negated_ = false;  // the next term traced stands behind a `!`
};

}  // namespace

int evaluate_condition(ExecutionContext& context, const syntax::ConditionNode& root) {
  ArenaScope scope(context.state.scratch);
  return Evaluator(context).evaluate(root);
}

}  // namespace mish::exec
