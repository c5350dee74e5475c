// SPDX-License-Identifier: GPL-3.0-or-later
// The history list (XCU sh, Command History List; fc) and its file. Each accepted command is appended to the file with
// one write under a lock before it runs, so that not even SIGKILL loses it; other sessions' commands are read when the
// file has grown. The file is only ever rewritten into a new one that then takes its place. Knows nothing of the line
// editor.
//
// File: records "#TIME DIRECTORY\n" and the lines of the command. bash reads and writes the same form (it ignores what
// follows the time); a file without such lines is one command a line. A torn record at the end is ended by the next
// append, and bytes that cannot be part of a command (NUL) are dropped.
#ifndef MISH_SHELL_INTERACTIVE_HISTORY_H_
#define MISH_SHELL_INTERACTIVE_HISTORY_H_

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "shell/api/frontend.h"
#include "shell/base/fd.h"
#include "shell/interactive/history_expansion.h"
#include "shell/state/shell_state.h"

namespace mish::interactive {

/// One command with where it was entered, for suggestions.
struct HistoryRecord : api::HistoryEntry {
  const std::string* directory = nullptr;  // of the process's table of directories; null: unknown
};

class History final : public api::HistoryStore, private HistoryLines {
 public:
  /// Whether files are written with the times of the commands: always, or as bash does, when HISTTIMEFORMAT is set.
  enum class Times : uint8_t { Always, WhenFormatted };

  explicit History(state::ShellState& state, bool is_private, Times times = Times::Always)
      : state_(state), is_private_(is_private), times_(times) {}

  /// Sets HISTFILE, HISTSIZE and HISTFILESIZE unless they are set, imports ~/.bash_history when there is no file yet,
  /// and reads the file.
  void load();
  /// After start-up files: reads the file again if HISTFILE is another one now.
  void follow_settings();
  /// Reads what other sessions appended since.
  void read_others();
  /// Shortens the file to HISTFILESIZE entries if it has grown well beyond.
  void compact();

  // api::HistoryStore
  size_t count() const override { return entries_.size(); }
  int64_t first_number() const override { return first_number_; }
  const api::HistoryEntry& entry(size_t position) const override { return entries_[position]; }
  void add(std::string_view line) override;
  void remove(size_t position) override;
  void clear() override;
  bool read_file(const std::string& path) override;
  bool write_file(const std::string& path) override;
  bool append_file(const std::string& path) override;
  bool read_new(const std::string& path) override;
  int expand(std::string_view line, std::string& out) override;

  const HistoryRecord& record(size_t position) const { return entries_[position]; }
  /// Commands of other sessions since this one began, oldest first; not part of the numbered list.
  const std::deque<HistoryRecord>& others() const { return others_; }
  /// Grows with every change of the list or of others().
  uint64_t generation() const { return generation_; }

 private:
  std::string_view line(size_t position) const override { return entries_[position].line; }
  bool is_wanted(std::string_view text) const;
  void take_as_read(int fd);
  void push(HistoryRecord record);
  void trim();
  void erase_duplicates(std::string_view text);
  Result<void> append_to_file(const HistoryRecord& record);
  Result<UniqueFd> open_locked(const std::string& path, int flags) const;
  bool read_rest(const std::string& path);
  std::string file_path() const;
  std::string default_path() const;
  int64_t limit(Name name) const;
  std::string format(const HistoryRecord& record) const;
  static std::string format_with_time(const HistoryRecord& record);
  static void parse(std::string_view text, std::deque<HistoryRecord>& records);
  void changed();

  state::ShellState& state_;
  bool is_private_;
  Times times_;
  std::deque<HistoryRecord> entries_;
  std::deque<HistoryRecord> others_;
  HistoryExpander expander_;
  int64_t first_number_ = 1;
  size_t added_ = 0;       // entries of this session since the last -a or -w
  bool has_told_ = false;  // that the file cannot be written
  std::string loaded_path_;
  std::string other_path_;  // a file that is not HISTFILE and was read last, up to other_size_
  off_t other_size_ = 0;
  off_t read_up_to_ = 0;  // of the file: what is known, own appends included
  ino_t inode_ = 0;
  uint64_t generation_ = 1;
};

}  // namespace mish::interactive

#endif  // MISH_SHELL_INTERACTIVE_HISTORY_H_
