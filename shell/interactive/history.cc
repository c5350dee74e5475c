// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/interactive/history.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <set>

#include "shell/base/text.h"
#include "shell/process/wait.h"

namespace mish::interactive {

namespace {

/// Whether a failure to write the file is news. A home that is missing or may not be written to is as somebody wants
/// it.
bool is_worth_telling(int error) {
  return error != ENOENT && error != ENOTDIR && error != EACCES && error != EPERM && error != EROFS && error != EISDIR;
}

constexpr std::string_view kDefaultSize = "10000";
constexpr std::string_view kDefaultFileSize = "100000";
constexpr off_t kTypicalRecord = 48;

/// Makes the directories of `path` (without its last component), only for the user.
void make_directories(const std::string& path) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    mkdir(path.substr(0, slash).c_str(), 0700);
  }
}

bool is_time_line(std::string_view line) { return line.size() > 1 && line[0] == '#' && is_digit(line[1]); }

/// All of a file. What a pipe does not hold yet is waited for until a signal comes; nobody waits for one to write. A
/// device (/dev/zero, a terminal) holds no history and may have no end: EINVAL.
bool read_text(const std::string& path, std::string& out) {
  Result<UniqueFd> file = open_file(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat status;
  if (!file.ok() || fstat(file->get(), &status) != 0) return false;
  if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
    errno = EINVAL;
    return false;
  }
  for (;;) {
    Result<void> read = read_all(file->get(), out);
    if (read.code() != EAGAIN) return read.ok();
    if (process::wait_readable(file->get(), -1) == process::PollOutcome::Interrupted) return false;
  }
}

/// Opens a new file beside `path`, with the mode and owner of that if it exists. Fails where that cannot be, or must
/// not (a device, a pipe, a link to nothing): what is there is to be written itself.
Result<UniqueFd> open_beside(const std::string& path, std::string& temporary) {
  struct stat status;
  const bool exists = lstat(path.c_str(), &status) == 0;
  if (exists && !S_ISREG(status.st_mode)) return Errno(EINVAL);
  temporary = path + ".XXXXXX";
  UniqueFd file(mkostemp(temporary.data(), O_CLOEXEC));
  if (!file.is_open()) return Errno(errno);
  if (exists && (fchown(file.get(), status.st_uid, status.st_gid) != 0 || fchmod(file.get(), status.st_mode) != 0)) {
    unlink(temporary.c_str());
    return Errno(EPERM);
  }
  return file;
}

/// Makes `text` the contents of `path`, or of what it is a link to: in a new file that takes the place of the old one,
/// so that there is never half a history, whatever happens; where that cannot be, the old one itself, if it
/// `may_be_cut` meanwhile. Returns the file; errors of open, write, fsync and rename.
Result<UniqueFd> replace_file(const std::string& path, std::string_view text, bool may_be_cut) {
  std::unique_ptr<char, decltype(&free)> resolved(realpath(path.c_str(), nullptr), &free);
  const std::string target = resolved != nullptr ? resolved.get() : path;
  std::string temporary;
  Result<UniqueFd> file = open_beside(target, temporary);
  const bool is_beside = file.ok();
  if (!is_beside) {
    if (!may_be_cut) return file;
    // Nobody is waited for to read a pipe, but a reader may be slow.
    file = open_file(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0600);
    if (!file.ok()) return file;
    fcntl(file->get(), F_SETFL, 0);
  }
  if (Result<void> written = write_all(file->get(), text); !written.ok()) {
    if (is_beside) unlink(temporary.c_str());
    return Errno(written.code());
  }
  if (is_beside && (fsync(file->get()) != 0 || rename(temporary.c_str(), target.c_str()) != 0)) {
    const int error = errno;
    unlink(temporary.c_str());
    return Errno(error);
  }
  return file;
}

/// The same string for the same directory, for the life of the process: tens of thousands of records share a few.
const std::string* shared_directory(std::string_view name) {
  static std::set<std::string, std::less<>> table;
  static const std::string* last = nullptr;
  if (name.empty()) return nullptr;
  if (last != nullptr && *last == name) return last;
  auto it = table.find(name);
  if (it == table.end()) it = table.emplace(name).first;
  last = &*it;
  return last;
}

