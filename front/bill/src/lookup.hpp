// What the registry knows of the books' numbers.
#pragma once

#include <optional>
#include <string>

#include <price/price.hpp>
#include <registry/registry.hpp>

namespace bill {

/// By a list that may not be in force any more. Nothing: there is no such list, or it does not
/// have the model.
[[nodiscard]] std::optional<price::Prices> prices_of(const registry::Registry& registry,
                                                     terms::PriceListId version,
                                                     terms::ModelId model);

/// The currency of the list in force at a moment; else of the first list there is; else "".
[[nodiscard]] std::string currency_at(const registry::Registry& registry, base::UnixNs time);

}  // namespace bill
