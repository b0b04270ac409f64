// From the tree of a pattern to the machine that accepts the texts in which the pattern is found.
#pragma once

#include <cstddef>
#include <optional>

#include <base/result.hpp>

#include <grammar/refusal.hpp>

#include "machine.hpp"
#include "pattern_tree.hpp"

namespace grammar {

struct MachineLimits {
  static constexpr std::size_t repetitions_max = 1000;  ///< of something that is unrolled
  static constexpr std::size_t states_max = 20000;      ///< of a pattern, all unrolled
  static constexpr std::size_t arcs_max = 200000;
  /// Of a deterministic machine. Beyond it the nondeterministic one is used, if it is small: each
  /// of its states may be a place that a matcher keeps at the same time.
  static constexpr std::size_t determined_max = 4000;
  static constexpr std::size_t determined_work = 600000;
  static constexpr std::size_t undetermined_max = 64;
};

/// A machine that a matcher can follow, and whether it leaves out some of the texts.
struct SettledMachine {
  Machine machine;
  bool narrowed = false;
};

/// The machine of a search, as ECMA-262's test() does it. Trimmed; empty where nothing matches.
/// Looking ahead works in the outermost sequence, where what is looked at and what follows are two
/// machines and both must accept. Errors: unsupported, too_large.
base::Result<Machine, Refusal> machine_of(const PatternTree& tree, MachineWork& work);

/// The deterministic machine; where that would be too large, `machine` if it is itself small; else
/// a narrowed one.
base::Result<SettledMachine, Refusal> settled(const Machine& machine, MachineWork& work);

/// The deterministic machine at no more than determined_work and one of so many shares of the work
/// that is left, or nothing.
std::optional<Machine> determined_soon(const Machine& machine, MachineWork& work,
                                       std::size_t shares = 1);

}  // namespace grammar
