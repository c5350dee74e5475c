// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/syntax/parser.h"

#include <cstring>

#include "shell/base/text.h"
#include "shell/syntax/arith_parser.h"
#include "shell/syntax/command_parser.h"

namespace mish::syntax {

namespace {

// The parts of a parser that hold memory. A few are kept when parsers end, so that `eval` and traps allocate nothing.
struct Machinery {
  Input input;
  CommandParser commands;
};
constexpr size_t kKept = 4;
constexpr size_t kLargestKept = 256 * 1024;
Machinery* g_kept[kKept];
size_t g_kept_count = 0;

Machinery* take_machinery() { return g_kept_count != 0 ? g_kept[--g_kept_count] : new Machinery; }

void give_back(Machinery* machinery) {
  if (g_kept_count == kKept || machinery->input.capacity() > kLargestKept) {
    delete machinery;
  } else {
    g_kept[g_kept_count++] = machinery;
  }
}

}  // namespace

class Parser::Implementation {
 public:
  Implementation(Source& source, const ParserOptions& options, const AliasLookup* aliases, std::string_view source_name,
                 uint32_t first_line)
      : source_(source),
        options_(options),
        machinery_(take_machinery()),
        input_(machinery_->input),
        commands_(machinery_->commands) {
    input_.open(source, first_line);
    commands_.open(aliases, source_name);
  }
  ~Implementation() { give_back(machinery_); }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  ParseResult parse(bool all);
  const Input& input() const { return input_; }

 private:
  bool skip_blank_lines();
  void report(const ParseFailure& failure, ParseResult& result);

  Source& source_;
  const ParserOptions& options_;
  Machinery* machinery_;
  Input& input_;
  CommandParser& commands_;
};

// True if a command follows. A terminal gets each blank line back, to prompt again; a script's are skipped.
bool Parser::Implementation::skip_blank_lines() {
  Lexer& lexer = commands_.lexer();
  while (lexer.peek(true).kind == TokenKind::Newline) {
    lexer.advance();
    if (source_.is_interactive()) return false;
  }
  return true;
}

ParseResult Parser::Implementation::parse(bool all) {
  ParseResult result;
  result.program = ProgramPtr::create();
  ParseContext& context = commands_.context();
  context.arena = &result.program->arena();
  context.input = &input_;
  context.options = options_;
  commands_.reset();
  input_.begin_command();
  commands_.lexer().begin_command(options_.expand_aliases);
  try {
    result.status = ParseStatus::Command;
    if (!skip_blank_lines()) return result;
    if (!all && commands_.lexer().peek(true).kind == TokenKind::EndOfInput) {
      result.status = ParseStatus::EndOfFile;
      return result;
    }
    result.program->set_root(commands_.parse_program(all));
    result.warning = commands_.lexer().take_warning();
  } catch (const ParseFailure& failure) {
    context.input = &input_;
    report(failure, result);
  }
  return result;
}

void Parser::Implementation::report(const ParseFailure& failure, ParseResult& result) {
  switch (failure.reason) {
    case ParseFailure::Reason::Syntax:
    case ParseFailure::Reason::TooDeep: result.status = ParseStatus::Error; break;
    case ParseFailure::Reason::Incomplete: result.status = ParseStatus::Incomplete; break;
    case ParseFailure::Reason::Interrupted: result.status = ParseStatus::Interrupted; break;
    case ParseFailure::Reason::ReadError: result.status = ParseStatus::ReadError; break;
  }
  result.error = {failure.message, failure.line, failure.column, failure.source_line};
  result.program->set_root(nullptr);
  input_.drop_line();
}

Parser::Parser(Source& source, const ParserOptions& options, const AliasLookup* aliases, std::string_view source_name,
               uint32_t first_line)
    : impl_(std::make_unique<Implementation>(source, options, aliases, source_name, first_line)) {}

Parser::~Parser() = default;

ParseResult Parser::parse_command() { return impl_->parse(false); }
ParseResult Parser::parse_all() { return impl_->parse(true); }
bool Parser::is_at_end() const { return impl_->input().is_blank_to_end(); }
uint32_t Parser::line() const { return impl_->input().line(); }
std::string_view Parser::last_text() const { return impl_->input().consumed_text(); }

// ---- texts at run time ----

namespace {

// A parser of one text into an arena that is not a Program's own business.
class TextParser {
 public:
  TextParser(std::string_view text, const ParserOptions& options, Arena& arena) : input_(text, 1) {
    ParseContext& context = commands_.context();
    context.arena = &arena;
    context.input = &input_;
    context.options = options;
  }
  WordParser& words() { return commands_.words(); }
  Input& input() { return input_; }

 private:
  Input input_;
  CommandParser commands_;
};

const Word* parse_whole_text(const Word* (WordParser::*parse)(), std::string_view text, const ParserOptions& options,
                             Program& program, std::string& error) {
  try {
    TextParser parser(text, options, program.arena());
    return (parser.words().*parse)();
  } catch (const ParseFailure& failure) {
    error = failure.message;
    return nullptr;
  }
}

const ArithNode* parse_arithmetic_parts(std::span<const WordPart> parts, Arena& arena, std::string& error) {
  ArithParser parser(arena, parts);
  const ArithNode* root = parser.parse();
  if (root == nullptr) error = parser.error();
  return root;
}

}  // namespace

const ArithNode* parse_arithmetic(std::string_view text, Arena& arena, std::string& error) {
  text = trim_blanks(text);
  // Subscripts may hold quotes and expansions of their own: `let 'a[$i]=1'`.
  if (text.find('[') != std::string_view::npos && text.find_first_of("$`'\"\\") != std::string_view::npos) {
    try {
      const ParserOptions options;
      TextParser parser(text, options, arena);
      const Subscript* whole = parser.words().parse_subscript_text(arena.copy(text));
      return parse_arithmetic_parts(whole->word->parts, arena, error);
    } catch (const ParseFailure& failure) {
      error = failure.message;
      return nullptr;
    }
  }
  WordPart part;
  part.quoted = true;
  part.text = arena.copy(text);
  return parse_arithmetic_parts({&part, 1}, arena, error);
}

const Word* parse_text_as_word(std::string_view text, const ParserOptions& options, Program& program,
                               std::string& error) {
  return parse_whole_text(&WordParser::parse_text, text, options, program, error);
}

const Word* parse_text_as_list(std::string_view text, const ParserOptions& options, Program& program,
                               std::string& error) {
  return parse_whole_text(&WordParser::parse_list_text, text, options, program, error);
}

std::optional<VariableReference> parse_reference(std::string_view text, Arena& arena) {
  VariableReference reference;
  const size_t bracket = text.find('[');
  const std::string_view name = text.substr(0, bracket);
  if (!is_identifier(name)) return std::nullopt;
  reference.name = NameTable::intern(name);
  if (bracket == std::string_view::npos) return reference;
  if (text.back() != ']' || text.size() < bracket + 3) return std::nullopt;
  const std::string_view inner = arena.copy(text.substr(bracket + 1, text.size() - bracket - 2));
  try {
    const ParserOptions options;
    TextParser parser(inner, options, arena);
    reference.subscript = parser.words().parse_subscript_text(inner);
  } catch (const ParseFailure&) {
    // `unset "a[$key]"` with a quote in the key: it is the key of an associative array as it stands, as in bash.
    auto* subscript = arena.make<Subscript>();
    subscript->text = inner;
    reference.subscript = subscript;
  }
  return reference;
}

}  // namespace mish::syntax
