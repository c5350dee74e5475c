// SPDX-License-Identifier: GPL-3.0-or-later
// The coprocesses of the shell (`coproc`, bash): their two descriptors and the variables that name them, from the start
// to the end of the process. Starting one is the pipeline runner's business.
#ifndef MISH_SHELL_EXEC_COPROCESS_H_
#define MISH_SHELL_EXEC_COPROCESS_H_

#include <sys/types.h>

#include <vector>

#include "shell/base/fd.h"
#include "shell/base/name.h"
#include "shell/base/result.h"

namespace mish::exec {

struct ExecutionContext;

/// What happens to a coprocess that has ended: its input is closed at once, its output when all of it has been read (or
/// a new coprocess takes the name); then NAME and NAME_PID are unset, as bash does. Neither the programs that the shell
/// starts nor its subshells get the descriptors, else a coprocess would never see the end of its input.
class Coprocesses {
 public:
  explicit Coprocesses(ExecutionContext& context) : context_(context) {}

  /// The shell's ends of the two pipes of process `pid` become NAME[0] and NAME[1], numbered from 60 on; NAME_PID is
  /// set. A coprocess that had the name loses its descriptors. Fails with the errno of fcntl(2).
  Result<void> add(Name name, pid_t pid, UniqueFd from_it, UniqueFd to_it);
  /// Lets go of those that have ended. Called at safe points after a child changed. The command behind `coproc` still
  /// sees the variables: it is likely to be `wait $NAME_PID`.
  void drop_ended();
  /// Writing to `fd` has failed. Where that is the input of a coprocess it is closed: who waits for the answer to what
  /// was lost would wait for ever, so the coprocess is to see the end of its input.
  void lose_input(int fd);
  /// In a forked subshell: closes all descriptors, leaves the variables.
  void close_all();

 private:
  /// One end of a pipe, which the user may have closed or given to something else meanwhile.
  struct End {
    int fd = -1;
    ino_t pipe = 0;
    bool is_ours() const;
    bool has_bytes() const;
    void close();
  };
  struct Entry {
    Name name;
    pid_t pid = 0;
    End from_it;
    End to_it;
    int looks_left = 2;  // of drop_ended(): behind `coproc` and before the next command
  };
  static Result<End> lend(UniqueFd fd);
  bool has_ended(pid_t pid) const;

  ExecutionContext& context_;
  std::vector<Entry> entries_;
};

}  // namespace mish::exec

#endif  // MISH_SHELL_EXEC_COPROCESS_H_
