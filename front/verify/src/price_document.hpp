// A published price list, as it stands in the log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <base/quantity.hpp>
#include <base/result.hpp>
#include <price/price_list.hpp>

namespace verify {

struct PriceDocument {
  std::string currency;
  price::PriceList list;  ///< Its id is the document's version.
};

/// The canonical JSON that `mains price publish` makes, and no other spelling of it. Pure.
[[nodiscard]] base::Result<PriceDocument, std::string> parse_price_list(std::string_view document);

}  // namespace verify
