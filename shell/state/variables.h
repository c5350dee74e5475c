// SPDX-License-Identifier: GPL-3.0-or-later
// Variables by Name, their attributes, local scopes, and roll-back. One undo log serves three things: `local` and
// prefix assignments (restored when their scope ends) and in-process subshells (everything changed since a snapshot is
// restored).
#ifndef MISH_SHELL_STATE_VARIABLES_H_
#define MISH_SHELL_STATE_VARIABLES_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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
inline constexpr Attributes Special = 1 << 8;   // computed when read: see special_variables.h
inline constexpr Attributes Declared = 1 << 9;  // declared without a value: exists for `declare -p`, but is unset
inline constexpr Attributes Bound = 1 << 10;    // its value lives elsewhere (shm bind): see VariableTable::bind
inline constexpr Attributes Acts = 1 << 11;     // assigning it has an effect: see special_variables.h
inline constexpr Attributes Capital = 1 << 12;  // declare -c
inline constexpr Attributes ChangesCase = Lower | Upper | Capital;  // at most one of them is set
inline constexpr Attributes Converts = Integer | ChangesCase;       // what is stored is not the text that was assigned
/// Any of these makes an assignment take the careful path.
inline constexpr Attributes Careful = Exported | ReadOnly | Converts | Nameref | Special | Bound | Declared | Acts;
}  // namespace attribute

struct Variable {
  Value value;
  Attributes attributes = 0;
  uint32_t epoch = 0;  // depth of the snapshot in which the older value was saved; see VariableTable::begin_snapshot
  uint32_t scope = 0;  // depth of the scope it is local to (of a function or of prefix assignments), 0 = global
  bool has(Attributes any) const { return (attributes & any) != 0; }
};

