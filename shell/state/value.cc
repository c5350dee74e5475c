// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/state/value.h"

#include <algorithm>

namespace mish::state {

namespace {

// A dense array may have this many holes beyond its elements before it turns sparse.
constexpr int64_t kDenseSlack = 64;
constexpr size_t kNoSlot = SIZE_MAX;

// FNV-1, bytes as signed numbers: the hash bash has, for it decides the order of the keys.
uint32_t hash_of(std::string_view text) {
  uint32_t h = 2166136261u;
  for (char c : text) h = (h * 16777619u) ^ static_cast<uint32_t>(static_cast<signed char>(c));
  return h;
}

}  // namespace

// --- IndexedArray ---

const std::string* IndexedArray::find(int64_t index) const {
  if (index < 0) return nullptr;
  if (!is_sparse_) {
    if (static_cast<uint64_t>(index) >= dense_.size()) return nullptr;
    const Dense& element = dense_[static_cast<size_t>(index)];
    return element.is_set ? &element.text : nullptr;
  }
  auto found = sparse_.find(index);
  return found != sparse_.end() ? &found->second : nullptr;
}

std::string& IndexedArray::at(int64_t index) {
  if (!is_sparse_) {
    int64_t size = static_cast<int64_t>(dense_.size());
    if (index >= size && index - size > kDenseSlack + 2 * static_cast<int64_t>(count_)) become_sparse();
  }
  if (!is_sparse_) {
    size_t i = static_cast<size_t>(index);
    if (i >= dense_.size()) dense_.resize(i + 1);
    dense_first_ = std::min(dense_first_, i);
    Dense& element = dense_[i];
    if (!element.is_set) {
      element.is_set = true;
      ++count_;
    }
    return element.text;
  }
  // The hint makes appending cheap.
  std::string& text = sparse_.try_emplace(sparse_.end(), index)->second;
  count_ = sparse_.size();
  return text;
}

void IndexedArray::erase(int64_t index) {
  if (find(index) == nullptr) return;
  --count_;
  if (is_sparse_) {
    sparse_.erase(index);
    return;
  }
  Dense& element = dense_[static_cast<size_t>(index)];
  element.is_set = false;
  element.text.clear();
  while (!dense_.empty() && !dense_.back().is_set) dense_.pop_back();
  while (dense_first_ < dense_.size() && !dense_[dense_first_].is_set) ++dense_first_;
  dense_first_ = std::min(dense_first_, dense_.size());
}

void IndexedArray::clear() {
  dense_.clear();
  dense_first_ = 0;
  sparse_.clear();
  count_ = 0;
  is_sparse_ = false;
}

int64_t IndexedArray::last_index() const {
  if (is_sparse_) return sparse_.empty() ? -1 : sparse_.rbegin()->first;
  return static_cast<int64_t>(dense_.size()) - 1;
}

void IndexedArray::become_sparse() {
  for (size_t i = 0; i < dense_.size(); ++i) {
    if (dense_[i].is_set) sparse_.emplace_hint(sparse_.end(), static_cast<int64_t>(i), std::move(dense_[i].text));
  }
  dense_.clear();
  dense_.shrink_to_fit();
  is_sparse_ = true;
}

IndexedArray::Iterator::Iterator(const IndexedArray& array, int64_t index) : array_(&array) {
  if (array.is_sparse_) {
    place_ = array.sparse_.lower_bound(index);
    return;
  }
  position_ = std::clamp(static_cast<size_t>(index), array.dense_first_, array.dense_.size());
  if (valid() && !array.dense_[position_].is_set) next();
}

void IndexedArray::Iterator::next() {
  if (array_->is_sparse_) {
    ++place_;
    return;
  }
  do ++position_;
  while (valid() && !array_->dense_[position_].is_set);
}

int64_t IndexedArray::Iterator::index() const {
  return array_->is_sparse_ ? place_->first : static_cast<int64_t>(position_);
}

const std::string& IndexedArray::Iterator::value() const {
  return array_->is_sparse_ ? place_->second : array_->dense_[position_].text;
}

IndexedArray::Iterator IndexedArray::from(int64_t index) const { return Iterator(*this, std::max<int64_t>(index, 0)); }

// --- AssociativeArray ---

// A slot whose entry was erased stays in its chain until the next rehash.
size_t AssociativeArray::locate(std::string_view key, uint32_t hash) const {
  if (slots_.empty()) return kNoSlot;
  size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    if (slots_[i] == 0) return kNoSlot;
    const Entry& entry = entries_[slots_[i] - 1];
    if (entry.hash == hash && entry.is_set && entry.key == key) return slots_[i] - 1;
  }
}

void AssociativeArray::rehash(size_t slots) {
  std::erase_if(entries_, [](const Entry& entry) { return !entry.is_set; });
  slots_.assign(slots, 0);
  for (size_t e = 0; e < entries_.size(); ++e) {
    size_t i = entries_[e].hash & (slots - 1);
    while (slots_[i] != 0) i = (i + 1) & (slots - 1);
    slots_[i] = static_cast<uint32_t>(e + 1);
  }
}

const std::string* AssociativeArray::find(std::string_view key) const {
  size_t entry = locate(key, hash_of(key));
  return entry == kNoSlot ? nullptr : &entries_[entry].value;
}

