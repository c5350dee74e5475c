// SPDX-License-Identifier: GPL-3.0-or-later
// A value or the error number of the system call that failed (C++20 has no std::expected).
// Used for system errors only; errors of the shell language have their own types.
#ifndef MISH_SHELL_BASE_RESULT_H_
#define MISH_SHELL_BASE_RESULT_H_

#include <cassert>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace mish {

/// An errno value. Implicitly convertible into any Result<T>.
class Errno {
 public:
  constexpr explicit Errno(int code) : code_(code) {}
  /// The error of the system call that just failed.
  static Errno last() { return Errno(errno); }
  constexpr int code() const { return code_; }
  /// The system's sentence for it, e.g. "No such file or directory".
  std::string_view message() const { return strerror(code_); }
  friend constexpr bool operator==(Errno, Errno) = default;

 private:
  int code_;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}  // NOLINT: a value is a result
  Result(Errno error) : error_(error.code()) {}  // NOLINT: an errno is a result

  bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }
  T& value() & {
    assert(ok());
    return *value_;
  }
  const T& value() const& {
    assert(ok());
    return *value_;
  }
  T&& value() && {
    assert(ok());
    return *std::move(value_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  Errno error() const {
    assert(!ok());
    return Errno(error_);
  }
  /// errno of the failure, 0 on success.
  int code() const { return error_; }

 private:
  std::optional<T> value_;
  int error_ = 0;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Errno error) : error_(error.code()) {}  // NOLINT: an errno is a result
  bool ok() const { return error_ == 0; }
  explicit operator bool() const { return ok(); }
  Errno error() const {
    assert(!ok());
    return Errno(error_);
  }
  int code() const { return error_; }

 private:
  int error_ = 0;
};

}  // namespace mish

#endif  // MISH_SHELL_BASE_RESULT_H_
