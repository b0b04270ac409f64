#pragma once

#include <optional>
#include <string>

#include "plan.hpp"

namespace load {

/// NAME:CLIENTS:WORDS_IN:TOKENS_OUT[:KEY][,rate=R][,shared=WORDS][,times=N][,after=SECONDS]
/// Nothing: it is not that.
std::optional<Group> group_of(const std::string& text);

/// IN:CACHED:OUT, decimal numbers.
std::optional<Prices> prices_of(const std::string& text);

/// FIRST_MS:PER_TOKEN_MS, decimal numbers; 0 = no such limit.
std::optional<Limits> limits_of(const std::string& text);

}  // namespace load
