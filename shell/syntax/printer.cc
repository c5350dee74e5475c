// SPDX-License-Identifier: GPL-3.0-or-later
// Two styles share one walk: on one line (job table, BASH_COMMAND) and indented (declare -f). Words are printed as they
// were written; only the structure around them is laid out anew.
#include "shell/syntax/printer.h"

#include <vector>

#include "shell/base/name.h"
#include "shell/base/quoting.h"
#include "shell/base/stack_guard.h"
#include "shell/syntax/token.h"

namespace mish::syntax {

namespace {

std::string_view redirection_operator(RedirectionKind kind) {
  switch (kind) {
    case RedirectionKind::Input: return "<";
    case RedirectionKind::Output: return ">";
    case RedirectionKind::Clobber: return ">|";
    case RedirectionKind::Append: return ">>";
    case RedirectionKind::InputOutput: return "<>";
    case RedirectionKind::DuplicateInput: return "<&";
    case RedirectionKind::DuplicateOutput: return ">&";
    case RedirectionKind::HereDocument: return "<<";
    case RedirectionKind::HereString: return "<<<";
    case RedirectionKind::OutputBoth: return "&>";
    case RedirectionKind::AppendBoth: return "&>>";
  }
  return "";
}

int default_fd(RedirectionKind kind) {
  switch (kind) {
    case RedirectionKind::Input:
    case RedirectionKind::InputOutput:
    case RedirectionKind::DuplicateInput:
    case RedirectionKind::HereDocument:
    case RedirectionKind::HereString: return 0;
    case RedirectionKind::Output:
    case RedirectionKind::Clobber:
    case RedirectionKind::Append:
    case RedirectionKind::DuplicateOutput:
    case RedirectionKind::OutputBoth:
    case RedirectionKind::AppendBoth: return 1;
  }
  return 0;
}

class Printer {
 public:
  explicit Printer(bool on_one_line) : on_one_line_(on_one_line) {}

  std::string take() {
    flush_here_documents();
    while (has_blank_behind()) out_.pop_back();
    return std::move(out_);
  }

  void command(const Command& node) {
    if (stack_is_low()) return put("...");
    switch (node.kind) {
      case CommandKind::Simple: return simple(as<SimpleCommand>(node));
      case CommandKind::Pipeline: return pipeline(as<Pipeline>(node));
      case CommandKind::AndOr: return and_or(as<AndOr>(node));
      case CommandKind::List: return list(as<List>(node));
      case CommandKind::Function:
        put("function ");  // bash: of a function within a function
        return function(as<FunctionDefinition>(node));
      case CommandKind::Group: braces(as<Group>(node).body); break;
      case CommandKind::Subshell: subshell(as<Subshell>(node)); break;
      case CommandKind::For: for_words("for ", as<ForClause>(node)); break;
      case CommandKind::Select: for_words("select ", as<SelectClause>(node)); break;
      case CommandKind::ArithFor: arith_for(as<ArithForClause>(node)); break;
      case CommandKind::Case: case_clause(as<CaseClause>(node)); break;
      case CommandKind::If: if_clause(as<IfClause>(node)); break;
      case CommandKind::Loop: loop(as<LoopClause>(node)); break;
      case CommandKind::Conditional:
        put("[[ ");
        condition(*as<Conditional>(node).root);
        put(" ]]");
        break;
      case CommandKind::Arithmetic:
        put("((");
        put(as<ArithmeticCommand>(node).expression->text);
        put("))");
        break;
      case CommandKind::Coprocess: coprocess(as<Coprocess>(node)); break;
    }
    redirections(node, true);
  }

  void function(const FunctionDefinition& node) {
    put(text(node.name));
    put(" () ");
    if (!on_one_line_) newline();
    if (node.body->kind == CommandKind::Group) {
      command(*node.body);
    } else {
      // Another compound command is shown inside braces, as bash does: it reads back with the same effect.
      braces(node.body);
    }
  }

  // What comes before the body.
  template <typename Clause>
  void for_head(std::string_view keyword, const Clause& node) {
    put(keyword);
    put(text(node.variable));
    put(" in");
    if (node.has_in) {
      if (node.words.empty()) put(" ");
      for (const Word* word : node.words) {
        put(" ");
        put(word->source);
      }
    } else {
      put(" \"$@\"");
    }
  }

