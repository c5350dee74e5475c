// SPDX-License-Identifier: GPL-3.0-or-later
// Draws the line being edited: prompts, coloured text over several rows, the rest of a suggestion behind it. Keeps what
// is on the screen as rows of cells and sends only what differs. Lets the terminal wrap long rows itself, so that it
// can reflow them when its size changes. Speaks a dozen ECMA-48 sequences; knows nothing of editing.
#ifndef MISH_SHELL_INTERACTIVE_RENDERER_H_
#define MISH_SHELL_INTERACTIVE_RENDERER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shell/interactive/notices.h"

namespace mish::interactive {

enum class Style : uint8_t {
  Plain,
  Command,
  UnknownCommand,
  Keyword,
  String,
  Variable,
  Operator,
  Comment,
  Option,
  Path,
  Error,
  Ghost,
  Indicator,
};

/// What is to be seen.
struct View {
  std::string_view prompt;        // with expand::kInvisibleBegin, kInvisibleEnd around what takes no columns
  std::string_view right_prompt;  // the same; left out when there is no room
  std::string_view continuation;  // before each line of the text but the first
  std::string_view indicator;     // editing mode, before the prompt
  std::string_view text;
  std::vector<Style> styles;  // of each byte of text; may be empty
  size_t cursor = 0;          // offset in text
  std::string_view ghost;     // shown behind the text
};

class Renderer {
 public:
  /// Draws on `fd`. `colors`: whether styles may be shown.
  Renderer(int fd, bool colors);

  /// Brings the screen up to date. The first call after finish() or forget() begins at the cursor.
  void draw(const View& view);
  /// Draws without ghost and right prompt and leaves the cursor on a fresh row below.
  void finish(const View& view);
  /// Removes everything drawn; the cursor is where the prompt began.
  void erase();
  /// What was drawn stays on the screen, as output; the next draw begins at the cursor.
  void forget();
  /// Moves the cursor below what is drawn, to print a list there, and forgets.
  void move_below();
  void clear_screen();
  /// The window changed its size.
  void resize(WindowSize size);

  /// The bytes of the next frame, for tests: drawn into a string instead of the terminal.
  void set_capture(std::string* capture) { capture_ = capture; }

 private:
  struct Cell {
    std::string text;  // one character with its combining ones
    std::string raw;   // sequences sent before it
    uint8_t width = 1;
    Style style = Style::Plain;
    bool operator==(const Cell&) const = default;
  };
  struct Row {
    std::vector<Cell> cells;
    int width = 0;
    bool wraps = false;  // goes on in the next row
    bool has_prompt = false;
    std::string tail;  // sequences sent at its end
    bool operator==(const Row&) const = default;
  };
  struct Frame {
    std::vector<Row> rows;
    int cursor_row = 0;
    int cursor_column = 0;
  };
  class Layout;

  Frame lay_out(const View& view) const;
  void add_right_prompt(Frame& frame, const View& view) const;
  void crop(Frame& frame) const;
  void show(Frame frame);
  void paint_row(const Row& row, const Row* old, size_t number);
  void move_to(int row, int column);
  void put_style(Style style);
  void send();

  int fd_;
  bool colors_;
  WindowSize size_;
  Frame shown_;
  bool is_shown_ = false;
  int row_ = 0, column_ = 0;  // where the cursor is, relative to the first row
  int known_rows_ = 0;        // rows of the screen that belong to the block
  bool at_margin_ = false;    // behind the last column, the wrap still pending
  Style style_ = Style::Plain;
  bool style_is_known_ = true;
  std::string out_;
  std::string* capture_ = nullptr;
};

}  // namespace mish::interactive

#endif  // MISH_SHELL_INTERACTIVE_RENDERER_H_
