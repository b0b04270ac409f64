// What a key may do, and why it may not.
#pragma once

#include <cstdint>
#include <tuple>

#include <base/blind.hpp>
#include <base/quantity.hpp>

namespace ledger {

/// What a key may do. 0 means "no limit" in each field.
struct Limits {
  std::uint64_t requests_per_minute = 0;
  std::uint64_t tokens_per_minute = 0;  ///< Input and output together.
  std::uint64_t parallel_requests = 0;
  base::Nano cap_per_month{};  ///< Spending of the key in a calendar month, UTC.

  static consteval auto fields() {
    return std::tuple{&Limits::requests_per_minute, &Limits::tokens_per_minute,
                      &Limits::parallel_requests, &Limits::cap_per_month};
  }
  friend constexpr bool operator==(const Limits&, const Limits&) = default;
};
static_assert(base::Blind<Limits>);

}  // namespace ledger
