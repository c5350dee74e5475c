// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/syntax/program.h"

#include <cstddef>

namespace mish::syntax {

namespace {
// Empty Programs kept for reuse. A large one gives its memory back.
constexpr size_t kKept = 16;
constexpr size_t kLargestKept = 64 * 1024;
Program* g_kept[kKept];
size_t g_kept_count = 0;
}  // namespace

ProgramPtr ProgramPtr::create() {
  if (g_kept_count != 0) return ProgramPtr(g_kept[--g_kept_count]);
  return ProgramPtr(new Program);
}

void ProgramPtr::recycle(Program* program) {
  if (g_kept_count == kKept || program->arena().capacity() > kLargestKept) {
    delete program;
    return;
  }
  program->arena().reset();
  program->set_root(nullptr);
  g_kept[g_kept_count++] = program;
}

}  // namespace mish::syntax
