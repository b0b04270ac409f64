#include "fine_amount.hpp"

#include <cstdint>

namespace bill {
namespace {

/// value / 10^decimals as text.
std::string decimal(Wide value, std::size_t decimals) {
  const bool negative = value < 0;
  Wide rest = negative ? -value : value;
  std::string digits;
  while (rest > 0 || digits.size() <= decimals) {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  }
  digits.insert(digits.size() - decimals, ".");
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') {
    digits.pop_back();
  }
  return negative ? "-" + digits : digits;
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
