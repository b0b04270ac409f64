// What tokens cost. Two arguments, counts and prices, and nothing else.
#pragma once

#include <cstdint>

#include <base/quantity.hpp>
#include <base/result.hpp>
#include <terms/prices.hpp>
#include <terms/usage.hpp>

namespace price {

using terms::NanoPerMtok;
using terms::Prices;

inline constexpr NanoPerMtok highest_price{1'000'000'000'000'000};

enum class Error : std::uint32_t {
  overflow,   ///< The charge does not fit in 63 bits.
  bad_usage,  ///< cached > input.
  bad_price,  ///< A price below 0 or above highest_price.
};

/// Charge for one finished request.
/// usage   tokens; cached <= input.
/// prices  each 0 .. 10^15.
/// returns nano-units; exact sum in 128 bits, floored once at the end, towards the customer.
/// pure    no clock, no allocation, no floating point.
[[nodiscard]] base::Result<base::Nano, Error> charge(const terms::Usage& usage,
                                                     const Prices& prices);

/// The most that a request of `input` and at most `output` tokens can be charged, however much of
/// the input turns out to be cached. Errors as charge(). Pure.
[[nodiscard]] base::Result<base::Nano, Error> highest_charge(base::Tokens input,
                                                             base::Tokens output,
                                                             const Prices& prices);

/// The largest output, 0 .. output_max, whose highest_charge is within `funds`; nothing affordable
/// is distinguished from zero by `input_fits`. Pure. Prices outside their range afford nothing.
struct Affordable {
  base::Tokens output;
  bool input_fits = false;  ///< False: not even the input can be paid.
};
[[nodiscard]] Affordable affordable_output(base::Nano funds, base::Tokens input,
                                           base::Tokens output_max, const Prices& prices);

}  // namespace price
