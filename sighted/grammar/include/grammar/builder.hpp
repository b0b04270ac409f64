// Builds a Grammar out of rules: small nondeterministic automata over bytes that call each other.
//
//   Builder b;
//   const RuleId digits = b.rule();
//   b.bytes(b.begin(digits), '0', '9', b.end(digits));
//   const RuleId root = b.rule();
//   b.repeat(b.begin(root), digits, 1, 20, b.end(root));
//   auto grammar = b.build(root);
//
// Counts live in the stack of the run, so {0,10000} costs what {0,1} costs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include <base/result.hpp>

#include "grammar.hpp"
#include "refusal.hpp"

namespace grammar {

enum class RuleId : std::uint32_t {};
enum class StateId : std::uint32_t {};

/// No upper bound.
constexpr std::uint32_t unbounded = 0xFFFFFFFF;
/// The longest minimum that is taken: more than any context holds.
constexpr std::uint32_t repetitions_min_limit = 100'000;

/// Inclusive. Of code points up to 0x10FFFF; surrogates are left out by themselves.
struct Range {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
};

/// What a byte does to the count of the length() or remainder() that runs its rule.
enum class Effect : std::uint8_t {
  none,
  counts_one,  ///< In a length(): one more.
  digit,       ///< In a remainder(): value = (value * 10 + byte - '0') mod modulus.
};

/// Collects states and edges. One thread at a time. It never throws and never fails in between:
/// beyond its bounds (400,000 edges, 300,000 states, 100,000 rules) it stops taking things in, and
/// build() refuses.
class Builder {
 public:
  Builder();
  ~Builder();
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  /// A new rule: it matches what leads from begin() to end(). Rules may call each other in circles.
  /// The begin may be gone back to, and edges may leave the end: a run that reaches the end may
  /// stop there or go on.
  RuleId rule();
  [[nodiscard]] StateId begin(RuleId rule) const;
  [[nodiscard]] StateId end(RuleId rule) const;
  /// A new state. It belongs to the one rule from whose begin it is reached.
  StateId state();

  /// Matches nothing.
  void epsilon(StateId from, StateId to);
  /// One byte of low..high.
  void bytes(StateId from, std::uint8_t low, std::uint8_t high, StateId to,
             Effect effect = Effect::none);
  /// These bytes in a row; of none, an epsilon. With counts_one each code point's first byte
  /// counts; `text` must then be UTF-8.
  void literal(StateId from, std::string_view text, StateId to, Effect effect = Effect::none);
  /// One code point of any of these ranges, as UTF-8. Its first byte has the effect. Ranges may
  /// overlap and be out of order.
  void code_points(StateId from, std::span<const Range> ranges, StateId to,
                   Effect effect = Effect::none);
  /// One code point that is in none of these ranges.
  void code_points_except(StateId from, std::span<const Range> ranges, StateId to,
                          Effect effect = Effect::none);

  /// The rule, once.
  void call(StateId from, RuleId body, StateId to);
  /// The rule, min to max times (max may be `unbounded`). Constant cost, whatever the numbers.
  void repeat(StateId from, RuleId body, std::uint32_t min, std::uint32_t max, StateId to);
  /// The rule once, with min to max edges of counts_one passed. The rule must be flat: it calls
  /// nothing.
  void length(StateId from, RuleId flat, std::uint32_t min, std::uint32_t max, StateId to);
  /// The rule once, its digit edges taken as one decimal number modulo `modulus` (1 to 1,000,000),
  /// from 0 on. The rule must be flat. guard() decides in it.
  void remainder(StateId from, RuleId flat, std::uint32_t modulus, StateId to);
  /// Within a remainder()'s rule: matches nothing, where value * multiplier mod modulus is 0.
  void guard(StateId from, std::uint32_t multiplier, StateId to);

  /// All of another grammar as a rule of this one.
  RuleId embed(const Grammar& grammar);

  [[nodiscard]] std::size_t edges() const;
  /// True once something did not fit: whoever builds a lot may stop.
  [[nodiscard]] bool full() const;

  /// Compiles what `root` matches. Time and memory grow with the edges, not with the counts.
  /// unsatisfiable where the root can match nothing; unsupported ("left recursion") where a rule
  /// calls itself before any byte; too_large ("edges", "states", "rules", "repetitions", "counts").
  [[nodiscard]] base::Result<GrammarPtr, Refusal> build(RuleId root) const;

 private:
  std::unique_ptr<Plan> plan_;
};

}  // namespace grammar
