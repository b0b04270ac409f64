// Rules for JSON numbers between bounds and on steps, exact to the digit.
#pragma once

#include <optional>
#include <vector>

#include <base/result.hpp>

#include <grammar/builder.hpp>
#include <grammar/refusal.hpp>

#include "schema_decimal.hpp"

namespace grammar {

struct NumberBound {
  Decimal value;
  bool open = false;  ///< the value itself is out
};

struct NumberDemand {
  bool integer = false;  ///< neither fraction nor exponent is written
  std::optional<NumberBound> low;
  std::optional<NumberBound> high;
  std::vector<Decimal> steps;  ///< above 0; the number is a multiple of each
};

/// A new rule for the numbers that satisfy the demand. Their texts have at most 18 digits before
/// the point (more where a bound has more) and 15 behind it (more where a bound has); with steps,
/// at most 15 in all and no more places than the steps have. There are no needless zeros in front
/// and no -0; an exponent is written only where nothing but the type is demanded. Errors, with an
/// empty path and the keyword at fault: unsatisfiable; too_large (bounds beyond 10^40, steps whose
/// digits are above 1,000,000).
base::Result<RuleId, Refusal> number_rule(Builder& builder, const NumberDemand& demand);

}  // namespace grammar
