// SPDX-License-Identifier: GPL-3.0-or-later
// The structure of nodes as one S-expression, for tests: what the parser understood, without positions or spelling.
#include <fmt/format.h>

#include "shell/base/stack_guard.h"
#include "shell/syntax/printer.h"

namespace mish::syntax {

namespace {

class Dumper {
 public:
  std::string take() { return std::move(out_); }
  void command(const Command* node);

 private:
  void text(std::string_view text);
  void word(const Word* word);
  void words(std::span<const Word* const> words) {
    for (const Word* w : words) {
      out_ += ' ';
      word(w);
    }
  }
  void parts(const Word& word);
  void part(const WordPart& part);
  void parameter(const ParameterExpansion& p);
  void subscript(const Subscript& subscript);
  void brace(const BraceExpansion& brace);
  void arith(const ArithExpression* expression);
  void node(const ArithNode& node);
  void assignment(const Assignment& assignment);
  void redirection(const Redirection& redirection);
  void redirections(const Command& command) {
    for (const Redirection& r : command.redirections) redirection(r);
  }
  void condition(const ConditionNode& node);
  void body(const Command* node) {
    out_ += ' ';
    command(node);
  }
  /// Without `in` a loop goes over "$@".
  void in_words(bool has_in, std::span<const Word* const> list) {
    out_ += " (in";
    if (has_in) {
      words(list);
    } else {
      out_ += " \"$@\"";
    }
    out_ += ')';
  }
  void simple(const SimpleCommand& node);
  void pipeline(const Pipeline& node);
  void case_clause(const CaseClause& node);
  void if_clause(const IfClause& node);
  void number(const ArithExpression* expression) {
    out_ += ' ';
    if (expression == nullptr) {
      out_ += '_';
    } else {
      arith(expression);
    }
  }

