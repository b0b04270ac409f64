#include "pattern_machine.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "pattern_fault.hpp"

namespace grammar {

namespace {

using base::Fail;
using Kind = PatternNode::Kind;

/// States joined by arcs, by empty steps, and by steps that hold only where the text begins or
/// ends.
class Draft {
 public:
  enum class Step : std::uint8_t { always, at_begin, at_end };

  std::uint32_t add() {
    nodes_.emplace_back();
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }
  void step(std::uint32_t from, std::uint32_t to, Step when = Step::always) {
    nodes_[from].steps.emplace_back(to, when);
  }
  void arc(std::uint32_t from, char32_t first, char32_t last, std::uint32_t to) {
    nodes_[from].arcs.push_back({first, last, to});
  }
  void set(std::uint32_t from, const CodeSet& set, std::uint32_t to) {
    for (const CodeRange& range : set.ranges())
      arc(from, range.first, range.last, to);
  }
  void end(std::uint32_t node) { nodes_[node].end = true; }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }

  /// Anything may follow.
  void loop(std::uint32_t node) { set(node, any_set(), node); }

  /// What `machine` accepts, from `from` on, to the end of the text.
  void embed(std::uint32_t from, const Machine& machine) {
    const auto base = static_cast<std::uint32_t>(nodes_.size());
    for (const Machine::State& state : machine.states) {
      const std::uint32_t made = add();
      nodes_[made].end = state.end;
      for (const Arc& a : state.arcs)
        arc(made, a.first, a.last, base + a.to);
    }
    if (!machine.empty()) step(from, base);
  }

  /// Without empty steps. A state of the result is a node, and whether anything was read before it,
  /// which decides what may begin there. Nothing beyond the bounds.
  std::optional<Machine> machine(MachineWork& work) const;

 private:
  struct Node {
    std::vector<Arc> arcs;
    std::vector<std::pair<std::uint32_t, Step>> steps;
    bool end = false;
  };
  struct Closure {
    std::vector<std::uint32_t> reached;  ///< node * 2 + whether the text must end here
    bool end = false;
  };
  std::optional<Closure> closure(std::uint32_t node, bool started, std::vector<std::uint32_t>& seen,
                                 std::uint32_t round, MachineWork& work) const;
  std::vector<Node> nodes_;
};

std::optional<Draft::Closure> Draft::closure(std::uint32_t node, bool started,
                                             std::vector<std::uint32_t>& seen, std::uint32_t round,
                                             MachineWork& work) const {
  Closure out;
  out.reached.push_back(node * 2);
  seen[node * 2] = round;
  for (std::size_t at = 0; at < out.reached.size(); ++at) {
    const bool ended = out.reached[at] % 2 == 1;
    const Node& here = nodes_[out.reached[at] / 2];
    out.end = out.end || here.end;
    if (!work.pay(here.steps.size() + 1)) return std::nullopt;
    for (const auto& [to, when] : here.steps) {
      if (when == Step::at_begin && started) continue;
      const std::uint32_t key = to * 2 + (ended || when == Step::at_end ? 1 : 0);
      if (seen[key] == round) continue;
      seen[key] = round;
      out.reached.push_back(key);
    }
  }
  return out;
}

std::optional<Machine> Draft::machine(MachineWork& work) const {
  constexpr std::uint32_t none = 0xFFFFFFFF;
  std::size_t arcs_left = MachineLimits::arcs_max;
  Machine out;
  std::vector<std::uint32_t> ids(nodes_.size(), none);  // of nodes after the first code point
  std::vector<std::uint32_t> seen(nodes_.size() * 2, none);
  std::vector<std::uint32_t> order{0};
  out.add();
  for (std::uint32_t at = 0; at < order.size(); ++at) {
    const std::optional<Closure> all = closure(order[at], at != 0, seen, at, work);
    if (!all) return std::nullopt;
    out.states[at].end = all->end;
    for (const std::uint32_t key : all->reached) {
      if (key % 2 == 1) continue;
      const std::vector<Arc>& arcs = nodes_[key / 2].arcs;
      if (arcs_left < arcs.size()) return std::nullopt;
      arcs_left -= arcs.size();
      if (!work.pay(arcs.size())) return std::nullopt;
      for (const Arc& arc : arcs) {
        if (ids[arc.to] == none) {
          ids[arc.to] = out.add();
          order.push_back(arc.to);
        }
        out.states[at].arcs.push_back({arc.first, arc.last, ids[arc.to]});
      }
    }
  }
  return trimmed(out);
}

/// How many states a node takes, held at `states_max`; repetitions beyond the bound count as that.
std::size_t size_of(const PatternTree& tree, std::uint32_t id) {
  const PatternNode& node = tree.at(id);
  std::size_t size = 1 + node.set.ranges().size() / 8;
  for (const std::uint32_t part : node.parts) {
    size = std::min(size + size_of(tree, part), MachineLimits::states_max + 1);
  }
  if (node.kind != Kind::repeat) return size;
  const std::size_t times =
      node.max == unlimited ? std::size_t{node.min} + 1 : std::max<std::size_t>(node.max, 1);
  return std::min(size * times, MachineLimits::states_max + 1);
}

bool holds(const PatternTree& tree, std::uint32_t id, Kind kind) {
  const PatternNode& node = tree.at(id);
  return node.kind == kind || std::any_of(node.parts.begin(), node.parts.end(),
                                          [&](std::uint32_t p) { return holds(tree, p, kind); });
}

/// The tree's depth is bounded by the parser, so this may recurse.
class Unroller {
 public:
  explicit Unroller(const PatternTree& tree) : tree_{tree} {}

