// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/call_stack.h"

namespace mish::state {

bool CallStack::in_function_or_source() const {
  for (const Frame& frame : frames_) {
    if (frame.kind == FrameKind::Function || frame.kind == FrameKind::Source) return true;
  }
  return false;
}

bool CallStack::in_function() const {
  for (const Frame& frame : frames_) {
    if (frame.kind == FrameKind::Function) return true;
  }
  return false;
}

std::vector<const Frame*> CallStack::visible() const {
  std::vector<const Frame*> shown;
  for (size_t i = frames_.size(); i-- > 0;) {
    const Frame& frame = frames_[i];
    switch (frame.kind) {
      case FrameKind::Function:
      case FrameKind::Source: shown.push_back(&frame); break;
      case FrameKind::Main:
        if (!frame.source_name.empty()) shown.push_back(&frame);  // -c and terminals have no file
        break;
      case FrameKind::Eval:
      case FrameKind::Trap:
      case FrameKind::Subshell: break;
    }
  }
  return shown;
}

}  // namespace mish::state
