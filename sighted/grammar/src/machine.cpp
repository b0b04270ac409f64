#include "machine.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

namespace grammar {

namespace {

constexpr std::uint32_t nowhere = std::numeric_limits<std::uint32_t>::max();

/// For each state those that lead to it.
std::vector<std::vector<std::uint32_t>> reversed(const Machine& machine) {
  std::vector<std::vector<std::uint32_t>> before(machine.states.size());
  for (std::uint32_t from = 0; from < machine.states.size(); ++from) {
    for (const Arc& arc : machine.states[from].arcs)
      before[arc.to].push_back(from);
  }
  for (std::vector<std::uint32_t>& sources : before) {
    std::sort(sources.begin(), sources.end());
    sources.erase(std::unique(sources.begin(), sources.end()), sources.end());
  }
  return before;
}

void sort_arcs(std::vector<Arc>& arcs) {
  std::sort(arcs.begin(), arcs.end(), [](const Arc& a, const Arc& b) { return a.first < b.first; });
}

/// Joins neighbours that lead to the same state. The arcs are ascending and apart.
void join_arcs(std::vector<Arc>& arcs) {
  std::vector<Arc> joined;
  for (const Arc& arc : arcs) {
    if (!joined.empty() && joined.back().to == arc.to && joined.back().last + 1 == arc.first) {
      joined.back().last = arc.last;
    } else {
      joined.push_back(arc);
    }
  }
  arcs = std::move(joined);
}

/// Whether everything may follow: such a state makes the others beside it needless.
bool takes_all(const Machine& machine, std::uint32_t state) {
  const Machine::State& at = machine.states[state];
  if (!at.end) return false;
  char32_t next = 0;
  for (const Arc& arc : at.arcs) {
    if (arc.to != state) continue;
    if (arc.first != next) return false;
    next = arc.last == 0xD7FF ? 0xE000 : arc.last + 1;
  }
  return next == 0x110000;
}

class Determiner {
 public:
  Determiner(const Machine& machine, std::size_t states_max, MachineWork& work)
      : machine_{machine}, states_max_{states_max}, work_{work} {}

  /// From here on sets are cut to two states.
  void narrow() { distances_ = distances_to_end(machine_); }

  std::optional<Machine> run() {
    if (machine_.empty()) return Machine{};
    for (std::uint32_t state = 0; state < machine_.states.size(); ++state) {
      all_.push_back(takes_all(machine_, state));
    }
    id_of({0});
    for (std::uint32_t at = 0; at < sets_.size(); ++at) {
      if (!expand(at)) return std::nullopt;
    }
    return trimmed(out_);
  }

 private:
  using Set = std::vector<std::uint32_t>;
  struct HashOfSet {
    std::size_t operator()(const Set& set) const {
      std::size_t hash = set.size();
      for (const std::uint32_t state : set)
        hash = (hash ^ state) * 0x9E3779B97F4A7C15ULL;
      return hash ^ (hash >> 32);
    }
  };

  std::uint32_t id_of(Set set) {
    for (const std::uint32_t state : set) {
      if (!all_[state]) continue;
      set = {state};
      break;
    }
    if (!distances_.empty() && set.size() > 2) {
      const auto nearer = [&](std::uint32_t a, std::uint32_t b) {
        return distances_[a] < distances_[b];
      };
      const auto [near, far] = std::minmax_element(set.begin(), set.end(), nearer);
      set = *near == *far ? Set{*near} : Set{std::min(*near, *far), std::max(*near, *far)};
    }
    const auto [place, fresh] = ids_.try_emplace(set, static_cast<std::uint32_t>(sets_.size()));
    if (fresh) {
      const std::uint32_t made = out_.add();
      for (const std::uint32_t state : set) {
        if (machine_.states[state].end) out_.states[made].end = true;
      }
      sets_.push_back(std::move(set));
    }
    return place->second;
  }

