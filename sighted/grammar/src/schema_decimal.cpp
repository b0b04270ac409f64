#include "schema_decimal.hpp"

#include <algorithm>

namespace grammar {

namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::int64_t exponent_max = 1'000'000'000;
constexpr std::int64_t digits_max = 400;
constexpr std::uint64_t count_max = 1'000'000'000'000'000'000;

std::int64_t read_exponent(std::string_view text) {
  const bool negative = text.starts_with('-');
  std::int64_t exponent = 0;
  for (const char letter : text) {
    if (letter >= '0' && letter <= '9') {
      exponent = std::min(exponent * 10 + (letter - '0'), exponent_max);
    }
  }
  return negative ? -exponent : exponent;
}

int compare_sizes(const Decimal& one, const Decimal& other) {
  if (one.zero() || other.zero()) {
    return static_cast<int>(other.zero()) - static_cast<int>(one.zero());
  }
  const auto highest = [](const Decimal& decimal) {
    return decimal.exponent + static_cast<std::int64_t>(decimal.digits.size());
  };
  if (highest(one) != highest(other)) {
    return highest(one) < highest(other) ? -1 : 1;
  }
  const int order = one.digits.compare(other.digits);
  return order < 0 ? -1 : static_cast<int>(order > 0);
}

/// The size plus one, or less one (the size is then at least one).
std::string stepped(std::string digits, bool up) {
  std::size_t at = digits.size();
  const char edge = up ? '9' : '0';
  while (at > 0 && digits[at - 1] == edge) {
    digits[--at] = up ? '0' : '9';
  }
  if (at == 0) {
    return '1' + digits;
  }
  digits[at - 1] = static_cast<char>(digits[at - 1] + (up ? 1 : -1));
  return digits;
}

}  // namespace

Decimal negative_of(Decimal value) {
  value.negative = !value.negative && !value.zero();
  return value;
}

std::optional<Decimal> next_integer(const Decimal& value, bool above) {
  if (value.integer() && !above) {
    return value;
  }
  const auto length = static_cast<std::int64_t>(value.digits.size());
  if (value.exponent > digits_max || length > digits_max) {
    return std::nullopt;
  }
  std::string size = value.digits;
  if (value.exponent >= 0) {
    size.append(static_cast<std::size_t>(value.exponent), '0');
  } else {
    size.resize(static_cast<std::size_t>(std::max<std::int64_t>(length + value.exponent, 0)));
  }
  // What was cut off a negative number was above it already.
  const bool cut = !value.integer();
  if (!value.negative) {
    size = size.empty() ? "1" : stepped(std::move(size), true);
  } else if (!cut) {
    size = stepped(std::move(size), false);
  }
  return Decimal::read((value.negative ? "-" : "") + (size.empty() ? "0" : size));
}

Decimal Decimal::read(std::string_view number) {
  Decimal decimal;
  decimal.negative = number.starts_with('-');
  const std::size_t e = number.find_first_of("eE");
  if (e != std::string_view::npos) {
    decimal.exponent = read_exponent(number.substr(e + 1));
    number = number.substr(0, e);
  }
  const std::size_t point = number.find('.');
  if (point != std::string_view::npos) {
    decimal.exponent -= static_cast<std::int64_t>(number.size() - point - 1);
  }
  for (const char letter : number) {
    if (letter >= '0' && letter <= '9' && !(letter == '0' && decimal.digits.empty())) {
      decimal.digits += letter;
    }
  }
  const std::size_t last = decimal.digits.find_last_not_of('0');
  const std::size_t kept = last == std::string::npos ? 0 : last + 1;
  decimal.exponent += static_cast<std::int64_t>(decimal.digits.size() - kept);
  decimal.digits.resize(kept);
  if (decimal.zero()) {
    decimal.negative = false;
    decimal.exponent = 0;
  }
  return decimal;
}

Decimal Decimal::whole(std::int64_t number) {
  return read(std::to_string(number));
}

std::string Decimal::text() const {
  if (zero()) {
    return "0";
  }
  std::string out = (negative ? "-" : "") + digits;
  if (exponent > 0 && exponent <= 40) {
    return out.append(static_cast<std::size_t>(exponent), '0');
  }
  return exponent == 0 ? out : out + 'e' + std::to_string(exponent);
}

std::optional<std::uint64_t> Decimal::count() const {
  if (negative || !integer()) {
    return std::nullopt;
  }
  if (static_cast<std::int64_t>(digits.size()) + exponent > 18) {
    return count_max;
  }
  std::uint64_t number = 0;
  for (const char digit : digits) {
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  for (std::int64_t at = 0; at < exponent; ++at) {
    number *= 10;
  }
  return number;
}

int compare(const Decimal& one, const Decimal& other) {
  if (one.negative != other.negative) {
    return one.negative ? -1 : 1;
  }
  return one.negative ? compare_sizes(other, one) : compare_sizes(one, other);
}

std::optional<bool> multiple(const Decimal& value, const Decimal& step) {
  if (value.zero()) {
    return true;
  }
  const std::int64_t shift = value.exponent - step.exponent;
  if (step.zero() || step.digits.size() > 18 || shift > digits_max || shift < -digits_max) {
    return std::nullopt;
  }
  // value / step = digits x 10^shift / digits. Neither ends with a zero, so that ten never divides
  // what is left where the shift is negative.
  std::uint64_t modulus = 0;
  for (const char digit : step.digits) {
    modulus = modulus * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  std::string digits = value.digits;
  if (shift >= 0) {
    digits.append(static_cast<std::size_t>(shift), '0');
  } else {
    return false;
  }
  Wide rest = 0;
  for (const char digit : digits) {
    rest = (rest * 10 + static_cast<unsigned>(digit - '0')) % modulus;
  }
  return rest == 0;
}

}  // namespace grammar