  void case_head(const CaseClause& node) {
    put("case ");
    put(node.word->source);
    put(" in ");
  }

 private:
  void put(std::string_view text) { out_.append(text); }

  void newline() {
    flush_here_documents();
    while (has_blank_behind() && !ends_with("{ ") && !ends_with(" () ") && !ends_with(" in ")) out_.pop_back();
    put("\n");
    out_.append(static_cast<size_t>(depth_) * 4, ' ');
  }
  /// One that no word ends with: echo a\ .
  bool has_blank_behind() const { return ends_with(" ") && !ends_with("\\ "); }
  bool ends_with(std::string_view end) const { return std::string_view(out_).ends_with(end); }

  // Ends a line of an indented listing, or separates with a blank.
  void line_break() {
    if (on_one_line_) {
      put(" ");
    } else {
      newline();
    }
  }

  void flush_here_documents() {
    std::vector<const Redirection*> pending = std::move(pending_);
    pending_.clear();
    for (const Redirection* redirection : pending) {
      put("\n");
      std::string_view body = redirection->body != nullptr ? redirection->body->source : std::string_view();
      put(body);
      if (!body.empty() && body.back() != '\n') put("\n");  // it ended with the file
      put(redirection->delimiter);
    }
    if (!pending.empty()) put("\n");
  }

  void indented(const Command* body, bool final_semicolon) {
    ++depth_;
    line_break();
    if (body != nullptr) command(*body);
    if (final_semicolon && body != nullptr) semicolon();
    --depth_;
    line_break();
  }

  void semicolon() {
    if (!out_.empty() && out_.back() == '&') return;  // `a &` is ended by its ampersand
    if (!pending_.empty() && !on_one_line_) return;   // a here-document's body ends the command
    put(";");
  }

  void end_condition(std::string_view keyword) {
    if (!pending_.empty() && !on_one_line_) {
      newline();  // the bodies come first
    } else {
      semicolon();
      put(" ");
    }
    put(keyword);
  }

  void braces(const Command* body) {
    put(on_one_line_ ? "{" : "{ ");
    indented(body, on_one_line_);
    put("}");
  }

  void subshell(const Subshell& node) {
    put("( ");
    if (node.body != nullptr) command(*node.body);
    flush_here_documents();
    put(" )");
  }

  void redirections(const Command& node, bool after_something) {
    for (const Redirection& redirection : node.redirections) {
      if (after_something) put(" ");
      put(print_redirection(redirection));
      if (redirection.kind == RedirectionKind::HereDocument && !on_one_line_) pending_.push_back(&redirection);
      after_something = true;
    }
  }

  /// Whether a command would begin at word `n`, were it the first.
  static bool is_disguised(const SimpleCommand& node, size_t n) {
    if (!node.assignments.empty() || node.words.size() <= n || node.redirections.empty()) return false;
    const Word& word = *node.words[n];
    return word.is_literal && !word.has_quotes && find_reserved_word(word.literal, false) != ReservedWord::None;
  }

  void simple(const SimpleCommand& node, bool is_coprocess = false) {
    bool any = false;
    // >f done: with the redirections behind, this would be the reserved word. coproc a >f { }: this would be named a.
    const bool has_redirections_first = is_disguised(node, 0) || (is_coprocess && is_disguised(node, 1));
    if (has_redirections_first) {
      redirections(node, any);
      any = true;
    }
    for (const Assignment& assignment : node.assignments) {
      if (any) put(" ");
      put(print_assignment(assignment));
      any = true;
    }
    for (const Word* word : node.words) {
      if (any) put(" ");
      put(word->source);
      any = true;
    }
    if (!has_redirections_first) redirections(node, any);
  }

  void pipeline(const Pipeline& node) {
    if (node.timed) put(node.timed_posix ? "time -p " : "time ");
    if (node.negated) put("! ");
    if (!node.timed && !node.negated && node.commands.size() == 1) put("! ! ");  // no other makes a pipeline of it
    for (size_t i = 0; i < node.commands.size(); ++i) {
      if (i != 0) put(" | ");
      command(*node.commands[i]);
    }
  }

