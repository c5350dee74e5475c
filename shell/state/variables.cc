// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/variables.h"

#include <algorithm>
#include <utility>

#include "shell/base/locale.h"
#include "shell/base/text.h"
#include "shell/state/shell_state.h"
#include "shell/state/special_variables.h"

namespace mish::state {

namespace {

// Longest chain of namerefs that is followed; a longer one is taken for a loop.
constexpr int kMaxReferences = 64;

/// `text` in the letters that declare -l, -u or -c (the first one large) asks for.
std::string with_case(std::string_view text, Attributes attributes) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    Character c = decode(text, i);
    bool is_upper = (attributes & attribute::Upper) != 0 || ((attributes & attribute::Capital) != 0 && i == 0);
    append_character(out, is_upper ? to_upper(c.code) : to_lower(c.code));
    i += c.length;
  }
  return out;
}

}  // namespace

VariableTable::VariableTable(ShellState& owner) : owner_(owner) {}
VariableTable::~VariableTable() = default;

Variable& VariableTable::make_slot(Name name) {
  uint32_t chunk = index(name) >> kChunkBits;
  if (chunk >= chunks_.size()) chunks_.resize(std::max<size_t>(chunk + 1, chunks_.size() + chunks_.size() / 2));
  if (chunks_[chunk] == nullptr) chunks_[chunk] = std::make_unique<Chunk>();
  return chunks_[chunk]->variables[index(name) & (kChunkSize - 1)];
}

// --- reading ---

VariableTable::Reference VariableTable::follow(Name name) const {
  Reference reference{name, false, {}};
  for (int i = 0; i < kMaxReferences; ++i) {
    const Variable* v = find(reference.name);
    if (v == nullptr || !v->has(attribute::Nameref)) return reference;
    std::string_view to = v->value.text();
    if (to.empty()) return reference;  // refers to nothing yet
    size_t bracket = to.find('[');
    if (bracket != std::string_view::npos) {
      std::string_view subscript = to.substr(bracket + 1, to.size() - bracket - 2);
      if (owner_.subscript_hook != nullptr) subscript = owner_.subscript_hook(owner_, subscript);
      return {NameTable::intern(to.substr(0, bracket)), true, subscript};
    }
    reference.name = NameTable::intern(to);
  }
  throw ShellError(ShellError::Kind::Assignment, std::string(mish::text(name)) + ": circular name reference");
}

Name VariableTable::target(Name name) const { return follow(name).name; }

std::string_view VariableTable::end_of_references(Name name) const {
  std::string_view target = find(name)->value.text();
  for (int i = 0; i < kMaxReferences; ++i) {
    std::optional<Name> next = NameTable::find(target);
    const Variable* v = next.has_value() ? find(*next) : nullptr;
    if (v == nullptr || !v->has(attribute::Nameref) || v->value.text().empty()) break;
    target = v->value.text();
  }
  return target;
}

void VariableTable::bring_up_to_date(Name name, Variable& variable) const {
  if (variable.has(attribute::Bound)) {
    std::string fresh;
    BoundStorage* storage = storage_of(name);
    if (storage != nullptr && !storage->load(fresh)) fresh.clear();
    if (storage != nullptr) variable.value.set_text(fresh);
  }
  if (variable.has(attribute::Special)) {
    const SpecialVariable* special = find_special(name);
    if (special != nullptr && special->refresh != nullptr && is_in_effect(*special, owner_)) {
      special->refresh(owner_, variable);
    }
  }
}

const Variable* VariableTable::resolve(Name name) const {
  Variable* v = lookup(name);
  if (v == nullptr) return nullptr;
  if (v->has(attribute::Nameref)) {
    name = follow(name).name;
    v = lookup(name);
    if (v == nullptr) return nullptr;
  }
  if (v->has(attribute::Special | attribute::Bound)) bring_up_to_date(name, *v);
  return v;
}

