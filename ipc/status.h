// SPDX-License-Identifier: GPL-3.0-or-later
// How an operation on an object of interprocess communication ended: the exit statuses that all the nouns share, an
// error with one sentence for people, and a value-or-error. Messages name the cause, not the noun or the object; the
// caller puts those in front ("mbox: jobs: no such mailbox").
#ifndef MISH_IPC_STATUS_H_
#define MISH_IPC_STATUS_H_

#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mish::ipc {

/// Exit statuses of every IPC builtin.
enum class Status : int {
  Done = 0,
  Failed = 1,        // any other failure of the system
  Usage = 2,         // a malformed name, operand or option
  WouldBlock = 3,    // --nowait: nothing to take, or no room
  NoObject = 4,      // no such object
  Damaged = 5,       // not one of ours, another version, or garbled
  NotPermitted = 6,  // permission, or the link is busy with somebody else
  Closed = 7,        // closed, or the peer is dead
  TooBig = 8,        // larger than the object allows, or no space left
  Exists = 9,
  TimedOut = 124,
  Interrupted = 130,
};

/// A failure: its status, the errno behind it (0 when none), and one sentence without a final full stop.
struct Error {
  Status status = Status::Failed;
  int error_number = 0;
  std::string sentence;
};

/// An Error from an errno, its sentence being "WHAT: strerror" or, with an empty `what`, strerror alone. ENOENT becomes
/// NoObject, EEXIST Exists, EACCES/EPERM/ELOOP NotPermitted, ENOSPC/EFBIG/EMSGSIZE/ENOMEM TooBig, EAGAIN WouldBlock,
/// ETIMEDOUT TimedOut, EINTR Interrupted, EPIPE/ECONNRESET/ESHUTDOWN Closed, EINVAL/ENAMETOOLONG Usage, others Failed.
inline Error error_from_errno(int code, std::string_view what = {}) {
  Status status = Status::Failed;
  switch (code) {
    case ENOENT: status = Status::NoObject; break;
    case EEXIST: status = Status::Exists; break;
    case EACCES:
    case EPERM:
    case ELOOP:
    case EROFS: status = Status::NotPermitted; break;
    case ENOSPC:
    case EFBIG:
    case EMSGSIZE:
    case ENOMEM:
    case EDQUOT: status = Status::TooBig; break;
    case EAGAIN: status = Status::WouldBlock; break;
    case ETIMEDOUT: status = Status::TimedOut; break;
    case EINTR: status = Status::Interrupted; break;
    case EPIPE:
    case ECONNRESET:
    case ESHUTDOWN: status = Status::Closed; break;
    case EINVAL:
    case ENAMETOOLONG: status = Status::Usage; break;
  }
  std::string sentence(what);
  if (!sentence.empty()) sentence += ": ";
  sentence += strerror(code);
  return {status, code, std::move(sentence)};
}

/// A value of type T or an Error. Both convert implicitly.
template <typename T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : value_(std::move(value)) {}      // NOLINT: a value is an outcome
  Outcome(Error error) : error_(std::move(error)) {}  // NOLINT: an error is an outcome
  Outcome(Status status, std::string sentence, int error_number = 0)
      : error_{status, error_number, std::move(sentence)} {}

  bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }
  T& value() {
    assert(ok());
    return *value_;
  }
  const T& value() const {
    assert(ok());
    return *value_;
  }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const {
    assert(!ok());
    return error_;
  }
  /// Done when there is a value, else the status of the error.
  Status status() const { return ok() ? Status::Done : error_.status; }

 private:
  std::optional<T> value_;
  Error error_{Status::Done, 0, {}};
};

template <>
class [[nodiscard]] Outcome<void> {
 public:
  Outcome() = default;
  Outcome(Error error) : error_(std::move(error)) {}  // NOLINT: an error is an outcome
  Outcome(Status status, std::string sentence, int error_number = 0)
      : error_{status, error_number, std::move(sentence)} {}

  bool ok() const { return error_.status == Status::Done; }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    assert(!ok());
    return error_;
  }
  Status status() const { return error_.status; }

 private:
  Error error_{Status::Done, 0, {}};
};

/// What a blocking call asks whenever a signal ended its sleep: true = give up with Status::Interrupted, false = go on
/// sleeping. The shell answers true when a trap is due or the user pressed Ctrl-C. A default Interrupt never gives up.
/// `signals`, if given, is a word that the signal handler changes: it closes the gap between asking and falling asleep
/// (else a signal in that gap is noticed at the end of a slice, half a second).
struct Interrupt {
  bool (*should_stop)(void* context) = nullptr;
  void* context = nullptr;
  const std::atomic<uint32_t>* signals = nullptr;
  bool stop() const { return should_stop != nullptr && should_stop(context); }
};

/// Nanoseconds of CLOCK_MONOTONIC at which a blocking call gives up; kForever and kNoWait are the two ends.
using Deadline = long long;
inline constexpr Deadline kForever = -1;
inline constexpr Deadline kNoWait = 0;

}  // namespace mish::ipc

#endif  // MISH_IPC_STATUS_H_
