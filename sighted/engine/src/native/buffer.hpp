// Memory for weights and caches: large, aligned. The system gives it page by page as it is written.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace engine::native {

class Buffer {
 public:
  Buffer() = default;
  /// Throws std::bad_alloc. What it holds is not set.
  explicit Buffer(std::size_t bytes) {
    constexpr std::size_t huge_page = 2U << 20U;
    const std::size_t alignment = bytes >= huge_page ? huge_page : 64;
    const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    bytes_.reset(static_cast<std::byte*>(std::aligned_alloc(alignment, rounded)));
    if (!bytes_ && rounded > 0) {
      throw std::bad_alloc();
    }
    if (alignment == huge_page) {
      madvise(bytes_.get(), rounded, MADV_HUGEPAGE);  // Only a wish.
    }
  }

  [[nodiscard]] std::byte* get() const { return bytes_.get(); }
  template <class T>
  [[nodiscard]] T* as() const {
    return reinterpret_cast<T*>(bytes_.get());
  }

 private:
  struct Free {
    void operator()(std::byte* bytes) const { std::free(bytes); }
  };
  std::unique_ptr<std::byte, Free> bytes_;
};

}  // namespace engine::native