/// Storage of a bound variable (`shm bind`). Owned by the table once bound.
class BoundStorage {
 public:
  virtual ~BoundStorage() = default;
  virtual bool load(std::string& out) = 0;         // false: the object is gone; the variable reads as empty
  virtual bool store(std::string_view value) = 0;  // false: not storable (message was given by the caller)
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
    if (!v->has(attribute::Special | attribute::Nameref | attribute::Bound)) [[likely]]
      return v->value.text();
    return careful_text(name);
  }
  /// As text(), null view (data() == nullptr) when unset: one look-up for ${x-default} and nounset.
  std::string_view text_or_null(Name name) const;
  /// Brings the value of a special, bound or nameref variable up to date and returns the variable that holds the value
  /// after following namerefs (null if never touched). For reading arrays and values in general.
  const Variable* resolve(Name name) const;
  /// Name that `name` refers to after following namerefs. Throws ShellError on a loop.
  Name target(Name name) const;
  /// What the nameref `name` stands for at last, as it was written (a name, or an element): of one that refers to
  /// another nameref, that one's target. For ${!name}.
  std::string_view end_of_references(Name name) const;

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
    if (!v.has(attribute::Careful & ~attribute::Integer) && v.epoch == epoch_ && !v.value.is_array() && !export_all_)
        [[likely]] {
      v.value.set_integer(value);
    } else {
      careful_assign_integer(name, value);
    }
  }
  void append(Name name, std::string_view text);  // +=: adds for -i
  void assign_element(Name name, int64_t index, std::string_view text,
                      bool append = false);  // index < 0 counts from the end
  void assign_key(Name name, std::string_view key, std::string_view text, bool append = false);
  /// Replaces the whole array (or appends to it).
  void assign_indexed(Name name, std::vector<std::string> values);
  /// An empty array of the kind, keeping it when it is one already and `keep`.
  IndexedArray& prepare_indexed(Name name, bool keep);
  AssociativeArray& prepare_associative(Name name, bool keep);
  /// Assigns without asking readonly or attributes: for the shell's own variables (PIPESTATUS, BASH_REMATCH, REPLY of
  /// select…).
  void assign_internal(Name name, std::string_view text);
  IndexedArray& prepare_internal_indexed(Name name);

  /// Unsets. False (nothing done) when readonly. Unsetting a local of the running function leaves it unset-local;
  /// of a calling function uncovers the outer one (bash's dynamic scope). Namerefs are followed unless told otherwise
  /// (unset -n). A computed variable (RANDOM …) loses its behaviour.
  bool unset(Name name, bool follow_nameref = true);
  bool unset_element(Name name, int64_t index);
  bool unset_key(Name name, std::string_view key);

  void add_attributes(Name name, Attributes add);
  void remove_attributes(Name name, Attributes remove);
  Attributes attributes(Name name) const;

  /// Scopes of function calls and, with `is_temporary`, of the prefix assignments of one command (x=1 cmd): push, then
  /// save_for_scope() and assign each, run, pop. A function called with prefix assignments has both, the temporary one
  /// outside.
  void push_scope(bool is_temporary = false) { scopes_.push_back({log_.size(), is_temporary}); }
  void pop_scope();
  size_t scope_depth() const { return scopes_.size(); }
  /// Gives the running function a fresh unset variable (exported if the outer one is; its old self comes back at
  /// pop_scope); no-op if it is local to the function already or a prefix assignment of its call. With `inherit` value
  /// and attributes are kept (shopt localvar_inherit, local -I). False outside functions.
  bool declare_local(Name name, bool inherit = false);
  /// `local -`: the options of `set` come back at the end of the running function. False outside functions.
  bool save_options();
  /// Runs `action` while the global variable stands where a local one hides it (declare -g).
  template <typename Action>
  void with_global(Name name, Action action) {
    size_t entry = find_hidden_global(name);
    if (entry == SIZE_MAX) return action();
    struct Exchange {
      VariableTable& table;
      Name name;
      size_t entry;
      Exchange(VariableTable& t, Name n, size_t e) : table(t), name(n), entry(e) { swap(); }
      ~Exchange() { swap(); }
      void swap() { std::swap(table.slot(name), table.log_[entry].saved); }
    } exchange(*this, name, entry);
    action();
  }
  /// Of an array only element 0 is left, as a scalar; nothing else changes.
  void make_scalar(Name name);
  /// Saves the variable now, to be restored by pop_scope of the innermost scope; keeps value and attributes.
  void save_for_scope(Name name);
  /// A prefix assignment of the running command is to stay when its scope ends (`x=1 export x`); no-op if there is
  /// none.
  void keep_prefix_assignment(Name name);
  /// All names local to the innermost scope (for `local` without operands).
  std::vector<Name> locals() const;

  /// In-process subshell: everything assigned from now on is undone by roll_back. Nest strictly.
  /// The state behind RANDOM, SECONDS, LINENO and OPTIND is saved with it.
  struct Snapshot {
    uint32_t epoch;  // depth before
    size_t log_size;
    size_t scope_count;
    uint32_t random_seed;
    int random_seed_depth;
    int64_t seconds_base_ns;
    int64_t line_offset;
    int64_t getopts_index;
    size_t getopts_offset;
    bool export_all;
  };
  Snapshot begin_snapshot();
  void roll_back(const Snapshot& snapshot);

  /// Binds `name` to foreign storage; unset drops the binding.
  void bind(Name name, std::unique_ptr<BoundStorage> storage);

  /// Names of the exported variables that have a value, each once, in an order that does not change from call to call.
  std::span<const Name> exported_names() const;
  /// Takes a variable from the environment at start-up: exported, no attribute asked.
  void import(Name name, std::string_view text);

  /// Names of the variables that are set (or Declared) and have one of the attributes `any` (0: of all), sorted by byte
  /// order.
  std::vector<Name> names_with(Attributes any) const;
  /// Those that `set` lists: without computed ones (RANDOM, LINENO ...) that nobody has read yet, as in bash.
  std::vector<Name> listed_names() const;
  std::vector<Name> names_with_prefix(std::string_view prefix) const;

  /// Grows with every change that the environment of a child would see.
  uint32_t export_generation() const { return export_generation_; }
  void set_export_all(bool on) { export_all_ = on; }

  /// The slot itself, created on demand; for attribute tables and tests. Changing its value through it bypasses
  /// everything.
  Variable& slot(Name name) {
    uint32_t i = index(name);
    if ((i >> kChunkBits) < chunks_.size() && chunks_[i >> kChunkBits] != nullptr) [[likely]] {
      return chunks_[i >> kChunkBits]->variables[i & (kChunkSize - 1)];
    }
    return make_slot(name);
  }

 private:
  static constexpr uint32_t kChunkBits = 5;
  static constexpr uint32_t kChunkSize = 1u << kChunkBits;
  struct Chunk {
    Variable variables[kChunkSize];
  };
  enum class LogKind : uint8_t { Local, Snapshot };
  struct LogEntry {
    Name name;  // kNoName: dropped
    LogKind kind;
    uint32_t depth;         // Local: of the scope that restores it
    size_t getopts_offset;  // OPTIND only
    Variable saved;
  };
  struct Scope {
    size_t log_size;
    bool is_temporary;
  };
  /// What a nameref stands for: a variable, or an element of an array.
  struct Reference {
    Name name = kNoName;
    bool has_subscript = false;
    std::string_view subscript;
  };

  Variable& make_slot(Name name);
  Variable* lookup(Name name) const { return const_cast<Variable*>(find(name)); }
  Reference follow(Name name) const;
  /// Sorted; `any`: with one of these attributes, 0 for all; `with_unread`: with what listed_names() leaves out.
  std::vector<Name> collect_names(std::string_view prefix, Attributes any, bool with_unread) const;
  std::string_view careful_text(Name name) const;
  std::string_view element_text_or_null(const Reference& reference) const;
  void assign_referenced(const Reference& reference, std::string_view text, bool append);
  void bring_up_to_date(Name name, Variable& variable) const;
  void careful_assign(Name name, std::string_view text);
  void careful_assign_integer(Name name, int64_t value);
  void store_text(Variable& variable, std::string_view text, bool append);
  std::string converted(const Variable& variable, std::string_view text) const;
  int64_t evaluate(std::string_view text) const;
  /// Before any change: follows namerefs, checks readonly, saves for the snapshot; returns the slot and its name.
  Variable& open_for_change(Name& name);
  /// As open_for_change(), for what becomes or is an array.
  Variable& open_array(Name& name);
  void save_for_snapshot(Name name, Variable& variable);
  void push_log(Name name, LogKind kind, uint32_t depth, Variable&& saved);
  void restore(LogEntry& entry);
  size_t find_local_entry(Name name, uint32_t depth) const;
  size_t find_hidden_global(Name name) const;
  uint32_t function_depth() const;
  void uncover(Name name, Variable& variable);
  void clear_variable(Name name, Variable& variable);
  /// After a change: environment, effects.
  void changed(Name name, Variable& variable);
  void finish_assignment(Name name, Variable& variable);
  void note_exported(Name name) const;
  void compact_exported() const;
  BoundStorage* storage_of(Name name) const;

  ShellState& owner_;
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::vector<LogEntry> log_;
  std::vector<Scope> scopes_;
  std::vector<std::pair<Name, std::unique_ptr<BoundStorage>>> bound_;
  std::vector<size_t> snapshot_starts_;  // log sizes at begin_snapshot, innermost last
  mutable std::vector<Name> exported_;   // candidates; may hold duplicates and names no longer exported
  mutable size_t compacted_size_ = 0;
  uint32_t epoch_ = 0;  // depth of the current snapshot, 0 = none. No variable keeps an epoch deeper than this.
  uint32_t export_generation_ = 1;
  bool export_all_ = false;
};

}  // namespace mish::state

#endif  // MISH_SHELL_STATE_VARIABLES_H_
