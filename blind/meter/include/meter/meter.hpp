// From what the engine reports to what the bill says, each token once.
#pragma once

#include <base/quantity.hpp>
#include <terms/usage.hpp>
#include <terms/work.hpp>

namespace meter {

/// Counts one job. The prompt counts once, however many choices share it and however often it was
/// computed anew after an eviction; as cached counts what of it was found in the KV cache before
/// this job computed it; a token counts as output in the step that sampled it. A job
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

  /// Input: the furthest any lane came into the prompt. Cached: what of that nobody computed for
  /// this job. Output: all that was sampled.
  [[nodiscard]] terms::Usage usage() const { return {input_, cached_, output_}; }

 private:
  /// The prompt is there as far as `position`. Returns by how much that is further than it was.
  std::uint32_t reach(base::Tokens position);

  base::Tokens prompt_;
  base::Tokens input_;
  base::Tokens cached_;
  base::Tokens output_;
};

}  // namespace meter