  void and_or(const AndOr& node) {
    for (size_t i = 0; i < node.items.size(); ++i) {
      if (i != 0) put(node.items[i].is_or ? " || " : " && ");
      command(*node.items[i].command);
    }
  }

  void list(const List& node) {
    for (size_t i = 0; i < node.items.size(); ++i) {
      command(*node.items[i].command);
      bool is_last = i + 1 == node.items.size();
      if (node.items[i].is_async) {
        put(is_last ? " &" : " & ");
      } else if (!is_last) {
        semicolon();
        line_break();
      }
    }
  }

  template <typename Clause>
  void for_words(std::string_view keyword, const Clause& node) {
    for_head(keyword, node);
    put(";");
    line_break();
    do_group(node.body);
  }

  void do_group(const Command* body) {
    put("do");
    indented(body, true);
    put("done");
  }

  void arith_for(const ArithForClause& node) {
    auto part = [this](const ArithExpression* expression) {
      if (expression == nullptr) return;
      std::string_view text = expression->text;
      while (!text.empty() && (text[0] == ' ' || text[0] == '\t')) text.remove_prefix(1);
      put(text);
    };
    put("for ((");
    part(node.init);
    put("; ");
    part(node.condition);
    put("; ");
    part(node.step);
    put("))");
    line_break();
    do_group(node.body);
  }

  void case_clause(const CaseClause& node) {
    case_head(node);
    ++depth_;
    for (const CaseClause::Item& item : node.items) {
      line_break();
      for (size_t i = 0; i < item.patterns.size(); ++i) {
        if (i != 0) put(" | ");
        // A leading ( keeps a pattern that is spelled like a reserved word from being taken for one.
        if (i == 0 && item.patterns[0]->source == "esac") put("(");
        put(item.patterns[i]->source);
      }
      put(")");
      indented(item.body, false);
      put(item.end == CaseClause::End::Break ? ";;" : item.end == CaseClause::End::FallThrough ? ";&" : ";;&");
    }
    --depth_;
    line_break();
    put("esac");
  }

  void if_clause(const IfClause& node) {
    for (size_t i = 0; i < node.branches.size(); ++i) {
      put(i == 0 ? "if " : "elif ");
      command(*node.branches[i].condition);
      end_condition("then");
      indented(node.branches[i].body, true);
    }
    if (node.else_body != nullptr) {
      put("else");
      indented(node.else_body, true);
    }
    put("fi");
  }

  void loop(const LoopClause& node) {
    put(node.is_until ? "until " : "while ");
    command(*node.condition);
    end_condition("do");
    indented(node.body, true);
    put("done");
  }

  void coprocess(const Coprocess& node) {
    put("coproc ");
    if (node.body->kind == CommandKind::Simple) return simple(as<SimpleCommand>(*node.body), true);
    put(text(node.name));
    put(" ");
    command(*node.body);
  }

  void condition(const ConditionNode& node) {
    if (stack_is_low()) return put("...");
    switch (node.kind) {
      case ConditionKind::Word: put(node.left->source); return;
      case ConditionKind::Unary:
        put(node.op);
        put(" ");
        put(node.left->source);
        return;
      case ConditionKind::Binary:
        put(node.left->source);
        put(" ");
        put(node.op);
        put(" ");
        put(node.right->source);
        return;
      case ConditionKind::Not:
        put("! ");
        operand(*node.first, true);
        return;
      case ConditionKind::And:
        operand(*node.first, false);
        put(" && ");
        operand(*node.second, true);
        return;
      case ConditionKind::Or:
        condition(*node.first);
        put(" || ");
        if (node.second->kind == ConditionKind::Or) {
          operand(*node.second, false);
        } else {
          condition(*node.second);
        }
        return;
    }
  }

  // || binds weakest, then &&, both group from the left: what does not so by itself needs its parentheses back.
  void operand(const ConditionNode& node, bool groups_and) {
    bool needs_parentheses = node.kind == ConditionKind::Or || (groups_and && node.kind == ConditionKind::And);
    if (needs_parentheses) put("( ");
    condition(node);
    if (needs_parentheses) put(" )");
  }