/// Where the last `count` records of `text` begin; 0 when there are fewer, or none that are marked.
size_t tail_offset(std::string_view text, size_t count) {
  size_t at = text.size();
  size_t begin = 0;
  while (count > 0 && at > 0) {
    const void* newline = at >= 2 ? memrchr(text.data(), '\n', at - 1) : nullptr;
    size_t line = newline == nullptr ? 0 : static_cast<size_t>(static_cast<const char*>(newline) - text.data()) + 1;
    if (is_time_line(text.substr(line, at - line))) {
      begin = line;
      --count;
    }
    at = line;
  }
  return count == 0 ? begin : 0;
}

/// The end of the file, long enough for `count` records of a usual length. False when that is not worth while.
bool read_tail(const std::string& path, int64_t count, std::string& text, off_t& size) {
  constexpr off_t kRoomy = 160;
  Result<UniqueFd> file = open_file(path.c_str(), O_RDONLY | O_NONBLOCK);
  struct stat status;
  if (!file.ok() || fstat(file->get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  if (count < 0 || count >= status.st_size / kRoomy) return false;
  text.resize(static_cast<size_t>(count * kRoomy));
  size = status.st_size;
  ssize_t n = pread(file->get(), text.data(), text.size(), size - static_cast<off_t>(text.size()));
  return n == static_cast<ssize_t>(text.size());
}

int lock(int fd, int operation) {
  int result;
  do {
    result = flock(fd, operation);
  } while (result != 0 && errno == EINTR);
  return result;
}

}  // namespace

std::string History::format(const HistoryRecord& record) const {
  bool has_time = times_ == Times::Always || state_.variables.is_set(names::HISTTIMEFORMAT);
  return has_time ? format_with_time(record) : record.line + '\n';
}

std::string History::format_with_time(const HistoryRecord& record) {
  std::string text = "#" + std::to_string(record.time);
  if (record.directory != nullptr && record.directory->find('\n') == std::string::npos) text += " " + *record.directory;
  text += '\n';
  size_t at = 0;
  while (at <= record.line.size()) {
    size_t end = std::min(record.line.find('\n', at), record.line.size());
    std::string_view line = std::string_view(record.line).substr(at, end - at);
    text += line;
    // A comment line of a command that looks like a time would begin a record.
    if (at != 0 && is_time_line(line)) text.insert(text.size() - line.size(), 1, ' ');
    text += '\n';
    at = end + 1;
  }
  return text;
}

void History::parse(std::string_view text, std::deque<HistoryRecord>& records) {
  HistoryRecord current;
  bool has_time = false, has_line = false;
  auto finish = [&] {
    if (has_line && !current.line.empty()) records.push_back(std::move(current));
    current = HistoryRecord();
    has_line = false;
  };
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (is_time_line(line)) {
      finish();
      has_time = true;
      size_t digits = 1;
      while (digits < line.size() && is_digit(line[digits])) ++digits;
      current.time = parse_integer(line.substr(1, digits - 1)).value_or(0);
      if (digits + 1 < line.size()) current.directory = shared_directory(line.substr(digits + 1));
      continue;
    }
    if (!has_time) finish();
    if (has_line) current.line += '\n';
    if (line.find('\0') == std::string_view::npos) {
      current.line += line;
    } else {
      for (char c : line) {
        if (c != '\0') current.line += c;
      }
    }
    has_line = true;
  }
  finish();
}

std::string History::default_path() const {
  std::string base(state_.variables.text(NameTable::intern("XDG_STATE_HOME")));
  std::string home(state_.variables.text(names::HOME));
  if (base.empty() || base[0] != '/') {
    if (home.empty()) return {};
    base = home + "/.local/state";
  }
  return base + "/mish/history";
}

std::string History::file_path() const { return std::string(state_.variables.text(names::HISTFILE)); }

/// HISTSIZE or HISTFILESIZE; negative or not a number: no limit.
int64_t History::limit(Name name) const {
  if (!state_.variables.is_set(name)) return -1;
  return parse_integer(state_.variables.text(name)).value_or(-1);
}

