#include "net.hpp"

#include <algorithm>

namespace grammar {
namespace {

using Kind = PlanEdge::Kind;

/// The states from which their rule's end is reached: by any edges, or by such that match nothing.
std::vector<bool> reach_end(const Net& net, bool by_nothing) {
  const Index into(net.states, net.edges.size(), [&](std::size_t i) { return net.edges[i].to; });
  const Index begins(net.states, net.rules.size(),
                     [&](std::size_t i) { return net.rules[i].begin; });
  const Index uses(net.rules.size(), net.edges.size(), [&](std::size_t i) {
    const PlanEdge& edge = net.edges[i];
    return edge.kind == Kind::frame ? net.frames[edge.target].rule : 0xFFFFFFFF;
  });
  std::vector<bool> reached(net.states);
  std::vector<std::uint32_t> open;
  const auto reach = [&](std::uint32_t state) {
    if (!reached[state]) {
      reached[state] = true;
      open.push_back(state);
    }
  };
  const auto passes = [&](const PlanEdge& edge) {
    if (edge.kind != Kind::frame) {
      return edge.kind != Kind::bytes || !by_nothing;
    }
    const PlanFrame& frame = net.frames[edge.target];
    const bool body = reached[net.rules[frame.rule].begin];
    switch (frame.kind) {
      case PlanFrame::Kind::repeat: return frame.min == 0 || body;
      case PlanFrame::Kind::length: return body && (!by_nothing || frame.min == 0);
      default: return body;
    }
  };
  for (const PlanRule& rule : net.rules) {
    reach(rule.end);
  }
  while (!open.empty()) {
    const std::uint32_t state = open.back();
    open.pop_back();
    for (const std::uint32_t i : into.of(state)) {
      if (passes(net.edges[i])) {
        reach(net.edges[i].from);
      }
    }
    for (const std::uint32_t rule : begins.of(state)) {
      for (const std::uint32_t i : uses.of(rule)) {
        if (reached[net.edges[i].to] && passes(net.edges[i])) {
          reach(net.edges[i].from);
        }
      }
    }
  }
  return reached;
}

/// States from which nothing but the end of their rule can come.
std::vector<bool> only_end(const Net& net) {
  std::vector<std::uint32_t> leaving(net.states);
  for (const PlanEdge& edge : net.edges) {
    ++leaving[edge.from];
  }
  std::vector<bool> ends(net.states);
  for (const PlanRule& rule : net.rules) {
    ends[rule.end] = leaving[rule.end] == 0;
  }
  const Index into(net.states, net.edges.size(), [&](std::size_t i) { return net.edges[i].to; });
  std::vector<std::uint32_t> open;
  for (std::uint32_t state = 0; state < net.states; ++state) {
    if (ends[state]) {
      open.push_back(state);
    }
  }
  while (!open.empty()) {
    const std::uint32_t state = open.back();
    open.pop_back();
    for (const std::uint32_t i : into.of(state)) {
      const PlanEdge& edge = net.edges[i];
      if (edge.kind == Kind::epsilon && leaving[edge.from] == 1 && !ends[edge.from]) {
        ends[edge.from] = true;
        open.push_back(edge.from);
      }
    }
  }
  return ends;
}

/// The twins of states in which nothing was matched yet since the rule began.
class Twins {
 public:
  explicit Twins(Net& net) : net_(net), twin_of_(net.states), rule_of_(net.rules.size()) {}

  std::uint32_t rule(std::uint32_t rule) {
    if (rule_of_[rule] == 0) {
      const PlanRule made{state(net_.rules[rule].begin), net_.rules[rule].end};
      rule_of_[rule] = static_cast<std::uint32_t>(net_.rules.size());
      net_.rules.push_back(made);
    }
    return rule_of_[rule];
  }

  /// Gives all twins their edges.
  bool connect(const std::vector<PlanEdge>& edges) {
    const Index out(twin_of_.size(), edges.size(), [&](std::size_t i) { return edges[i].from; });
    for (std::size_t next = 0; next < originals_.size(); ++next) {
      const std::uint32_t original = originals_[next];
      for (const std::uint32_t i : out.of(original)) {
        PlanEdge edge = edges[i];
        edge.from = twin_of_[original];
        if (edge.kind == Kind::epsilon || edge.kind == Kind::guard) {
          edge.to = state(edge.to);
        }
        net_.edges.push_back(edge);
      }
      if (net_.edges.size() > 3 * edges_limit || net_.states > 3 * states_limit) {
        return false;
      }
    }
    return true;
  }

 private:
  std::uint32_t state(std::uint32_t original) {
    if (twin_of_[original] == 0) {
      twin_of_[original] = net_.states++;
      originals_.push_back(original);
    }
    return twin_of_[original];
  }

