// Numbers with their unit in the type, and arithmetic that refuses to wrap.
#pragma once

#include <compare>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <tuple>

namespace base {

/// A number of one unit. There is no implicit conversion in or out; sums and differences are
/// checked() and so answer nothing on overflow.
template <class Tag, std::integral Rep>
struct Quantity {
  Rep value = 0;

  static consteval auto fields() { return std::tuple{&Quantity::value}; }
  static constexpr Quantity max() { return {std::numeric_limits<Rep>::max()}; }
  friend constexpr auto operator<=>(const Quantity&, const Quantity&) = default;
};

/// The sum, or nothing when it does not fit. Pure.
template <class Tag, std::integral Rep>
[[nodiscard]] constexpr std::optional<Quantity<Tag, Rep>> checked_add(Quantity<Tag, Rep> a,
                                                                      Quantity<Tag, Rep> b) {
  Rep sum = 0;
  if (__builtin_add_overflow(a.value, b.value, &sum)) {
    return std::nullopt;
  }
  return Quantity<Tag, Rep>{sum};
}

/// The difference, or nothing when it does not fit (for unsigned units: when b > a). Pure.
template <class Tag, std::integral Rep>
[[nodiscard]] constexpr std::optional<Quantity<Tag, Rep>> checked_sub(Quantity<Tag, Rep> a,
                                                                      Quantity<Tag, Rep> b) {
  Rep difference = 0;
  if (__builtin_sub_overflow(a.value, b.value, &difference)) {
    return std::nullopt;
  }
  return Quantity<Tag, Rep>{difference};
}

/// Tokens, 0 .. 2^32-1. One request is held to 2^31-1 at the edges.
using Tokens = Quantity<struct TokensTag, std::uint32_t>;

/// Money: nano-units of the currency (1 USD = 10^9), signed.
using Nano = Quantity<struct NanoTag, std::int64_t>;

/// A moment: nanoseconds since 1970-01-01T00:00:00Z, UTC, no leap seconds. Good until 2262.
using UnixNs = Quantity<struct UnixNsTag, std::int64_t>;

/// A span of time in nanoseconds.
using SpanNs = Quantity<struct SpanNsTag, std::int64_t>;

}  // namespace base
