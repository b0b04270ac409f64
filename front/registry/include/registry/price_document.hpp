// A price list as people write it: JSON in, findings or a draft out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <base/quantity.hpp>
#include <base/result.hpp>
#include <registry/records.hpp>

namespace registry {

/// A list that is not published yet.
struct PriceDraft {
  std::string currency;
  std::optional<base::UnixNs> valid_from;  ///< Whole seconds; none = from now on.
  std::optional<std::uint64_t> version;    ///< Given only to be compared with the next one.
  std::vector<NamedPrices> models;
  bool shown = false;  ///< It is what `price show --json` prints of the list `version`.
};

/// Everything wrong with a document, one line each, for people.
using Findings = std::vector<std::string>;

/// Reads
///   {"currency": "USD", "valid_from": "2027-01-01T00:00:00Z", "models": [{"model": "a",
///     "input_per_mtok": "0.15", "cached_input_per_mtok": "0.08", "output_per_mtok": "0.60"}]}
/// with valid_from (and version, and the id of a model) optional. What `price show --json` prints
/// of a list can be read as well: its hash, signature, key and canonical form are passed over.
/// Unknown and missing fields, numbers where text is meant, equal names and names that cannot be
/// served are findings. At most 1 MiB.
[[nodiscard]] base::Result<PriceDraft, Findings> parse_price_document(std::string_view json);

/// Findings of price::check(), in words and with names. Empty: it may be published.
[[nodiscard]] Findings absurdities(const PriceDraft& draft);

/// RFC 8785 of a list: keys sorted, no spaces, prices in their shortest form of two to nine
/// decimals, models in the order of their names.
[[nodiscard]] std::string canonical_json(std::uint64_t version, const PriceDraft& draft);

}  // namespace registry
