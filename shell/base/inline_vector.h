// SPDX-License-Identifier: GPL-3.0-or-later
// A list of small plain objects whose first few lie in the object itself: most plans of redirections, jobs and the like
// hold one or two, and memory from malloc would cost each of them a call and a forked child several page faults. It
// grows by malloc beyond that and keeps what it has grown to. Only what its users need of std::vector.
#ifndef MISH_SHELL_BASE_INLINE_VECTOR_H_
#define MISH_SHELL_BASE_INLINE_VECTOR_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

namespace mish {

/// `N`: how many lie inside. References and spans are valid until the next push_back().
template <typename T, size_t N>
class InlineVector {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T> && N > 0);

 public:
  InlineVector() = default;
  InlineVector(const InlineVector&) = delete;
  InlineVector& operator=(const InlineVector&) = delete;

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }
  T& operator[](size_t index) { return data()[index]; }
  const T& operator[](size_t index) const { return data()[index]; }
  T& front() { return data()[0]; }
  const T& front() const { return data()[0]; }
  T& back() { return data()[size_ - 1]; }
  const T& back() const { return data()[size_ - 1]; }
  std::span<const T> span() const { return {data(), size_}; }

  /// Appends `item`, which may be one of the list's own. Throws std::bad_alloc.
  void push_back(T item) {
    if (size_ == capacity_) grow();
    data()[size_++] = item;
  }
  /// Forgets all, keeps the memory.
  void clear() { size_ = 0; }

 private:
  T* data() { return grown_ ? grown_.get() : inside_.data(); }
  const T* data() const { return grown_ ? grown_.get() : inside_.data(); }
  void grow() {
    auto larger = std::make_unique_for_overwrite<T[]>(capacity_ * 2);
    std::copy(begin(), end(), larger.get());
    grown_ = std::move(larger);
    capacity_ *= 2;
  }

  std::array<T, N> inside_;
  std::unique_ptr<T[]> grown_;
  size_t size_ = 0;
  size_t capacity_ = N;
};

}  // namespace mish

#endif  // MISH_SHELL_BASE_INLINE_VECTOR_H_
