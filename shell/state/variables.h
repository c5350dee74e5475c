// SPDX-License-Identifier: GPL-3.0-or-later
// Variables by Name, their attributes, local scopes, and roll-back. One undo log serves three things: `local` and prefix
// assignments (restored when their scope ends) and in-process subshells (everything changed since a snapshot is restored).
#ifndef MISH_SHELL_STATE_VARIABLES_H_
#define MISH_SHELL_STATE_VARIABLES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shell/base/name.h"
#include "shell/state/status.h"
#include "shell/state/value.h"

namespace mish::state {

struct ShellState;
struct SpecialVariable;

using Attributes = uint16_t;
namespace attribute {
inline constexpr Attributes Exported = 1 << 0;
inline constexpr Attributes ReadOnly = 1 << 1;
inline constexpr Attributes Integer = 1 << 2;   // declare -i
inline constexpr Attributes Lower = 1 << 3;     // declare -l
inline constexpr Attributes Upper = 1 << 4;     // declare -u
inline constexpr Attributes Nameref = 1 << 5;   // declare -n
inline constexpr Attributes Trace = 1 << 6;     // declare -t
inline constexpr Attributes Local = 1 << 7;     // made by local/declare in the running function
inline constexpr Attributes Special = 1 << 8;   // has behaviour: see special_variables.h
inline constexpr Attributes Declared = 1 << 9;  // declared without a value: exists for `declare -p`, but is unset
inline constexpr Attributes Bound = 1 << 10;    // its value lives elsewhere (shm bind): see VariableTable::bind
/// Any of these makes an assignment take the careful path.
inline constexpr Attributes Careful = Exported | ReadOnly | Integer | Lower | Upper | Nameref | Special | Bound | Declared;
}  // namespace attribute

struct Variable {
  Value value;
  Attributes attributes = 0;
  uint32_t epoch = 0;  // snapshot in which the older value was saved; see VariableTable::begin_snapshot
  bool has(Attributes any) const { return (attributes & any) != 0; }
};

/// Storage of a bound variable (`shm bind`). Owned by the table once bound.
class BoundStorage {
 public:
  virtual ~BoundStorage() = default;
  virtual bool load(std::string& out) = 0;             // false: the object is gone; the variable reads as empty
  virtual bool store(std::string_view value) = 0;      // false: not storable (message was given by the caller)
};

class VariableTable {
 public:
  explicit VariableTable(ShellState& owner);
  ~VariableTable();

  /// The variable if it was ever touched, null otherwise; it may be unset. Namerefs are not followed.
  const Variable* find(Name name) const {
    uint32_t i = index(name);
    if ((i >> kChunkBits) >= chunks_.size() || chunks_[i >> kChunkBits] == nullptr) return nullptr;
    return &chunks_[i >> kChunkBits]->variables[i & (kChunkSize - 1)];
  }
  bool is_set(Name name) const;
  /// Text of the variable ("" when unset), NUL-terminated, valid until it changes; specials are computed.
  std::string_view text(Name name) const {
    const Variable* v = find(name);
    if (v == nullptr) return {"", 0};
    if (!v->has(attribute::Special | attribute::Nameref | attribute::Bound)) [[likely]] return v->value.text();
    return careful_text(name);
  }
  /// As text(), null view (data() == nullptr) when unset: one look-up for ${x-default} and nounset.
  std::string_view text_or_null(Name name) const;
  /// Brings the value of a special, bound or nameref variable up to date and returns the variable that holds the value
  /// after following namerefs (null if never touched). For reading arrays and values in general.
  const Variable* resolve(Name name) const;
  /// Name that `name` refers to after following namerefs. Throws ShellError on a loop.
  Name target(Name name) const;