void History::load() {
  state::VariableTable& variables = state_.variables;
  if (!variables.is_set(names::HISTFILE)) {
    // The standard's default is the implementation's choice (XCU sh, HISTFILE).
    std::string path = default_path();
    if (!path.empty()) variables.assign(names::HISTFILE, path);
  }
  if (!variables.is_set(names::HISTSIZE)) variables.assign(names::HISTSIZE, kDefaultSize);
  if (!variables.is_set(names::HISTFILESIZE)) variables.assign(names::HISTFILESIZE, kDefaultFileSize);
  std::string path = file_path();
  std::string home(variables.text(names::HOME));
  if (!path.empty() && path == default_path() && !home.empty() && access(path.c_str(), F_OK) != 0) {
    std::string text;
    if (read_text(home + "/.bash_history", text)) {
      parse(text, entries_);
      trim();
      if (!is_private_ && !entries_.empty()) write_file(path);
      entries_.clear();
      first_number_ = 1;
    }
  }
  read_file(path);
  loaded_path_ = path;
  compact();
  changed();
}

void History::follow_settings() {
  std::string path = file_path();
  trim();
  if (path == loaded_path_) return;
  loaded_path_ = path;
  read_up_to_ = 0;
  inode_ = 0;
  if (!path.empty()) read_file(path);
}

void History::changed() {
  ++generation_;
  state_.history_number = first_number_ + static_cast<int64_t>(entries_.size());
}

void History::push(HistoryRecord record) {
  entries_.push_back(std::move(record));
  trim();
  changed();
}

void History::trim() {
  int64_t most = limit(names::HISTSIZE);
  if (most < 0) return;
  while (entries_.size() > static_cast<size_t>(most)) {
    entries_.pop_front();
    ++first_number_;
    ++generation_;
  }
}

/// HISTCONTROL and HISTIGNORE.
bool History::is_wanted(std::string_view text) const {
  if (trim_blanks(text).empty()) return false;
  std::string_view control = state_.variables.text(names::HISTCONTROL);
  bool ignores_space = false, ignores_duplicates = false;
  while (!control.empty()) {
    size_t colon = std::min(control.find(':'), control.size());
    std::string_view word = control.substr(0, colon);
    if (word == "ignorespace" || word == "ignoreboth") ignores_space = true;
    if (word == "ignoredups" || word == "ignoreboth") ignores_duplicates = true;
    control.remove_prefix(std::min(colon + 1, control.size()));
  }
  if (ignores_space && text[0] == ' ') return false;
  if (ignores_duplicates && !entries_.empty() && entries_.back().line == text) return false;
  std::string_view ignored = state_.variables.text(names::HISTIGNORE);
  std::string subject(text);
  while (!ignored.empty()) {
    size_t colon = 0;
    while (colon < ignored.size() && ignored[colon] != ':')
      colon += ignored[colon] == '\\' && colon + 1 < ignored.size() ? 2 : 1;
    std::string pattern(ignored.substr(0, colon));
    if (pattern == "&" ? !entries_.empty() && entries_.back().line == text
                       : fnmatch(pattern.c_str(), subject.c_str(), FNM_EXTMATCH) == 0) {
      return false;
    }
    ignored.remove_prefix(std::min(colon + 1, ignored.size()));
  }
  return true;
}

void History::erase_duplicates(std::string_view text) {
  if (state_.variables.text(names::HISTCONTROL).find("erasedups") == std::string_view::npos) return;
  std::erase_if(entries_, [&](const HistoryRecord& record) { return record.line == text; });
}

