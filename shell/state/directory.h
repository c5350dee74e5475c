// SPDX-License-Identifier: GPL-3.0-or-later
// The working directory as the shell sees it (logical, with symbolic links) and the directory stack.
#ifndef MISH_SHELL_STATE_DIRECTORY_H_
#define MISH_SHELL_STATE_DIRECTORY_H_

#include <string>
#include <string_view>
#include <vector>

#include "shell/base/result.h"

namespace mish::state {

class WorkingDirectory {
 public:
  /// Takes `pwd` (the environment's PWD) if it is an absolute path without . or .. that names the current directory,
  /// else getcwd(3) (XCU sh, PWD). Done lazily: the first call of logical() looks.
  void initialise(std::string_view pwd);
  /// Absolute logical path; "" when it cannot be determined: then the next call tries again.
  const std::string& logical();
  /// getcwd(3).
  static Result<std::string> physical();
  /// chdir(2) to `path`, handled logically (dot-dot removes a component, XCU cd -L) or physically (-P); on success
  /// logical() is the new path. Fails with the errno of chdir(2); ENAMETOOLONG is worked around by relative steps.
  Result<void> change(std::string_view path, bool is_physical);
  /// Canonical form of `path` against `base` without looking at the file system (XCU cd, step 8). Checks that a
  /// component before .. is a directory when `check`. nullopt-like empty string when that fails.
  static std::string normalise(std::string_view base, std::string_view path);

 private:
  Result<void> change_physically(std::string_view path);
  std::string logical_;
  std::string initial_;
};

/// pushd, popd, dirs. Element 0 (the working directory) is not stored.
struct DirectoryStack {
  std::vector<std::string> entries;  // top first
};

}  // namespace mish::state

#endif  // MISH_SHELL_STATE_DIRECTORY_H_
