#include "lookup.hpp"

#include <price/price_list.hpp>

namespace bill {

std::optional<price::Prices> prices_of(const registry::Registry& registry,
                                       terms::PriceListId version, terms::ModelId model) {
  const registry::ListPtr list = registry.price_list(version);
  if (list == nullptr) {
    return std::nullopt;
  }
  const auto prices = price::lookup(list->list, model);
  return prices.ok() ? std::optional(prices.value()) : std::nullopt;
}

std::string currency_at(const registry::Registry& registry, base::UnixNs time) {
  const registry::ListPtr list = registry.price_list(time);
  if (list != nullptr) {
    return list->currency;
  }
  const auto lists = registry.price_lists();
  return lists.empty() ? "" : lists.front()->currency;
}

}  // namespace bill