  /// Parts in a row, from `from` on; returns where they end.
  std::uint32_t row(Draft& draft, std::span<const std::uint32_t> parts, std::uint32_t from) const {
    for (const std::uint32_t part : parts)
      from = build(draft, part, from);
    return from;
  }

 private:
  std::uint32_t build(Draft& draft, std::uint32_t id, std::uint32_t from) const {
    const PatternNode& node = tree_.at(id);
    switch (node.kind) {
      case Kind::sequence: return row(draft, node.parts, from);
      case Kind::repeat: return repeat(draft, node, from);
      case Kind::choice: {
        const std::uint32_t to = draft.add();
        for (const std::uint32_t part : node.parts) {
          const std::uint32_t begin = draft.add();
          draft.step(from, begin);
          draft.step(build(draft, part, begin), to);
        }
        return to;
      }
      case Kind::set: {
        const std::uint32_t to = draft.add();
        draft.set(from, node.set, to);
        return to;
      }
      case Kind::begin:
      case Kind::end: {
        const std::uint32_t to = draft.add();
        draft.step(from, to,
                   node.kind == Kind::begin ? Draft::Step::at_begin : Draft::Step::at_end);
        return to;
      }
      case Kind::ahead: break;  // taken out before, or refused
    }
    return from;
  }

  std::uint32_t repeat(Draft& draft, const PatternNode& node, std::uint32_t from) const {
    const std::uint32_t body = node.parts[0];
    for (std::uint32_t at = 0; at < node.min; ++at)
      from = build(draft, body, from);
    const std::uint32_t to = draft.add();
    if (node.max == unlimited) {
      const std::uint32_t hub = draft.add();
      draft.step(from, hub);
      draft.step(build(draft, body, hub), hub);
      draft.step(hub, to);
      return to;
    }
    for (std::uint32_t at = node.min; at < node.max; ++at) {
      draft.step(from, to);
      from = build(draft, body, from);
    }
    draft.step(from, to);
    return to;
  }

  const PatternTree& tree_;
};

/// Splits the outermost sequence at what it looks ahead to, and joins the pieces from the right.
class Search {
 public:
  Search(const PatternTree& tree, MachineWork& work) : tree_{tree}, work_{work}, unroller_{tree} {
    const PatternNode& root = tree.at(tree.root);
    parts_ = root.kind == Kind::sequence ? root.parts : std::vector<std::uint32_t>{tree.root};
  }

  base::Result<Machine, Refusal> machine() {
    if (const std::optional<Refusal> fault = refused()) return Fail{*fault};
    std::size_t end = parts_.size();
    std::optional<Machine> tail;
    for (std::size_t at = parts_.size(); at-- > 0;) {
      const PatternNode& node = tree_.at(parts_[at]);
      if (node.kind != Kind::ahead) continue;
      std::optional<Machine> rest = piece(at + 1, end, tail, false);
      std::optional<Machine> seen = looked_at(node);
      if (!rest || !seen) return Fail{too_large()};
      tail = both(*rest, *seen, MachineLimits::states_max, work_);
      if (tail) tail = determined_soon(*tail, work_);
      if (!tail) return Fail{too_large()};
      end = at;
    }
    std::optional<Machine> whole = piece(0, end, tail, true);
    if (!whole) return Fail{too_large()};
    return *std::move(whole);
  }

