// A price, as the books and the receipts write it down. What it makes of a usage is price's affair.
#pragma once

#include <cstdint>
#include <tuple>

#include <base/blind.hpp>
#include <base/quantity.hpp>

namespace terms {

/// Nano-units of the currency per million tokens, 0 .. 10^15.
using NanoPerMtok = base::Quantity<struct NanoPerMtokTag, std::int64_t>;

/// What one model costs, by class of token.
struct Prices {
  NanoPerMtok input;
  NanoPerMtok cached;
  NanoPerMtok output;

  static consteval auto fields() {
    return std::tuple{&Prices::input, &Prices::cached, &Prices::output};
  }
  friend constexpr bool operator==(const Prices&, const Prices&) = default;
};
static_assert(base::Blind<Prices>);

}  // namespace terms
