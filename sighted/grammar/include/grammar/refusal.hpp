// Why a grammar, a pattern or a schema is not taken. It names places, never contents.
#pragma once

#include <cstdint>
#include <string>

namespace grammar {

struct Refusal {
  enum class Kind {
    malformed,      ///< Against the rules of the notation.
    unsatisfiable,  ///< Well formed, but no text could ever satisfy it.
    unsupported,    ///< Well formed and beyond what can be enforced here.
    too_large,      ///< Over one of our bounds: `keyword` says which, `limit` how much is allowed.
  };

  Kind kind = Kind::malformed;
  /// Where, in the client's own words: "properties.n.minimum" in a schema, "line 3" in a GBNF text.
  /// Empty for the whole. Meant for the client alone; it may hold the client's names.
  std::string path;
  /// The keyword or construct ("minimum", "left recursion", "states").
  std::string keyword;
  /// For too_large: the highest value that is taken. Otherwise 0.
  std::uint64_t limit = 0;

  friend bool operator==(const Refusal&, const Refusal&) = default;
};

}  // namespace grammar
