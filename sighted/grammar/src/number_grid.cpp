#include "number_grid.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace grammar {

namespace {

using base::Fail;
__extension__ using Wide = unsigned __int128;

constexpr std::size_t whole_digits = 18;     ///< before the point, where no bound says more
constexpr std::size_t fraction_digits = 15;  ///< behind it
/// On steps, all together: what a double holds, since validators divide doubles.
constexpr std::size_t stepped_digits = 15;
constexpr std::uint64_t step_max = 1'000'000'000'000'000'000;

Refusal refused(Refusal::Kind kind, const char* keyword, std::uint64_t limit = 0) {
  return {kind, "", keyword, limit};
}

Digits without_zeros(Digits digits) {
  const std::size_t first = digits.find_first_not_of('0');
  return first == Digits::npos ? "0" : digits.substr(first);
}

/// |value| x 10^places, cut off; whether anything was cut off is said.
std::pair<Digits, bool> scaled(const Decimal& value, std::size_t places) {
  const std::int64_t shift = value.exponent + static_cast<std::int64_t>(places);
  Digits digits = value.digits;
  if (shift >= 0)
    return {without_zeros(digits.append(static_cast<std::size_t>(shift), '0')), false};
  const auto cut = static_cast<std::size_t>(-shift);
  if (cut >= digits.size()) return {"0", !digits.empty()};
  const std::string_view lost = std::string_view{digits}.substr(digits.size() - cut);
  const bool rest = lost.find_first_not_of('0') != std::string_view::npos;
  digits.resize(digits.size() - cut);
  return {without_zeros(digits), rest};
}

/// How many digits stand before the point; 0 or less below 1.
std::int64_t size_of(const Decimal& value) {
  return static_cast<std::int64_t>(value.digits.size()) + value.exponent;
}

bool enormous(const Decimal& value) {
  return !value.zero() && size_of(value) > static_cast<std::int64_t>(bound_digits_max);
}

std::size_t places_of(const Decimal& value) {
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(-value.exponent, 0, static_cast<std::int64_t>(bound_digits_max)));
}

std::uint64_t power(std::size_t exponent) {
  std::uint64_t value = 1;
  for (std::size_t at = 0; at < exponent; ++at)
    value *= 10;
  return value;
}

/// Step as an integer number of 10^-places, or nothing where it has too many digits.
std::optional<std::uint64_t> units(const Decimal& step, std::size_t places) {
  const auto [digits, cut] = scaled(step, places);
  if (cut || digits.size() > 18) return std::nullopt;
  return std::stoull(digits);
}

std::optional<std::uint64_t> least_common(std::uint64_t one, std::uint64_t other) {
  const Wide product = Wide{one / std::gcd(one, other)} * other;
  if (product > step_max) return std::nullopt;
  return static_cast<std::uint64_t>(product);
}

/// modulus, places and zeros of a demand with steps.
std::optional<Refusal> take_steps(const NumberDemand& demand, NumberGrid& grid) {
  const Refusal too_large = refused(Refusal::Kind::too_large, "multipleOf", modulus_max);
  for (const Decimal& step : demand.steps) {
    if (step.exponent < -18 || size_of(step) > 18) return too_large;
    grid.places = std::max(grid.places, places_of(step));
  }
  for (const Decimal& step : demand.steps) {
    const std::optional<std::uint64_t> of_step = units(step, grid.places);
    if (!of_step || *of_step == 0) return too_large;
    const std::optional<std::uint64_t> joined = least_common(grid.modulus, *of_step);
    if (!joined) return too_large;
    grid.modulus = *joined;
  }
  if (demand.integer) {
    const std::optional<std::uint64_t> joined = least_common(grid.modulus, power(grid.places));
    if (!joined) return too_large;
    grid.modulus = *joined;
  }
  for (; grid.modulus % 10 == 0; grid.modulus /= 10) {
    if (grid.places > 0) {
      --grid.places;
    } else {
      ++grid.zeros;
    }
  }
  if (grid.modulus > modulus_max) return too_large;
  return std::nullopt;
}

/// Bounds of one side as sizes without sign.
struct Side {
  std::optional<NumberBound> low;  ///< none: zero, which counts only where `zero` is set
  std::optional<NumberBound> high;
  bool zero = false;
};

Digits rounded_up(const Digits& digits, std::size_t zeros) {
  if (zeros == 0) return digits;
  if (digits.size() <= zeros) return Digits(1, digits == "0" ? '0' : '1');
  const Digits cut = digits.substr(0, digits.size() - zeros);
  const bool rest = digits.find_first_not_of('0', digits.size() - zeros) != Digits::npos;
  return rest ? plus(cut, 1) : cut;
}

