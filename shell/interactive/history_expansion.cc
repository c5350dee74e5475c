// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/history_expansion.h"

#include <algorithm>
#include <optional>

#include "shell/base/quoting.h"
#include "shell/base/text.h"

namespace mish::interactive {

namespace {

bool is_operator_char(char c) { return std::string_view("()<>;&|").find(c) != std::string_view::npos; }

/// Position behind a quoted or escaped stretch that begins at `at`; at + 1 for an ordinary character.
size_t skip_protected(std::string_view text, size_t at) {
  char c = text[at];
  if (c == '\\') return std::min(at + 2, text.size());
  if (c != '\'' && c != '"' && c != '`') return at + 1;
  bool has_escapes = c != '\'' || (at > 0 && text[at - 1] == '$');  // $'...'
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == c) return i + 1;
    if (text[i] == '\\' && has_escapes) ++i;
  }
  return text.size();
}

bool ends_event_name(char c) { return is_space(c) || c == ':' || is_operator_char(c) || c == '"' || c == '\''; }

}  // namespace

std::vector<std::string> history_words(std::string_view line) {
  std::vector<std::string> words;
  size_t at = 0;
  while (at < line.size()) {
    if (is_space(line[at])) {
      ++at;
      continue;
    }
    size_t begin = at;
    if (is_operator_char(line[at])) {
      while (at < line.size() && is_operator_char(line[at]) && at - begin < 2) {
        if (at > begin && (line[begin] == '(' || line[begin] == ')')) break;
        ++at;
      }
    } else {
      while (at < line.size() && !is_space(line[at]) && !is_operator_char(line[at])) at = skip_protected(line, at);
    }
    words.emplace_back(line.substr(begin, at - begin));
  }
  return words;
}

bool HistoryExpander::find_event(const HistoryLines& history, std::string_view text, size_t& at,
                                 std::string_view so_far, std::string& event) {
  size_t begin = at;  // behind the !
  auto not_found = [&](size_t end) {
    return fail("!" + std::string(text.substr(begin, end - begin)) + ": event not found");
  };
  auto take = [&](size_t position) {
    event = history.line(position);
    return true;
  };
  size_t count = history.count();
  char c = text[at];
  if (c == '!') {
    ++at;
    return count > 0 ? take(count - 1) : not_found(at);
  }
  if (c == '#') {
    ++at;
    event = so_far;
    return true;
  }
  // !$ !^ !* !:n are short for !!$ and so on.
  if (c == '$' || c == '^' || c == '*' || c == ':' || c == '%') return count > 0 ? take(count - 1) : not_found(at);
  if (is_digit(c) || (c == '-' && at + 1 < text.size() && is_digit(text[at + 1]))) {
    size_t end = at + 1;
    while (end < text.size() && is_digit(text[end])) ++end;
    int64_t number = parse_integer(text.substr(at, end - at)).value_or(0);
    at = end;
    int64_t position = number < 0 ? static_cast<int64_t>(count) + number : number - history.first_number();
    if (position < 0 || position >= static_cast<int64_t>(count)) return not_found(end);
    return take(static_cast<size_t>(position));
  }
  if (c == '?') {
    size_t end = text.find_first_of("?\n", at + 1);
    std::string wanted(text.substr(at + 1, (end == std::string_view::npos ? text.size() : end) - at - 1));
    at = end == std::string_view::npos ? text.size() : end + (text[end] == '?' ? 1 : 0);
    if (wanted.empty()) wanted = last_search_;
    last_search_ = wanted;
    for (size_t i = count; i > 0 && !wanted.empty(); --i) {
      if (history.line(i - 1).find(wanted) == std::string_view::npos) continue;
      for (const std::string& word : history_words(history.line(i - 1))) {
        if (word.find(wanted) != std::string::npos) matched_word_ = word;
      }
      return take(i - 1);
    }
    return not_found(at);
  }
  size_t end = at;
  while (end < text.size() && !ends_event_name(text[end])) ++end;
  std::string_view prefix = text.substr(at, end - at);
  at = end;
  for (size_t i = count; i > 0; --i) {
    if (history.line(i - 1).starts_with(prefix)) return take(i - 1);
  }
  return not_found(end);
}

/// :n :^ :$ :* :n-m :n* :n- :%; without colon before ^ $ * - %.
bool HistoryExpander::select_words(std::string_view text, size_t& at, std::string& event) {
  size_t begin = at;
  if (at < text.size() && text[at] == ':') ++at;
  if (at >= text.size()) {
    at = begin;
    return true;
  }
  char c = text[at];
  bool has_colon = at != begin;
  bool is_designator =
      c == '^' || c == '$' || c == '*' || c == '%' || (c == '-' && has_colon) || (has_colon && is_digit(c));
  if (!is_designator) {
    at = begin;
    return true;
  }
  std::vector<std::string> words = history_words(event);
  size_t last_word = words.empty() ? 0 : words.size() - 1;
  auto bad = [&] { return fail(std::string(text.substr(begin, at - begin)) + ": bad word specifier"); };
  auto number = [&]() -> std::optional<size_t> {
    if (at < text.size() && text[at] == '^') return ++at, 1;
    if (at < text.size() && text[at] == '$') return ++at, last_word;
    size_t end = at;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end == at) return std::nullopt;
    auto value = static_cast<size_t>(parse_integer(text.substr(at, end - at)).value_or(0));
    at = end;
    return value;
  };
  if (c == '%') {
    ++at;
    if (matched_word_.empty()) return bad();
    event = matched_word_;
    return true;
  }
  size_t first = 0, last = 0;
  if (c == '*') {
    ++at;
    first = 1;
    last = last_word;
    if (words.size() < 2) {
      event.clear();
      return true;
    }
  } else {
    first = c == '-' ? 0 : *number();
    last = first;
    if (at < text.size() && text[at] == '*') {
      ++at;
      last = last_word;
    } else if (at < text.size() && text[at] == '-') {
      ++at;
      last = number().value_or(last_word == 0 ? 0 : last_word - 1);
    }
  }
  if (first > last_word || last > last_word || last < first) return bad();
  event.clear();
  for (size_t i = first; i <= last && i < words.size(); ++i) {
    if (i != first) event += ' ';
    event += words[i];
  }
  return true;
}

