// SPDX-License-Identifier: GPL-3.0-or-later
// Pathname expansion (XCU 2.14.3): walks directories by pattern component. What happens when nothing matches (nullglob,
// failglob, the pattern itself), and GLOBIGNORE, are the caller's business.
#ifndef MISH_SHELL_PATTERN_PATHNAME_H_
#define MISH_SHELL_PATTERN_PATHNAME_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shell/base/arena.h"
#include "shell/base/result.h"
#include "shell/pattern/pattern.h"

namespace mish::pattern {

struct GlobOptions {
  bool dot_glob = false;     // a leading period needs no literal one
  bool skip_dots = true;     // . and .. are never results of a pattern
  bool ignore_case = false;  // nocaseglob
  bool glob_star = false;    // a component ** matches any number of directories
  bool extglob = true;
};

class PathnameExpander {
 public:
  PathnameExpander();
  ~PathnameExpander();

  /// Appends the existing pathnames that match `text` (marks as in Pattern::compile) to `matches`, sorted by collation,
  /// ties by bytes; NUL-terminated, in `arena`. A directory that may not be read, is none or has gone has no matches;
  /// any other error of the system (EMFILE, ENOMEM, EIO ...) is returned, because a list with files silently missing is
  /// worse than none; error_path() then names the directory.
  Result<void> expand(std::string_view text, std::string_view quoted, const GlobOptions& options, Arena& arena,
                      std::vector<std::string_view>& matches);
  const std::string& error_path() const { return error_path_; }

 private:
  struct Component;
  struct Walk;
  std::vector<Component> split(const MarkedText& pattern, const GlobOptions& options, Arena& arena) const;

  std::unique_ptr<char[]> buffer_;  // for getdents64(2), made at the first use and kept
  std::string error_path_;
};

/// Sorts pathnames as pathname expansion does: by collation, ties by bytes.
void sort_pathnames(std::vector<std::string_view>& names, size_t from);

}  // namespace mish::pattern

#endif  // MISH_SHELL_PATTERN_PATHNAME_H_
