// SHA-256 of things that the books must be able to point at and never see.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <terms/ids.hpp>

namespace receipt {

inline constexpr std::size_t digest_bytes = 32;
using DigestBytes = std::array<std::uint8_t, digest_bytes>;

/// The words in order, each big-endian. Pure.
[[nodiscard]] DigestBytes to_bytes(const terms::Digest& digest);
[[nodiscard]] terms::Digest from_bytes(const DigestBytes& bytes);

/// Of all bytes at once. Pure; any thread.
[[nodiscard]] terms::Digest sha256(std::span<const std::uint8_t> bytes);

/// What goes in is not kept; nothing but the hash comes out. Not thread-safe.
class Hasher {
 public:
  Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();

  /// Four bytes, big-endian.
  void add_u32(std::uint32_t number);
  void add_bytes(std::span<const std::uint8_t> bytes);

  /// Of all that was added so far; the first 8 bytes of the hash are the first word, big-endian.
  [[nodiscard]] terms::Digest digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace receipt