bool HistoryExpander::substitute(std::string& event, bool everywhere) {
  if (old_.empty()) return fail(": no previous substitution");
  std::string replacement;
  for (size_t i = 0; i < new_.size(); ++i) {
    if (new_[i] == '\\' && i + 1 < new_.size() && new_[i + 1] == '&')
      replacement += new_[++i];
    else if (new_[i] == '&')
      replacement += old_;
    else
      replacement += new_[i];
  }
  size_t at = event.find(old_);
  if (at == std::string::npos) return fail(":s" + old_ + "/" + new_ + ": substitution failed");
  while (at != std::string::npos) {
    event.replace(at, old_.size(), replacement);
    if (!everywhere) break;
    at = event.find(old_, at + replacement.size());
  }
  return true;
}

bool HistoryExpander::modify(std::string_view text, size_t& at, std::string& event) {
  while (at + 1 < text.size() && text[at] == ':') {
    size_t i = at + 1;
    bool everywhere = false;
    while (i < text.size() && (text[i] == 'g' || text[i] == 'a' || text[i] == 'G')) {
      everywhere = true;
      ++i;
    }
    if (i >= text.size()) return true;
    char c = text[i++];
    size_t slash = event.rfind('/');
    size_t dot = event.rfind('.');
    bool has_suffix = dot != std::string::npos && (slash == std::string::npos || dot > slash);
    switch (c) {
      case 'h':
        if (slash != std::string::npos) event.resize(slash == 0 ? 1 : slash);
        break;
      case 't':
        if (slash != std::string::npos) event.erase(0, slash + 1);
        break;
      case 'r':
        if (has_suffix) event.resize(dot);
        break;
      case 'e': event = has_suffix ? event.substr(dot) : std::string(); break;
      case 'p': print_only_ = true; break;
      case 'q': event = quote_single(event); break;
      case 'x': {
        std::string quoted;
        for (const std::string& word : history_words(event)) {
          if (!quoted.empty()) quoted += ' ';
          quoted += quote_single(word);
        }
        event = quoted;
        break;
      }
      case '&':
        if (!substitute(event, everywhere)) return false;
        break;
      case 's': {
        if (i >= text.size()) return fail(":s: substitution failed");
        char delimiter = text[i++];
        auto part = [&] {
          std::string result;
          while (i < text.size() && text[i] != delimiter && text[i] != '\n') {
            if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == delimiter) ++i;
            result += text[i++];
          }
          if (i < text.size() && text[i] == delimiter) ++i;
          return result;
        };
        std::string old = part();
        if (!old.empty()) old_ = old;
        new_ = part();
        if (!substitute(event, everywhere)) return false;
        break;
      }
      default: return true;  // an ordinary colon
    }
    at = i;
  }
  return true;
}

bool HistoryExpander::expand_event(const HistoryLines& history, std::string_view text, size_t& at,
                                   std::string_view so_far, std::string& out) {
  std::string event;
  if (!find_event(history, text, at, so_far, event)) return false;
  if (!select_words(text, at, event) || !modify(text, at, event)) return false;
  out += event;
  return true;
}

ExpansionOutcome HistoryExpander::expand(const HistoryLines& history, std::string_view text, std::string& out) {
  out.clear();
  error_.clear();
  print_only_ = false;
  bool changed = false;
  std::string rewritten;
  if (!text.empty() && text[0] == '^') {  // ^old^new^ is !!:s^old^new^
    rewritten = "!!:s" + std::string(text);
    text = rewritten;
  }
  bool in_double_quotes = false;
  for (size_t at = 0; at < text.size();) {
    char c = text[at];
    if (c == '\\' || (c == '\'' && !in_double_quotes)) {
      size_t end = skip_protected(text, at);
      out += text.substr(at, end - at);
      at = end;
      continue;
    }
    if (c == '"') in_double_quotes = !in_double_quotes;
    bool is_comment = c == '#' && !in_double_quotes && (at == 0 || is_space(text[at - 1]));
    if (is_comment) {
      size_t end = std::min(text.find('\n', at), text.size());
      out += text.substr(at, end - at);
      at = end;
      continue;
    }
    char next = at + 1 < text.size() ? text[at + 1] : '\0';
    bool is_literal =
        c != '!' || next == '\0' || is_space(next) || next == '=' || next == '(' || (in_double_quotes && next == '"') ||
        (at > 0 &&
         (text[at - 1] == '[' || (text[at - 1] == '{' && at > 1 && text[at - 2] == '$') || text[at - 1] == '$'));
    if (is_literal) {
      out += c;
      ++at;
      continue;
    }
    ++at;
    if (!expand_event(history, text, at, out, out)) {
      out = error_;
      return ExpansionOutcome::Error;
    }
    changed = true;
  }
  if (print_only_) return ExpansionOutcome::PrintOnly;
  return changed ? ExpansionOutcome::Expanded : ExpansionOutcome::Unchanged;
}

}  // namespace mish::interactive
