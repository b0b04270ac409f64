// llama.cpp's notation for grammars, read into our own form.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include <base/result.hpp>

#include "builder.hpp"
#include "grammar.hpp"
#include "refusal.hpp"

namespace grammar {

/// The longest text that is read, in bytes.
constexpr std::size_t gbnf_bytes_limit = 1024 * 1024;
/// Parentheses within parentheses.
constexpr std::size_t gbnf_depth_limit = 256;
/// Where `x{m,n}` asks for more, it is refused.
constexpr std::size_t gbnf_repetitions_limit = repetitions_min_limit;

struct GbnfOptions {
  /// Where a quoted literal of the text holds one of these (as the bytes it stands for), the
  /// grammar takes the place of that part. Empty texts are left out.
  std::map<std::string, GrammarPtr, std::less<>> substitutes;
};

struct GbnfGrammar {
  GrammarPtr grammar;
  /// How many of the substitutes found a place that can be reached.
  std::size_t substituted = 0;
};

/// Reads rules `name ::= ...`; the answer is what the rule `root` matches. Names are of letters,
/// digits and dashes; a name without a rule is malformed; of two rules of one name the later holds,
/// as in llama.cpp. Notation by token (`<think>`, `<[1000]>`, `!<...>`) is unsupported. The path of
/// a refusal is "line N".
[[nodiscard]] base::Result<GbnfGrammar, Refusal> parse_gbnf(std::string_view text,
                                                            const GbnfOptions& options = {});

}  // namespace grammar