std::string_view VariableTable::element_text_or_null(const Reference& reference) const {
  const Variable* v = resolve(reference.name);
  if (v == nullptr) return {};
  const std::string* element = nullptr;
  if (const AssociativeArray* keyed = v->value.associative()) {
    element = keyed->find(reference.subscript);
  } else {
    int64_t i = evaluate(reference.subscript);
    if (const IndexedArray* indexed = v->value.indexed()) {
      element = indexed->find(indexed->absolute(i));
    } else if (i == 0 && !v->value.is_unset()) {
      return v->value.text();
    }
  }
  return element != nullptr ? std::string_view(*element) : std::string_view();
}

std::string_view VariableTable::text_or_null(Name name) const {
  const Variable* v = find(name);
  if (v == nullptr) return {};
  if (v->has(attribute::Special | attribute::Nameref | attribute::Bound)) {
    Reference reference = follow(name);
    if (reference.has_subscript) return element_text_or_null(reference);
    v = resolve(reference.name);
    if (v == nullptr || v->has(attribute::Nameref)) return {};
  }
  switch (v->value.kind()) {
    case Value::Kind::Unset: return {};
    case Value::Kind::Scalar: return v->value.text();
    case Value::Kind::Indexed: {
      const std::string* first = v->value.indexed()->find(0);
      return first != nullptr ? std::string_view(*first) : std::string_view();
    }
    case Value::Kind::Associative: {
      const std::string* zero = v->value.associative()->find("0");
      return zero != nullptr ? std::string_view(*zero) : std::string_view();
    }
  }
  return {};
}

std::string_view VariableTable::careful_text(Name name) const {
  std::string_view text = text_or_null(name);
  return text.data() != nullptr ? text : std::string_view("", 0);
}

bool VariableTable::is_set(Name name) const { return text_or_null(name).data() != nullptr; }

Attributes VariableTable::attributes(Name name) const {
  const Variable* v = find(name);
  return v == nullptr ? Attributes(0) : v->attributes;
}

// --- the undo log ---

void VariableTable::push_log(Name name, LogKind kind, uint32_t depth, Variable&& saved) {
  log_.push_back({name, kind, depth, name == names::OPTIND ? owner_.getopts.offset : 0, std::move(saved)});
}

void VariableTable::save_for_snapshot(Name name, Variable& variable) {
  if (variable.epoch == epoch_) return;
  if (epoch_ != 0) {
    if (variable.has(attribute::Special)) bring_up_to_date(name, variable);
    push_log(name, LogKind::Snapshot, 0, Variable(variable));
  }
  variable.epoch = epoch_;
}

void VariableTable::restore(LogEntry& entry) {
  if (entry.name == names::Dash) {
    owner_.options.from_text(entry.saved.value.text());
    export_all_ = owner_.is_on(Option::AllExport);
    return;
  }
  Variable& v = slot(entry.name);
  bool was_visible = v.has(attribute::Exported);
  bool acted = v.has(attribute::Acts);
  v = std::move(entry.saved);
  if (v.has(attribute::Exported)) note_exported(entry.name);
  if (was_visible || v.has(attribute::Exported)) ++export_generation_;
  if (!acted && !v.has(attribute::Acts)) return;
  const SpecialVariable* special = find_special(entry.name);
  // What stands behind a computed variable is state of its own, restored as such.
  if (special == nullptr || special->assigned == nullptr || special->refresh != nullptr) return;
  if (!is_in_effect(*special, owner_)) return;
  special->assigned(owner_, v);
  if (entry.name == names::OPTIND) owner_.getopts.offset = entry.getopts_offset;
}

void VariableTable::pop_scope() {
  uint32_t depth = static_cast<uint32_t>(scopes_.size());
  size_t start = scopes_.back().log_size;
  scopes_.pop_back();
  if (log_.size() == start) return;
  for (size_t i = log_.size(); i-- > start;) {
    LogEntry& entry = log_[i];
    if (entry.kind != LogKind::Local || entry.depth != depth) continue;
    if (entry.name != kNoName) restore(entry);
    entry.name = kNoName;
  }
  // What a snapshot around this scope saved stays, and so do locals of an outer function.
  auto dropped = std::remove_if(log_.begin() + static_cast<ptrdiff_t>(start), log_.end(),
                                [](const LogEntry& entry) { return entry.name == kNoName; });
  log_.erase(dropped, log_.end());
}