std::string& AssociativeArray::at(std::string_view key) {
  uint32_t hash = hash_of(key);
  size_t found = locate(key, hash);
  if (found != kNoSlot) return entries_[found].value;
  if ((entries_.size() + 1) * 2 > slots_.size()) {
    size_t slots = 8;
    while (slots < (count_ + 1) * 4) slots *= 2;
    rehash(slots);
  }
  if (count_ >= buckets_ * 2) {
    buckets_ *= 4;
    std::reverse(entries_.begin(), entries_.end());  // bash's chains are turned round when they move
    rehash(slots_.size());
  }
  entries_.push_back({std::string(key), {}, hash, true});
  ++count_;
  size_t i = hash & (slots_.size() - 1);
  while (slots_[i] != 0) i = (i + 1) & (slots_.size() - 1);
  slots_[i] = static_cast<uint32_t>(entries_.size());
  return entries_.back().value;
}

void AssociativeArray::erase(std::string_view key) {
  size_t found = locate(key, hash_of(key));
  if (found == kNoSlot) return;
  entries_[found].is_set = false;
  entries_[found].key.clear();
  entries_[found].value.clear();
  if (--count_ == 0) clear();
}

std::vector<const AssociativeArray::Entry*> AssociativeArray::listed() const {
  std::vector<const Entry*> list;
  list.reserve(count_);
  for (size_t e = entries_.size(); e-- > 0;) {
    if (entries_[e].is_set) list.push_back(&entries_[e]);
  }
  const size_t mask = buckets_ - 1;
  std::stable_sort(list.begin(), list.end(),
                   [mask](const Entry* a, const Entry* b) { return (a->hash & mask) < (b->hash & mask); });
  return list;
}

void AssociativeArray::clear() {
  entries_.clear();
  slots_.clear();
  count_ = 0;
}

// --- Value ---

Value::Value(const Value& other)
    : text_(other.text_),
      integer_(other.integer_),
      indexed_(other.indexed_ ? std::make_unique<IndexedArray>(*other.indexed_) : nullptr),
      associative_(other.associative_ ? std::make_unique<AssociativeArray>(*other.associative_) : nullptr),
      kind_(other.kind_),
      has_text_(other.has_text_),
      has_integer_(other.has_integer_),
      is_no_integer_(other.is_no_integer_) {}

Value& Value::operator=(const Value& other) {
  if (this != &other) *this = Value(other);
  return *this;
}

std::string_view Value::slow_text() const {
  switch (kind_) {
    case Kind::Unset: return {"", 0};
    case Kind::Scalar: {
      char digits[kMaxIntegerText];
      text_.assign(digits, format_integer(integer_, digits));
      has_text_ = true;
      return text_;
    }
    case Kind::Indexed: {
      const std::string* first = indexed_->find(0);
      return first != nullptr ? std::string_view(*first) : std::string_view("", 0);
    }
    case Kind::Associative: {
      const std::string* zero = associative_->find("0");
      return zero != nullptr ? std::string_view(*zero) : std::string_view("", 0);
    }
  }
  return {"", 0};
}

std::optional<int64_t> Value::slow_integer() const {
  if (is_no_integer_) return std::nullopt;
  if (kind_ != Kind::Scalar) return kind_ == Kind::Unset ? std::nullopt : parse_integer(slow_text());
  // Only the canonical decimal may stand for the text: 010 is octal, +1 and -0 are not what format_integer writes.
  std::string_view digits = text_;
  bool is_negative = !digits.empty() && digits[0] == '-';
  if (is_negative) digits.remove_prefix(1);
  bool is_canonical =
      !digits.empty() && is_digit(digits[0]) && (digits[0] != '0' || (digits.size() == 1 && !is_negative));
  std::optional<int64_t> value;
  if (is_canonical) value = parse_integer(text_);
  if (value.has_value()) {
    integer_ = *value;
    has_integer_ = true;
  } else {
    is_no_integer_ = true;
  }
  return value;
}

void Value::append_text(std::string_view more) {
  switch (kind_) {
    case Kind::Unset: set_text(more); return;
    case Kind::Scalar:
      text();  // an integer becomes text
      text_.append(more);
      has_integer_ = false;
      is_no_integer_ = false;
      return;
    case Kind::Indexed: indexed_->at(0).append(more); return;
    case Kind::Associative: associative_->at("0").append(more); return;
  }
}

void Value::unset() {
  drop_array();
  text_.clear();
  kind_ = Kind::Unset;
  has_text_ = false;
  has_integer_ = false;
  is_no_integer_ = false;
}

void Value::drop_array() {
  indexed_.reset();
  associative_.reset();
}

IndexedArray& Value::make_indexed() {
  if (kind_ != Kind::Indexed) {
    auto array = std::make_unique<IndexedArray>();
    if (kind_ == Kind::Scalar) array->set(0, text());
    unset();
    indexed_ = std::move(array);
    kind_ = Kind::Indexed;
  }
  return *indexed_;
}

AssociativeArray& Value::make_associative() {
  if (kind_ != Kind::Associative) {
    auto array = std::make_unique<AssociativeArray>();
    if (kind_ == Kind::Scalar) array->set("0", text());
    unset();
    associative_ = std::move(array);
    kind_ = Kind::Associative;
  }
  return *associative_;
}

}  // namespace mish::state
