// SPDX-License-Identifier: GPL-3.0-or-later
// Bump allocator with mark and release. Holds only trivially destructible objects: nothing is ever destroyed,
// blocks are simply reused or freed. Two lifetimes of the shell live in arenas: the nodes of a Program, and the
// scratch memory of one command (fields, argv, paths), which an ArenaScope gives back.
#ifndef MISH_SHELL_BASE_ARENA_H_
#define MISH_SHELL_BASE_ARENA_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace mish {

class Arena {
 public:
  /// `first_block`: bytes of the first block, taken from malloc at the first allocation.
  explicit Arena(size_t first_block = 4096) : next_block_size_(first_block) {}
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  Arena& operator=(Arena&& other) noexcept;

  /// Uninitialised memory. Throws std::bad_alloc.
  void* allocate(size_t size, size_t align = alignof(std::max_align_t)) {
    uintptr_t p = (reinterpret_cast<uintptr_t>(cursor_) + (align - 1)) & ~(uintptr_t(align) - 1);
    if (p + size <= reinterpret_cast<uintptr_t>(limit_) && cursor_ != nullptr) [[likely]] {
      cursor_ = reinterpret_cast<char*>(p + size);
      return reinterpret_cast<void*>(p);
    }
    return allocate_slow(size, align);
  }

  template <typename T, typename... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>, "arena objects are never destroyed");
    return new (allocate(sizeof(T), alignof(T))) T{std::forward<Args>(args)...};
  }

  /// An array of `n` value-initialised objects.
  template <typename T>
  std::span<T> make_span(size_t n) {
    static_assert(std::is_trivially_destructible_v<T>, "arena objects are never destroyed");
    if (n == 0) return {};
    T* first = static_cast<T*>(allocate(n * sizeof(T), alignof(T)));
    for (size_t i = 0; i < n; ++i) new (first + i) T{};
    return {first, n};
  }

  /// A copy of `items` (any contiguous range of trivially copyable objects).
  template <typename Range>
  auto copy_span(const Range& items) {
    using T = std::remove_cvref_t<decltype(items[0])>;
    static_assert(std::is_trivially_copyable_v<T>);
    std::span<T> out;
    if (size_t n = items.size(); n != 0) {
      T* first = static_cast<T*>(allocate(n * sizeof(T), alignof(T)));
      for (size_t i = 0; i < n; ++i) new (first + i) T(items[i]);
      out = {first, n};
    }
    return out;
  }

  /// A copy of `text` with a NUL after its end (not counted in the length).
  std::string_view copy(std::string_view text) {
    char* p = static_cast<char*>(allocate(text.size() + 1, 1));
    if (!text.empty()) std::memcpy(p, text.data(), text.size());
    p[text.size()] = '\0';
    return {p, text.size()};
  }
  /// The concatenation of `a` and `b`, NUL-terminated likewise.
  std::string_view concat(std::string_view a, std::string_view b);

  /// Position to which release() can go back. Valid until an earlier mark is released.
  struct Mark {
    void* block = nullptr;
    char* cursor = nullptr;
  };
  Mark mark() const { return {blocks_, cursor_}; }
  /// Gives back everything allocated since `mark`.
  void release(Mark mark) {
    if (mark.block == blocks_) [[likely]] {
      cursor_ = mark.cursor;
    } else {
      release_slow(mark);
    }
  }
  /// Gives back everything, keeping at most one block for reuse.
  void reset();
  /// Bytes held from malloc.
  size_t capacity() const { return capacity_; }

 private:
  struct Block {
    Block* previous;
    size_t size;
  };
  void* allocate_slow(size_t size, size_t align);
  void release_slow(Mark mark);

  Block* blocks_ = nullptr;
  Block* spare_ = nullptr;  // one block kept so that a mark/release cycle at a block edge does not call malloc
  char* cursor_ = nullptr;
  char* limit_ = nullptr;
  size_t next_block_size_;
  size_t capacity_ = 0;
};

/// Releases what was allocated during its life. Scopes on one arena are strictly nested.
class ArenaScope {
 public:
  explicit ArenaScope(Arena& arena) : arena_(arena), mark_(arena.mark()) {}
  ~ArenaScope() { arena_.release(mark_); }
  ArenaScope(const ArenaScope&) = delete;
  ArenaScope& operator=(const ArenaScope&) = delete;

 private:
  Arena& arena_;
  Arena::Mark mark_;
};

}  // namespace mish

#endif  // MISH_SHELL_BASE_ARENA_H_
