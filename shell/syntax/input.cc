// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/syntax/input.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace mish::syntax {

namespace {
// Text enters the buffer in pieces of this size, so that an alias substitution moves only so much.
constexpr size_t kPiece = 64 * 1024;
// What is left in the buffer behind the word when an alias is substituted; the rest goes back to the source's line.
constexpr size_t kTailAtSubstitution = 1024;
// What aliases may put into one command: more than anybody writes, and parsed within a second.
constexpr size_t kLongestAliasText = size_t{16} << 20;
// Aliases within aliases: each new one is compared with all of those it stands in.
constexpr size_t kDeepestAliases = 10000;
// Consumed text is removed when it has this size.
constexpr size_t kCompactAt = 32 * 1024;
}  // namespace

Input::Input(std::string_view text, uint32_t line) : line_(line), pending_(text) {
  while (!pending_.empty()) fill();
  pending_ = {};
}

void Input::open(Source& source, uint32_t line) {
  source_ = &source;
  pending_ = {};
  tail_size_ = 0;
  regions_.clear();
  position_ = size_;
  line_ = line;
  begin_command();
}

Input::~Input() {
  if (capacity_ != 0) std::free(data_);
}

void Input::reserve(size_t more) {
  if (capacity_ - size_ > more) return;
  size_t capacity = std::max(capacity_ + capacity_ / 2, size_ + more + 1);
  capacity = std::max<size_t>(capacity, 128);
  void* fresh = std::realloc(capacity_ == 0 ? nullptr : data_, capacity);
  if (fresh == nullptr) throw std::bad_alloc();
  data_ = static_cast<char*>(fresh);
  capacity_ = capacity;
  data_[size_] = '\0';
}

bool Input::fill() {
  if (ended_) return false;
  while (pending_.empty()) {
    if (source_ == nullptr) {
      ended_ = true;
      return false;
    }
    tail_size_ = 0;
    switch (source_->next_line(started_ ? LinePurpose::Continuation : LinePurpose::FirstLine, pending_)) {
      case Source::Status::Line: break;
      case Source::Status::EndOfFile:
        pending_ = {};
        ended_ = true;
        return false;
      case Source::Status::Error: throw ParseFailure{ParseFailure::Reason::ReadError, {}, line_, 0, {}};
      case Source::Status::Interrupted: throw ParseFailure{ParseFailure::Reason::Interrupted, {}, line_, 0, {}};
    }
  }
  std::string_view piece = pending_.substr(0, kPiece);
  pending_.remove_prefix(piece.size());
  reserve(piece.size());
  const size_t old_size = size_;
  if (std::memchr(piece.data(), '\0', piece.size()) == nullptr) {
    std::memcpy(data_ + size_, piece.data(), piece.size());
    size_ += piece.size();
    tail_size_ += piece.size();
  } else {
    for (char c : piece) {
      if (c != '\0') data_[size_++] = c;
    }
    tail_size_ = 0;  // no longer a copy of what the source handed out
  }
  data_[size_] = '\0';
  if (is_edited_) original_.append(data_ + old_size, size_ - old_size);
  return size_ != old_size || fill();
}

char Input::look_slow() {
  for (;;) {
    char c = look_raw();
    if (c != '\\') return c;
    if (look_ahead(1) != '\n') return c;
    ++position_;
    take_newline();
  }
}

char Input::look_ahead(size_t n) {
  while (position_ + n >= size_) {
    if (!fill()) return '\0';
  }
  return data_[position_ + n];
}

void Input::take_until(size_t position) {
  while (position_ < position) {
    const void* found = std::memchr(data_ + position_, '\n', position - position_);
    if (found == nullptr) {
      position_ = position;
      return;
    }
    position_ = static_cast<size_t>(static_cast<const char*>(found) - data_);
    take_newline();
  }
}

size_t Input::find(char c, size_t from) {
  for (;;) {
    if (from < size_) {
      if (const void* found = std::memchr(data_ + from, c, size_ - from)) {
        return static_cast<size_t>(static_cast<const char*>(found) - data_);
      }
    }
    from = std::max(from, size_);
    if (!fill()) return std::string_view::npos;
  }
}

void Input::begin_command() {
  started_ = false;
  ended_ = false;
  alias_text_ = 0;
  edits_.clear();
  attempts_ = 0;
  retried_text_ = 0;
  if (!not_arithmetic_.empty()) not_arithmetic_.clear();
  if (!regions_.empty()) leave_aliases_slow(position_);
  if (position_ == size_) {
    regions_.clear();
    position_ = size_ = 0;
    if (capacity_ > 16 * kPiece) {  // after a huge command
      std::free(data_);
      data_ = const_cast<char*>("");
      capacity_ = 0;
    } else if (capacity_ != 0) {
      data_[0] = '\0';
    }
  } else if (position_ >= kCompactAt) {
    std::memmove(data_, data_ + position_, size_ - position_ + 1);
    for (AliasRegion& region : regions_) region.end -= position_;
    size_ -= position_;
    position_ = 0;
  }
  command_start_ = position_;
  is_edited_ = !regions_.empty();
  original_.clear();
  if (is_edited_) original_.assign(data_ + regions_.front().end, size_ - regions_.front().end);
}