VariableTable::Snapshot VariableTable::begin_snapshot() {
  Snapshot snapshot{epoch_,
                    log_.size(),
                    scopes_.size(),
                    owner_.random_seed,
                    owner_.random_seed_depth,
                    owner_.seconds_base_ns,
                    owner_.line_offset,
                    owner_.getopts.index,
                    owner_.getopts.offset,
                    export_all_};
  snapshot_starts_.push_back(log_.size());
  ++epoch_;
  return snapshot;
}

void VariableTable::roll_back(const Snapshot& snapshot) {
  while (log_.size() > snapshot.log_size) {
    if (log_.back().name != kNoName) restore(log_.back());
    log_.pop_back();
  }
  scopes_.resize(snapshot.scope_count);
  epoch_ = snapshot.epoch;
  snapshot_starts_.resize(epoch_);
  owner_.random_seed = snapshot.random_seed;
  owner_.random_seed_depth = snapshot.random_seed_depth;
  owner_.seconds_base_ns = snapshot.seconds_base_ns;
  owner_.line_offset = snapshot.line_offset;
  owner_.getopts.index = snapshot.getopts_index;
  owner_.getopts.offset = snapshot.getopts_offset;
  export_all_ = snapshot.export_all;
}

// --- scopes ---

uint32_t VariableTable::function_depth() const {
  size_t depth = scopes_.size();
  while (depth > 0 && scopes_[depth - 1].is_temporary) --depth;
  return static_cast<uint32_t>(depth);
}

size_t VariableTable::find_local_entry(Name name, uint32_t depth) const {
  if (depth == 0 || depth > scopes_.size()) return SIZE_MAX;
  size_t start = scopes_[depth - 1].log_size;
  for (size_t i = log_.size(); i-- > start;) {
    const LogEntry& entry = log_[i];
    if (entry.name == name && entry.kind == LogKind::Local && entry.depth == depth) return i;
  }
  return SIZE_MAX;
}

size_t VariableTable::find_hidden_global(Name name) const {
  const Variable* v = find(name);
  if (v == nullptr || v->scope == 0) return SIZE_MAX;
  for (size_t i = 0; i < log_.size(); ++i) {
    if (log_[i].name == name && log_[i].kind == LogKind::Local && log_[i].saved.scope == 0) return i;
  }
  return SIZE_MAX;
}

bool VariableTable::declare_local(Name name, bool inherit) {
  uint32_t depth = function_depth();
  if (depth == 0) return false;
  Variable& v = slot(name);
  if (v.scope == depth) return true;
  if (v.scope > depth) {  // x=1 local x: the prefix assignment becomes the local
    size_t i = find_local_entry(name, v.scope);
    if (i == SIZE_MAX || log_[i].saved.scope == depth) return true;
    log_[i].depth = depth;
    v.scope = depth;
    v.attributes |= attribute::Local;
    return true;
  }
  // A prefix assignment of the call is taken over (bash): f sees x=1 in `local x` after x=1 f.
  bool is_prefix = v.scope != 0 && v.scope + 1 == depth && scopes_[v.scope - 1].is_temporary;
  if (is_prefix) inherit = true;
  Attributes kept = v.attributes & (attribute::Acts | attribute::Exported);
  if (inherit) {
    if (v.has(attribute::Special)) bring_up_to_date(name, v);
    kept = v.attributes & static_cast<Attributes>(~(attribute::Special | attribute::Bound | attribute::Nameref));
  }
  Variable fresh;
  if (inherit && !v.has(attribute::Nameref)) fresh.value = v.value;
  fresh.attributes = kept | attribute::Local;
  if (fresh.value.is_unset()) fresh.attributes |= attribute::Declared;
  fresh.epoch = epoch_;
  fresh.scope = depth;
  push_log(name, LogKind::Local, depth, std::move(v));
  v = std::move(fresh);
  changed(name, v);
  return true;
}

