#pragma once

#include <random>
#include <string>

#include "plan.hpp"

namespace load {

/// A prompt: the shared words, which depend on the plan's seed alone, then blocks or words of its
/// own by chance. Short common words, most of them one token in vocabularies made from English.
std::string prompt_of(const Plan& plan, const Ask& ask, std::mt19937_64& random);

/// The whole HTTP request, header and body.
std::string request_of(const Plan& plan, const Group& group, const Ask& ask,
                       std::mt19937_64& random);

}  // namespace load
