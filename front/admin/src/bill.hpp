// A tenant's month: what was there, what came in, what was used, what is left.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <base/result.hpp>
#include <ledger/reader.hpp>
#include <notation/time_text.hpp>
#include <registry/registry.hpp>

#include "answer.hpp"

namespace admin {

/// Usage of one class of tokens of one model at one price.
struct ClassLine {
  const char* name = "";  ///< "input", "cached input", "output".
  ledger::TokenSum tokens;
  price::NanoPerMtok price;
  base::Nano amount;  ///< floor(tokens x price / 10^6)
};

struct ModelLine {
  std::string model;
  terms::PriceListId price_list;
  std::uint64_t requests = 0;
  std::vector<ClassLine> classes;
  base::Nano charge;  ///< What was charged, exactly: each request floored by itself.
  /// charge minus the sum of the amounts. Not more than a nano-unit for each request and class.
  base::Nano rounding;
};

struct Bill {
  registry::TenantPtr tenant;
  std::string currency;
  notation::Period period;
  base::UnixNs as_of;  ///< The period's end, or now where it is not over.
  base::Nano opening;
  std::vector<ledger::Posting> top_ups;
  std::vector<ModelLine> models;
  base::Nano charged;
  base::Nano closing;  ///< opening + top-ups - charged; money held for running requests is in it.
};

[[nodiscard]] base::Result<Bill, Problem> make_bill(const Call& call, registry::TenantPtr tenant,
                                                    notation::Period period);
[[nodiscard]] json::object as_json(const Bill& bill);
/// For people, 72 columns.
[[nodiscard]] std::string as_text(const Bill& bill);

}  // namespace admin