bool VariableTable::save_options() {
  uint32_t depth = function_depth();
  if (depth == 0) return false;
  if (find_local_entry(names::Dash, depth) != SIZE_MAX) return true;
  Variable saved;
  saved.value.set_text(owner_.options.to_text());
  push_log(names::Dash, LogKind::Local, depth, std::move(saved));
  return true;
}

void VariableTable::save_for_scope(Name name) {
  uint32_t depth = static_cast<uint32_t>(scopes_.size());
  Variable& v = slot(name);
  if (depth == 0 || v.scope == depth) return;
  if (v.has(attribute::Special)) bring_up_to_date(name, v);
  push_log(name, LogKind::Local, depth, Variable(v));
  v.attributes &= static_cast<Attributes>(~attribute::Local);
  v.epoch = epoch_;
  v.scope = depth;
}

void VariableTable::keep_prefix_assignment(Name name) {
  if (scopes_.empty() || !scopes_.back().is_temporary) return;
  Variable& v = slot(name);
  const size_t i = find_local_entry(name, v.scope);
  if (v.scope != scopes_.size() || i == SIZE_MAX) return;
  LogEntry& entry = log_[i];
  v.scope = entry.saved.scope;
  v.attributes |= entry.saved.attributes & attribute::Local;
  if (epoch_ != 0) {
    entry.kind = LogKind::Snapshot;  // what the end of the subshell brings back
    entry.depth = 0;
  } else {
    entry.name = kNoName;
  }
}

void VariableTable::make_scalar(Name name) {
  Variable& v = slot(name);
  if (!v.value.is_array()) [[likely]]
    return;
  v.value.set_text(std::string(v.value.text()));
}

std::vector<Name> VariableTable::locals() const {
  std::vector<Name> found;
  uint32_t depth = function_depth();
  if (depth == 0) return found;
  for (size_t i = scopes_[depth - 1].log_size; i < log_.size(); ++i) {
    const LogEntry& entry = log_[i];
    if (entry.name == kNoName || entry.kind != LogKind::Local || entry.depth != depth) continue;
    const Variable* v = find(entry.name);
    if (v != nullptr && v->scope == depth && (!v->value.is_unset() || v->has(attribute::Declared)))
      found.push_back(entry.name);
  }
  std::sort(found.begin(), found.end(), [](Name a, Name b) { return mish::text(a) < mish::text(b); });
  return found;
}

// The variable of a calling function goes and the one it hid comes back, for that function too (bash; completion
// libraries hand results to their callers that way).
void VariableTable::uncover(Name name, Variable& variable) {
  size_t i = find_local_entry(name, variable.scope);
  bool was_exported = variable.has(attribute::Exported);
  if (i == SIZE_MAX) {
    clear_variable(name, variable);
    return;
  }
  bool is_older_than_snapshot = epoch_ != 0 && i < snapshot_starts_.back();
  if (is_older_than_snapshot) {
    save_for_snapshot(name, variable);
    variable = Variable(log_[i].saved);
    variable.epoch = epoch_;
  } else {
    variable = std::move(log_[i].saved);
    log_[i].name = kNoName;
  }
  if (variable.has(attribute::Exported)) note_exported(name);
  if (was_exported) ++export_generation_;
  changed(name, variable);
}

// --- changing ---

Variable& VariableTable::open_for_change(Name& name) {
  Variable* v = &slot(name);
  if (v->has(attribute::Nameref)) {
    name = follow(name).name;
    v = &slot(name);
  }
  if (v->has(attribute::ReadOnly)) {
    throw ShellError(ShellError::Kind::Assignment, std::string(mish::text(name)) + ": is read only");
  }
  save_for_snapshot(name, *v);
  return *v;
}

