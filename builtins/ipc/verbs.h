// SPDX-License-Identifier: GPL-3.0-or-later
// The one dispatcher of the IPC builtins: NOUN VERB NAME [--options] [--] [data…]. A noun is a table of verbs, a verb a
// function with its options and help; parsing, help, messages, exit statuses, time limits, `-v VAR`, tables and JSON
// are here, so that the same words mean the same everywhere. The nouns' own files know their objects only.
#ifndef MISH_BUILTINS_IPC_VERBS_H_
#define MISH_BUILTINS_IPC_VERBS_H_

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ipc/kernel_name.h"
#include "ipc/status.h"
#include "ipc/wait.h"
#include "shell/api/builtin.h"
#include "shell/api/services.h"
#include "shell/base/fd.h"
#include "shell/base/inline_vector.h"

namespace mish::builtins {

using api::Args;
using api::BuiltinContext;
using api::Completion;

/// One option of a verb. Every verb also knows --help.
struct OptionRow {
  std::string_view name;        // "timeout": --timeout D and --timeout=D
  char letter;                  // 'v' for -v VAR, 0 none
  std::string_view argument;    // "D"; empty: a flag
  std::string_view help;        // empty: not for users
  std::string_view words = {};  // what the argument may be, with blanks between; for completion
};

/// Options that mean the same everywhere; verbs list those they take.
inline constexpr OptionRow kNoWaitOption{"nowait", 0, "", "do not wait: status 3 when it would block"};
inline constexpr OptionRow kTimeoutOption{"timeout", 0, "D", "wait at most D (2, 1.5s, 200ms): status 124 then"};
inline constexpr OptionRow kVariableOption{"variable", 'v', "VAR", "store the result in VAR instead of printing it"};
inline constexpr OptionRow kJsonOption{"json", 0, "", "print JSON (see mish-ipc(7), JSON)"};
inline constexpr OptionRow kModeOption{"mode", 0, "M", "permissions in octal (default 600)"};
inline constexpr OptionRow kSystemVOption{"sysv", 0, "", "a System V object, named by --key or --id"};
inline constexpr OptionRow kKeyOption{"key", 0, "K", "System V key: 0x1234, 4660 or private"};
inline constexpr OptionRow kIdOption{"id", 0, "N", "System V id"};
inline constexpr OptionRow kFileOption{"file", 'f', "FILE", "take the data from FILE"};

class Call;

/// As Verb::most_operands: as many as there are.
inline constexpr uint8_t kAnyNumber = 255;

struct Verb {
  std::string_view name;
  Completion (*run)(Call& call);
  std::string_view synopsis;  // "NAME SIZE [--mode M]": what follows NOUN VERB
  std::string_view summary;   // one line
  std::string_view example;   // one or more lines of shell
  std::span<const OptionRow> options;
  uint8_t least_operands = 0;
  uint8_t most_operands = 0;     // operands before the data, or kAnyNumber
  bool takes_data = false;       // words after the operands (or after --) are data or a command
  std::string_view sigils = {};  // with takes_data: further operands begin with one of these ("@+")
};

struct Noun {
  std::string_view name;
  std::string_view summary;
  std::span<const Verb> verbs;
  /// Names of the objects there are, for completion; may be null.
  std::vector<std::string> (*objects)();
};

/// The body of every IPC builtin: finds the verb, parses, runs. Handles `help`, `--help` and near misses.
Completion run_noun(BuiltinContext& context, Args args, const Noun& noun);

/// What a verb sees: operands, options, data, and the ways to answer.
class Call {
 public:
  BuiltinContext& context;
  const Noun& noun;
  const Verb& verb;

  Call(BuiltinContext& context_in, const Noun& noun_in, const Verb& verb_in)
      : context(context_in), noun(noun_in), verb(verb_in) {}

  size_t operand_count() const { return (is_named_by_option_ ? 1 : 0) + operands_.size(); }
  /// Operand `i`, "" when there are fewer.
  std::string_view operand(size_t i) const {
    if (is_named_by_option_ && i-- == 0) return name_;
    return i < operands_.size() ? operands_[i] : std::string_view();
  }
  /// The kernel object meant: --key K, --id N (these count as operand 0), or operand 0 itself ("OS", "key:0x1234",
  /// "id:7"). Reported when it is nullopt.
  std::optional<ipc::KernelName> kernel_name();
  /// The operand after the first that begins with `sigil`, without it.
  std::optional<std::string_view> marked_operand(char sigil) const;
  /// Words after the operands or after "--".
  Args data_words() const { return data_; }
  bool has_data() const { return has_data_; }

  bool has(std::string_view option) const { return value(option).data() != nullptr; }
  /// Argument of an option, "" for a flag, a null view when it was not given. The last one counts.
  std::string_view value(std::string_view option) const;
  /// Numeric arguments; report a usage error and return nullopt when the text is none (check failed()).
  std::optional<int64_t> integer(std::string_view option, int64_t least = INT64_MIN, int64_t most = INT64_MAX);
  std::optional<int64_t> duration(std::string_view option);
  std::optional<uint64_t> size(std::string_view option);
  std::optional<mode_t> mode();
  bool failed() const { return failed_; }
  /// The completion after failed(): a usage error was reported.
  Completion failure() const { return Completion::of(state::kUsageError); }

