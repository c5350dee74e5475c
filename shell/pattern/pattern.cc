// SPDX-License-Identifier: GPL-3.0-or-later
// Matching. A pattern without groups is S0*S1*...*Sn with segments of a fixed number of characters: S0 is anchored at
// the start, Sn at the end, and those between are found greedily from one side, which is always right because any later
// choice leaves less room. A pattern with groups is run over sets of positions, so that no position is tried twice.
#include "shell/pattern/pattern.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <unordered_map>

#include "shell/base/locale.h"
#include "shell/base/stack_guard.h"

namespace mish::pattern {
namespace {

/// Matches one element of fixed length at `at`; returns the offset after it or kNoMatch.
size_t match_element(const Element& element, std::string_view text, size_t at) {
  switch (element.kind) {
    case Element::Kind::Literal:
      if (text.size() - at < element.literal.size()) return kNoMatch;
      if (std::memcmp(text.data() + at, element.literal.data(), element.literal.size()) != 0) return kNoMatch;
      return at + element.literal.size();
    case Element::Kind::AnyCharacter: return at < text.size() ? at + character_length(text, at) : kNoMatch;
    case Element::Kind::Character:
    case Element::Kind::Set: {
      if (at >= text.size()) return kNoMatch;
      Character character = decode(text, at);
      bool found;
      if (element.kind == Element::Kind::Set) {
        found = element.set->contains(character.code);
      } else {
        found = (element.ignores_case ? to_lower(character.code) : character.code) == element.code;
      }
      return found ? at + character.length : kNoMatch;
    }
    case Element::Kind::Star:
    case Element::Kind::Group: break;  // have no fixed length: PositionSets deals with them
  }
  return kNoMatch;
}

/// Matches a segment at `at`; returns the offset after it or kNoMatch.
size_t match_segment(const Segment& segment, std::string_view text, size_t at) {
  for (const Element& element : segment.elements) {
    at = match_element(element, text, at);
    if (at == kNoMatch) return kNoMatch;
  }
  return at;
}

/// Start of the character that ends at `end` (> 0). Decides as a decoder coming from the left would.
size_t previous_character(std::string_view text, size_t end) {
  size_t start = end - 1;
  if (!is_multibyte_locale() || static_cast<unsigned char>(text[start]) < 0x80) return start;
  for (size_t length = 2; length <= 4 && length <= end; ++length) {
    size_t candidate = end - length;
    unsigned char byte = static_cast<unsigned char>(text[candidate]);
    if ((byte & 0xC0) == 0x80) continue;
    return byte >= 0xC0 && decode(text, candidate).length == length ? candidate : start;
  }
  return start;
}

/// Start of the last `n` characters of `text`, kNoMatch if there are fewer.
size_t step_back(std::string_view text, size_t n) {
  if (!is_multibyte_locale()) return text.size() >= n ? text.size() - n : kNoMatch;
  size_t at = text.size();
  for (; n > 0; --n) {
    if (at == 0) return kNoMatch;
    at = previous_character(text, at);
  }
  return at;
}

/// Start of the segment at the end of `text`, kNoMatch if it does not stand there.
size_t match_at_end(const Segment& segment, std::string_view text) {
  if (segment.is_empty()) return text.size();
  size_t start;
  if (segment.is_one_literal()) {
    size_t length = segment.elements[0].literal.size();
    if (text.size() < length) return kNoMatch;
    start = text.size() - length;
  } else {
    start = step_back(text, segment.characters);
    if (start == kNoMatch) return kNoMatch;
  }
  return match_segment(segment, text, start) == text.size() ? start : kNoMatch;
}

using Match = Pattern::Match;
constexpr Match kNowhere{kNoMatch, kNoMatch};

/// The leftmost place of the segment at or after `from`.
Match find_leftmost(const Segment& segment, std::string_view text, size_t from) {
  if (segment.is_empty()) return {from, from};
  const Element& first = segment.elements[0];
  bool begins_literally = first.kind == Element::Kind::Literal;
  for (size_t at = from; at < text.size();) {
    if (begins_literally) {
      const void* found = memmem(text.data() + at, text.size() - at, first.literal.data(), first.literal.size());
      if (found == nullptr) return kNowhere;
      at = static_cast<size_t>(static_cast<const char*>(found) - text.data());
    }
    if (size_t end = match_segment(segment, text, at); end != kNoMatch) return {at, end};
    at += character_length(text, at);
  }
  return kNowhere;
}

/// The rightmost place of the segment that begins at or after `from`.
Match find_rightmost(const Segment& segment, std::string_view text, size_t from) {
  if (segment.is_empty()) return {text.size(), text.size()};
  if (segment.is_one_literal()) {
    std::string_view literal = segment.elements[0].literal;
    if (text.size() < literal.size()) return kNowhere;
    for (size_t limit = text.size() - literal.size() + 1; limit > from;) {
      const void* found = memrchr(text.data() + from, literal[0], limit - from);
      if (found == nullptr) return kNowhere;
      size_t at = static_cast<size_t>(static_cast<const char*>(found) - text.data());
      if (std::memcmp(text.data() + at, literal.data(), literal.size()) == 0) return {at, at + literal.size()};
      limit = at;
    }
    return kNowhere;
  }
  size_t at = step_back(text, segment.characters);
  while (at != kNoMatch && at >= from) {
    if (size_t end = match_segment(segment, text, at); end != kNoMatch) return {at, end};
    if (at == 0) break;
    at = previous_character(text, at);
  }
  return kNowhere;
}

/// Runs a sequence of elements over a set of positions at once. Sets are sorted vectors without duplicates.
///
/// Nested repetitions would multiply: a group within groups is therefore entered only once at each position. What
/// follows it has already been run from all its ends the first time, and whoever repeats keeps the ends of all rounds.
class PositionSets {
 public:
  using Set = std::vector<size_t>;
  PositionSets(std::string_view text, bool period_is_explicit)
      : text_(text), hides_period_(period_is_explicit && !text.empty() && text[0] == '.') {}