Variable& VariableTable::open_array(Name& name) {
  if (slot(name).has(attribute::Nameref) && follow(name).has_subscript) {
    throw ShellError(ShellError::Kind::Assignment,
                     "`" + std::string(end_of_references(name)) + "': not a valid identifier");
  }
  Variable& v = open_for_change(name);
  v.attributes &= static_cast<Attributes>(~attribute::Nameref);  // bash: one that stood for nothing is none any longer
  return v;
}

void VariableTable::changed(Name name, Variable& variable) {
  if (variable.has(attribute::Exported)) ++export_generation_;
  if (!variable.has(attribute::Acts)) return;
  const SpecialVariable* special = find_special(name);
  if (special != nullptr && special->assigned != nullptr && is_in_effect(*special, owner_)) {
    special->assigned(owner_, variable);
  }
}

void VariableTable::finish_assignment(Name name, Variable& variable) {
  variable.attributes &= static_cast<Attributes>(~attribute::Declared);
  if (export_all_ && !variable.has(attribute::Exported)) {
    variable.attributes |= attribute::Exported;
    note_exported(name);
  }
  changed(name, variable);
}

int64_t VariableTable::evaluate(std::string_view text) const {
  if (std::optional<int64_t> plain = parse_integer(text); plain.has_value() && !text.empty() && text[0] != '0')
    return *plain;
  if (owner_.evaluate_hook != nullptr) return owner_.evaluate_hook(owner_, text);
  return parse_integer_trimmed(text).value_or(0);
}

std::string VariableTable::converted(const Variable& variable, std::string_view text) const {
  if (variable.has(attribute::Integer)) return std::to_string(evaluate(text));
  if (variable.has(attribute::ChangesCase)) return with_case(text, variable.attributes);
  return std::string(text);
}

void VariableTable::store_text(Variable& variable, std::string_view text, bool append) {
  if (variable.has(attribute::Integer)) {
    int64_t sum = evaluate(text);
    if (append && !variable.value.text().empty()) {
      std::string old(variable.value.text());
      sum = static_cast<int64_t>(static_cast<uint64_t>(evaluate(old)) + static_cast<uint64_t>(sum));
    }
    if (!variable.value.is_array()) {
      variable.value.set_integer(sum);
      return;
    }
    text = owner_.scratch.copy(std::to_string(sum));
    append = false;
  }
  std::string changed_case;
  if (variable.has(attribute::ChangesCase)) {
    changed_case = append ? std::string(variable.value.text()) : std::string();
    changed_case += text;
    changed_case = with_case(changed_case, variable.attributes);
    text = changed_case;
    append = false;
  }
  if (append) {
    variable.value.append_text(text);
  } else if (IndexedArray* indexed = variable.value.indexed()) {
    indexed->set(0, text);
  } else if (AssociativeArray* keyed = variable.value.associative()) {
    keyed->set("0", text);
  } else {
    variable.value.set_text(text);
  }
}

void VariableTable::assign_referenced(const Reference& reference, std::string_view text, bool append) {
  const Variable* v = find(reference.name);
  if (v != nullptr && v->value.kind() == Value::Kind::Associative) {
    assign_key(reference.name, reference.subscript, text, append);
  } else {
    assign_element(reference.name, evaluate(reference.subscript), text, append);
  }
}

void VariableTable::careful_assign(Name name, std::string_view text) {
  Variable* v = &slot(name);
  if (v->has(attribute::Nameref)) {
    Reference reference = follow(name);
    if (reference.has_subscript) {
      assign_referenced(reference, text, false);
      return;
    }
  }
  v = &open_for_change(name);
  if (v->has(attribute::Nameref) && !is_identifier(text.substr(0, text.find('[')))) {
    throw ShellError(ShellError::Kind::Assignment, "`" + std::string(text) + "': not a valid identifier");
  }
  // The text may be the old value of this variable, brought up to date or moved by what follows.
  if (v->has(attribute::Bound)) {
    std::string stored = converted(*v, text);
    BoundStorage* storage = storage_of(name);
    if (storage != nullptr && !storage->store(stored)) return;
    v->value.set_text(stored);
  } else {
    store_text(*v, text, false);
  }
  finish_assignment(name, *v);
}

