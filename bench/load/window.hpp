#pragma once

#include <cstdint>
#include <limits>

namespace load {

/// The span of time that counts.
struct Window {
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
  std::int64_t opens_ns = never;
  std::int64_t closes_ns = never;

  [[nodiscard]] bool holds(std::int64_t at_ns) const {
    return at_ns >= opens_ns && at_ns < closes_ns;
  }
  /// Whole seconds since it opened; only of moments within.
  [[nodiscard]] std::size_t second(std::int64_t at_ns) const {
    return static_cast<std::size_t>((at_ns - opens_ns) / 1'000'000'000);
  }
};

}  // namespace load
