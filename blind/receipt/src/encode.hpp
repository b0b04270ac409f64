// A receipt as bytes: fixed length, big-endian, so that no two receipts look alike.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <ledger/rows.hpp>

namespace receipt {

inline constexpr std::size_t encoded_bytes = 260;
using Encoded = std::array<std::uint8_t, encoded_bytes>;

/// The layout stands in README.md and never changes; a new one gets another first number.
[[nodiscard]] Encoded encode(const ledger::Receipt& receipt);

}  // namespace receipt
