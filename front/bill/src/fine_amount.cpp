#include "fine_amount.hpp"

#include <cstdint>

namespace bill {
namespace {

/// value / 10^decimals as text.
std::string decimal(Wide value, std::size_t decimals) {
  const bool negative = value < 0;
  Wide rest = negative ? -value : value;
  std::string backwards;
  bool shown = false;  // zeros at the end of the fraction are left out
  for (std::size_t place = 0; place <= decimals || rest > 0; ++place, rest /= 10) {
    if (place == decimals && shown) {
      backwards.push_back('.');
    }
    const auto digit = static_cast<int>(rest % 10);
    shown = shown || digit != 0 || place >= decimals;
    if (shown) {
      backwards.push_back(static_cast<char>('0' + digit));
    }
  }
  if (negative) {
    backwards.push_back('-');
  }
  return {backwards.rbegin(), backwards.rend()};
}

}  // namespace

Fine fine(ledger::TokenSum tokens, price::NanoPerMtok price) {
  return {Wide{tokens.value} * price.value};
}

Fine fine(base::Nano amount) {
  constexpr std::int64_t fine_per_nano = 1'000'000;
  return {Wide{amount.value} * fine_per_nano};
}

std::string to_text(Fine amount) {
  return decimal(amount.value, 15);
}

std::string in_millions(ledger::TokenSum tokens) {
  return decimal(Wide{tokens.value}, 6);
}

}  // namespace bill
