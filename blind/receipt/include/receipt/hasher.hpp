// SHA-256, fed piece by piece.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include <terms/ids.hpp>

namespace receipt {

/// Not thread-safe. digest() ends it.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  void add_bytes(std::span<const std::uint8_t> bytes);
  /// Four bytes, little-endian.
  void add_u32(std::uint32_t value);
  /// The words of the digest are its bytes in order, each word big-endian. Once.
  [[nodiscard]] terms::Digest digest();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace receipt
