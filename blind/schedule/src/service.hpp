// Arithmetic of service. It stops at the top instead of wrapping: who is that far ahead rests.
#pragma once

#include <algorithm>
#include <cstdint>

#include <schedule/scheduler.hpp>
#include <terms/prices.hpp>

namespace schedule {

/// What a token of this price counts.
[[nodiscard]] inline std::uint64_t weight(terms::NanoPerMtok price) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(price.value, 1));
}

[[nodiscard]] inline Service times(std::uint32_t tokens, std::uint64_t weight) {
  Service product;
  return __builtin_mul_overflow(tokens, weight, &product.value) ? Service::max() : product;
}

[[nodiscard]] inline Service times(std::uint32_t tokens, terms::NanoPerMtok price) {
  return times(tokens, weight(price));
}

[[nodiscard]] inline Service plus(Service a, Service b) {
  return base::checked_add(a, b).value_or(Service::max());
}

[[nodiscard]] inline Service minus(Service a, Service b) {
  return base::checked_sub(a, b).value_or(Service{});
}

}  // namespace schedule