  std::string out_;
};

void Dumper::text(std::string_view text) {
  for (char c : text) {
    if (c == '\n') {
      out_ += "\\n";
    } else if (c == '\t') {
      out_ += "\\t";
    } else if (c == '\\') {
      out_ += "\\\\";
    } else {
      out_ += c;
    }
  }
}

void Dumper::word(const Word* word) {
  if (word == nullptr) {
    out_ += '_';
    return;
  }
  if (word->assignment != nullptr) {
    assignment(*word->assignment);
    return;
  }
  parts(*word);
}

void Dumper::parts(const Word& word) {
  if (word.parts.empty()) {
    out_ += "\"\"";
    return;
  }
  if (word.parts.size() == 1) {
    part(word.parts[0]);
    return;
  }
  out_ += '[';
  bool first = true;
  for (const WordPart& p : word.parts) {
    if (!first) out_ += ' ';
    first = false;
    part(p);
  }
  out_ += ']';
}

void Dumper::part(const WordPart& part) {
  const bool is_literal = part.kind == PartKind::Literal;
  if (part.quoted && !is_literal) out_ += '"';
  switch (part.kind) {
    case PartKind::Literal:
      if (part.quoted) out_ += '\'';
      text(part.text);
      if (part.quoted) out_ += '\'';
      break;
    case PartKind::Tilde: out_ += fmt::format("(~{})", part.text); break;
    case PartKind::Parameter: parameter(*part.parameter); break;
    case PartKind::CommandSubstitution:
      out_ += part.command->reads_file ? "($<" : "($";
      body(part.command->body);
      out_ += ')';
      break;
    case PartKind::Arithmetic: arith(part.arithmetic); break;
    case PartKind::ProcessSubstitution:
      out_ += part.process->reads ? "(<" : "(>";
      body(part.process->body);
      out_ += ')';
      break;
    case PartKind::Brace: brace(*part.brace); break;
  }
  if (part.quoted && !is_literal) out_ += '"';
}

std::string_view operator_text(const ParameterExpansion& p) {
  switch (p.op) {
    case ParameterOp::None: return "";
    case ParameterOp::Length: return "length";
    case ParameterOp::Default: return p.colon ? ":-" : "-";
    case ParameterOp::AssignDefault: return p.colon ? ":=" : "=";
    case ParameterOp::ErrorIfUnset: return p.colon ? ":?" : "?";
    case ParameterOp::Alternate: return p.colon ? ":+" : "+";
    case ParameterOp::RemoveSmallestPrefix: return "#";
    case ParameterOp::RemoveLargestPrefix: return "##";
    case ParameterOp::RemoveSmallestSuffix: return "%";
    case ParameterOp::RemoveLargestSuffix: return "%%";
    case ParameterOp::Substring: return "substring";
    case ParameterOp::ReplaceFirst: return "/";
    case ParameterOp::ReplaceAll: return "//";
    case ParameterOp::ReplacePrefix: return "/#";
    case ParameterOp::ReplaceSuffix: return "/%";
    case ParameterOp::UpperFirst: return "^";
    case ParameterOp::UpperAll: return "^^";
    case ParameterOp::LowerFirst: return ",";
    case ParameterOp::LowerAll: return ",,";
    case ParameterOp::ToggleFirst: return "~";
    case ParameterOp::ToggleAll: return "~~";
    case ParameterOp::Transform: return "@";
    case ParameterOp::NamesByPrefix: return "names";
    case ParameterOp::Keys: return "keys";
    case ParameterOp::Bad: return "bad";
  }
  return "";
}

void Dumper::parameter(const ParameterExpansion& p) {
  const bool plain = p.op == ParameterOp::None && p.subscript == nullptr && !p.indirect;
  if (!plain) out_ += '(';
  out_ += '$';
  if (p.indirect) out_ += '!';
  switch (p.kind) {
    case ParameterKind::Variable: out_ += mish::text(p.name); break;
    case ParameterKind::Positional: out_ += std::to_string(p.number); break;
    case ParameterKind::Special: out_ += p.special; break;
  }
  if (plain) return;
  if (p.subscript != nullptr) subscript(*p.subscript);
  if (p.op != ParameterOp::None) (out_ += ' ') += operator_text(p);
  if (p.op == ParameterOp::Transform) out_ += p.transform;
  if (p.op == ParameterOp::NamesByPrefix) out_ += p.special;
  if (p.word != nullptr) {
    out_ += ' ';
    word(p.word);
  }
  if (p.replacement != nullptr) {
    out_ += ' ';
    word(p.replacement);
  }
  if (p.op == ParameterOp::Substring) {
    number(p.offset);
    if (p.length != nullptr) number(p.length);
  }
  out_ += ')';
}

void Dumper::subscript(const Subscript& subscript) {
  out_ += '[';
  switch (subscript.kind) {
    case Subscript::Kind::At: out_ += '@'; break;
    case Subscript::Kind::Star: out_ += '*'; break;
    case Subscript::Kind::Expression: arith(subscript.index); break;
  }
  out_ += ']';
}

void Dumper::brace(const BraceExpansion& brace) {
  if (brace.is_range) {
    if (brace.is_character_range) {
      out_ += fmt::format("(range '{}' '{}' {})", static_cast<char>(brace.first), static_cast<char>(brace.last),
                          brace.step);
    } else {
      out_ += fmt::format("(range {} {} {}", brace.first, brace.last, brace.step);
      if (brace.width != 0) out_ += fmt::format(" width {}", brace.width);
      out_ += ')';
    }
    return;
  }
  out_ += "(brace";
  words(brace.alternatives);
  out_ += ')';
}

std::string_view operator_text(ArithOp op) {
  switch (op) {
    case ArithOp::None: return "";
    case ArithOp::Equals: return "=";
    case ArithOp::Add:
    case ArithOp::Plus: return "+";
    case ArithOp::Subtract:
    case ArithOp::Minus: return "-";
    case ArithOp::Multiply: return "*";
    case ArithOp::Divide: return "/";
    case ArithOp::Remainder: return "%";
    case ArithOp::Power: return "**";
    case ArithOp::ShiftLeft: return "<<";
    case ArithOp::ShiftRight: return ">>";
    case ArithOp::BitAnd: return "&";
    case ArithOp::BitOr: return "|";
    case ArithOp::BitXor: return "^";
    case ArithOp::Less: return "<";
    case ArithOp::LessEqual: return "<=";
    case ArithOp::Greater: return ">";
    case ArithOp::GreaterEqual: return ">=";
    case ArithOp::Equal: return "==";
    case ArithOp::NotEqual: return "!=";
    case ArithOp::And: return "&&";
    case ArithOp::Or: return "||";
    case ArithOp::Comma: return ",";
    case ArithOp::Not: return "!";
    case ArithOp::BitNot: return "~";
    case ArithOp::PreIncrement: return "++_";
    case ArithOp::PreDecrement: return "--_";
    case ArithOp::PostIncrement: return "_++";
    case ArithOp::PostDecrement: return "_--";
  }
  return "";
}

void Dumper::arith(const ArithExpression* expression) {
  if (expression->root != nullptr) {
    node(*expression->root);
    return;
  }
  out_ += "(text ";
  parts(*expression->word);
  out_ += ')';
}

void Dumper::node(const ArithNode& n) {
  if (stack_is_low()) {
    out_ += "...";
    return;
  }
  switch (n.kind) {
    case ArithKind::Number: out_ += std::to_string(n.value); return;
    case ArithKind::Variable:
      out_ += mish::text(n.name);
      if (n.subscript != nullptr) subscript(*n.subscript);
      return;
    case ArithKind::Parameter: parameter(*n.parameter); return;
    case ArithKind::Unary:
    case ArithKind::Binary:
    case ArithKind::Assign:
    case ArithKind::Increment:
    case ArithKind::Condition: break;
  }
  out_ += '(';
  if (n.kind == ArithKind::Condition) out_ += '?';
  out_ += operator_text(n.op);
  if (n.kind == ArithKind::Assign && n.op != ArithOp::Equals) out_ += '=';
  for (const ArithNode* child : {n.left, n.right, n.third}) {
    if (child == nullptr) continue;
    out_ += ' ';
    node(*child);
  }
  out_ += ')';
}

void Dumper::assignment(const Assignment& a) {
  out_ += "(= ";
  out_ += mish::text(a.name);
  if (a.subscript != nullptr) subscript(*a.subscript);
  if (a.append) out_ += " +";
  if (a.is_array) {
    out_ += " (array";
    for (const ArrayElement& element : a.elements) {
      out_ += ' ';
      if (element.subscript != nullptr) {
        subscript(*element.subscript);
        out_ += element.append ? "+=" : "=";
      }
      word(element.word);
    }
    out_ += ')';
  } else if (a.word != nullptr) {
    out_ += ' ';
    word(a.word);
  }
  out_ += ')';
}

void Dumper::redirection(const Redirection& r) {
  static constexpr std::string_view kOperators[] = {"<", ">", ">|", ">>", "<>", "<&", ">&", "<<", "<<<", "&>", "&>>"};
  out_ += " (";
  if (r.fd_variable != kNoName) {
    out_ += fmt::format("{{{}}}", mish::text(r.fd_variable));
  } else {
    out_ += std::to_string(r.fd);
  }
  out_ += kOperators[static_cast<size_t>(r.kind)];
  out_ += ' ';
  if (r.kind == RedirectionKind::HereDocument) {
    text(r.delimiter);
    out_ += ' ';
    parts(*r.body);
  } else {
    word(r.word);
  }
  out_ += ')';
}

void Dumper::condition(const ConditionNode& n) {
  if (stack_is_low()) {
    out_ += "...";
    return;
  }
  switch (n.kind) {
    case ConditionKind::Word: word(n.left); return;
    case ConditionKind::Unary:
      out_ += fmt::format("({} ", n.op);
      word(n.left);
      break;
    case ConditionKind::Binary:
      out_ += fmt::format("({} ", n.op);
      word(n.left);
      out_ += ' ';
      word(n.right);
      break;
    case ConditionKind::Not:
      out_ += "(! ";
      condition(*n.first);
      break;
    case ConditionKind::And:
    case ConditionKind::Or:
      out_ += n.kind == ConditionKind::And ? "(&& " : "(|| ";
      condition(*n.first);
      out_ += ' ';
      condition(*n.second);
      break;
  }
  out_ += ')';
}

void Dumper::simple(const SimpleCommand& node) {
  out_ += '(';
  out_ += node.is_declaration ? "declare" : "simple";
  for (const Assignment& a : node.assignments) {
    out_ += ' ';
    assignment(a);
  }
  words(node.words);
  redirections(node);
  out_ += ')';
}

void Dumper::pipeline(const Pipeline& node) {
  out_ += "(pipe";
  if (node.negated) out_ += " !";
  if (node.timed) out_ += node.timed_posix ? " time-p" : " time";
  for (size_t i = 0; i < node.commands.size(); ++i) {
    body(node.commands[i]);
  }
  out_ += ')';
}

void Dumper::case_clause(const CaseClause& node) {
  out_ += "(case ";
  word(node.word);
  for (const CaseClause::Item& item : node.items) {
    out_ += " (";
    for (size_t i = 0; i < item.patterns.size(); ++i) {
      if (i != 0) out_ += " | ";
      word(item.patterns[i]);
    }
    out_ += ')';
    body(item.body);
    if (item.end == CaseClause::End::FallThrough) out_ += " ;&";
    if (item.end == CaseClause::End::Continue) out_ += " ;;&";
  }
}

void Dumper::if_clause(const IfClause& node) {
  out_ += "(if";
  for (const IfClause::Branch& branch : node.branches) {
    body(branch.condition);
    body(branch.body);
  }
  if (node.else_body != nullptr) {
    out_ += " else";
    body(node.else_body);
  }
}

void Dumper::command(const Command* c) {
  if (c == nullptr) {
    out_ += "nil";
    return;
  }
  if (stack_is_low()) {
    out_ += "...";
    return;
  }
  switch (c->kind) {
    case CommandKind::Simple: simple(as<SimpleCommand>(*c)); return;
    case CommandKind::Pipeline: pipeline(as<Pipeline>(*c)); return;
    case CommandKind::AndOr:
      out_ += "(and-or";
      for (const AndOr::Item& item : as<AndOr>(*c).items) {
        if (&item != as<AndOr>(*c).items.data()) out_ += item.is_or ? " ||" : " &&";
        body(item.command);
      }
      break;
    case CommandKind::List:
      out_ += "(list";
      for (const List::Item& item : as<List>(*c).items) {
        body(item.command);
        if (item.is_async) out_ += " &";
      }
      break;
    case CommandKind::Group:
      out_ += "(group";
      body(as<Group>(*c).body);
      break;
    case CommandKind::Subshell:
      out_ += "(subshell";
      body(as<Subshell>(*c).body);
      break;
    case CommandKind::For: {
      const auto& node = as<ForClause>(*c);
      out_ += fmt::format("(for {}", mish::text(node.variable));
      in_words(node.has_in, node.words);
      body(node.body);
      break;
    }
    case CommandKind::ArithFor: {
      const auto& node = as<ArithForClause>(*c);
      out_ += "(arith-for";
      number(node.init);
      number(node.condition);
      number(node.step);
      body(node.body);
      break;
    }
    case CommandKind::Case: case_clause(as<CaseClause>(*c)); break;
    case CommandKind::If: if_clause(as<IfClause>(*c)); break;
    case CommandKind::Loop:
      out_ += as<LoopClause>(*c).is_until ? "(until" : "(while";
      body(as<LoopClause>(*c).condition);
      body(as<LoopClause>(*c).body);
      break;
    case CommandKind::Function:
      out_ += fmt::format("(function {}", mish::text(as<FunctionDefinition>(*c).name));
      body(as<FunctionDefinition>(*c).body);
      break;
    case CommandKind::Conditional:
      out_ += "(cond ";
      condition(*as<Conditional>(*c).root);
      break;
    case CommandKind::Arithmetic:
      out_ += "(arith ";
      arith(as<ArithmeticCommand>(*c).expression);
      break;
    case CommandKind::Select: {
      const auto& node = as<SelectClause>(*c);
      out_ += fmt::format("(select {}", mish::text(node.variable));
      in_words(node.has_in, node.words);
      body(node.body);
      break;
    }
    case CommandKind::Coprocess:
      out_ += fmt::format("(coproc {}", mish::text(as<Coprocess>(*c).name));
      body(as<Coprocess>(*c).body);
      break;
  }
  redirections(*c);
  out_ += ')';
}

}  // namespace

std::string dump(const Command* command) {
  Dumper dumper;
  dumper.command(command);
  return dumper.take();
}

}  // namespace mish::syntax
