// A regular expression of ECMA-262 (flag u, lenient where the web is) as a tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include <base/result.hpp>

#include <grammar/refusal.hpp>

#include "pattern_set.hpp"

namespace grammar {

constexpr std::uint32_t unlimited = std::numeric_limits<std::uint32_t>::max();

struct PatternNode {
  enum class Kind : std::uint8_t {
    set,       ///< one code point of `set`
    sequence,  ///< all of `parts`, one after another; none: the empty text
    choice,    ///< one of `parts`
    repeat,    ///< parts[0], `min` to `max` times
    begin,     ///< ^
    end,       ///< $
    ahead,     ///< (?=parts[0]), or (?!parts[0]) where `negated`
  };
  Kind kind = Kind::sequence;
  bool negated = false;
  CodeSet set;
  std::vector<std::uint32_t> parts;
  std::uint32_t min = 0;
  std::uint32_t max = 0;
};

struct PatternTree {
  std::vector<PatternNode> nodes;
  std::uint32_t root = 0;
  [[nodiscard]] const PatternNode& at(std::uint32_t node) const { return nodes[node]; }
};

struct PatternLimits {
  static constexpr std::size_t bytes_max = 32768;
  static constexpr std::size_t depth_max = 100;
  static constexpr std::size_t alternatives_max = 2000;  ///< in one pattern
};

/// The tree of `text`. Errors: malformed; unsupported (backreferences, word boundaries, looking
/// back, flags, unknown properties); too_large (PatternLimits). An inverted repetition such as
/// {5,2} is read as one that nothing satisfies. Bounded by the text's length.
base::Result<PatternTree, Refusal> parse_pattern(std::string_view text);

}  // namespace grammar
