// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/name.h"

#include <cstdlib>
#include <cstring>
#include <iterator>
#include <new>

#include "shell/base/arena.h"
#include "shell/base/text.h"

namespace mish {

namespace {

struct Entry {
  const char* text;
  uint32_t length;
  uint32_t hash;
};

// In the order of WellKnown, after the empty name.
constexpr std::string_view kWellKnownNames[] = {
#define MISH_NAME_SPELLING(name, spelling) spelling,
    MISH_ODD_NAMES(MISH_NAME_SPELLING)
#undef MISH_NAME_SPELLING
#define MISH_NAME_SPELLING(name) #name,
        MISH_WELL_KNOWN_NAMES(MISH_NAME_SPELLING)
#undef MISH_NAME_SPELLING
};
static_assert(std::size(kWellKnownNames) + 1 == static_cast<size_t>(WellKnown::kCount));

// Eight bytes at a time; the last load overlaps, so no byte loop is left for the short names of commands.
uint32_t hash_of(std::string_view text) {
  constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15u;
  const char* p = text.data();
  const size_t n = text.size();
  uint64_t h = n * kMultiplier;
  auto mix = [&h](uint64_t word) {
    h = (h ^ word) * kMultiplier;
    h ^= h >> 32;
  };
  if (n >= 8) {
    uint64_t word;
    for (size_t i = 0; i + 8 < n; i += 8) {
      std::memcpy(&word, p + i, 8);
      mix(word);
    }
    std::memcpy(&word, p + n - 8, 8);
    mix(word);
  } else if (n >= 4) {
    uint32_t head, tail;
    std::memcpy(&head, p, 4);
    std::memcpy(&tail, p + n - 4, 4);
    mix(uint64_t{head} << 32 | tail);
  } else if (n > 0) {
    const auto byte = [p](size_t i) { return static_cast<uint64_t>(static_cast<unsigned char>(p[i])); };
    mix(byte(0) | byte(n / 2) << 8 | byte(n - 1) << 16);
  }
  return static_cast<uint32_t>(h ^ h >> 29);
}

// Open addressing over indices into `entries`; 0 (the empty name) marks a free slot.
class Table {
 public:
  Table() : arena_(2 * 1024) {
    grow_entries();
    grow_slots(512);
    entries_[0] = {"", 0, 0};
    size_ = 1;
    for (std::string_view name : kWellKnownNames) add(name, hash_of(name), false);
  }

  uint32_t find(std::string_view text, uint32_t hash) const {
    for (uint32_t i = hash & mask_;; i = (i + 1) & mask_) {
      uint32_t entry = slots_[i];
      if (entry == 0) return 0;
      const Entry& e = entries_[entry];
      if (e.hash == hash && e.length == text.size() && std::memcmp(e.text, text.data(), text.size()) == 0) return entry;
    }
  }

  uint32_t add(std::string_view text, uint32_t hash, bool copy) {
    if (size_ == entry_capacity_) grow_entries();
    if ((size_ + 1) * 2 > mask_ + 1) grow_slots((mask_ + 1) * 2);
    const char* stored = copy ? arena_.copy(text).data() : text.data();
    entries_[size_] = {stored, static_cast<uint32_t>(text.size()), hash};
    place(size_);
    return size_++;
  }

  const Entry& entry(uint32_t i) const { return entries_[i]; }
  uint32_t size() const { return size_; }

 private:
  void place(uint32_t entry) {
    uint32_t i = entries_[entry].hash & mask_;
    while (slots_[i] != 0) i = (i + 1) & mask_;
    slots_[i] = entry;
  }
  void grow_entries() {
    uint32_t capacity = entry_capacity_ == 0 ? 256 : entry_capacity_ * 2;
    void* p = std::realloc(entries_, capacity * sizeof(Entry));
    if (p == nullptr) throw std::bad_alloc();
    entries_ = static_cast<Entry*>(p);
    entry_capacity_ = capacity;
  }
  void grow_slots(uint32_t count) {
    auto* fresh = static_cast<uint32_t*>(std::calloc(count, sizeof(uint32_t)));
    if (fresh == nullptr) throw std::bad_alloc();
    std::free(slots_);
    slots_ = fresh;
    mask_ = count - 1;
    for (uint32_t i = 1; i < size_; ++i) place(i);
  }

  Arena arena_;
  Entry* entries_ = nullptr;
  uint32_t* slots_ = nullptr;
  uint32_t mask_ = 0;
  uint32_t size_ = 0;
  uint32_t entry_capacity_ = 0;
};

// Never destroyed: names stay valid while the process ends.
Table& table() {
  alignas(Table) static unsigned char storage[sizeof(Table)];
  static Table* instance = new (storage) Table;
  return *instance;
}

}  // namespace

Name NameTable::intern(std::string_view text) {
  if (text.empty()) return kNoName;
  Table& t = table();
  uint32_t hash = hash_of(text);
  uint32_t found = t.find(text, hash);
  return Name(found != 0 ? found : t.add(text, hash, true));
}

std::optional<Name> NameTable::find(std::string_view text) {
  if (text.empty()) return kNoName;
  uint32_t found = table().find(text, hash_of(text));
  if (found == 0) return std::nullopt;
  return Name(found);
}

std::string_view NameTable::text(Name name) {
  const Entry& e = table().entry(index(name));
  return {e.text, e.length};
}

uint32_t NameTable::size() { return table().size(); }

bool is_identifier(std::string_view text) {
  if (text.empty() || !is_name_start(text[0])) return false;
  for (char c : text.substr(1)) {
    if (!is_name_char(c)) return false;
  }
  return true;
}

}  // namespace mish
