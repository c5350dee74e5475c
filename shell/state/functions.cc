// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/functions.h"

#include <algorithm>

namespace mish::state {

std::shared_ptr<Function> FunctionTable::share(Name name) const {
  uint32_t i = index(name);
  return i < functions_.size() ? functions_[i] : nullptr;
}

Function* FunctionTable::find_mutable(Name name) {
  uint32_t i = index(name);
  if (i >= functions_.size() || functions_[i] == nullptr) return nullptr;
  ++export_generation_;
  if (snapshots_ > 0) {  // the older self must come back
    undo_.push_back({name, functions_[i]});
    functions_[i] = std::make_shared<Function>(*functions_[i]);
  }
  return functions_[i].get();
}

bool FunctionTable::define(Name name, Function function) {
  uint32_t i = index(name);
  if (i >= functions_.size()) functions_.resize(i + 1 + i / 2);
  if (functions_[i] != nullptr) {
    if (functions_[i]->is_readonly) return false;
    function.is_exported = function.is_exported || functions_[i]->is_exported;
    function.is_traced = functions_[i]->is_traced;
  }
  if (function.is_exported) ++export_generation_;
  if (snapshots_ > 0) undo_.push_back({name, functions_[i]});
  functions_[i] = std::make_shared<Function>(std::move(function));
  return true;
}

bool FunctionTable::unset(Name name) {
  uint32_t i = index(name);
  if (i >= functions_.size() || functions_[i] == nullptr) return true;
  if (functions_[i]->is_readonly) return false;
  if (functions_[i]->is_exported) ++export_generation_;
  if (snapshots_ > 0) undo_.push_back({name, functions_[i]});
  functions_[i].reset();
  return true;
}

std::vector<Name> FunctionTable::sorted_names() const {
  std::vector<Name> names;
  for (uint32_t i = 0; i < functions_.size(); ++i) {
    if (functions_[i] != nullptr) names.push_back(Name(i));
  }
  std::sort(names.begin(), names.end(), [](Name a, Name b) { return text(a) < text(b); });
  return names;
}

bool FunctionTable::any_exported() const {
  return std::any_of(functions_.begin(), functions_.end(),
                     [](const std::shared_ptr<Function>& f) { return f != nullptr && f->is_exported; });
}

size_t FunctionTable::begin_snapshot() {
  ++snapshots_;
  return undo_.size();
}

bool FunctionTable::roll_back(size_t snapshot) {
  --snapshots_;
  bool changed = undo_.size() > snapshot;
  if (changed) ++export_generation_;
  while (undo_.size() > snapshot) {
    functions_[index(undo_.back().name)] = std::move(undo_.back().old);
    undo_.pop_back();
  }
  return changed;
}

}  // namespace mish::state
