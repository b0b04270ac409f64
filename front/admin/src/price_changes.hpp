// Changes that a new price list would bring, for the people who serve by it.
#pragma once

#include <string>
#include <vector>

#include <registry/price_document.hpp>
#include <registry/records.hpp>

namespace admin {

struct PriceChange {
  std::string model;
  std::string field;   ///< "input_per_mtok" ...
  std::string before;  ///< Empty: the model is new on the list.
  std::string after;   ///< Empty: it is not on the list any more.
};

struct PriceChanges {
  std::vector<PriceChange> changes;
  /// Changes that look like accidents: a line each, for people. Needs a yes.
  std::vector<std::string> doubts;
};

/// before   the list that the new one takes the place of; null: there is none.
/// served   the names that are served, or would be.
/// running  whether these are what a running server has loaded: then a name that is neither served
///          nor on the list before is a doubt; else only where it looks like one that is. Pure.
[[nodiscard]] PriceChanges compare(const registry::PriceDraft& draft,
                                   const registry::PublishedList* before,
                                   const std::vector<std::string>& served, bool running);

/// The known name that is closest, where it is close enough to be meant; else empty. Pure.
[[nodiscard]] std::string meant_by(const std::string& name, const std::vector<std::string>& known);

}  // namespace admin
