// Machines of many words: tries, which grow with the letters and not with the pairs of words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "machine.hpp"

namespace grammar {

/// Exactly these words, letter for letter. Deterministic.
Machine word_machine(const std::vector<std::u32string>& words);

}  // namespace grammar