  /// The message: the data words joined by blanks, else the file of -f, else standard input, of which more than `most`
  /// bytes are refused and not read. An error was reported when it is nullopt (then see input_failure()).
  std::optional<std::string> message(uint64_t most = UINT64_MAX);
  Completion input_failure() const { return input_failure_; }
  /// The descriptor of -f, which `file` then owns, or of standard input. Reported when it is nullopt.
  std::optional<int> open_input(UniqueFd& file);
  /// Waits for bytes of an input while traps run; 0 at its end. Interrupted after Ctrl-C.
  ipc::Outcome<size_t> read_input(int fd, std::span<char> buffer);
  /// Reports what read_input() of the descriptor of open_input() answered.
  Completion fail_input(const ipc::Error& error);
  /// All of the input `fd`, but no more than one byte beyond `most`.
  ipc::Outcome<std::string> read_whole_input(int fd, uint64_t most = UINT64_MAX);

  /// --nowait and --timeout with interruption by traps and Ctrl-C. Parsed once, so that a wait that goes on after a
  /// trap keeps its limit.
  const ipc::Wait& wait();
  /// Runs `operation(wait)`; when a signal interrupts it, trap actions run and it is tried again. Ctrl-C ends it with
  /// Status::Interrupted.
  template <typename Operation>
  auto waiting(Operation operation) {
    for (;;) {
      auto outcome = operation(wait());
      if (outcome.status() != ipc::Status::Interrupted || !resume_after_traps()) return outcome;
    }
  }
  /// After Status::Interrupted: runs the pending traps; true when the wait should go on.
  bool resume_after_traps();

  /// Reports `error` as "mish: NOUN: OBJECT: SENTENCE" and gives its status. WouldBlock and TimedOut are silent, and
  /// so is Closed for a receiver: the status says it all.
  Completion fail(const ipc::Error& error, std::string_view object);
  Completion fail(const ipc::Error& error) { return fail(error, operand(0)); }
  Completion usage(std::string_view message);
  Completion done() const { return Completion::of(0); }

  /// A result: into the variable of -v, or printed (with a newline unless `raw`). In a variable NULs are dropped, with
  /// a note on stderr.
  Completion result(std::string_view text, bool raw = false);
  /// Writes now what result() printed; nothing to do where it went into a variable or is captured. Fails as
  /// write_error().
  ipc::Outcome<void> flush_result();
  /// Assigns a variable named by an option argument. False (reported) when it is no name.
  bool assign(std::string_view variable, std::string_view text);

  Output& out() { return context.out; }
  bool wants_json() const { return has("json"); }
  /// Whether the output may be coloured: a terminal, no NO_COLOR, TERM not dumb.
  bool wants_color();

  /// Runs `words` as a command of this shell.
  Completion run(Args words) { return context.services.run_command(words, {}); }

 private:
  friend Completion run_noun(BuiltinContext& context, Args args, const Noun& noun);
  bool parse(Args args);
  bool parse_option(Args args, size_t& i);
  Completion check_options();
  const OptionRow* find_option(std::string_view name) const;
  bool set_option(const OptionRow& row, std::string_view value);

  static constexpr size_t kMostOptions = 24;
  InlineVector<std::string_view, 16> operands_;
  std::string_view values_[kMostOptions];  // by row of verb.options; null data(): not given
  std::string_view name_;                  // by --key or --id: stands where the first operand would
  Args data_;
  bool has_data_ = false;
  bool is_named_by_option_ = false;
  bool has_wait_ = false;
  bool failed_ = false;
  bool wants_help_ = false;
  Completion input_failure_;
  ipc::Wait wait_;
  Completion trap_completion_;
};

/// One cell of a table: as people read it and as JSON.
struct Cell {
  std::string text;
  std::string json;
  bool is_right = false;
};
Cell text_cell(std::string_view text);
Cell number_cell(int64_t value);
Cell unsigned_cell(uint64_t value);
/// A number that may be unknown (negative): "-" and null.
Cell maybe_cell(int64_t value);
Cell size_cell(uint64_t bytes);                         // 64K; JSON: bytes
Cell mode_cell(mode_t mode);                            // 0600; JSON: "0600"
Cell user_cell(uid_t uid);                              // login name; JSON: the name
Cell time_cell(time_t seconds);                         // 2026-01-31 12:00:05; JSON: seconds since the epoch
Cell duration_cell(int64_t ns);                         // 1.5s; JSON: nanoseconds
Cell bool_cell(bool value);                             // yes/no; JSON: true/false
Cell no_cell();                                         // -; JSON: null
Cell list_cell(const std::vector<std::string>& items);  // a b c; JSON: ["a","b","c"]

struct Column {
  std::string_view key;      // of the JSON object
  std::string_view heading;  // for people
};

/// Rows of objects: an aligned table, or with --json an array of objects.
class Table {
 public:
  explicit Table(std::initializer_list<Column> columns) : columns_(columns) {}
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  Completion print(Call& call) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

/// The error of a result that could not be written to `where`: TooBig where there is no space, else Failed.
ipc::Error write_error(int code, std::string_view where);

/// One object: "key: value" lines, or with --json one JSON object.
class Record {
 public:
  void add(std::string_view key, Cell value) { fields_.emplace_back(key, std::move(value)); }
  Completion print(Call& call) const;

 private:
  std::vector<std::pair<std::string_view, Cell>> fields_;
};

/// The IPC nouns, for the table of builtins, completion and `help`.
std::span<const Noun* const> ipc_nouns();
/// Words that may follow `words` ("shm", "re"): verbs, object names, options. For the completion of the front end.
std::vector<std::string> complete_ipc(std::span<const std::string> words);

}  // namespace mish::builtins

#endif  // MISH_BUILTINS_IPC_VERBS_H_
