// SPDX-License-Identifier: GPL-3.0-or-later
// A growable run of bytes that is not cleared when it grows: the body of a received message, reused from one receive to
// the next.
#ifndef MISH_IPC_BYTES_H_
#define MISH_IPC_BYTES_H_

#include <cstddef>
#include <cstdlib>
#include <new>
#include <string_view>
#include <utility>

namespace mish::ipc {

class Bytes {
 public:
  Bytes() = default;
  ~Bytes() { free(data_); }
  Bytes(Bytes&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Bytes& operator=(Bytes&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }

  /// Makes room for `size` bytes whose values are not set. Earlier bytes are lost. Throws std::bad_alloc.
  char* resize(size_t size) {
    if (size > capacity_) grow(size);
    size_ = size;
    return data_;
  }
  /// Makes sure that resize() up to `size` need not ask for memory. Throws std::bad_alloc.
  void reserve(size_t size) {
    if (size > capacity_) {
      size_ = 0;
      grow(size);
    }
  }
  const char* data() const { return data_; }
  size_t size() const { return size_; }
  std::string_view view() const { return {data_, size_}; }

 private:
  void grow(size_t size) {
    free(data_);
    data_ = nullptr;
    capacity_ = 0;
    size_t wanted = size < 256 ? 256 : size;
    data_ = static_cast<char*>(malloc(wanted));
    if (data_ == nullptr) throw std::bad_alloc();
    capacity_ = wanted;
  }

  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace mish::ipc

#endif  // MISH_IPC_BYTES_H_