void VariableTable::careful_assign_integer(Name name, int64_t value) {
  Variable& v = slot(name);
  if (v.has(attribute::Nameref | attribute::Bound) || v.value.is_array()) {
    char digits[kMaxIntegerText];
    careful_assign(name, {digits, format_integer(value, digits)});
    return;
  }
  Variable& opened = open_for_change(name);
  opened.value.set_integer(value);
  finish_assignment(name, opened);
}

void VariableTable::append(Name name, std::string_view text) {
  Variable* v = &slot(name);
  if (!v->has(attribute::Careful) && v->epoch == epoch_ && !export_all_) [[likely]] {
    v->value.append_text(text);
    return;
  }
  if (v->has(attribute::Nameref)) {
    Reference reference = follow(name);
    if (reference.has_subscript) {
      assign_referenced(reference, text, true);
      return;
    }
  }
  v = &open_for_change(name);
  if (v->has(attribute::Special | attribute::Bound)) bring_up_to_date(name, *v);
  if (v->has(attribute::Bound)) {
    std::string joined = v->has(attribute::Integer) ? std::to_string(evaluate(v->value.text()) + evaluate(text))
                                                    : std::string(v->value.text()) + converted(*v, text);
    BoundStorage* storage = storage_of(name);
    if (storage != nullptr && !storage->store(joined)) return;
    v->value.set_text(joined);
  } else {
    store_text(*v, text, true);
  }
  finish_assignment(name, *v);
}

void VariableTable::assign_element(Name name, int64_t index, std::string_view text, bool append) {
  Variable& v = open_array(name);
  if (v.value.kind() == Value::Kind::Associative) {
    std::string key = std::to_string(index);
    assign_key(name, key, text, append);
    return;
  }
  std::string copy;  // the text may lie in the scalar that becomes an array
  if (v.value.kind() != Value::Kind::Indexed) {
    copy = text;
    text = copy;
  }
  IndexedArray& array = v.value.make_indexed();
  int64_t position = array.absolute(index);
  if (position < 0) {
    throw ShellError(ShellError::Kind::Assignment,
                     std::string(mish::text(name)) + "[" + std::to_string(index) + "]: bad array subscript");
  }
  if (v.has(attribute::Integer) && append) {
    const std::string* old = array.find(position);
    int64_t sum = (old != nullptr && !old->empty() ? evaluate(*old) : 0) + evaluate(text);
    array.set(position, std::to_string(sum));
  } else if (v.has(attribute::Converts)) {
    std::string stored = converted(v, text);
    std::string& element = array.at(position);
    append ? element.append(stored) : element.assign(stored);
  } else {
    const std::string* old = array.find(position);
    bool may_alias = old == nullptr && !text.empty();  // growing the array moves its elements
    std::string safe;
    if (may_alias) {
      safe = text;
      text = safe;
    }
    std::string& element = array.at(position);
    append ? element.append(text) : element.assign(text);
  }
  finish_assignment(name, v);
}

void VariableTable::assign_key(Name name, std::string_view key, std::string_view text, bool append) {
  Variable& v = open_array(name);
  std::string stored(text);
  if (v.has(attribute::Integer) && append) {
    const std::string* old = v.value.associative() != nullptr ? v.value.associative()->find(key) : nullptr;
    stored = std::to_string((old != nullptr && !old->empty() ? evaluate(*old) : 0) + evaluate(text));
    append = false;
  } else if (v.has(attribute::Converts)) {
    stored = converted(v, text);
  }
  std::string& element = v.value.make_associative().at(key);
  append ? element.append(stored) : element.assign(stored);
  finish_assignment(name, v);
}

void VariableTable::assign_indexed(Name name, std::vector<std::string> values) {
  IndexedArray& array = prepare_indexed(name, false);
  const Variable& v = slot(target(name));
  int64_t i = 0;
  for (std::string& value : values) {
    if (v.has(attribute::Converts)) value = converted(v, value);
    array.at(i++) = std::move(value);
  }
}