void Input::drop_line() {
  regions_.clear();
  for (;;) {
    const size_t newline = [this] {
      const void* found = std::memchr(data_ + position_, '\n', size_ - position_);
      return found == nullptr ? std::string_view::npos : static_cast<size_t>(static_cast<const char*>(found) - data_);
    }();
    if (newline != std::string_view::npos) {
      take_until(newline + 1);
      return;
    }
    position_ = size_;
    // The rest of a long line may not be in the buffer yet; a new line is not asked for.
    if (pending_.empty() || position_ == 0 || data_[position_ - 1] == '\n') return;
    fill();
  }
}

bool Input::is_blank_to_end() const {
  if (!ended_ && (source_ == nullptr || !source_->is_exhausted())) return false;
  bool in_comment = false;
  auto is_blank = [&in_comment](std::string_view text) {
    for (char c : text) {
      if (c == '\n') {
        in_comment = false;
      } else if (c == '#') {
        in_comment = true;
      } else if (!in_comment && c != ' ' && c != '\t' && c != '\0') {
        return false;
      }
    }
    return true;
  };
  return is_blank({data_ + position_, size_ - position_}) && is_blank(pending_);
}

std::string_view Input::consumed_text() const {
  if (!is_edited_) return {data_ + command_start_, position_ - command_start_};
  const size_t ahead = position_ < size_ ? size_ - position_ : 0;
  return std::string_view(original_).substr(0, original_.size() - std::min(ahead, original_.size()));
}

void Input::replace(size_t start, size_t length, std::string_view with) {
  if (with.size() > length) reserve(with.size() - length);
  std::memmove(data_ + start + with.size(), data_ + start + length, size_ - start - length + 1);
  if (!with.empty()) std::memcpy(data_ + start, with.data(), with.size());
  size_ = size_ - length + with.size();
}

void Input::give_back_tail() {
  const size_t ahead = size_ - position_;
  if (ahead <= 2 * kTailAtSubstitution) return;
  const size_t back = std::min(ahead - kTailAtSubstitution, tail_size_);
  if (back == 0 || pending_.data() == nullptr) return;
  pending_ = {pending_.data() - back, pending_.size() + back};
  size_ -= back;
  tail_size_ -= back;
  data_[size_] = '\0';
  if (is_edited_) original_.resize(original_.size() - back);
}

bool Input::substitute_alias(std::string_view name, size_t start, std::string_view value) {
  alias_text_ += value.size();
  if (alias_text_ > kLongestAliasText || regions_.size() >= kDeepestAliases) return false;
  if (!is_edited_) {
    is_edited_ = true;
    original_.assign(data_ + command_start_, size_ - command_start_);
  }
  if (source_ != nullptr && attempts_ == 0) give_back_tail();
  std::string region_name(name);
  const size_t length = position_ - start;
  if (attempts_ != 0) edits_.push_back({start, value.size(), std::string(data_ + start, length), regions_});
  replace(start, length, value);
  tail_size_ = std::min(tail_size_, size_ - start - value.size());
  for (AliasRegion& region : regions_) region.end += value.size() - length;
  const bool ends_in_blank = !value.empty() && (value.back() == ' ' || value.back() == '\t');
  regions_.push_back({std::move(region_name), start + value.size(), ends_in_blank});
  position_ = start;
  return true;
}

bool Input::is_inside_alias(std::string_view name, size_t start) const {
  for (const AliasRegion& region : regions_) {
    if (start < region.end && region.name == name) return true;
  }
  return false;
}

bool Input::leave_aliases_slow(size_t start) {
  bool blank = false;
  while (!regions_.empty() && regions_.back().end <= start) {
    blank = blank || regions_.back().ends_in_blank;
    regions_.pop_back();
  }
  return blank;
}

Input::Attempt Input::begin_attempt() {
  ++attempts_;
  if (!regions_.empty()) edits_.push_back({position_, 0, {}, regions_});
  return {position_, line_, edits_.size(), !regions_.empty()};
}

void Input::roll_back(const Attempt& attempt) {
  retried_text_ += position_ - std::min(position_, attempt.position);
  while (edits_.size() > attempt.edits) {
    Edit& edit = edits_.back();
    replace(edit.start, edit.inserted, edit.removed);
    regions_ = std::move(edit.regions);
    edits_.pop_back();
  }
  // The regions at the beginning of the attempt were kept as an empty edit.
  if (attempt.has_regions) {
    regions_ = edits_[attempt.edits - 1].regions;
  } else {
    regions_.clear();
  }
  position_ = attempt.position;
  line_ = attempt.line;
  end_attempt();
}

void Input::locate(size_t position, ParseFailure& failure) const {
  position = std::min(position, size_);
  size_t begin = position;
  while (begin > 0 && data_[begin - 1] != '\n') --begin;
  size_t end = position;
  while (end < size_ && data_[end] != '\n') ++end;
  constexpr size_t kLongestShown = 4096;
  failure.column = static_cast<uint32_t>(std::min<size_t>(position - begin, UINT32_MAX - 1) + 1);
  failure.source_line.assign(data_ + begin, std::min(end - begin, kLongestShown));
}

}  // namespace mish::syntax
