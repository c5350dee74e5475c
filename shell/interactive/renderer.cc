// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/renderer.h"

#include <algorithm>

#include "shell/base/fd.h"
#include "shell/base/locale.h"
#include "shell/expand/prompt.h"

namespace mish::interactive {

namespace {

std::string_view sequence_of(Style style) {
  switch (style) {
    case Style::Plain: return "\033[m";
    case Style::Command: return "\033[;32m";
    case Style::UnknownCommand: return "\033[;31m";
    case Style::Keyword: return "\033[;35m";
    case Style::String: return "\033[;33m";
    case Style::Variable: return "\033[;36m";
    case Style::Operator: return "\033[;1m";
    case Style::Comment: return "\033[;90m";
    case Style::Option: return "\033[;34m";
    case Style::Path: return "\033[;4m";
    case Style::Error: return "\033[;1;31m";
    case Style::Ghost: return "\033[;90m";
    case Style::Indicator: return "\033[;7m";
  }
  return "";
}

/// Length of the control sequence at text[at] (an ESC): CSI, OSC and the two-byte ones.
size_t control_length(std::string_view text, size_t at) {
  if (at + 1 >= text.size()) return 1;
  size_t i = at + 2;
  if (text[at + 1] == '[') {
    while (i < text.size() && !(text[i] >= '@' && text[i] <= '~')) ++i;
    return std::min(i + 1, text.size()) - at;
  }
  if (text[at + 1] == ']') {
    while (i < text.size() && text[i] != '\a' && !(text[i] == '\033' && i + 1 < text.size() && text[i + 1] == '\\'))
      ++i;
    if (i < text.size() && text[i] == '\033') ++i;
    return std::min(i + 1, text.size()) - at;
  }
  return 2;
}

}  // namespace

/// Puts characters into rows of a frame.
class Renderer::Layout {
 public:
  Layout(Frame& frame, int columns) : frame_(frame), columns_(std::max(columns, 1)) { frame_.rows.emplace_back(); }

  void put_prompt(std::string_view text) {
    in_prompt_ = true;
    bool is_invisible = false;
    for (size_t at = 0; at < text.size();) {
      char c = text[at];
      if (c == expand::kInvisibleBegin || c == expand::kInvisibleEnd) {
        is_invisible = c == expand::kInvisibleBegin;
        ++at;
      } else if (c == '\033') {
        size_t length = control_length(text, at);
        raw_ += text.substr(at, length);
        at += length;
      } else if (is_invisible || c == '\r') {
        raw_ += c;
        ++at;
      } else if (c == '\n') {
        break_row();
        ++at;
      } else {
        at += put_character(text, at, Style::Plain);
      }
    }
    row().has_prompt = true;
    row().tail += raw_;
    raw_.clear();
    in_prompt_ = false;
  }

  void put_text(std::string_view text, const std::vector<Style>& styles, size_t cursor, std::string_view continuation) {
    for (size_t at = 0; at < text.size();) {
      if (at >= cursor && !has_cursor_) set_cursor();
      Style style = at < styles.size() ? styles[at] : Style::Plain;
      if (text[at] == '\n') {
        break_row();
        put_prompt(continuation);
        ++at;
      } else {
        at += put_character(text, at, style);
      }
    }
    if (!has_cursor_) set_cursor();
  }

  void put_ghost(std::string_view text) {
    for (size_t at = 0; at < text.size() && text[at] != '\n';) at += put_character(text, at, Style::Ghost);
  }

  void put_indicator(std::string_view text) {
    for (size_t at = 0; at < text.size();) at += put_character(text, at, Style::Indicator);
  }

 private:
  Row& row() { return frame_.rows.back(); }

  void set_cursor() {
    has_cursor_ = true;
    // At the very end of a full row the cursor belongs to the next one.
    if (row().width >= columns_) {
      row().wraps = true;
      frame_.rows.emplace_back();
    }
    frame_.cursor_row = static_cast<int>(frame_.rows.size()) - 1;
    frame_.cursor_column = row().width;
  }

  void break_row() {
    row().tail += raw_;
    raw_.clear();
    if (in_prompt_) row().has_prompt = true;
    frame_.rows.emplace_back();
  }

  void put_cell(std::string text, int width, Style style) {
    if (width == 0 && !row().cells.empty()) {
      row().cells.back().text += text;
      return;
    }
    if (row().width + width > columns_) {
      row().wraps = true;
      if (in_prompt_) row().has_prompt = true;
      frame_.rows.emplace_back();
    }
    row().cells.push_back(Cell{std::move(text), std::move(raw_), static_cast<uint8_t>(width), style});
    raw_.clear();
    row().width += width;
  }