IndexedArray& VariableTable::prepare_indexed(Name name, bool keep) {
  Variable& v = open_array(name);
  if (!keep) v.value.unset();
  IndexedArray& array = v.value.make_indexed();
  finish_assignment(name, v);
  return array;
}

AssociativeArray& VariableTable::prepare_associative(Name name, bool keep) {
  Variable& v = open_array(name);
  if (!keep) v.value.unset();
  AssociativeArray& array = v.value.make_associative();
  finish_assignment(name, v);
  return array;
}

void VariableTable::assign_internal(Name name, std::string_view text) {
  Variable& v = slot(name);
  save_for_snapshot(name, v);
  v.value.set_text(text);
  v.attributes &= static_cast<Attributes>(~attribute::Declared);
  changed(name, v);
}

IndexedArray& VariableTable::prepare_internal_indexed(Name name) {
  Variable& v = slot(name);
  save_for_snapshot(name, v);
  IndexedArray& array = v.value.make_indexed();
  array.clear();
  v.attributes &= static_cast<Attributes>(~attribute::Declared);
  return array;
}

void VariableTable::clear_variable(Name name, Variable& variable) {
  bool was_exported = variable.has(attribute::Exported);
  if (variable.has(attribute::Bound)) {
    std::erase_if(bound_, [name](const auto& entry) { return entry.first == name; });
  }
  variable.value.unset();
  Attributes kept = variable.attributes & attribute::Acts;
  if (variable.has(attribute::Special)) kept = 0;  // a computed variable becomes an ordinary one
  // A local one still stands in front of those outside.
  if (variable.scope != 0 && variable.has(attribute::Local)) kept |= attribute::Local | attribute::Declared;
  variable.attributes = kept;
  if (was_exported) ++export_generation_;
  changed(name, variable);
}

bool VariableTable::unset(Name name, bool follow_nameref) {
  Variable* v = lookup(name);
  if (v == nullptr) return true;
  if (follow_nameref && v->has(attribute::Nameref)) {
    Reference reference = follow(name);
    if (reference.has_subscript) {
      const Variable* array = find(reference.name);
      bool is_keyed = array != nullptr && array->value.kind() == Value::Kind::Associative;
      return is_keyed ? unset_key(reference.name, reference.subscript)
                      : unset_element(reference.name, evaluate(reference.subscript));
    }
    name = reference.name;
    v = lookup(name);
    if (v == nullptr) return true;
  }
  if (v->has(attribute::ReadOnly)) return false;
  uint32_t depth = function_depth();
  bool is_callers = v->scope != 0 && v->scope < depth;
  if (owner_.is_on(Option::LocalVarUnset)) is_callers = false;  // it stays theirs, unset
  bool is_prefix = v->scope != 0 && scopes_[v->scope - 1].is_temporary;
  if (is_callers || is_prefix) {
    uncover(name, *v);
    return true;
  }
  save_for_snapshot(name, *v);
  clear_variable(name, *v);
  return true;
}

bool VariableTable::unset_element(Name name, int64_t index) {
  name = target(name);
  Variable* v = lookup(name);
  if (v == nullptr) return true;
  if (v->has(attribute::ReadOnly)) return false;
  save_for_snapshot(name, *v);
  if (IndexedArray* array = v->value.indexed()) {
    array->erase(array->absolute(index));
  } else if (index == 0 && v->value.kind() == Value::Kind::Scalar) {
    clear_variable(name, *v);
    return true;
  }
  changed(name, *v);
  return true;
}

bool VariableTable::unset_key(Name name, std::string_view key) {
  name = target(name);
  Variable* v = lookup(name);
  if (v == nullptr) return true;
  if (v->has(attribute::ReadOnly)) return false;
  save_for_snapshot(name, *v);
  if (AssociativeArray* array = v->value.associative()) array->erase(key);
  changed(name, *v);
  return true;
}

