// SPDX-License-Identifier: GPL-3.0-or-later
// A parsed unit (one complete command, a whole `eval` text, a trap action): owns the arena of its nodes. Functions
// defined in it and frames that run it share it by an intrusive, non-atomic count (the shell has one thread).
#ifndef MISH_SHELL_SYNTAX_PROGRAM_H_
#define MISH_SHELL_SYNTAX_PROGRAM_H_

#include <cstdint>
#include <utility>

#include "shell/base/arena.h"

namespace mish::syntax {

struct Command;

class Program {
 public:
  Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  Arena& arena() { return arena_; }
  /// Null for an empty unit (blank line, comment).
  const Command* root() const { return root_; }
  void set_root(const Command* root) { root_ = root; }

 private:
  friend class ProgramPtr;
  Arena arena_{2048};
  const Command* root_ = nullptr;
  uint32_t references_ = 0;
};

/// Shared ownership of a Program.
class ProgramPtr {
 public:
  ProgramPtr() = default;
  explicit ProgramPtr(Program* program) : program_(program) { acquire(); }
  ProgramPtr(const ProgramPtr& other) : program_(other.program_) { acquire(); }
  ProgramPtr(ProgramPtr&& other) noexcept : program_(std::exchange(other.program_, nullptr)) {}
  ProgramPtr& operator=(ProgramPtr other) noexcept {
    std::swap(program_, other.program_);
    return *this;
  }
  ~ProgramPtr() {
    if (program_ != nullptr && --program_->references_ == 0) recycle(program_);
  }
  Program* get() const { return program_; }
  Program* operator->() const { return program_; }
  Program& operator*() const { return *program_; }
  explicit operator bool() const { return program_ != nullptr; }
  /// Whether nobody else holds it (then the reader may parse the next command into the same arena).
  bool is_unique() const { return program_ != nullptr && program_->references_ == 1; }
  /// A fresh or recycled empty Program: the last few freed ones are kept, so that a script of many short commands does
  /// not call malloc for each.
  static ProgramPtr create();

 private:
  void acquire() {
    if (program_ != nullptr) ++program_->references_;
  }
  static void recycle(Program* program);
  Program* program_ = nullptr;
};

}  // namespace mish::syntax

#endif  // MISH_SHELL_SYNTAX_PROGRAM_H_
