// SPDX-License-Identifier: GPL-3.0-or-later
// A value that is shared by its copies until one of them is changed. Makes saving and restoring a table for an
// in-process subshell cost nothing when it changes nothing. Not for more than one thread.
#ifndef MISH_SHELL_STATE_COPY_ON_WRITE_H_
#define MISH_SHELL_STATE_COPY_ON_WRITE_H_

#include <memory>

namespace mish::state {

template <typename T>
class CopyOnWrite {
 public:
  /// The value; an empty one while nothing was ever written.
  const T& read() const { return shared_ != nullptr ? *shared_ : empty(); }
  /// The value for changing: a copy of its own if it is shared.
  T& write() {
    if (shared_ == nullptr) {
      shared_ = std::make_shared<T>();
    } else if (shared_.use_count() > 1) {
      shared_ = std::make_shared<T>(*shared_);
    }
    return *shared_;
  }
  void reset() { shared_.reset(); }

 private:
  static const T& empty() {
    static const T value{};
    return value;
  }
  std::shared_ptr<T> shared_;
};

}  // namespace mish::state

#endif  // MISH_SHELL_STATE_COPY_ON_WRITE_H_
