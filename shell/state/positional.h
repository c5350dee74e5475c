// SPDX-License-Identifier: GPL-3.0-or-later
// Positional parameters. A function call borrows its arguments from the caller's scratch memory (nothing is copied);
// `set` makes an owned copy.
#ifndef MISH_SHELL_STATE_POSITIONAL_H_
#define MISH_SHELL_STATE_POSITIONAL_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mish::state {

/// Copying shares the owned storage: saving and restoring is cheap.
class PositionalParameters {
 public:
  size_t count() const { return view_.size(); }
  /// $number, 1-based; null view when there is none.
  std::string_view at(size_t number) const {
    return number >= 1 && number <= view_.size() ? view_[number - 1] : std::string_view();
  }
  std::span<const std::string_view> all() const { return view_; }
  /// Borrows: `arguments` and their NUL-terminated text must outlive this value.
  void borrow(std::span<const std::string_view> arguments) {
    owned_.reset();
    view_ = arguments;
  }
  /// Copies.
  void assign(std::span<const std::string_view> arguments);
  /// Whether what is here was assigned, not borrowed.
  bool is_assigned() const { return owned_ != nullptr; }
  /// False (nothing done) when there are fewer than `n`.
  bool shift(size_t n) {
    if (n > view_.size()) return false;
    view_ = view_.subspan(n);
    return true;
  }

 private:
  struct Storage {
    std::string bytes;
    std::vector<std::string_view> views;
  };
  std::shared_ptr<Storage> owned_;
  std::span<const std::string_view> view_;
};

}  // namespace mish::state

#endif  // MISH_SHELL_STATE_POSITIONAL_H_
