// Amounts finer than a nano-unit, for what tokens times price is before it is rounded.
#pragma once

#include <optional>
#include <string>

#include <base/quantity.hpp>
#include <ledger/reader.hpp>
#include <price/price.hpp>

namespace bill {

__extension__ using Wide = __int128;

/// In 10^-15 units of the currency: a nano-unit per million tokens.
struct Fine {
  Wide value = 0;
  friend constexpr auto operator<=>(const Fine&, const Fine&) = default;
};

/// Tokens times price, exactly. 2^64 tokens at the highest price fit.
[[nodiscard]] Fine fine(ledger::TokenSum tokens, price::NanoPerMtok price);
[[nodiscard]] Fine fine(base::Nano amount);

/// The exact decimal, without zeros at its end: "0.000000001234", "5", "-0.25".
[[nodiscard]] std::string to_text(Fine amount);

/// Tokens in millions: "0.0016".
[[nodiscard]] std::string in_millions(ledger::TokenSum tokens);

}  // namespace bill
