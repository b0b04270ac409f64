#include <price/price.hpp>

#include <limits>

namespace price {
namespace {

// Counts are below 2^32 and prices at most 10^15, so a sum of three products stays below 2^84.
__extension__ using Wide = __int128;

constexpr Wide tokens_per_price = 1'000'000;

bool in_range(NanoPerMtok price) {
  return price.value >= 0 && price <= highest_price;
}

bool in_range(const Prices& prices) {
  return in_range(prices.input) && in_range(prices.cached) && in_range(prices.output);
}

Wide cost(base::Tokens tokens, NanoPerMtok price) {
  return static_cast<Wide>(tokens.value) * static_cast<Wide>(price.value);
}

base::Result<base::Nano, Error> floor_to_nano(Wide sum) {
  const Wide whole = sum / tokens_per_price;  // sum >= 0, so this rounds down
  if (whole > std::numeric_limits<std::int64_t>::max()) {
    return base::Fail{Error::overflow};
  }
  return base::Nano{static_cast<std::int64_t>(whole)};
}

NanoPerMtok dearest_input(const Prices& prices) {
  return prices.cached > prices.input ? prices.cached : prices.input;
}

}  // namespace

base::Result<base::Nano, Error> charge(const terms::Usage& usage, const Prices& prices) {
  if (!in_range(prices)) {
    return base::Fail{Error::bad_price};
  }
  const auto computed = base::checked_sub(usage.input, usage.cached);
  if (!computed) {
    return base::Fail{Error::bad_usage};
  }
  return floor_to_nano(cost(*computed, prices.input) + cost(usage.cached, prices.cached) +
                       cost(usage.output, prices.output));
}

base::Result<base::Nano, Error> highest_charge(base::Tokens input, base::Tokens output,
                                               const Prices& prices) {
  if (!in_range(prices)) {
    return base::Fail{Error::bad_price};
  }
  return floor_to_nano(cost(input, dearest_input(prices)) + cost(output, prices.output));
}

Affordable affordable_output(base::Nano funds, base::Tokens input, base::Tokens output_max,
                             const Prices& prices) {
  if (!in_range(prices) || funds.value < 0) {
    return {};
  }
  // floor(sum / 10^6) <= funds  is the same as  sum <= funds * 10^6 + 999,999.
  const Wide sum_max = static_cast<Wide>(funds.value) * tokens_per_price + (tokens_per_price - 1);
  const Wide left = sum_max - cost(input, dearest_input(prices));
  if (left < 0) {
    return {};
  }
  if (prices.output.value == 0) {
    return {output_max, true};
  }
  const Wide output = left / static_cast<Wide>(prices.output.value);
  if (output >= static_cast<Wide>(output_max.value)) {
    return {output_max, true};
  }
  return {base::Tokens{static_cast<std::uint32_t>(output)}, true};
}

}  // namespace price
