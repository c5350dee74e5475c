// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/file_test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "shell/base/retry.h"
#include "shell/base/text.h"
#include "shell/state/shell_state.h"

namespace mish::state {

namespace {

constexpr std::string_view kUnary = "abcdefghknoprstuvwxzGLNORS";

bool is_newer(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

/// False after a call that failed because of the file; an error after one that failed because of the machine.
Result<bool> no_or_unknown() {
  if (errno == EIO || errno == ENOMEM) return Errno::last();
  return false;
}

Result<bool> is_accessible(const char* path, int mode) {
  if (retry_interrupted([&] { return faccessat(AT_FDCWD, path, mode, AT_EACCESS); }) == 0) return true;
  return no_or_unknown();
}

/// Whether the file exists; then `status` tells about it.
Result<bool> look_at(std::string_view path, struct stat& status) {
  const std::string name(path);
  if (retry_interrupted([&] { return stat(name.c_str(), &status); }) == 0) return true;
  return no_or_unknown();
}

bool evaluate_mode(char op, const struct stat& status) {
  switch (op) {
    case 'a':
    case 'e':
    case 'h':
    case 'L': return op == 'a' || op == 'e' || S_ISLNK(status.st_mode);
    case 'b': return S_ISBLK(status.st_mode);
    case 'c': return S_ISCHR(status.st_mode);
    case 'd': return S_ISDIR(status.st_mode);
    case 'f': return S_ISREG(status.st_mode);
    case 'g': return (status.st_mode & S_ISGID) != 0;
    case 'k': return (status.st_mode & S_ISVTX) != 0;
    case 'p': return S_ISFIFO(status.st_mode);
    case 's': return status.st_size > 0;
    case 'S': return S_ISSOCK(status.st_mode);
    case 'u': return (status.st_mode & S_ISUID) != 0;
    case 'G': return status.st_gid == getegid();
    case 'N': return is_newer(status.st_mtim, status.st_atim);
    case 'O': return status.st_uid == geteuid();
    default: return false;
  }
}

bool is_option_on(const ShellState& state, std::string_view name) {
  const OptionInfo* option = find_option(name, OptionFamily::Set);
  return option != nullptr && state.is_on(option->option);
}

bool is_variable_set(const ShellState& state, std::string_view name) {
  if (!name.empty() && is_digit(name[0])) {
    std::optional<int64_t> number = parse_integer(name);
    if (!number.has_value() || *number < 0) return false;
    return *number == 0 || static_cast<uint64_t>(*number) <= state.positional.count();
  }
  std::optional<Name> known = NameTable::find(name);
  return known.has_value() && *known != kNoName && state.variables.is_set(*known);
}

}  // namespace

bool is_unary_primary(std::string_view op) {
  return op.size() == 2 && op[0] == '-' && kUnary.find(op[1]) != std::string_view::npos;
}

bool is_binary_primary(std::string_view op) {
  for (std::string_view known :
       {"=", "==", "!=", "<", ">", "=~", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"}) {
    if (op == known) return true;
  }
  return false;
}

Result<bool> evaluate_unary(const ShellState& state, char op, std::string_view operand) {
  const char* path = operand.data();
  switch (op) {
    case 'n': return !operand.empty();
    case 'z': return operand.empty();
    case 'o': return is_option_on(state, operand);
    case 'v': return is_variable_set(state, operand);
    case 'R': {
      std::optional<Name> known = NameTable::find(operand);
      return known.has_value() && (state.variables.attributes(*known) & attribute::Nameref) != 0;
    }
    case 't': {
      std::optional<int64_t> fd = parse_integer_trimmed(operand);
      return fd.has_value() && *fd >= 0 && *fd <= INT32_MAX && isatty(static_cast<int>(*fd)) == 1;
    }
    case 'r': return is_accessible(path, R_OK);
    case 'w': return is_accessible(path, W_OK);
    case 'x': return is_accessible(path, X_OK);
    default: break;
  }
  struct stat status;
  int failed = retry_interrupted([&] { return op == 'h' || op == 'L' ? lstat(path, &status) : stat(path, &status); });
  return failed != 0 ? no_or_unknown() : evaluate_mode(op, status);
}

Result<bool> compare_files(std::string_view op, std::string_view left, std::string_view right) {
  struct stat a, b;
  const Result<bool> found_a = look_at(left, a);
  if (!found_a) return found_a;
  const Result<bool> found_b = look_at(right, b);
  if (!found_b) return found_b;
  const bool has_a = *found_a;
  const bool has_b = *found_b;
  if (op == "-ef") return has_a && has_b && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
  if (op == "-nt") return has_a && (!has_b || is_newer(a.st_mtim, b.st_mtim));
  return has_b && (!has_a || is_newer(b.st_mtim, a.st_mtim));
}

}  // namespace mish::state
