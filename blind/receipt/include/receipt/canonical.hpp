// A receipt in the one form that is hashed, committed to and handed to its customer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <ledger/rows.hpp>

namespace receipt {

/// No receipt is longer.
inline constexpr std::size_t canonical_bytes_max = 1'280;

/// Canonical JSON (RFC 8785), ASCII, made of numbers alone.
class Canonical {
 public:
  /// Pure; allocates nothing. README.md has the members; the form never changes, a new one gets
  /// another "format".
  explicit Canonical(const ledger::Receipt& receipt);

  [[nodiscard]] std::span<const std::uint8_t> bytes() const {
    return std::span(bytes_).first(size_);
  }

 private:
  class Writer;
  std::array<std::uint8_t, canonical_bytes_max> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace receipt