/// The range of n, or nothing where no number is left.
std::optional<DigitRange> range_of(const Side& side, const NumberGrid& grid) {
  DigitRange range;
  range.low = Digits(1, side.zero ? '0' : '1');
  if (side.low) {
    auto [low, cut] = scaled(side.low->value, grid.places);
    if (cut || side.low->open) low = plus(low, 1);
    if (less(range.low, low)) range.low = low;
  }
  if (side.high && !enormous(side.high->value)) {
    auto [high, cut] = scaled(side.high->value, grid.places);
    if (!cut && side.high->open) {
      if (high == "0") return std::nullopt;
      high = minus_one(high);
    }
    range.high = high;
  } else {
    const bool stepped = grid.modulus > 1 || grid.zeros > 0;
    const std::size_t usual = stepped ? stepped_digits : whole_digits + grid.places;
    const std::size_t digits = std::max({usual, grid.places + 1, range.low.size() + 2});
    range.high = Digits(digits, '9');
  }
  range.low = rounded_up(range.low, grid.zeros);
  range.high.resize(range.high.size() - std::min(range.high.size(), grid.zeros));
  if (range.high.empty()) range.high = Digits(1, '0');
  // The first multiple at or above the low end.
  const std::uint64_t rest = rest_of(range.low, grid.modulus);
  const Digits first = rest == 0 ? range.low : plus(range.low, grid.modulus - rest);
  if (less(range.high, first)) return std::nullopt;
  return range;
}

}  // namespace

bool less(const Digits& one, const Digits& other) {
  return one.size() != other.size() ? one.size() < other.size() : one < other;
}

Digits plus(Digits digits, std::uint64_t more) {
  std::uint64_t carry = more;
  for (std::size_t at = digits.size(); at-- > 0 && carry > 0;) {
    carry += static_cast<std::uint64_t>(digits[at] - '0');
    digits[at] = static_cast<char>('0' + carry % 10);
    carry /= 10;
  }
  if (carry == 0) return digits;
  Digits longer = std::to_string(carry);
  longer.append(digits);
  return longer;
}

Digits minus_one(Digits digits) {
  std::size_t at = digits.size();
  while (at-- > 0 && digits[at] == '0')
    digits[at] = '9';
  --digits[at];
  return without_zeros(digits);
}

std::uint64_t rest_of(const Digits& digits, std::uint64_t modulus) {
  Wide rest = 0;
  for (const char digit : digits)
    rest = (rest * 10 + static_cast<unsigned>(digit - '0')) % modulus;
  return static_cast<std::uint64_t>(rest);
}

base::Result<NumberGrid, Refusal> grid_of(const NumberDemand& demand) {
  NumberGrid grid;
  bool rounded = false;
  if (!demand.steps.empty()) {
    if (std::optional<Refusal> fault = take_steps(demand, grid)) return Fail{*std::move(fault)};
  } else if (!demand.integer) {
    grid.places = fraction_digits;
    for (const std::optional<NumberBound>& bound : {demand.low, demand.high}) {
      if (!bound) continue;
      grid.places = std::max(grid.places, std::min(places_of(bound->value) + 1, bound_digits_max));
      rounded = rounded || -bound->value.exponent >= static_cast<std::int64_t>(bound_digits_max);
    }
  }
  const std::optional<NumberBound>& low = demand.low;
  const std::optional<NumberBound>& high = demand.high;
  const auto below_zero = [](const std::optional<NumberBound>& bound) {
    return bound && bound->value.negative;
  };
  if ((low && !low->value.negative && enormous(low->value)) ||
      (below_zero(high) && enormous(high->value))) {
    return Fail{refused(Refusal::Kind::too_large, "digits of a bound", bound_digits_max)};
  }
  if (!below_zero(high)) {
    Side side{below_zero(low) ? std::nullopt : low, high, true};
    grid.positive = range_of(side, grid);
  }
  if (!low || below_zero(low)) {
    Side side{below_zero(high) ? high : std::nullopt, low, false};
    grid.negative = range_of(side, grid);
  }
  if (grid.positive || grid.negative) return grid;
  if (rounded) {
    return Fail{refused(Refusal::Kind::too_large, "digits of a bound", bound_digits_max)};
  }
  const char* keyword = demand.steps.empty() ? (low ? "minimum" : "maximum") : "multipleOf";
  return Fail{refused(Refusal::Kind::unsatisfiable, keyword)};
}

}  // namespace grammar
