// Rules for values that are written out: constants, enumerations, keys.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <grammar/builder.hpp>

#include "schema_decimal.hpp"

namespace grammar {

/// A new rule for exactly these JSON texts, which must be well formed. They are read by value:
/// numbers are written in their plainest form, strings with their shortest escapes, and behind each
/// colon and comma a blank may stand. Equal beginnings are shared, so that the cost grows with the
/// letters. Of no texts: a rule that nothing matches.
RuleId literal_rule(Builder& builder, std::span<const std::string> texts);

/// The inside of the JSON literal of a string, as the rules here write it. `text` is UTF-8.
std::string string_inside(std::string_view text);

/// A number as people write it: 120, -0.5, 1e300.
std::string number_text(const Decimal& number);

}  // namespace grammar