  /// Positions where a match of `elements` that begins at one of `positions` can end.
  void run(std::span<const Element> elements, Set& positions) {
    for (const Element& element : elements) {
      if (positions.empty()) return;
      step(element, positions);
    }
  }

 private:
  void step(const Element& element, Set& positions) {
    bool is_literal =
        element.kind == Element::Kind::Literal || (element.kind == Element::Kind::Character && element.literal == ".");
    bool is_negation = element.kind == Element::Kind::Group && element.group->op == '!';
    if (hides_period_ && positions[0] == 0 && !is_literal && (element.kind != Element::Kind::Group || is_negation)) {
      positions.erase(positions.begin());  // a leading period is matched by a literal one only
      if (positions.empty()) return;
    }
    switch (element.kind) {
      case Element::Kind::Literal:
      case Element::Kind::AnyCharacter:
      case Element::Kind::Character:
      case Element::Kind::Set: return step_fixed(element, positions);
      case Element::Kind::Star: return step_star(positions);
      case Element::Kind::Group: return step_group(*element.group, positions);
    }
  }

  void step_fixed(const Element& element, Set& positions) {
    size_t kept = 0;
    for (size_t at : positions) {
      size_t end = match_element(element, text_, at);
      if (end != kNoMatch) positions[kept++] = end;  // ends grow with their starts: the set stays sorted
    }
    positions.resize(kept);
  }

  void step_star(Set& positions) {
    size_t at = positions[0];
    positions.clear();
    for (; at < text_.size(); at += character_length(text_, at)) positions.push_back(at);
    positions.push_back(text_.size());
  }

  void step_group(const Group& group, Set& positions) {
    if (depth_ > 0) keep_new(entered_[&group], positions);
    if (positions.empty()) return;
    ++depth_;
    step_into(group, positions);
    --depth_;
  }

  void step_into(const Group& group, Set& positions) {
    switch (group.op) {
      case '@': positions = run_alternatives(group, positions); return;
      case '?': merge(positions, run_alternatives(group, positions)); return;
      case '*': repeat(group, positions, positions); return;
      case '+': {
        Set once = run_alternatives(group, positions);
        repeat(group, once, once);
        positions = std::move(once);
        return;
      }
      case '!': negate(group, positions); return;
      default: return;
    }
  }

  Set run_alternatives(const Group& group, const Set& positions) {
    Set result;
    if (stack_is_low()) return result;  // only a pattern made to break things nests so deeply: it matches nothing
    for (std::span<const Element> alternative : group.alternatives) {
      Set ends = positions;
      run(alternative, ends);
      merge(result, ends);
    }
    return result;
  }