  std::string out_;
  std::vector<const Redirection*> pending_;  // here-documents whose bodies follow at the end of the line
  int depth_ = 0;
  bool on_one_line_;
};

}  // namespace

std::string print_command_line(const Command& command) {
  Printer printer(true);
  printer.command(command);
  return printer.take();
}

std::string print_command_head(const Command& command) {
  Printer printer(true);
  switch (command.kind) {
    case CommandKind::For: printer.for_head("for ", as<ForClause>(command)); break;
    case CommandKind::Select: printer.for_head("select ", as<SelectClause>(command)); break;
    case CommandKind::Case: printer.case_head(as<CaseClause>(command)); return printer.take() + " ";
    case CommandKind::Simple:
    case CommandKind::Pipeline:
    case CommandKind::AndOr:
    case CommandKind::List:
    case CommandKind::Group:
    case CommandKind::Subshell:
    case CommandKind::ArithFor:
    case CommandKind::If:
    case CommandKind::Loop:
    case CommandKind::Function:
    case CommandKind::Conditional:
    case CommandKind::Arithmetic:
    case CommandKind::Coprocess: printer.command(command); break;
  }
  return printer.take();
}

std::string print_command(const Command& command) {
  Printer printer(false);
  printer.command(command);
  return printer.take();
}

std::string print_function(const FunctionDefinition& function) {
  Printer printer(false);
  printer.function(function);
  return printer.take();
}

std::string print_word(const Word& word) { return std::string(word.source); }

std::string print_assignment(const Assignment& assignment) {
  std::string out(text(assignment.name));
  if (assignment.subscript != nullptr) {
    out += '[';
    out += assignment.subscript->text;
    out += ']';
  }
  out += assignment.append ? "+=" : "=";
  if (!assignment.is_array) {
    if (assignment.word != nullptr) out += assignment.word->source;
    return out;
  }
  out += '(';
  bool any = false;
  for (const ArrayElement& element : assignment.elements) {
    if (any) out += ' ';
    any = true;
    if (element.subscript != nullptr) {
      out += '[';
      out += element.subscript->text;
      out += element.append ? "]+=" : "]=";
    }
    if (element.word != nullptr) out += element.word->source;
  }
  return out + ")";
}

std::string print_redirection(const Redirection& redirection) {
  std::string out;
  bool is_both = redirection.kind == RedirectionKind::OutputBoth || redirection.kind == RedirectionKind::AppendBoth;
  // bash names the descriptor of these always.
  bool is_numbered = redirection.kind == RedirectionKind::DuplicateInput ||
                     redirection.kind == RedirectionKind::DuplicateOutput ||
                     redirection.kind == RedirectionKind::InputOutput;
  if (redirection.fd_variable != kNoName) {
    out += '{';
    out += text(redirection.fd_variable);
    if (redirection.fd_subscript != nullptr) {
      out += '[';
      out += redirection.fd_subscript->text;
      out += ']';
    }
    out += '}';
  } else if (!is_both && (is_numbered || redirection.fd != default_fd(redirection.kind))) {
    out += std::to_string(redirection.fd);
  }
  out += redirection_operator(redirection.kind);
  switch (redirection.kind) {
    case RedirectionKind::HereDocument:
      if (redirection.strip_tabs) out += '-';
      out += redirection.delimiter_quoted ? quote_single(redirection.delimiter) : std::string(redirection.delimiter);
      break;
    case RedirectionKind::DuplicateInput:
    case RedirectionKind::DuplicateOutput: out += redirection.word->source; break;
    case RedirectionKind::Input:
    case RedirectionKind::Output:
    case RedirectionKind::Clobber:
    case RedirectionKind::Append:
    case RedirectionKind::InputOutput:
    case RedirectionKind::HereString:
    case RedirectionKind::OutputBoth:
    case RedirectionKind::AppendBoth:
      out += ' ';
      out += redirection.word->source;
      break;
  }
  return out;
}

}  // namespace mish::syntax