void VariableTable::add_attributes(Name name, Attributes add) {
  if ((add & attribute::Nameref) == 0) name = target(name);
  Variable& v = slot(name);
  save_for_snapshot(name, v);
  bool becomes_exported = (add & attribute::Exported) != 0 && !v.has(attribute::Exported);
  v.attributes |= add;
  if (v.value.is_unset() && !v.has(attribute::Special)) v.attributes |= attribute::Declared;
  if (becomes_exported) {
    note_exported(name);
    ++export_generation_;
    // Some effects (TZ, LC_*) depend on nothing but the value: exporting is no assignment.
  }
}

void VariableTable::remove_attributes(Name name, Attributes remove) {
  if ((remove & attribute::Nameref) == 0) name = target(name);
  Variable* v = lookup(name);
  if (v == nullptr) return;
  save_for_snapshot(name, *v);
  if ((remove & v->attributes & attribute::Exported) != 0) ++export_generation_;
  v->attributes &= static_cast<Attributes>(~remove);
}

void VariableTable::bind(Name name, std::unique_ptr<BoundStorage> storage) {
  name = target(name);
  Variable& v = open_for_change(name);
  std::erase_if(bound_, [name](const auto& entry) { return entry.first == name; });
  bound_.emplace_back(name, std::move(storage));
  v.value.unset();
  v.attributes |= attribute::Bound;
  v.attributes &= static_cast<Attributes>(~attribute::Declared);
  bring_up_to_date(name, v);
  changed(name, v);
}

BoundStorage* VariableTable::storage_of(Name name) const {
  for (const auto& [bound_name, storage] : bound_) {
    if (bound_name == name) return storage.get();
  }
  return nullptr;
}

// --- exported variables ---

void VariableTable::note_exported(Name name) const {
  exported_.push_back(name);
  if (exported_.size() > 2 * compacted_size_ + 64) compact_exported();
}

void VariableTable::compact_exported() const {
  std::sort(exported_.begin(), exported_.end());
  exported_.erase(std::unique(exported_.begin(), exported_.end()), exported_.end());
  std::erase_if(exported_, [this](Name name) { return !find(name)->has(attribute::Exported); });
  compacted_size_ = exported_.size();
}

std::span<const Name> VariableTable::exported_names() const {
  compact_exported();
  return exported_;
}

void VariableTable::import(Name name, std::string_view text) {
  Variable& v = slot(name);
  v.value.set_text(text);
  v.attributes |= attribute::Exported;
  exported_.push_back(name);
  ++export_generation_;
}

// --- listing ---

std::vector<Name> VariableTable::listed_names() const { return collect_names({}, 0, false); }

std::vector<Name> VariableTable::names_with(Attributes any) const { return collect_names({}, any, true); }

std::vector<Name> VariableTable::names_with_prefix(std::string_view prefix) const {
  return collect_names(prefix, 0, true);
}

std::vector<Name> VariableTable::collect_names(std::string_view prefix, Attributes any, bool with_unread) const {
  std::vector<std::pair<std::string_view, Name>> found;
  for (size_t c = 0; c < chunks_.size(); ++c) {
    if (chunks_[c] == nullptr) continue;
    for (uint32_t i = 0; i < kChunkSize; ++i) {
      Variable& v = chunks_[c]->variables[i];
      if (v.value.is_unset() && !v.has(attribute::Declared | attribute::Special)) continue;
      if (any != 0 && !v.has(any)) continue;
      Name name = Name(static_cast<uint32_t>(c) * kChunkSize + i);
      const std::string_view text = mish::text(name);
      if (!text.starts_with(prefix)) continue;
      if (v.has(attribute::Special)) {
        if (!with_unread && v.value.is_unset() && find_special(name)->is_listed_when_read) continue;
        bring_up_to_date(name, v);
        if (v.value.is_unset() && !v.has(attribute::Declared)) continue;
      }
      found.emplace_back(text, name);
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<Name> names;
  names.reserve(found.size());
  for (const auto& [text, name] : found) names.push_back(name);
  return names;
}

}  // namespace mish::state
