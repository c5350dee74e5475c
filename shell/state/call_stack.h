// SPDX-License-Identifier: GPL-3.0-or-later
// Frames of functions, dot scripts, eval and traps: where `return` lands, what LINENO, FUNCNAME, BASH_SOURCE,
// BASH_LINENO and `caller` say.
#ifndef MISH_SHELL_STATE_CALL_STACK_H_
#define MISH_SHELL_STATE_CALL_STACK_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "shell/base/name.h"

namespace mish::state {

enum class FrameKind : uint8_t { Main, Function, Source, Eval, Trap, Subshell };

struct Frame {
  FrameKind kind = FrameKind::Main;
  bool shows_arguments = false;                 // entered under extdebug: part of BASH_ARGV
  Name function = kNoName;                      // Function
  std::string_view source_name;                 // file of the code that runs in this frame; borrowed
  uint32_t call_line = 0;                       // line in the caller where this frame was entered
  uint32_t loop_depth = 0;                      // loops entered in this frame: break does not leave a function
  std::span<const std::string_view> arguments;  // for BASH_ARGV
};

class CallStack {
 public:
  CallStack() {
    frames_.reserve(8);  // a forked child that pushes the frame of its subshell need not move the others
    frames_.push_back(Frame{});
  }
  Frame& top() { return frames_.back(); }
  const Frame& top() const { return frames_.back(); }
  std::span<const Frame> frames() const { return frames_; }  // outermost first
  void push(const Frame& frame) { frames_.push_back(frame); }
  void pop() { frames_.pop_back(); }
  size_t depth() const { return frames_.size(); }
  void cut(size_t depth) { frames_.resize(depth); }
  /// Whether `return` is allowed here.
  bool in_function_or_source() const;
  bool in_function() const;
  /// The frames that FUNCNAME, BASH_SOURCE, BASH_LINENO and `caller` show (functions, dot scripts, main), innermost
  /// first.
  std::vector<const Frame*> visible() const;

 private:
  std::vector<Frame> frames_;
};

/// Pops its frame at the end of its life.
class FrameGuard {
 public:
  FrameGuard(CallStack& stack, const Frame& frame) : stack_(stack), depth_(stack.depth()) { stack.push(frame); }
  ~FrameGuard() { stack_.cut(depth_); }
  FrameGuard(const FrameGuard&) = delete;
  FrameGuard& operator=(const FrameGuard&) = delete;

 private:
  CallStack& stack_;
  size_t depth_;
};

}  // namespace mish::state

#endif  // MISH_SHELL_STATE_CALL_STACK_H_