  /// Adds to `all` what any number of further rounds reaches from `frontier`; each position is looked at in one round
  /// only.
  void repeat(const Group& group, Set frontier, Set& all) {
    if (matches_single_characters(group)) return repeat_characters(group, frontier, all);
    while (!frontier.empty()) {
      Set reached = run_alternatives(group, frontier);
      frontier.clear();
      if (reached.empty()) return;
      // Repetition goes forward: most of `all` lies behind.
      auto near = std::lower_bound(all.begin(), all.end(), reached.front());
      std::set_difference(reached.begin(), reached.end(), near, all.end(), std::back_inserter(frontier));
      merge(all, frontier);
    }
  }

  /// Whether each alternative is one element that matches one character, as in +([[:space:]]) or *(a|b).
  static bool matches_single_characters(const Group& group) {
    for (std::span<const Element> alternative : group.alternatives) {
      if (alternative.size() != 1) return false;
      const Element& element = alternative[0];
      bool is_one = element.kind == Element::Kind::Literal
                        ? element.literal.size() == 1
                        : element.kind != Element::Kind::Star && element.kind != Element::Kind::Group;
      if (!is_one) return false;
    }
    return true;
  }

  /// repeat() for such a group: a run of characters from each start.
  void repeat_characters(const Group& group, const Set& starts, Set& all) {
    Set reached;
    for (size_t start : starts) {
      if (!reached.empty() && start <= reached.back()) continue;  // within the run before
      size_t at = start;
      do {
        reached.push_back(at);
        size_t end = kNoMatch;
        bool is_hidden = at == 0 && hides_period_;
        for (size_t i = 0; i < group.alternatives.size() && end == kNoMatch; ++i) {
          const Element& element = group.alternatives[i][0];
          if (!is_hidden || element.literal == ".") end = match_element(element, text_, at);
        }
        at = end;
      } while (at != kNoMatch);
    }
    merge(all, reached);
  }

  /// Removes from `positions` what is in `seen`, and adds the others to it.
  static void keep_new(Set& seen, Set& positions) {
    if (!seen.empty() && !positions.empty() && positions.front() <= seen.back()) {
      auto near = std::lower_bound(seen.begin(), seen.end(), positions.front());
      Set fresh;
      std::set_difference(positions.begin(), positions.end(), near, seen.end(), std::back_inserter(fresh));
      positions = std::move(fresh);
    }
    merge(seen, positions);
  }

  /// Where a match of one of the alternatives that begins at `start` can end: for !( ), which needs all of the ends of
  /// this start, whatever was entered before. Short texts remember them, for negations within negations.
  Set ends_of(const Group& group, size_t start) {
    constexpr size_t kShort = 1024;
    const bool is_remembered = depth_ > 1 && text_.size() <= kShort;
    if (is_remembered) {
      if (auto known = negated_.find({&group, start}); known != negated_.end()) return known->second;
    }
    std::unordered_map<const Group*, Set> outside = std::move(entered_);
    entered_.clear();
    Set ends = run_alternatives(group, Set{start});
    entered_ = std::move(outside);
    if (is_remembered) negated_.emplace(std::pair(&group, start), ends);
    return ends;
  }

  /// !( ): from each start, every end that the alternatives cannot reach.
  void negate(const Group& group, Set& positions) {
    Set result;
    for (size_t start : positions) {
      Set matched = ends_of(group, start);
      Set possible{start};
      step_star(possible);
      Set ends;
      std::set_difference(possible.begin(), possible.end(), matched.begin(), matched.end(), std::back_inserter(ends));
      merge(result, ends);
    }
    positions = std::move(result);
  }

  static void merge(Set& into, const Set& more) {
    if (more.empty()) return;
    if (into.empty() || into.back() < more.front()) {  // the usual case of repetition: it only goes forward
      into.insert(into.end(), more.begin(), more.end());
      return;
    }
    const auto behind = std::lower_bound(into.begin(), into.end(), more.front()) - into.begin();
    const auto middle = static_cast<std::ptrdiff_t>(into.size());
    into.insert(into.end(), more.begin(), more.end());
    std::inplace_merge(into.begin() + behind, into.begin() + middle, into.end());
    into.erase(std::unique(into.begin() + behind, into.end()), into.end());
  }