 private:
  static Refusal too_large() { return pattern_too_large("states", MachineLimits::states_max); }

  std::optional<Refusal> refused() {
    std::size_t size = 0;
    bool ahead = false;
    for (const PatternNode& node : tree_.nodes) {
      const bool long_repeat =
          node.kind == Kind::repeat &&
          (node.min > MachineLimits::repetitions_max ||
           (node.max != unlimited && node.max > MachineLimits::repetitions_max));
      if (long_repeat) return pattern_too_large("repetitions", MachineLimits::repetitions_max);
    }
    for (const std::uint32_t part : parts_) {
      const PatternNode& node = tree_.at(part);
      size += size_of(tree_, part);
      if (size > MachineLimits::states_max || !work_.pay(size * 8)) return too_large();
      // Behind something that is looked at, the text's begin would be another one.
      if (ahead && holds(tree_, part, Kind::begin))
        return pattern_unsupported("lookaheads before ^");
      ahead = ahead || node.kind == Kind::ahead;
      const std::uint32_t inner = node.kind == Kind::ahead ? node.parts[0] : part;
      if (holds(tree_, inner, Kind::ahead)) return pattern_unsupported("lookaheads in groups");
      if (node.kind == Kind::ahead && holds(tree_, inner, Kind::begin)) {
        return pattern_unsupported("lookaheads of ^");
      }
    }
    return std::nullopt;
  }

  /// Parts [begin, end), then `tail`, or anything where there is none.
  std::optional<Machine> piece(std::size_t begin, std::size_t end,
                               const std::optional<Machine>& tail, bool searches) const {
    Draft draft;
    std::uint32_t at = draft.add();
    if (searches) {
      draft.loop(at);
      const std::uint32_t start = draft.add();
      draft.step(at, start);
      at = start;
    }
    at = unroller_.row(draft, std::span{parts_}.subspan(begin, end - begin), at);
    if (tail) {
      draft.embed(at, *tail);
    } else {
      // A state of its own: going round here must not go back into what was matched.
      const std::uint32_t last = draft.add();
      draft.step(at, last);
      draft.loop(last);
      draft.end(last);
    }
    return draft.machine(work_);
  }

  std::optional<Machine> looked_at(const PatternNode& node) const {
    Draft draft;
    const std::uint32_t at = unroller_.row(draft, node.parts, draft.add());
    const std::uint32_t last = draft.add();
    draft.step(at, last);
    draft.loop(last);
    draft.end(last);
    std::optional<Machine> machine = draft.machine(work_);
    if (machine) {
      machine = determined_soon(*machine, work_);
    }
    if (machine && node.negated) machine = complement(*machine);
    return machine;
  }

  const PatternTree& tree_;
  MachineWork& work_;
  Unroller unroller_;
  std::vector<std::uint32_t> parts_;
};

}  // namespace

base::Result<Machine, Refusal> machine_of(const PatternTree& tree, MachineWork& work) {
  return Search{tree, work}.machine();
}

std::optional<Machine> determined_soon(const Machine& machine, MachineWork& work,
                                       std::size_t shares) {
  MachineWork part{std::min(work.left / shares, MachineLimits::determined_work)};
  const std::size_t before = part.left;
  std::optional<Machine> found = determined(machine, MachineLimits::determined_max, part);
  work.left -= before - part.left;
  return found;
}

base::Result<SettledMachine, Refusal> settled(const Machine& machine, MachineWork& work) {
  const bool small = machine.states.size() <= MachineLimits::undetermined_max;
  std::optional<Machine> found = determined_soon(machine, work, small ? 1 : 4);
  if (found) return SettledMachine{*std::move(found)};
  if (small) return SettledMachine{machine};
  found = narrowed(machine, MachineLimits::determined_max, work);
  if (found) return SettledMachine{*std::move(found), true};
  return Fail{pattern_too_large("states", MachineLimits::determined_max)};
}

}  // namespace grammar
