#include <notation/money_text.hpp>

#include <cstdint>

namespace notation {
namespace {

using base::Fail;
using base::Nano;
using base::Result;

constexpr std::size_t decimals_max = 9;
constexpr std::size_t decimals_shown_min = 2;
constexpr std::uint64_t nano_per_unit = 1'000'000'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool all_digits(std::string_view text) {
  for (const char c : text) {
    if (!is_digit(c)) {
      return false;
    }
  }
  return !text.empty();
}

/// Appends decimal digits to `value`; false when the result exceeds `limit`.
bool append_digits(std::string_view digits, std::uint64_t limit, std::uint64_t& value) {
  for (const char c : digits) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (limit - digit) / 10) {
      return false;
    }
    value = value * 10 + digit;
  }
  return true;
}

Result<std::uint64_t, MoneyError> parse_magnitude(std::string_view text, std::uint64_t limit) {
  if (text.empty()) {
    return Fail{MoneyError::empty};
  }
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view part =
      point == std::string_view::npos ? std::string_view("0") : text.substr(point + 1);
  if (!all_digits(whole) || !all_digits(part) || (whole.size() > 1 && whole.front() == '0')) {
    return Fail{MoneyError::not_a_number};
  }
  if (part.size() > decimals_max) {
    return Fail{MoneyError::too_many_decimals};
  }
  const std::string padding(decimals_max - part.size(), '0');
  std::uint64_t nano = 0;
  if (!append_digits(whole, limit, nano) || !append_digits(part, limit, nano) ||
      !append_digits(padding, limit, nano)) {
    return Fail{MoneyError::too_large};
  }
  return nano;
}

std::string text_of(std::int64_t nano) {
  const bool negative = nano < 0;
  // Negated as unsigned: the lowest int64 has no positive twin.
  const std::uint64_t magnitude =
      negative ? 0 - static_cast<std::uint64_t>(nano) : static_cast<std::uint64_t>(nano);
  std::string part = std::to_string(magnitude % nano_per_unit);
  part.insert(0, decimals_max - part.size(), '0');
  while (part.size() > decimals_shown_min && part.back() == '0') {
    part.pop_back();
  }
  return (negative ? "-" : "") + std::to_string(magnitude / nano_per_unit) + "." + part;
}

}  // namespace

Result<Nano, MoneyError> parse_amount(std::string_view text) {
  if (text.starts_with('-')) {
    const auto amount = parse_signed_amount(text);
    return Fail{amount.ok() ? MoneyError::negative : amount.error()};
  }
  const auto nano = parse_magnitude(text, static_cast<std::uint64_t>(Nano::max().value));
  if (!nano.ok()) {
    return Fail{nano.error()};
  }
  return Nano{static_cast<std::int64_t>(nano.value())};
}

Result<Nano, MoneyError> parse_signed_amount(std::string_view text) {
  const bool negative = text.starts_with('-');
  const std::string_view rest = negative ? text.substr(1) : text;
  if (rest.starts_with('-')) {
    return Fail{MoneyError::not_a_number};
  }
  // One more fits below zero than above.
  const std::uint64_t limit = static_cast<std::uint64_t>(Nano::max().value) + (negative ? 1 : 0);
  const auto nano = parse_magnitude(rest, limit);
  if (!nano.ok()) {
    return Fail{nano.error()};
  }
  return Nano{static_cast<std::int64_t>(negative ? 0 - nano.value() : nano.value())};
}

Result<price::NanoPerMtok, MoneyError> parse_price(std::string_view text) {
  const auto nano = parse_amount(text);
  if (!nano.ok()) {
    return Fail{nano.error()};
  }
  if (nano.value().value > price::highest_price.value) {
    return Fail{MoneyError::too_large};
  }
  return price::NanoPerMtok{nano.value().value};
}

std::string to_text(Nano amount) {
  return text_of(amount.value);
}

std::string to_text(price::NanoPerMtok price) {
  return text_of(price.value);
}

std::string_view describe(MoneyError error) {
  switch (error) {
    case MoneyError::empty: return "is empty; write a decimal number such as 0.15";
    case MoneyError::not_a_number:
      return "is not a plain decimal number; write digits and a point, such as 0.15";
    case MoneyError::negative: return "is below zero";
    case MoneyError::too_many_decimals: return "has more than nine digits after the point";
    case MoneyError::too_large: return "is too large";
  }
  return "is not valid";
}

}  // namespace notation
