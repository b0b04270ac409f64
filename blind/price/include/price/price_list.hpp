// A published list of prices, and the checks that keep a mistyped one from being published.
#pragma once

#include <cstdint>
#include <vector>

#include <base/quantity.hpp>
#include <base/result.hpp>
#include <price/price.hpp>
#include <terms/ids.hpp>

namespace price {

struct PriceEntry {
  terms::ModelId model;
  Prices prices;
};

/// Immutable once published; a change is a new list with the next id.
struct PriceList {
  terms::PriceListId id;
  base::UnixNs valid_from;
  std::vector<PriceEntry> entries;  ///< One per model; any order.
};

enum class LookupError : std::uint32_t {
  no_price,  ///< The model is not on the list: it must not be served.
};

/// The prices of a model. A model without an entry is an error, never free. Cost: linear. Pure.
[[nodiscard]] base::Result<Prices, LookupError> lookup(const PriceList& list, terms::ModelId model);

/// Above this a price per million tokens is taken for a mistake: 10,000 currency units.
inline constexpr NanoPerMtok absurdly_high{10'000'000'000'000};
/// Below this (and above zero) it is taken for a price per token that was typed as a price per
/// million: 0.0001 currency units. Zero stays allowed: free on purpose is written as 0.
inline constexpr NanoPerMtok absurdly_low{100'000};

enum class ListFault : std::uint32_t {
  no_id = 1,          ///< The list has no id.
  no_entries,         ///< The list prices nothing.
  no_model,           ///< An entry without a model.
  duplicate_model,    ///< Two entries for one model.
  negative,           ///< A price below zero.
  out_of_range,       ///< A price above highest_price.
  too_high,           ///< ... above absurdly_high.
  too_low,            ///< ... below absurdly_low and not zero: a price per token?
  cached_over_input,  ///< A cached token dearer than one computed anew.
};

enum class TokenClass : std::uint32_t { none = 0, input = 1, cached = 2, output = 3 };

struct ListFinding {
  ListFault fault = ListFault::no_id;
  TokenClass token_class = TokenClass::none;
  terms::ModelId model;

  friend constexpr bool operator==(const ListFinding&, const ListFinding&) = default;
};

/// Everything that speaks against publishing the list; empty when nothing does. Pure.
[[nodiscard]] std::vector<ListFinding> check(const PriceList& list);

}  // namespace price
