// Finite automata over code points (or bytes): what patterns, numbers and words become before they
// are rules of a grammar. Bounded: whatever could grow takes a bound and says when it is passed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace grammar {

struct MachineWork;

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
  /// The same for a machine of any size; nothing where the work does not suffice.
  [[nodiscard]] std::optional<bool> accepts(const std::vector<char32_t>& text,
                                            MachineWork& work) const;
};

/// What making machines may cost, in units of about 20 ns. Whoever makes many takes all of it from
/// one, so that many patterns cost no more than one bad one.
struct MachineWork {
  std::size_t left = 2'000'000;
  /// False where it does not suffice; nothing is left then.
  bool pay(std::size_t cost) {
    const bool enough = cost <= left;
    left = enough ? left - cost : 0;
    return enough;
  }
};

/// Without states that the start does not reach or that reach no end. May be empty.
Machine trimmed(const Machine& machine);

/// The deterministic twin, trimmed; nothing where it takes more than `states_max` states or the
/// work does not suffice.
std::optional<Machine> determined(const Machine& machine, std::size_t states_max,
                                  MachineWork& work);

/// A deterministic machine that accepts some of what `machine` does, the shortest texts among them:
/// of the places where a text may stand it follows two, the one nearest to an end and the one
/// farthest from any, which in a search is where the search begins. Bounds as in determined().
std::optional<Machine> narrowed(const Machine& machine, std::size_t states_max, MachineWork& work);

/// What both accept, trimmed; nothing beyond `states_max` states or the work.
std::optional<Machine> both(const Machine& one, const Machine& other, std::size_t states_max,
                            MachineWork& work);

/// What a deterministic machine does not accept, over all scalar values.
Machine complement(const Machine& deterministic);

/// How the lengths of the texts that a machine accepts lie to bounds.
struct LengthFit {
  bool some = false;  ///< a text of min to max arcs is accepted
  bool all = true;    ///< and no other
};

constexpr std::uint32_t endless = std::numeric_limits<std::uint32_t>::max();

/// The fewest code points that lead from each state to an end; `endless` where none do.
std::vector<std::uint32_t> distances_to_end(const Machine& machine);

/// For a trimmed machine; nothing where the work does not suffice. max may be `endless`.
std::optional<LengthFit> length_fit(const Machine& machine, std::uint32_t min, std::uint32_t max,
                                    MachineWork& work);

}  // namespace grammar
