// SPDX-License-Identifier: GPL-3.0-or-later
#include "shell/base/arena.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace mish {

namespace {
constexpr size_t kHeader =
    (sizeof(void*) + sizeof(size_t) + alignof(std::max_align_t) - 1) & ~(alignof(std::max_align_t) - 1);
constexpr size_t kLargestRegularBlock = 256 * 1024;
constexpr size_t kLargestSpare = 1024 * 1024;  // a larger block goes back to the system at once
}  // namespace

Arena::~Arena() {
  std::free(spare_);
  while (blocks_ != nullptr) {
    Block* previous = blocks_->previous;
    std::free(blocks_);
    blocks_ = previous;
  }
}

Arena& Arena::operator=(Arena&& other) noexcept {
  std::swap(blocks_, other.blocks_);
  std::swap(spare_, other.spare_);
  std::swap(cursor_, other.cursor_);
  std::swap(limit_, other.limit_);
  std::swap(next_block_size_, other.next_block_size_);
  std::swap(capacity_, other.capacity_);
  return *this;
}

void* Arena::allocate_slow(size_t size, size_t align) {
  if (size > SIZE_MAX / 2) throw std::bad_alloc();
  size_t need = kHeader + size + align;
  Block* block;
  if (spare_ != nullptr && spare_->size >= need) {
    block = std::exchange(spare_, nullptr);
  } else {
    size_t bytes = std::max(next_block_size_, need);
    block = static_cast<Block*>(std::malloc(bytes));
    if (block == nullptr) throw std::bad_alloc();
    block->size = bytes;
    capacity_ += bytes;
    next_block_size_ = std::min(next_block_size_ * 2, kLargestRegularBlock);
  }
  block->previous = blocks_;
  blocks_ = block;
  cursor_ = reinterpret_cast<char*>(block) + kHeader;
  limit_ = reinterpret_cast<char*>(block) + block->size;
  return allocate(size, align);
}

void Arena::release_slow(Mark mark) {
  while (blocks_ != mark.block) {
    Block* block = blocks_;
    blocks_ = block->previous;
    if (block->size <= kLargestSpare && (spare_ == nullptr || spare_->size < block->size)) {
      std::swap(spare_, block);
    }
    if (block != nullptr) {
      capacity_ -= block->size;
      std::free(block);
    }
  }
  cursor_ = mark.cursor;
  limit_ = blocks_ == nullptr ? nullptr : reinterpret_cast<char*>(blocks_) + blocks_->size;
}

void Arena::reset() { release_slow(Mark{}); }

std::string_view Arena::concat(std::string_view a, std::string_view b) {
  char* p = static_cast<char*>(allocate(a.size() + b.size() + 1, 1));
  if (!a.empty()) std::memcpy(p, a.data(), a.size());
  if (!b.empty()) std::memcpy(p + a.size(), b.data(), b.size());
  p[a.size() + b.size()] = '\0';
  return {p, a.size() + b.size()};
}

}  // namespace mish
