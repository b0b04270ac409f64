// Finite automata over code points (or bytes): what patterns, numbers and words become before they
// are rules of a grammar. Bounded: whatever could grow takes a bound and says when it is passed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace grammar {

struct Arc {
  char32_t first = 0;
  char32_t last = 0;  ///< included
  std::uint32_t to = 0;
  friend bool operator==(const Arc&, const Arc&) = default;
};

/// State 0 is the start. A machine without states accepts nothing.
struct Machine {
  struct State {
    std::vector<Arc> arcs;  ///< in a deterministic machine: ascending, no two overlap
    bool end = false;
  };
  std::vector<State> states;

  std::uint32_t add() {
    states.emplace_back();
    return static_cast<std::uint32_t>(states.size() - 1);
  }
  [[nodiscard]] bool empty() const { return states.empty(); }
  [[nodiscard]] std::size_t arcs() const;
  /// Whether the text is accepted; for tests and small machines.
  [[nodiscard]] bool accepts(const std::vector<char32_t>& text) const;
};

/// Without states that the start does not reach or that reach no end. May be empty.
Machine trimmed(const Machine& machine);

/// The deterministic twin, trimmed; nothing where it takes more than `states_max` states or about
/// `work_max` looks at an arc.
std::optional<Machine> determined(const Machine& machine, std::size_t states_max,
                                  std::size_t work_max);

/// What both accept, trimmed; nothing where it takes more than `states_max` states.
std::optional<Machine> both(const Machine& one, const Machine& other, std::size_t states_max);

/// What a deterministic machine does not accept, over all scalar values.
Machine complement(const Machine& deterministic);

/// How the lengths of the texts that a machine accepts lie to bounds.
struct LengthFit {
  bool some = false;  ///< a text of min to max arcs is accepted
  bool all = true;    ///< and no other
};

/// For a trimmed machine; nothing where that takes more than about `work_max` looks at an arc. max
/// may be `endless`.
std::optional<LengthFit> length_fit(const Machine& machine, std::uint32_t min, std::uint32_t max,
                                    std::size_t work_max);

constexpr std::uint32_t endless = std::numeric_limits<std::uint32_t>::max();

/// What `machine` accepts with `min` to `max` arcs, trimmed; nothing beyond `states_max` states.
std::optional<Machine> of_length(const Machine& machine, std::uint32_t min, std::uint32_t max,
                                 std::size_t states_max);

}  // namespace grammar
