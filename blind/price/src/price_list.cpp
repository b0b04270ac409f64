#include <price/price_list.hpp>

#include <algorithm>
#include <optional>

namespace price {
namespace {

std::optional<ListFault> fault_of(NanoPerMtok price) {
  if (price.value < 0) {
    return ListFault::negative;
  }
  if (price > highest_price) {
    return ListFault::out_of_range;
  }
  if (price > absurdly_high) {
    return ListFault::too_high;
  }
  if (price.value > 0 && price < absurdly_low) {
    return ListFault::too_low;
  }
  return std::nullopt;
}

void check_price(std::vector<ListFinding>& findings, terms::ModelId model, TokenClass token_class,
                 NanoPerMtok price) {
  if (const auto fault = fault_of(price)) {
    findings.push_back({*fault, token_class, model});
  }
}

void check_models(std::vector<ListFinding>& findings, const PriceList& list) {
  std::vector<terms::ModelId> models;
  models.reserve(list.entries.size());
  for (const PriceEntry& entry : list.entries) {
    if (!entry.model.valid()) {
      findings.push_back({ListFault::no_model, TokenClass::none, entry.model});
    }
    models.push_back(entry.model);
  }
  std::sort(models.begin(), models.end());
  for (auto twin = std::adjacent_find(models.begin(), models.end()); twin != models.end();
       twin = std::adjacent_find(std::upper_bound(twin, models.end(), *twin), models.end())) {
    findings.push_back({ListFault::duplicate_model, TokenClass::none, *twin});
  }
}

}  // namespace

base::Result<Prices, LookupError> lookup(const PriceList& list, terms::ModelId model) {
  for (const PriceEntry& entry : list.entries) {
    if (entry.model == model && model.valid()) {
      return entry.prices;
    }
  }
  return base::Fail{LookupError::no_price};
}

std::vector<ListFinding> check(const PriceList& list) {
  std::vector<ListFinding> findings;
  if (!list.id.valid()) {
    findings.push_back({ListFault::no_id, TokenClass::none, {}});
  }
  if (list.entries.empty()) {
    findings.push_back({ListFault::no_entries, TokenClass::none, {}});
  }
  check_models(findings, list);
  for (const PriceEntry& entry : list.entries) {
    check_price(findings, entry.model, TokenClass::input, entry.prices.input);
    check_price(findings, entry.model, TokenClass::cached, entry.prices.cached);
    check_price(findings, entry.model, TokenClass::output, entry.prices.output);
    if (entry.prices.cached > entry.prices.input) {
      findings.push_back({ListFault::cached_over_input, TokenClass::cached, entry.model});
    }
  }
  return findings;
}

}  // namespace price