  Net& net_;
  std::vector<std::uint32_t> twin_of_;  ///< 0: none; a plan's state 0 is nobody's twin.
  std::vector<std::uint32_t> rule_of_;
  std::vector<std::uint32_t> originals_;
};

/// Circles among epsilons and calls: the numbers of strongly connected parts, by Tarjan.
class Parts {
 public:
  Parts(const Net& net, const Index& out)
      : net_(net), out_(out), order_(net.states), low_(net.states), part_(net.states) {
    for (std::uint32_t state = 0; state < net.states; ++state) {
      if (order_[state] == 0) {
        visit(state);
      }
    }
  }
  [[nodiscard]] bool together(std::uint32_t a, std::uint32_t b) const {
    return part_[a] == part_[b];
  }

 private:
  struct Step {
    std::uint32_t state;
    const std::uint32_t* next;
  };

  [[nodiscard]] std::uint32_t target(const PlanEdge& edge) const {
    return edge.kind == Kind::frame ? net_.rules[net_.frames[edge.target].rule].begin : edge.to;
  }

  void enter(std::uint32_t state) {
    order_[state] = low_[state] = ++entered_;
    path_.push_back(state);
    steps_.push_back({state, out_.of(state).begin()});
  }

  void leave(std::uint32_t state) {
    steps_.pop_back();
    if (!steps_.empty()) {
      low_[steps_.back().state] = std::min(low_[steps_.back().state], low_[state]);
    }
    if (low_[state] != order_[state]) {
      return;
    }
    ++parts_;
    std::uint32_t member = 0;
    do {
      member = path_.back();
      path_.pop_back();
      part_[member] = parts_;
    } while (member != state);
  }

  void visit(std::uint32_t first) {
    enter(first);
    while (!steps_.empty()) {
      Step& step = steps_.back();
      if (step.next == out_.of(step.state).end()) {
        leave(step.state);
        continue;
      }
      const std::uint32_t to = target(net_.edges[*step.next++]);
      if (order_[to] == 0) {
        enter(to);
      } else if (part_[to] == 0) {
        low_[step.state] = std::min(low_[step.state], order_[to]);
      }
    }
  }

  const Net& net_;
  const Index& out_;
  std::vector<std::uint32_t> order_, low_, part_, path_;
  std::vector<Step> steps_;
  std::uint32_t entered_ = 0;
  std::uint32_t parts_ = 0;
};

}  // namespace

bool prune(Net& net) {
  const std::vector<bool> alive = reach_end(net, false);
  std::vector<PlanEdge> kept;
  for (PlanEdge edge : net.edges) {
    if (!alive[edge.to] || !alive[edge.from]) {
      continue;
    }
    if (edge.kind == Kind::frame && !alive[net.rules[net.frames[edge.target].rule].begin]) {
      if (net.frames[edge.target].min > 0 || is_counted(net.frames[edge.target].kind)) {
        continue;
      }
      edge.kind = Kind::epsilon;
    }
    kept.push_back(edge);
  }
  net.edges = std::move(kept);
  return alive[net.rules[net.root].begin];
}

bool take_out_empty_calls(Net& net) {
  const std::vector<bool> empty = reach_end(net, true);
  std::vector<PlanEdge> edges;
  Twins twins(net);
  for (const PlanEdge& edge : net.edges) {
    if (edge.kind == Kind::frame) {
      PlanFrame& frame = net.frames[edge.target];
      const bool body = empty[net.rules[frame.rule].begin];
      const bool repeats = frame.kind == PlanFrame::Kind::repeat;
      const bool skips = repeats
                             ? body || frame.min == 0
                             : body && (frame.kind != PlanFrame::Kind::length || frame.min == 0);
      if (skips) {
        edges.push_back({Kind::epsilon, 0, 0, Effect::none, edge.from, edge.to, 0});
      }
      if (body) {
        frame.rule = twins.rule(frame.rule);
        frame.min = repeats ? 1 : frame.min;
      }
      frame.min = repeats ? std::max(frame.min, 1U) : frame.min;
    }
    edges.push_back(edge);
  }
  net.edges = edges;
  return twins.connect(edges);
}

void shorten_last_calls(Net& net) {
  const std::vector<bool> ends = only_end(net);
  for (PlanEdge& edge : net.edges) {
    if (edge.kind == Kind::frame && net.frames[edge.target].kind == PlanFrame::Kind::call &&
        ends[edge.to]) {
      edge = {Kind::epsilon,
              0,
              0,
              Effect::none,
              edge.from,
              net.rules[net.frames[edge.target].rule].begin,
              0};
    }
  }
}

bool is_left_recursive(const Net& net) {
  const Index out(net.states, net.edges.size(), [&](std::size_t i) {
    return net.edges[i].kind == Kind::bytes ? 0xFFFFFFFF : net.edges[i].from;
  });
  // Where a call leads on after its rule is no way without a byte: no call matches nothing.
  const Parts parts(net, out);
  return std::any_of(net.edges.begin(), net.edges.end(), [&](const PlanEdge& edge) {
    return edge.kind == Kind::frame &&
           parts.together(edge.from, net.rules[net.frames[edge.target].rule].begin);
  });
}

}  // namespace grammar
