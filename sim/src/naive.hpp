// Arithmetic and calendar again, by other means than the house's own, to check it by.
#pragma once

#include <cstdint>

#include <terms/prices.hpp>
#include <terms/usage.hpp>

namespace sim::naive {

inline constexpr std::int64_t second_ns = 1'000'000'000;

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

/// Months since January 1970, counted year by year.
constexpr std::int64_t month_of(std::int64_t time_ns) {
  constexpr std::int64_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  std::int64_t days = floor_div(time_ns, 86'400 * second_ns);
  std::int64_t months = 0;
  for (std::int64_t year = 1970;; ++year) {
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    for (std::int64_t month = 0; month < 12; ++month, ++months) {
      const std::int64_t length = lengths[month] + (month == 1 && leap ? 1 : 0);
      if (days < length) return months;
      days -= length;
    }
  }
}
static_assert(month_of(0) == 0 && month_of(951'782'400 * second_ns) == 361);  // 2000-02-29
static_assert(month_of(1'709'251'199 * second_ns) == 649);                    // 2024-02-29T23:59:59
static_assert(month_of(1'709'251'200 * second_ns) == 650);

/// Whole nano-units first, then the rest, so that nothing here needs more than 64 bits: tokens
/// and prices of simulations are small.
constexpr std::int64_t cost(const terms::Usage& usage, const terms::Prices& prices) {
  const std::int64_t fresh = std::int64_t{usage.input.value} - usage.cached.value;
  return floor_div(fresh * prices.input.value + usage.cached.value * prices.cached.value +
                       usage.output.value * prices.output.value,
                   1'000'000);
}

}  // namespace sim::naive