  /// Sweeps over the arcs of all states of the set: between two cuts the targets stay the same.
  bool expand(std::uint32_t at) {
    std::vector<Arc> arcs;
    for (const std::uint32_t state : sets_[at]) {
      const std::vector<Arc>& more = machine_.states[state].arcs;
      arcs.insert(arcs.end(), more.begin(), more.end());
    }
    if (!work_.pay(arcs.size() * 4)) return false;
    sort_arcs(arcs);
    std::vector<char32_t> cuts;
    cuts.reserve(arcs.size() * 2);
    for (const Arc& arc : arcs) {
      cuts.push_back(arc.first);
      cuts.push_back(arc.last + 1);
    }
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    std::vector<Arc> open;
    std::size_t next = 0;
    std::vector<Arc> made;
    for (std::size_t cut = 0; cut + 1 < cuts.size(); ++cut) {
      std::erase_if(open, [&](const Arc& arc) { return arc.last < cuts[cut]; });
      for (; next < arcs.size() && arcs[next].first == cuts[cut]; ++next)
        open.push_back(arcs[next]);
      if (!work_.pay(open.size() * 4 + 4)) return false;
      if (open.empty()) continue;
      Set targets;
      for (const Arc& arc : open)
        targets.push_back(arc.to);
      std::sort(targets.begin(), targets.end());
      targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
      made.push_back({cuts[cut], cuts[cut + 1] - 1, id_of(std::move(targets))});
      if (sets_.size() > states_max_) return false;
    }
    join_arcs(made);
    out_.states[at].arcs = std::move(made);
    return true;
  }