  /// Control characters are shown as ^X, tabs as blanks, invalid bytes as the replacement character.
  size_t put_character(std::string_view text, size_t at, Style style) {
    auto byte = static_cast<unsigned char>(text[at]);
    if (byte == '\t') {
      do {
        put_cell(" ", 1, style);
      } while (row().width % 8 != 0 && row().width < columns_);
      return 1;
    }
    if (byte < 0x20 || byte == 0x7f) {
      put_cell("^", 1, style);
      put_cell(std::string(1, static_cast<char>(byte ^ 0x40)), 1, style);
      return 1;
    }
    Character character = decode(text, at);
    if (character.code >= kInvalidByte) {
      put_cell(is_multibyte_locale() ? "\xef\xbf\xbd" : "?", 1, style);
      return 1;
    }
    put_cell(std::string(text.substr(at, character.length)), character_width(character.code), style);
    return character.length;
  }

  Frame& frame_;
  int columns_;
  std::string raw_;
  bool in_prompt_ = false;
  bool has_cursor_ = false;
};

Renderer::Renderer(int fd, bool colors) : fd_(fd), colors_(colors), size_(window_size(fd)) {}

Renderer::Frame Renderer::lay_out(const View& view) const {
  Frame frame;
  Layout layout(frame, size_.columns);
  layout.put_indicator(view.indicator);
  layout.put_prompt(view.prompt);
  size_t prompt_rows = frame.rows.size();
  layout.put_text(view.text, view.styles, view.cursor, view.continuation);
  if (view.cursor >= view.text.size()) layout.put_ghost(view.ghost);
  if (!view.right_prompt.empty() && frame.rows.size() == prompt_rows) add_right_prompt(frame, view);
  return frame;
}

void Renderer::add_right_prompt(Frame& frame, const View& view) const {
  Frame right;
  Layout layout(right, size_.columns);
  layout.put_prompt(view.right_prompt);
  Row& row = frame.rows.back();
  int width = right.rows[0].width;
  // The last column stays free: writing there would arm the wrap.
  if (right.rows.size() != 1 || row.width + width + 2 > size_.columns) return;
  for (int column = row.width; column < size_.columns - width - 1; ++column)
    row.cells.push_back(Cell{" ", {}, 1, Style::Plain});
  for (Cell& cell : right.rows[0].cells) row.cells.push_back(std::move(cell));
  row.width = size_.columns - 1;
  row.tail += right.rows[0].tail + "\033[m";
}

/// No more rows than the screen has: those around the cursor.
void Renderer::crop(Frame& frame) const {
  int most = std::max(size_.rows, 1);
  int count = static_cast<int>(frame.rows.size());
  if (count <= most) return;
  int first = std::clamp(frame.cursor_row - most + 1, 0, count - most);
  frame.rows.erase(frame.rows.begin(), frame.rows.begin() + first);
  frame.rows.resize(static_cast<size_t>(most));
  frame.rows.back().wraps = false;
  frame.cursor_row -= first;
}

void Renderer::move_to(int row, int column) {
  if (row == row_ && column == column_ && !at_margin_) return;
  at_margin_ = false;
  if (row > row_) {
    int existing = std::min(row, std::max(known_rows_ - 1, 0));
    if (existing > row_) {
      out_ += "\033[" + std::to_string(existing - row_) + "B";
      row_ = existing;
    }
    // Rows that are not there yet: a line feed makes them, scrolling if it has to.
    for (; row_ < row; ++row_) out_ += "\r\n";
    known_rows_ = std::max(known_rows_, row_ + 1);
  } else if (row < row_) {
    out_ += "\033[" + std::to_string(row_ - row) + "A";
    row_ = row;
  }
  out_ += '\r';
  if (column > 0) out_ += "\033[" + std::to_string(column) + "C";
  column_ = column;
}

void Renderer::put_style(Style style) {
  if (!colors_ && style != Style::Ghost) style = Style::Plain;
  if (style_is_known_ && style == style_) return;
  out_ += sequence_of(style);
  style_ = style;
  style_is_known_ = true;
}

void Renderer::paint_row(const Row& row, const Row* old, size_t number) {
  size_t same = 0;
  int column = 0;
  if (old != nullptr) {
    while (same < row.cells.size() && same < old->cells.size() && row.cells[same] == old->cells[same]) {
      column += row.cells[same].width;
      ++same;
    }
  }
  // Colours of a prompt come from sequences between its characters: it is painted whole or not at all.
  if (row.has_prompt && (old == nullptr || !old->has_prompt || [&] {
        for (size_t i = same; i < row.cells.size(); ++i) {
          if (!row.cells[i].raw.empty()) return true;
        }
        return false;
      }())) {
    same = 0;
    column = 0;
  }
  bool continues = at_margin_ && static_cast<int>(number) == row_ + 1 && same == 0;
  if (continues) {
    // Written on past the margin, so that the terminal knows the rows belong together.
    ++row_;
    known_rows_ = std::max(known_rows_, row_ + 1);
    column_ = 0;
    at_margin_ = false;
  } else {
    move_to(static_cast<int>(number), column);
  }
  for (size_t i = same; i < row.cells.size(); ++i) {
    const Cell& cell = row.cells[i];
    if (!cell.raw.empty()) {
      out_ += cell.raw;
      style_is_known_ = false;
    } else if (!row.has_prompt || style_is_known_ || cell.style != Style::Plain) {
      put_style(cell.style);
    }
    out_ += cell.text;
    column_ += cell.width;
  }
  if (!row.tail.empty() && same == 0) {
    out_ += row.tail;
    style_is_known_ = false;
  }
  if (column_ >= size_.columns) {
    at_margin_ = true;
    column_ = size_.columns - 1;
  } else if (old == nullptr || old->width > row.width) {
    put_style(Style::Plain);
    out_ += "\033[K";
  }
}

void Renderer::show(Frame frame) {
  crop(frame);
  if (!is_shown_) {
    shown_ = Frame();
    row_ = column_ = 0;
    known_rows_ = 1;
    at_margin_ = false;
    style_is_known_ = false;
  }
  size_t old_count = is_shown_ ? shown_.rows.size() : 0;
  for (size_t i = 0; i < frame.rows.size(); ++i) {
    const Row* old = i < old_count ? &shown_.rows[i] : nullptr;
    if (old != nullptr && *old == frame.rows[i]) continue;
    paint_row(frame.rows[i], old, i);
  }
  if (at_margin_ && frame.rows.back().cells.empty() && frame.rows.size() > 1) {
    // The cursor waits in a fresh row: make the terminal wrap now.
    out_ += " \r";
    ++row_;
    known_rows_ = std::max(known_rows_, row_ + 1);
    column_ = 0;
    at_margin_ = false;
  }
  if (old_count > frame.rows.size()) {
    move_to(static_cast<int>(frame.rows.size()), 0);
    put_style(Style::Plain);
    out_ += "\033[J";
    known_rows_ = static_cast<int>(frame.rows.size());
  }
  move_to(frame.cursor_row, frame.cursor_column);
  put_style(Style::Plain);
  shown_ = std::move(frame);
  is_shown_ = true;
  send();
}

void Renderer::draw(const View& view) { show(lay_out(view)); }

void Renderer::finish(const View& view) {
  View plain = view;
  plain.ghost = {};
  plain.right_prompt = {};
  show(lay_out(plain));
  move_below();
}

void Renderer::move_below() {
  if (is_shown_) {
    move_to(static_cast<int>(shown_.rows.size()) - 1, 0);
    out_ += "\r\n";
    send();
  }
  forget();
}

void Renderer::erase() {
  if (!is_shown_) return;
  move_to(0, 0);
  put_style(Style::Plain);
  out_ += "\033[J";
  send();
  forget();
}

void Renderer::forget() {
  is_shown_ = false;
  shown_ = Frame();
  row_ = column_ = 0;
  at_margin_ = false;
}

void Renderer::clear_screen() {
  out_ += "\033[H\033[2J";
  send();
  forget();
}

/// After the terminal has wrapped the rows anew: where the first row is now follows from the new width.
void Renderer::resize(WindowSize size) {
  if (!is_shown_) {
    size_ = size;
    return;
  }
  int rows_above = 0;
  int line_width = 0;
  for (int i = 0; i < static_cast<int>(shown_.rows.size()); ++i) {
    const Row& row = shown_.rows[static_cast<size_t>(i)];
    if (i == shown_.cursor_row) {
      rows_above += (line_width + shown_.cursor_column) / std::max(size.columns, 1);
      break;
    }
    line_width += row.width;
    if (!row.wraps) {
      rows_above += std::max(0, line_width - 1) / std::max(size.columns, 1) + 1;
      line_width = 0;
    }
  }
  size_ = size;
  if (rows_above > 0) out_ += "\033[" + std::to_string(rows_above) + "A";
  out_ += "\r\033[m\033[J";
  send();
  forget();
}

void Renderer::send() {
  if (out_.empty()) return;
  if (capture_ != nullptr) {
    *capture_ += out_;
  } else {
    // A terminal that has gone is noticed by the reader of keys.
    Result<void> written = write_all(fd_, out_);
    static_cast<void>(written);
  }
  out_.clear();
}

}  // namespace mish::interactive