void History::add(std::string_view line) {
  while (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  if (!is_wanted(line)) return;
  erase_duplicates(line);
  HistoryRecord record;
  record.line = line;
  record.time = time(nullptr);
  record.directory = shared_directory(state_.variables.text(names::PWD));
  if (Result<void> appended = append_to_file(record); !appended && is_worth_telling(appended.code())) {
    if (!std::exchange(has_told_, true)) trouble = "HISTFILE: " + std::string(Errno(appended.code()).message());
  }
  push(std::move(record));
  ++added_;
}

void History::remove(size_t position) {
  entries_.erase(entries_.begin() + static_cast<ptrdiff_t>(position));
  changed();
}

void History::clear() {
  entries_.clear();
  others_.clear();
  first_number_ = 1;
  changed();
}

/// Opens the file and locks it; again if it was replaced by a compaction meanwhile.
Result<UniqueFd> History::open_locked(const std::string& path, int flags) const {
  for (int attempt = 0; attempt < 16; ++attempt) {
    Result<UniqueFd> file = open_file(path.c_str(), flags, 0600);
    if (!file.ok()) return file;
    // A file system without locks (some network ones) still appends in one piece.
    if (lock(file->get(), LOCK_EX) != 0) return file;
    struct stat opened, named;
    if (fstat(file->get(), &opened) == 0 && stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
        opened.st_dev == named.st_dev) {
      return file;
    }
  }
  return Errno(EAGAIN);
}

/// Only while commands are recorded: what a script puts into its list stays there.
Result<void> History::append_to_file(const HistoryRecord& record) {
  std::string path = file_path();
  if (is_private_ || !state_.is_on(state::Option::History) || path.empty() || limit(names::HISTFILESIZE) == 0)
    return {};
  Result<UniqueFd> file = open_locked(path, O_RDWR | O_APPEND | O_CREAT);
  if (!file.ok() && file.code() == ENOENT) {
    make_directories(path);
    file = open_locked(path, O_RDWR | O_APPEND | O_CREAT);
  }
  if (!file.ok()) return file.error();
  struct stat status;
  if (fstat(file->get(), &status) != 0) return Errno::last();
  if (!S_ISREG(status.st_mode)) return {};
  std::string text = format(record);
  char last = '\n';
  if (status.st_size > 0 && pread(file->get(), &last, 1, status.st_size - 1) == 1 && last != '\n')
    text.insert(0, 1, '\n');
  // Under the lock nobody else appends: what lies between is other sessions'.
  bool follows_known = status.st_ino == inode_ && status.st_size == read_up_to_;
  if (status.st_size == 0) follows_known = true;
  if (Result<void> written = write_all(file->get(), text); !written.ok()) {
    // A full disk must not leave half a record behind.
    if (ftruncate(file->get(), status.st_size) != 0) return Errno::last();
    return written;
  }
  if (!follows_known) {
    std::string between;
    bool is_known_file = inode_ == 0 || status.st_ino == inode_;  // 0: there was none when this session began
    off_t from = is_known_file && status.st_size > read_up_to_ ? read_up_to_ : status.st_size;
    between.resize(static_cast<size_t>(status.st_size - from));
    ssize_t n = pread(file->get(), between.data(), between.size(), from);
    if (n > 0) {
      parse(std::string_view(between).substr(0, static_cast<size_t>(n)), others_);
    }
  }
  inode_ = status.st_ino;
  read_up_to_ = status.st_size + static_cast<off_t>(text.size());
  return {};
}

void History::read_others() {
  if (loaded_path_.empty()) return;
  struct stat status;
  if (stat(loaded_path_.c_str(), &status) != 0) return;
  if (inode_ == 0) inode_ = status.st_ino;
  if (status.st_ino != inode_ || status.st_size < read_up_to_) {
    // Compacted by another session: all of it is known, except what cannot be told apart any more.
    inode_ = status.st_ino;
    read_up_to_ = status.st_size;
    return;
  }
  if (status.st_size == read_up_to_) return;
  Result<UniqueFd> file = open_file(loaded_path_.c_str(), O_RDONLY);
  if (!file.ok()) return;
  std::string text(static_cast<size_t>(status.st_size - read_up_to_), '\0');
  ssize_t n = pread(file->get(), text.data(), text.size(), read_up_to_);
  if (n <= 0) return;
  text.resize(static_cast<size_t>(n));
  read_up_to_ += n;
  parse(text, others_);
  while (others_.size() > 10000) others_.pop_front();
  ++generation_;
}

bool History::read_file(const std::string& path) {
  std::string text;
  if (path.empty()) return false;
  int64_t most = limit(names::HISTSIZE);
  off_t size = 0;
  // Of a long file only the end is read, when all that is wanted is there.
  size_t begin = read_tail(path, most, text, size) ? tail_offset(text, static_cast<size_t>(most)) : 0;
  if (begin == 0) {
    text.clear();
    if (!read_text(path, text)) return false;
    size = static_cast<off_t>(text.size());
    begin = most >= 0 ? tail_offset(text, static_cast<size_t>(most)) : 0;
  }
  bool is_first = entries_.empty();
  int64_t number = first_number_;
  parse(std::string_view(text).substr(begin), entries_);
  trim();
  // Numbers begin with what is kept.
  if (is_first) first_number_ = number;
  struct stat status;
  if (path != file_path()) {
    other_path_ = path;
    other_size_ = size;
  } else if (stat(path.c_str(), &status) == 0) {
    inode_ = status.st_ino;
    read_up_to_ = size;
  }
  changed();
  return true;
}

bool History::write_file(const std::string& path) {
  if (path.empty()) return false;
  if (path == file_path()) make_directories(path);
  std::string text;
  int64_t most = limit(names::HISTFILESIZE);
  size_t first =
      most >= 0 && entries_.size() > static_cast<size_t>(most) ? entries_.size() - static_cast<size_t>(most) : 0;
  for (size_t i = first; i < entries_.size(); ++i) text += format(entries_[i]);
  Result<UniqueFd> file = replace_file(path, text, true);
  if (!file.ok()) {
    errno = file.code();
    return false;
  }
  added_ = 0;
  if (path == file_path()) take_as_read(file->get());
  return true;
}

/// All of the history file, open as `fd`, is known here.
void History::take_as_read(int fd) {
  struct stat status;
  if (fstat(fd, &status) != 0) return;
  inode_ = status.st_ino;
  read_up_to_ = status.st_size;
}

/// HISTFILE has everything already while commands are recorded; another file gets what this session added.
bool History::append_file(const std::string& path) {
  if (path.empty()) return false;
  if (path == file_path() && state_.is_on(state::Option::History)) return true;
  std::string text;
  for (size_t i = entries_.size() - std::min(added_, entries_.size()); i < entries_.size(); ++i)
    text += format(entries_[i]);
  Result<UniqueFd> file = open_locked(path, O_RDWR | O_APPEND | O_CREAT);
  if (!file.ok() || !write_all(file->get(), text).ok()) return false;
  added_ = 0;
  return true;
}

/// What was appended to a file that is not HISTFILE since it was read.
bool History::read_rest(const std::string& path) {
  std::string text;
  if (!read_text(path, text)) return false;
  size_t known = path == other_path_ ? std::min(static_cast<size_t>(other_size_), text.size()) : 0;
  other_path_ = path;
  other_size_ = static_cast<off_t>(text.size());
  parse(std::string_view(text).substr(known), entries_);
  trim();
  changed();
  return true;
}

/// history -n: other sessions' commands join the list.
bool History::read_new(const std::string& path) {
  if (path != file_path()) return read_rest(path);
  read_others();
  for (HistoryRecord& record : others_) entries_.push_back(std::move(record));
  others_.clear();
  trim();
  changed();
  return true;
}

void History::compact() {
  int64_t most = limit(names::HISTFILESIZE);
  std::string path = file_path();
  if (is_private_ || most <= 0 || path.empty()) return;
  struct stat status;
  // Judged by its size, so that not every start reads all of it: a record takes some fifty bytes.
  if (stat(path.c_str(), &status) != 0 || status.st_size / kTypicalRecord < most) return;
  Result<UniqueFd> file = open_locked(path, O_RDWR);
  std::string text;
  if (!file.ok() || !read_all(file->get(), text).ok()) return;
  std::deque<HistoryRecord> records;
  parse(text, records);
  if (records.size() <= static_cast<size_t>(most)) return;
  std::string kept;
  for (size_t i = records.size() - static_cast<size_t>(most); i < records.size(); ++i) kept += format(records[i]);
  if (Result<UniqueFd> fresh = replace_file(path, kept, false); fresh.ok()) take_as_read(fresh->get());
}

int History::expand(std::string_view line, std::string& out) {
  return static_cast<int>(expander_.expand(*this, line, out));
}

}  // namespace mish::interactive