  const Machine& machine_;
  std::size_t states_max_;
  MachineWork& work_;
  std::vector<bool> all_;
  std::vector<std::uint32_t> distances_;  ///< empty where sets stay whole
  std::unordered_map<Set, std::uint32_t, HashOfSet> ids_;
  std::vector<Set> sets_;
  Machine out_;
};

}  // namespace

std::size_t Machine::arcs() const {
  std::size_t count = 0;
  for (const State& state : states)
    count += state.arcs.size();
  return count;
}

bool Machine::accepts(const std::vector<char32_t>& text) const {
  std::set<std::uint32_t> now;
  if (!states.empty()) now.insert(0);
  for (const char32_t code : text) {
    std::set<std::uint32_t> next;
    for (const std::uint32_t state : now) {
      for (const Arc& arc : states[state].arcs) {
        if (arc.first <= code && code <= arc.last) next.insert(arc.to);
      }
    }
    now = std::move(next);
  }
  return std::any_of(now.begin(), now.end(), [&](std::uint32_t s) { return states[s].end; });
}

std::optional<bool> Machine::accepts(const std::vector<char32_t>& text, MachineWork& work) const {
  std::vector<std::uint32_t> now;
  std::vector<std::size_t> seen(states.size());  // the step that led here last
  if (!states.empty()) now.push_back(0);
  for (std::size_t at = 0; at < text.size() && !now.empty(); ++at) {
    std::vector<std::uint32_t> next;
    std::size_t cost = 1;
    for (const std::uint32_t state : now) {
      cost += states[state].arcs.size();
      for (const Arc& arc : states[state].arcs) {
        if (arc.first > text[at] || text[at] > arc.last || seen[arc.to] == at + 1) continue;
        seen[arc.to] = at + 1;
        next.push_back(arc.to);
      }
    }
    if (!work.pay(cost / 4 + 1)) return std::nullopt;
    now = std::move(next);
  }
  return std::any_of(now.begin(), now.end(), [&](std::uint32_t s) { return states[s].end; });
}

std::vector<std::uint32_t> distances_to_end(const Machine& machine) {
  const std::vector<std::vector<std::uint32_t>> before = reversed(machine);
  std::vector<std::uint32_t> distances(machine.states.size(), endless);
  std::vector<std::uint32_t> order;
  for (std::uint32_t state = 0; state < machine.states.size(); ++state) {
    if (!machine.states[state].end) continue;
    distances[state] = 0;
    order.push_back(state);
  }
  for (std::size_t at = 0; at < order.size(); ++at) {
    for (const std::uint32_t source : before[order[at]]) {
      if (distances[source] != endless) continue;
      distances[source] = distances[order[at]] + 1;
      order.push_back(source);
    }
  }
  return distances;
}

Machine trimmed(const Machine& machine) {
  Machine out;
  if (machine.empty()) return out;
  const std::vector<std::vector<std::uint32_t>> before = reversed(machine);
  std::vector<bool> lives(machine.states.size());
  std::vector<std::uint32_t> open;
  for (std::uint32_t state = 0; state < machine.states.size(); ++state) {
    if (!machine.states[state].end) continue;
    lives[state] = true;
    open.push_back(state);
  }
  while (!open.empty()) {
    const std::uint32_t state = open.back();
    open.pop_back();
    for (const std::uint32_t source : before[state]) {
      if (lives[source]) continue;
      lives[source] = true;
      open.push_back(source);
    }
  }
  if (!lives[0]) return out;
  std::vector<std::uint32_t> ids(machine.states.size(), nowhere);
  std::vector<std::uint32_t> order{0};
  ids[0] = out.add();
  for (std::size_t at = 0; at < order.size(); ++at) {
    const Machine::State& from = machine.states[order[at]];
    out.states[at].end = from.end;
    for (const Arc& arc : from.arcs) {
      if (!lives[arc.to]) continue;
      if (ids[arc.to] == nowhere) {
        ids[arc.to] = out.add();
        order.push_back(arc.to);
      }
      out.states[at].arcs.push_back({arc.first, arc.last, ids[arc.to]});
    }
  }
  return out;
}

std::optional<Machine> determined(const Machine& machine, std::size_t states_max,
                                  MachineWork& work) {
  return Determiner{machine, states_max, work}.run();
}

std::optional<Machine> narrowed(const Machine& machine, std::size_t states_max, MachineWork& work) {
  if (!work.pay(machine.arcs())) return std::nullopt;
  Determiner determiner{machine, states_max, work};
  determiner.narrow();
  return determiner.run();
}

std::optional<Machine> both(const Machine& one, const Machine& other, std::size_t states_max,
                            MachineWork& work) {
  Machine out;
  if (one.empty() || other.empty()) return out;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> ids;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> order;
  const auto id_of = [&](std::uint32_t a, std::uint32_t b) {
    const auto [place, fresh] = ids.try_emplace({a, b}, static_cast<std::uint32_t>(order.size()));
    if (fresh) {
      order.emplace_back(a, b);
      out.states[out.add()].end = one.states[a].end && other.states[b].end;
    }
    return place->second;
  };
  id_of(0, 0);
  for (std::size_t at = 0; at < order.size(); ++at) {
    const auto [a, b] = order[at];
    if (!work.pay(one.states[a].arcs.size() * other.states[b].arcs.size() + 8)) return std::nullopt;
    std::vector<Arc> made;
    for (const Arc& left : one.states[a].arcs) {
      for (const Arc& right : other.states[b].arcs) {
        const char32_t first = std::max(left.first, right.first);
        const char32_t last = std::min(left.last, right.last);
        if (first <= last) made.push_back({first, last, id_of(left.to, right.to)});
      }
    }
    if (order.size() > states_max) return std::nullopt;
    sort_arcs(made);
    out.states[at].arcs = std::move(made);
  }
  return trimmed(out);
}

Machine complement(const Machine& deterministic) {
  Machine out = deterministic;
  if (out.empty()) out.add();
  const std::uint32_t rest = out.add();
  for (Machine::State& state : out.states) {
    state.end = !state.end;
    std::vector<Arc> made;
    char32_t next = 0;
    const auto fill = [&](char32_t up_to) {  // [next, up_to)
      if (next < up_to && next < 0xD800) {
        made.push_back({next, std::min<char32_t>(up_to, 0xD800) - 1, rest});
      }
      next = std::max<char32_t>(next, 0xE000);
      if (up_to > 0xE000 && next < up_to) made.push_back({next, up_to - 1, rest});
    };
    for (const Arc& arc : state.arcs) {
      if (next < arc.first) fill(arc.first);
      made.push_back(arc);
      next = arc.last + 1;
    }
    if (next <= 0x10FFFF) fill(0x110000);
    state.arcs = std::move(made);
  }
  return trimmed(out);
}

namespace {

/// From this length on a text of every length is accepted; `endless` where that is not seen at
/// once.
std::uint32_t every_length_from(const Machine& machine) {
  if (machine.empty()) return endless;
  std::vector<std::uint32_t> lengths(machine.states.size(), endless);
  std::vector<std::uint32_t> order{0};
  lengths[0] = 0;
  for (std::size_t at = 0; at < order.size(); ++at) {
    const std::uint32_t state = order[at];
    if (takes_all(machine, state)) return lengths[state];
    for (const Arc& arc : machine.states[state].arcs) {
      if (lengths[arc.to] != endless) continue;
      lengths[arc.to] = lengths[state] + 1;
      order.push_back(arc.to);
    }
  }
  return endless;
}

/// Length by length.
std::optional<LengthFit> walked_fit(const Machine& machine, std::uint32_t min, std::uint32_t max,
                                    MachineWork& work) {
  LengthFit fit;
  std::vector<std::uint32_t> now;  // the states that a text of this length leads to
  if (!machine.empty()) now.push_back(0);
  for (std::uint32_t length = 0; !now.empty(); ++length) {
    const bool ends =
        std::any_of(now.begin(), now.end(), [&](std::uint32_t s) { return machine.states[s].end; });
    const bool inside = length >= min && length <= max;
    fit.some = fit.some || (ends && inside);
    fit.all = fit.all && (!ends || inside);
    if (length > max) {
      fit.all = false;  // the machine is trimmed: it will end some time
      break;
    }
    if (fit.some && length >= min && max == endless) break;
    std::vector<std::uint32_t> next;
    std::size_t cost = 1;
    for (const std::uint32_t state : now) {
      const std::vector<Arc>& arcs = machine.states[state].arcs;
      for (const Arc& arc : arcs) {
        if (next.empty() || next.back() != arc.to) next.push_back(arc.to);
      }
      cost += arcs.size() + 1;
    }
    std::sort(next.begin(), next.end());
    next.erase(std::unique(next.begin(), next.end()), next.end());
    if (next == now) {  // nothing changes from here on
      fit.some = fit.some || ends;
      fit.all = fit.all && max == endless;
      break;
    }
    if (!work.pay(cost)) return std::nullopt;
    now = std::move(next);
  }
  return fit;
}

}  // namespace

std::optional<LengthFit> length_fit(const Machine& machine, std::uint32_t min, std::uint32_t max,
                                    MachineWork& work) {
  LengthFit fit;
  if (!work.pay(machine.arcs())) return std::nullopt;
  fit.all = false;
  if (machine.empty()) return fit;
  const std::uint32_t shortest = distances_to_end(machine).front();
  if (shortest > max) return fit;
  const std::uint32_t every = every_length_from(machine);
  if (every != endless && every <= max) {
    fit.some = true;
    fit.all = max == endless && shortest >= min;
    return fit;
  }
  MachineWork part{work.left / 2};
  work.left -= part.left;
  std::optional<LengthFit> walked = walked_fit(machine, min, max, part);
  work.left += part.left;
  if (walked || shortest < min) return walked;
  fit.some = true;  // And perhaps no other, which costs a counter that was not needed.
  return fit;
}

}  // namespace grammar
