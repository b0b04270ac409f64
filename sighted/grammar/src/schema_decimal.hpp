// Numbers of a schema as exact decimals: compared and divided without rounding.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace grammar {

/// digits x 10^exponent, without leading or trailing zeros; zero has no digits and no sign.
/// Exponents beyond a thousand million are held there.
struct Decimal {
  bool negative = false;
  std::string digits;
  std::int64_t exponent = 0;

  /// Of a JSON number's text. Anything else is no concern of this: a parser has read it.
  [[nodiscard]] static Decimal read(std::string_view number);
  [[nodiscard]] static Decimal whole(std::int64_t number);

  [[nodiscard]] bool zero() const { return digits.empty(); }
  [[nodiscard]] bool integer() const { return zero() || exponent >= 0; }

  /// One spelling for each value: "-12", "5e7", "125e-2".
  [[nodiscard]] std::string text() const;

  /// A count as a non-negative integer; empty where it is none. Held at 10^18.
  [[nodiscard]] std::optional<std::uint64_t> count() const;
};

/// The smallest integer that is not below `value`; above it where `above`. Empty where its digits
/// are too many to write.
[[nodiscard]] std::optional<Decimal> next_integer(const Decimal& value, bool above);

[[nodiscard]] Decimal negative_of(Decimal value);

/// Below 0, 0 or above 0.
[[nodiscard]] int compare(const Decimal& one, const Decimal& other);

/// Whether `value` is an integer times `step` (above 0); empty where that is too long to compute.
[[nodiscard]] std::optional<bool> multiple(const Decimal& value, const Decimal& step);

}  // namespace grammar