  /// Assignments. All throw ShellError{Assignment} for readonly variables ("x: is read only"), convert for -i -l -u,
  /// follow namerefs, mark the environment changed, and act for special variables.
  void assign(Name name, std::string_view text) {
    Variable& v = slot(name);
    if (!v.has(attribute::Careful) && v.epoch == epoch_ && !v.value.is_array() && !export_all_) [[likely]] {
      v.value.set_text(text);
    } else {
      careful_assign(name, text);
    }
  }
  void assign_integer(Name name, int64_t value) {
    Variable& v = slot(name);
    if (!v.has(attribute::Careful & ~attribute::Integer) && v.epoch == epoch_ && !v.value.is_array() && !export_all_) [[likely]] {
      v.value.set_integer(value);
    } else {
      careful_assign_integer(name, value);
    }
  }
  void append(Name name, std::string_view text);  // +=: adds for -i
  void assign_element(Name name, int64_t index, std::string_view text, bool append = false);  // index < 0 counts from the end
  void assign_key(Name name, std::string_view key, std::string_view text, bool append = false);
  /// Replaces the whole array (or appends to it).
  void assign_indexed(Name name, std::vector<std::string> values);
  /// An empty array of the kind, keeping it when it is one already and `keep`.
  IndexedArray& prepare_indexed(Name name, bool keep);
  AssociativeArray& prepare_associative(Name name, bool keep);
  /// Assigns without asking readonly or attributes: for the shell's own variables (PIPESTATUS, BASH_REMATCH, REPLY of select…).
  void assign_internal(Name name, std::string_view text);
  IndexedArray& prepare_internal_indexed(Name name);

  /// Unsets. False (nothing done) when readonly. Unsetting a local of the running function leaves it unset-local;
  /// of a calling function uncovers the outer one (bash's dynamic scope).
  bool unset(Name name);
  bool unset_element(Name name, int64_t index);
  bool unset_key(Name name, std::string_view key);

  void add_attributes(Name name, Attributes add);
  void remove_attributes(Name name, Attributes remove);
  Attributes attributes(Name name) const;

  /// Function scopes. `declare_local` gives a fresh unset variable (its old self comes back at pop_scope); no-op if it is
  /// local to this scope already. With `inherit` value and attributes are kept (shopt localvar_inherit, local -I).
  void push_scope();
  void pop_scope();
  size_t scope_depth() const { return scopes_.size(); }
  bool declare_local(Name name, bool inherit = false);
  bool is_local(Name name) const;
  /// Prefix assignments of one command: saved now, restored by pop_scope of a temporary scope.
  void save_for_scope(Name name);
  /// All names local to the innermost scope (for `local` without operands).
  std::vector<Name> locals() const;

  /// In-process subshell: everything assigned from now on is undone by roll_back. Nest strictly.
  struct Snapshot {
    uint32_t epoch;
    size_t log_size;
    size_t scope_count;
  };
  Snapshot begin_snapshot();
  void roll_back(const Snapshot& snapshot);

  /// Binds `name` to foreign storage; unset drops the binding.
  void bind(Name name, std::unique_ptr<BoundStorage> storage);

  /// Names of all variables that are set (or Declared), sorted by byte order.
  std::vector<Name> sorted_names() const;
  std::vector<Name> names_with_prefix(std::string_view prefix) const;

  /// Grows with every change that the environment of a child would see.
  uint32_t export_generation() const { return export_generation_; }
  void set_export_all(bool on) { export_all_ = on; }

  /// The slot itself, created on demand; for attribute tables and tests. Changing its value through it bypasses everything.
  Variable& slot(Name name) {
    uint32_t i = index(name);
    if ((i >> kChunkBits) < chunks_.size() && chunks_[i >> kChunkBits] != nullptr) [[likely]] {
      return chunks_[i >> kChunkBits]->variables[i & (kChunkSize - 1)];
    }
    return make_slot(name);
  }

 private:
  static constexpr uint32_t kChunkBits = 6;
  static constexpr uint32_t kChunkSize = 1u << kChunkBits;
  struct Chunk {
    Variable variables[kChunkSize];
  };
  enum class LogKind : uint8_t { Local, Snapshot };
  struct LogEntry {
    Name name;
    LogKind kind;
    Variable saved;
  };
  struct Scope {
    size_t log_size;
  };

  Variable& make_slot(Name name);
  std::string_view careful_text(Name name) const;
  void careful_assign(Name name, std::string_view text);
  void careful_assign_integer(Name name, int64_t value);
  /// Before any change: checks readonly, saves for the snapshot, returns the slot of the nameref's target.
  Variable& open_for_change(Name& name);
  void changed(Name name, Variable& variable);

  ShellState& owner_;
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::vector<LogEntry> log_;
  std::vector<Scope> scopes_;
  std::vector<std::pair<Name, std::unique_ptr<BoundStorage>>> bound_;
  uint32_t epoch_ = 0;       // current snapshot, 0 = none
  uint32_t last_epoch_ = 0;  // epochs are never used twice
  uint32_t export_generation_ = 1;
  bool export_all_ = false;
};

}  // namespace mish::state

#endif  // MISH_SHELL_STATE_VARIABLES_H_
