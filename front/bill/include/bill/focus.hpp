// Cost and usage in the format of the FinOps Open Cost and Usage Specification (FOCUS) 1.2.
#pragma once

#include <vector>

#include <bill/pages.hpp>
#include <bill/statement.hpp>

namespace bill {

/// CSV of a month: one row for each account, key, model, price list, class of tokens and hour in
/// which it was used, and one for each top-up. The sum of EffectiveCost is what was charged, the
/// sum of BilledCost what was paid in, both exactly.
/// memory   one tenant's day of usage and its month of top-ups. `source` outlives the pages.
[[nodiscard]] Document focus_csv(const Source& source, std::vector<registry::TenantPtr> tenants,
                                 notation::Period month);

}  // namespace bill
