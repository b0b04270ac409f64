// How long steps take, learned from the steps there were: how much prompt fits beside streams.
#pragma once

#include <cstdint>

#include <base/quantity.hpp>

namespace schedule {

/// A step in the numbers that its time depends on.
struct Shape {
  std::uint64_t prompt = 0;     ///< Prompt tokens, recomputed ones too.
  std::uint64_t decodes = 0;    ///< Lanes that decode.
  std::uint64_t read = 0;       ///< KV tokens that the decodes read.
  std::uint64_t positions = 0;  ///< Sum of the positions of the prompt tokens.

  /// Counts `tokens` prompt tokens of a lane that has `resident` ones already.
  void add_prompt(std::uint32_t resident, std::uint32_t tokens);
  void add_decode(std::uint32_t resident);
};

/// The estimate  T = step + token * prompt + decode * decodes + read * read + position * positions.
/// After each step the parts of the sum are corrected in proportion to their shares, by at most a
/// quarter of themselves: one stalled step moves little, a wrong start is forgotten in some tens
/// of steps. Fixed point: picoseconds. Deterministic; no clock: times come in.
class Pace {
 public:
  /// took   what a step of this shape took; 0 or less = not known, nothing is learned.
  void learn(const Shape& shape, base::SpanNs took);
  [[nodiscard]] base::SpanNs predict(const Shape& shape) const;
  /// Most tokens of a prompt with `resident` ones behind it that a step of this shape can take
  /// along and still end within `target`, less twice what estimates were off by of late; 0 = none.
  [[nodiscard]] std::uint32_t fit(const Shape& shape, std::uint32_t resident,
                                  base::SpanNs target) const;

 private:
  [[nodiscard]] std::uint64_t predict_ps(const Shape& shape) const;

  // Where nothing is known yet: slower than a small model on a few CPU cores, so that the first
  // long prompt after a start stops no stream. All parts alike: they are corrected by their shares.
  std::uint64_t step_ps_ = 10'000'000'000;
  std::uint64_t token_ps_ = 2'000'000'000;
  std::uint64_t decode_ps_ = 2'000'000'000;
  std::uint64_t read_ps_ = 500'000;
  std::uint64_t position_ps_ = 500'000;
  std::int64_t miss_ = 0;  ///< How far off estimates are on average, in 65536ths of themselves.
};

}  // namespace schedule