  std::string_view text_;
  bool hides_period_;
  size_t depth_ = 0;                               // groups that are being run
  std::unordered_map<const Group*, Set> entered_;  // where groups within groups were
  std::map<std::pair<const Group*, size_t>, Set> negated_;
};

}  // namespace

void Pattern::ends_from(std::string_view text, size_t from, bool period_is_explicit, std::vector<size_t>& ends) const {
  ends.assign(1, from);
  PositionSets(text, period_is_explicit).run(elements_, ends);
}

/// Whether a match that begins at one of `starts` ends at the end (or, unless `to_end`, anywhere). One run over all of
/// them at once costs hardly more than the run from one.
bool Pattern::matches_from_any(std::string_view text, std::span<const size_t> starts, bool to_end) const {
  std::vector<size_t> positions(starts.begin(), starts.end());
  PositionSets(text, false).run(elements_, positions);
  return !positions.empty() && (!to_end || positions.back() == text.size());
}

/// The first (or the last) of `starts` where a match begins, of which there is one: half of them are left out each
/// time.
size_t Pattern::narrow(std::string_view text, std::span<const size_t> starts, bool to_end, bool is_first) const {
  while (starts.size() > 1) {
    const size_t half = starts.size() / 2;
    std::span<const size_t> wanted = is_first ? starts.first(half) : starts.last(half);
    std::span<const size_t> others = is_first ? starts.subspan(half) : starts.first(starts.size() - half);
    starts = matches_from_any(text, wanted, to_end) ? wanted : others;
  }
  return starts[0];
}

/// Where the longest (or shortest) match begins that ends at the end.
size_t Pattern::find_suffix(std::string_view text, bool is_longest) const {
  std::vector<size_t> starts;
  for (size_t start = 0; start < text.size(); start += character_length(text, start)) {
    if (may_begin_with(text, start)) starts.push_back(start);
  }
  if (may_be_empty_) starts.push_back(text.size());
  return matches_from_any(text, starts, true) ? narrow(text, starts, true, is_longest) : kNoMatch;
}

bool Pattern::may_begin_with(std::string_view text, size_t at) const {
  if (may_be_empty_) return true;
  if (at >= text.size()) return false;
  unsigned byte = static_cast<unsigned char>(text[at]);
  return (first_bytes_[byte >> 6] >> (byte & 63) & 1) != 0;
}

bool Pattern::matches_slow(std::string_view text) const {
  if (shape_ == Shape::Groups) {
    if (!may_begin_with(text, 0)) return false;
    std::vector<size_t> ends;
    ends_from(text, 0, false, ends);
    return !ends.empty() && ends.back() == text.size();
  }
  size_t at = match_segment(segments_[0], text, 0);
  if (at == kNoMatch) return false;
  size_t last = segments_.size() - 1;
  if (last == 0) return at == text.size();
  size_t tail = match_at_end(segments_[last], text);
  if (tail == kNoMatch || tail < at) return false;
  std::string_view middle = text.substr(0, tail);
  for (size_t i = 1; i < last; ++i) {
    at = find_leftmost(segments_[i], middle, at).end;
    if (at == kNoMatch) return false;
  }
  return true;
}

bool Pattern::matches_filename(std::string_view text) const {
  if (shape_ == Shape::Literal || text.empty() || text[0] != '.') return matches(text);
  if (shape_ == Shape::Segments) {
    const Segment& first = segments_[0];
    return !first.is_empty() && first.elements[0].literal.substr(0, 1) == "." && matches(text);
  }
  std::vector<size_t> ends;
  ends_from(text, 0, true, ends);
  return !ends.empty() && ends.back() == text.size();
}

size_t Pattern::shortest_prefix(std::string_view text) const {
  switch (shape_) {
    case Shape::Literal: return text.substr(0, literal_.size()) == literal_ ? literal_.size() : kNoMatch;
    case Shape::Segments: {
      size_t at = match_segment(segments_[0], text, 0);
      for (size_t i = 1; i < segments_.size() && at != kNoMatch; ++i) at = find_leftmost(segments_[i], text, at).end;
      return at;
    }
    case Shape::Groups: {
      std::vector<size_t> ends;
      if (may_begin_with(text, 0)) ends_from(text, 0, false, ends);
      return ends.empty() ? kNoMatch : ends.front();
    }
  }
  return kNoMatch;
}

/// End of the longest match that begins at `from`, where the first segment is known to stand or not.
size_t Pattern::longest_from(std::string_view text, size_t from) const {
  size_t at = match_segment(segments_[0], text, from);
  size_t last = segments_.size() - 1;
  if (at == kNoMatch || last == 0) return at;
  for (size_t i = 1; i < last; ++i) {
    at = find_leftmost(segments_[i], text, at).end;
    if (at == kNoMatch) return kNoMatch;
  }
  return find_rightmost(segments_[last], text, at).end;
}

size_t Pattern::longest_prefix(std::string_view text) const {
  switch (shape_) {
    case Shape::Literal: return shortest_prefix(text);
    case Shape::Segments: return longest_from(text, 0);
    case Shape::Groups: {
      std::vector<size_t> ends;
      if (may_begin_with(text, 0)) ends_from(text, 0, false, ends);
      return ends.empty() ? kNoMatch : ends.back();
    }
  }
  return kNoMatch;
}

/// Of S0*S1*...*Sn (n > 0) matched at the end of `text`: `tail` gets the start of Sn; returns the largest offset where
/// S0 may end so that S1 ... Sn-1 still fit, kNoMatch if they never do.
size_t Pattern::start_of_tail(std::string_view text, size_t& tail) const {
  size_t last = segments_.size() - 1;
  tail = match_at_end(segments_[last], text);
  size_t at = tail;
  for (size_t i = last - 1; i > 0 && at != kNoMatch; --i)
    at = find_rightmost(segments_[i], text.substr(0, at), 0).begin;
  return at;
}

size_t Pattern::shortest_suffix(std::string_view text) const {
  switch (shape_) {
    case Shape::Literal:
      return text.size() >= literal_.size() && text.substr(text.size() - literal_.size()) == literal_
                 ? text.size() - literal_.size()
                 : kNoMatch;
    case Shape::Segments: {
      if (segments_.size() == 1) return match_at_end(segments_[0], text);
      size_t tail;
      size_t limit = start_of_tail(text, tail);
      return limit == kNoMatch ? kNoMatch : find_rightmost(segments_[0], text.substr(0, limit), 0).begin;
    }
    case Shape::Groups: return find_suffix(text, false);
  }
  return kNoMatch;
}

size_t Pattern::longest_suffix(std::string_view text) const {
  switch (shape_) {
    case Shape::Literal: return shortest_suffix(text);
    case Shape::Segments: {
      if (segments_.size() == 1) return match_at_end(segments_[0], text);
      size_t tail;
      size_t limit = start_of_tail(text, tail);
      return limit == kNoMatch ? kNoMatch : find_leftmost(segments_[0], text.substr(0, limit), 0).begin;
    }
    case Shape::Groups: return find_suffix(text, true);
  }
  return kNoMatch;
}

/// Start after start, and the more of them at once the longer none was a match: each may look at all of the text.
std::optional<Pattern::Match> Pattern::find_group(std::string_view text, size_t from) const {
  constexpr size_t kTries = 16;
  std::vector<size_t> ends;
  std::vector<size_t> starts;
  size_t at_once = 1;
  size_t tries = 0;
  for (size_t start = from;; start += character_length(text, start)) {
    if (may_begin_with(text, start)) starts.push_back(start);
    const bool is_last = start >= text.size();
    if (!starts.empty() && (starts.size() >= at_once || is_last)) {
      if (starts.size() == 1 || matches_from_any(text, starts, false)) {
        const size_t begin = narrow(text, starts, false, true);
        ends_from(text, begin, false, ends);
        if (!ends.empty()) return Match{begin, ends.back()};
      }
      starts.clear();
      if (++tries >= kTries) at_once *= 2;
    }
    if (is_last) return std::nullopt;
  }
}

std::optional<Pattern::Match> Pattern::find(std::string_view text, size_t from) const {
  switch (shape_) {
    case Shape::Literal: {
      size_t at = text.find(literal_, from);
      if (at == std::string_view::npos) return std::nullopt;
      // An invalid byte of the pattern never matches part of a character: by_character_ patterns are no literals.
      return Match{at, at + literal_.size()};
    }
    case Shape::Segments: {
      // Where the first segment stands leftmost the others have the most room: if they do not fit there, they never do.
      Match first = find_leftmost(segments_[0], text, from);
      if (first.begin == kNoMatch) return std::nullopt;
      size_t end = longest_from(text, first.begin);
      if (end == kNoMatch) return std::nullopt;
      return Match{first.begin, end};
    }
    case Shape::Groups: return find_group(text, from);
  }
  return std::nullopt;
}

}  // namespace mish::pattern
