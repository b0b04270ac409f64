// A plan on its way to tables: made free of what a run could not bear, step by step.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <grammar/refusal.hpp>

#include "plan.hpp"
#include "tables.hpp"

namespace grammar {

struct Net {
  std::vector<PlanRule> rules;
  std::vector<PlanEdge> edges;
  std::vector<PlanFrame> frames;
  std::uint32_t states = 0;
  std::uint32_t root = 0;
};

/// Takes out what cannot come to an end. Returns false where the root cannot.
[[nodiscard]] bool prune(Net& net);

/// Makes every call one of at least a byte: a rule that may match nothing is called in a twin that
/// may not, beside an epsilon. Returns false where that needs too many states or edges.
[[nodiscard]] bool take_out_empty_calls(Net& net);

/// A call after which its own rule ends needs no way back: it becomes an epsilon.
void shorten_last_calls(Net& net);

/// A rule that calls itself before any byte.
[[nodiscard]] bool is_left_recursive(const Net& net);

/// For each counted frame of the net, the Counts of its rule; each such rule gets states of its own
/// in a row. Refuses where a rule calls others, and where the tables would be too large. Takes out
/// the frames that no count can satisfy.
struct Counted {
  std::vector<Counts> counts;
  std::vector<std::uint32_t> of_frame;  ///< Which Counts, by the frame's number.
};
[[nodiscard]] std::optional<Refusal> count(Net& net, Counted& counted);

}  // namespace grammar
