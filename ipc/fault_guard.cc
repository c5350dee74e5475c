// SPDX-License-Identifier: GPL-3.0-or-later
#include "ipc/fault_guard.h"

#include <setjmp.h>
#include <signal.h>

namespace mish::ipc {

namespace {
sigjmp_buf g_return_point;
volatile sig_atomic_t g_armed = 0;

void on_bus_error(int) {
  if (g_armed != 0) siglongjmp(g_return_point, 1);
  signal(SIGBUS, SIG_DFL);  // not ours: the instruction faults again and ends the process
}
}  // namespace

bool run_guarded(void (*body)(void* data), void* data) {
  struct sigaction ours {};
  struct sigaction before {};
  ours.sa_handler = on_bus_error;
  ours.sa_flags = SA_NODEFER;
  sigaction(SIGBUS, &ours, &before);
  bool completed = false;
  if (sigsetjmp(g_return_point, 0) == 0) {
    g_armed = 1;
    body(data);
    completed = true;
  }
  g_armed = 0;
  sigaction(SIGBUS, &before, nullptr);
  return completed;
}

}  // namespace mish::ipc
