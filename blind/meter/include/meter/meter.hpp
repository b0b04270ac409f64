// From what the engine reports to what the bill says, each token once.
#pragma once

#include <base/quantity.hpp>
#include <terms/usage.hpp>
#include <terms/work.hpp>

namespace meter {

/// Counts one job. The prompt counts once, however many choices share it and however often it was
/// computed anew after an eviction; a token counts as output in the step that sampled it. A job
/// that ends early is charged for the part of its prompt that was computed.
///
/// Not thread-safe: the engine thread owns it. No allocation.
class Meter {
 public:
  /// prompt   1 .. 2^31-1 tokens.
  explicit Meter(base::Tokens prompt) : prompt_(prompt) {}

  /// Takes one line of a step's report together with the plan's line it answers. Each pair of a
  /// step is given once.
  void count(const terms::StepEntry& planned, const terms::LaneReport& done);

  /// Input: the furthest any lane came into the prompt. Cached: 0, nothing is reused between
  /// requests. Output: all that was sampled.
  [[nodiscard]] terms::Usage usage() const { return {input_, {0}, output_}; }

 private:
  base::Tokens prompt_;
  base::Tokens input_;
  base::Tokens output_;
};

}  // namespace meter
