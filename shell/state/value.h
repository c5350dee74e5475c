// SPDX-License-Identifier: GPL-3.0-or-later
// Values of variables: a scalar whose text and integer stand side by side (either is made from the other only when it
// is asked for), an indexed array, an associative array.
#ifndef MISH_SHELL_STATE_VALUE_H_
#define MISH_SHELL_STATE_VALUE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shell/base/text.h"

namespace mish::state {

/// Indexed array: a dense vector while the indices are dense, a sorted map when they are not.
class IndexedArray {
 public:
  IndexedArray() = default;
  IndexedArray(const IndexedArray&) = default;

  /// Null if there is no such element.
  const std::string* find(int64_t index) const;
  /// The element, created empty if there is none.
  std::string& at(int64_t index);
  void set(int64_t index, std::string_view value) { at(index).assign(value); }
  void erase(int64_t index);
  void clear();
  size_t count() const { return count_; }
  /// The largest index in use; -1 when empty.
  int64_t last_index() const;
  /// One past it: where += appends. There is none behind INT64_MAX: then a negative number, which is no index.
  int64_t end_index() const { return last_index() == INT64_MAX ? -1 : last_index() + 1; }
  /// `index`, or, when it is negative, what it is counted back from the end; negative before the first.
  int64_t absolute(int64_t index) const { return index < 0 ? last_index() + (index + 1) : index; }

  /// Iteration in index order: for (auto it = a.first(); it.valid(); it.next()).
  class Iterator {
   public:
    bool valid() const {
      return array_->is_sparse_ ? place_ != array_->sparse_.end() : position_ < array_->dense_.size();
    }
    void next();
    int64_t index() const;
    const std::string& value() const;

   private:
    friend class IndexedArray;
    Iterator(const IndexedArray& array, int64_t index);
    const IndexedArray* array_;
    size_t position_ = 0;                                   // in a dense array
    std::map<int64_t, std::string>::const_iterator place_;  // in a sparse one
  };
  Iterator first() const { return Iterator(*this, 0); }
  /// The first element with index >= `index`.
  Iterator from(int64_t index) const;

 private:
  void become_sparse();
  struct Dense {
    bool is_set = false;
    std::string text;
  };
  std::vector<Dense> dense_;
  size_t dense_first_ = 0;                 // nothing below is set: a queue drops its elements at the front
  std::map<int64_t, std::string> sparse_;  // filled in any order, so no sorted vector
  size_t count_ = 0;
  bool is_sparse_ = false;
};

/// Associative array: open addressing; listed in the order of bash, on which the output of scripts depends.
class AssociativeArray {
 public:
  const std::string* find(std::string_view key) const;
  std::string& at(std::string_view key);
  void set(std::string_view key, std::string_view value) { at(key).assign(value); }
  void erase(std::string_view key);
  void clear();
  size_t count() const { return count_; }

  struct Entry {
    std::string key;
    std::string value;
    uint32_t hash = 0;
    bool is_set = false;
  };
  /// The entries that are set, in the order in which bash lists them: by bucket of its hash table, in a bucket the
  /// youngest first. Valid until the array changes.
  std::vector<const Entry*> listed() const;

 private:
  size_t locate(std::string_view key, uint32_t hash) const;
  void rehash(size_t slots);
  std::vector<Entry> entries_;   // in the order they were added
  std::vector<uint32_t> slots_;  // entry number + 1, 0 = free
  size_t buckets_ = 1024;        // of bash's table at this size
  size_t count_ = 0;
};

/// Copyable (copying is what saving a variable for a local scope or an in-process subshell does).
class Value {
 public:
  enum class Kind : uint8_t { Unset, Scalar, Indexed, Associative };

  Value() = default;
  Value(const Value& other);
  Value(Value&& other) noexcept = default;
  Value& operator=(const Value& other);
  Value& operator=(Value&& other) noexcept = default;

  Kind kind() const { return kind_; }
  bool is_unset() const { return kind_ == Kind::Unset; }
  bool is_array() const { return kind_ >= Kind::Indexed; }

  /// Scalar text, NUL-terminated; of an array its element 0 (or key "0"). Empty when unset. Valid until the value
  /// changes.
  std::string_view text() const {
    if (has_text_) [[likely]]
      return text_;
    return slow_text();
  }
  /// The integer if the value is a scalar that holds a plain decimal integer (remembered either way).
  std::optional<int64_t> plain_integer() const {
    if (has_integer_) return integer_;
    return slow_integer();
  }
  bool holds_integer() const { return has_integer_; }
  int64_t integer() const { return integer_; }

  void set_text(std::string_view text) {
    if (kind_ > Kind::Scalar) [[unlikely]]
      drop_array();
    text_.assign(text);
    kind_ = Kind::Scalar;
    has_text_ = true;
    has_integer_ = false;
    is_no_integer_ = false;
  }
  void set_integer(int64_t value) {
    if (kind_ > Kind::Scalar) [[unlikely]]
      drop_array();
    kind_ = Kind::Scalar;
    integer_ = value;
    has_integer_ = true;
    has_text_ = false;
    is_no_integer_ = false;
  }
  /// Amortised O(length of `more`).
  void append_text(std::string_view more);
  void unset();

  /// Turns the value into an empty array, or a scalar into its element 0.
  IndexedArray& make_indexed();
  AssociativeArray& make_associative();
  IndexedArray* indexed() { return indexed_.get(); }
  const IndexedArray* indexed() const { return indexed_.get(); }
  AssociativeArray* associative() { return associative_.get(); }
  const AssociativeArray* associative() const { return associative_.get(); }

 private:
  std::string_view slow_text() const;
  std::optional<int64_t> slow_integer() const;
  void drop_array();

  mutable std::string text_;
  mutable int64_t integer_ = 0;
  std::unique_ptr<IndexedArray> indexed_;
  std::unique_ptr<AssociativeArray> associative_;
  Kind kind_ = Kind::Unset;
  mutable bool has_text_ = false;
  mutable bool has_integer_ = false;
  mutable bool is_no_integer_ = false;  // text was looked at and is no plain integer
};

}  // namespace mish::state

#endif  // MISH_SHELL_STATE_VALUE_H_
