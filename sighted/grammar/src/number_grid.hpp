// Numbers as multiples of a power of ten: all bounds become closed, and whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <base/result.hpp>

#include <grammar/refusal.hpp>

#include "number.hpp"

namespace grammar {

/// A non-negative integer in decimal digits; zero is "0".
using Digits = std::string;

bool less(const Digits& one, const Digits& other);
Digits plus(Digits digits, std::uint64_t more);
/// Of a number above zero.
Digits minus_one(Digits digits);
std::uint64_t rest_of(const Digits& digits, std::uint64_t modulus);

/// low to high, both included.
struct DigitRange {
  Digits low;
  Digits high;
};

/// The demanded numbers are n x 10^zeros / 10^places with n a multiple of `modulus`; of those above
/// or at zero n lies in `positive`, of those below zero -n lies in `negative`.
struct NumberGrid {
  std::size_t places = 0;
  std::size_t zeros = 0;  ///< 0 where `places` is not
  std::uint64_t modulus = 1;
  std::optional<DigitRange> positive;
  std::optional<DigitRange> negative;
};

constexpr std::size_t bound_digits_max = 40;  ///< before the point of a bound, and behind it
constexpr std::uint64_t modulus_max = 1'000'000;

base::Result<NumberGrid, Refusal> grid_of(const NumberDemand& demand);

}  // namespace grammar
