// Money and prices as exact decimal text. No floating point, no rounding.
#pragma once

#include <string>
#include <string_view>

#include <base/quantity.hpp>
#include <base/result.hpp>
#include <price/price.hpp>

namespace notation {

enum class MoneyError {
  empty,
  not_a_number,       ///< Anything but digits and at most one point between digits.
  negative,           ///< Below zero where only zero or more is meant.
  too_many_decimals,  ///< More than nine digits after the point: cannot be kept exactly.
  too_large,          ///< Beyond 2^63-1 nano-units, or beyond price::highest_price.
};

/// "5", "5.00", "0.000000001": units of the currency to nano-units, 0 .. 2^63-1. Superfluous
/// leading zeros, signs, exponents, spaces and separators are refused. Pure.
[[nodiscard]] base::Result<base::Nano, MoneyError> parse_amount(std::string_view text);

/// As parse_amount(), with an optional leading '-'. Pure.
[[nodiscard]] base::Result<base::Nano, MoneyError> parse_signed_amount(std::string_view text);

/// "0.15" units of the currency per million tokens to nano-units, 0 .. price::highest_price. Pure.
[[nodiscard]] base::Result<price::NanoPerMtok, MoneyError> parse_price(std::string_view text);

/// The exact decimal, with at least two and at most nine decimals: "5.00", "-0.000123". Pure.
[[nodiscard]] std::string to_text(base::Nano amount);
[[nodiscard]] std::string to_text(price::NanoPerMtok price);

/// What is wrong, to follow "price 'x': " in a message for people.
[[nodiscard]] std::string_view describe(MoneyError error);

}  // namespace notation
