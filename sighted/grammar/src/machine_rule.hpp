// From a machine to a rule of a grammar.
#pragma once

#include <grammar/builder.hpp>

#include "machine.hpp"

namespace grammar {

/// The machine's code points are bytes, written as they are.
RuleId byte_rule(Builder& builder, const Machine& machine);

/// The machine's texts as the inside of a JSON string. The first byte of each code point has
/// `effect`.
RuleId string_rule(Builder& builder, const Machine& machine, Effect effect = Effect::none);

}  // namespace grammar
