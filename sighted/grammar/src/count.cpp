// Which counts can still come to an end: rules that count code points or keep a remainder are
// compared with their bounds once, here, so that no run is led into a dead end.
#include <algorithm>
#include <map>
#include <tuple>

#include "net.hpp"

namespace grammar {
namespace {

using Kind = PlanEdge::Kind;
using Bits = std::vector<std::uint64_t>;

constexpr std::uint32_t never = 0xFFFFFFFF;
/// Of one grammar: edges looked at, and words of tables.
constexpr std::uint64_t work_limit = 16'000'000;
constexpr std::uint64_t words_limit = 1'000'000;

bool has(const Bits& bits, std::size_t i) {
  return ((bits[i / 64] >> (i % 64)) & 1) != 0;
}
void set(Bits& bits, std::size_t i) {
  bits[i / 64] |= std::uint64_t{1} << (i % 64);
}

bool within(const Bits& some, const Bits& all) {
  for (std::size_t i = 0; i < some.size(); ++i) {
    if ((some[i] & ~all[i]) != 0) {
      return false;
    }
  }
  return true;
}

/// A flat rule with states 0 .. size - 1.
struct Flat {
  std::uint32_t rule = 0;   ///< Its number in the net.
  std::uint32_t first = 0;  ///< The net's number of state 0.
  std::uint32_t size = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool ends = false;  ///< The end is reached.
  std::vector<PlanEdge> edges;
  std::vector<bool> leaves;  ///< The state has edges.
};

/// For how many counts each state reaches the end: layer k has the states that do by k.
struct Layers {
  std::vector<Bits> of;
  bool loose = false;
  bool bounded = false;  ///< The last layer is empty, and so are all beyond.
  bool ready = false;
};

class Counter {
 public:
  Counter(Net& net, Counted& counted)
      : net_(net),
        counted_(counted),
        out_(net.states, net.edges.size(), [&](std::size_t i) { return net.edges[i].from; }) {}

  std::optional<Refusal> run() {
    counted_.of_frame.assign(net_.frames.size(), never);
    std::vector<bool> dead(net_.frames.size());
    const std::size_t edges = net_.edges.size();
    for (std::size_t i = 0; i < edges; ++i) {
      const PlanEdge edge = net_.edges[i];
      if (edge.kind != Kind::frame || !is_counted(net_.frames[edge.target].kind)) {
        continue;
      }
      const std::uint32_t frame = edge.target;
      const std::uint32_t index = counts_of(net_.frames[frame]);
      if (refusal_) {
        return refusal_;
      }
      counted_.of_frame[frame] = index;
      dead[frame] = index == never;
    }
    std::erase_if(net_.edges, [&](const PlanEdge& edge) {
      return edge.kind == Kind::frame && dead[edge.target];
    });
    return std::nullopt;
  }

 private:
  void refuse(Refusal::Kind kind, const char* keyword, std::uint64_t limit) {
    refusal_ = Refusal{kind, "", keyword, limit};
  }

  bool pay(std::uint64_t work) {
    work_ += work;
    if (work_ > work_limit) {
      refuse(Refusal::Kind::too_large, "counts", work_limit);
    }
    return !refusal_;
  }

  bool pay_words(std::uint64_t words) {
    words_ += words;
    if (words_ > words_limit) {
      refuse(Refusal::Kind::too_large, "counts", words_limit);
    }
    return !refusal_;
  }

  /// The Counts of a frame, whose rule becomes one with states in a row; never where it can match
  /// nothing.
  std::uint32_t counts_of(PlanFrame& frame) {
    const auto flat_at = flats_.try_emplace(frame.rule).first;
    Flat& flat = flat_at->second;
    if (flat.size == 0) {
      copy(frame.rule, flat);
    }
    frame.rule = flat.rule;
    if (refusal_ || !flat.ends) {
      return never;
    }
    const auto key = std::make_tuple(frame.kind, frame.rule, frame.min, frame.max);
    const auto known = known_.find(key);
    if (known != known_.end()) {
      return known->second;
    }
    const std::uint32_t index = frame.kind == PlanFrame::Kind::length
                                    ? count_length(flat, frame.min, frame.max)
                                    : count_remainder(flat, frame.max);
    known_.emplace(key, index);
    return index;
  }

  void copy(std::uint32_t rule, Flat& flat) {
    std::vector<std::uint32_t> states{net_.rules[rule].begin};
    std::map<std::uint32_t, std::uint32_t> local{{states[0], 0}};
    for (std::size_t next = 0; next < states.size() && pay(1); ++next) {
      for (const std::uint32_t i : out_.of(states[next])) {
        PlanEdge edge = net_.edges[i];
        if (edge.kind == Kind::frame) {
          refuse(Refusal::Kind::unsupported, "calls in a counted rule", 0);
          return;
        }
        const auto [at, is_new] = local.emplace(edge.to, static_cast<std::uint32_t>(states.size()));
        if (is_new) {
          states.push_back(edge.to);
        }
        edge.from = static_cast<std::uint32_t>(next);
        edge.to = at->second;
        flat.edges.push_back(edge);
      }
    }
    flat.first = net_.states;
    flat.size = static_cast<std::uint32_t>(states.size());
    const auto end = local.find(net_.rules[rule].end);
    flat.ends = end != local.end();
    flat.end = flat.ends ? end->second : 0;
    flat.leaves.resize(flat.size);
    net_.states += flat.size;
    flat.rule = static_cast<std::uint32_t>(net_.rules.size());
    net_.rules.push_back({flat.first, flat.first + flat.end});
    for (PlanEdge edge : flat.edges) {
      flat.leaves[edge.from] = true;
      edge.from += flat.first;
      edge.to += flat.first;
      net_.edges.push_back(edge);
    }
    pay(flat.edges.size());
    flats_[flat.rule] = flat;  // Where another frame names the copy.
  }

  /// Adds what reaches `layer` without a count.
  void close(const Flat& flat, Bits& layer) {
    for (bool grown = true; grown && pay(flat.edges.size());) {
      grown = false;
      for (auto edge = flat.edges.rbegin(); edge != flat.edges.rend(); ++edge) {
        if (edge->effect != Effect::counts_one && has(layer, edge->to) && !has(layer, edge->from)) {
          set(layer, edge->from);
          grown = true;
        }
      }
    }
  }

  Bits layer_before(const Flat& flat, const Bits& layer) {
    Bits before(layer.size());
    for (const PlanEdge& edge : flat.edges) {
      if (edge.effect == Effect::counts_one && has(layer, edge.to)) {
        set(before, edge.from);
      }
    }
    close(flat, before);
    return before;
  }

  /// Layers 0 .. wanted, or fewer where nothing new comes; all that are new of a loose rule.
  Layers& layers_of(const Flat& flat, std::uint64_t wanted) {
    Layers& layers = layers_[flat.rule];
    const std::size_t words = flat.size / 64 + 1;
    if (layers.of.empty()) {
      layers.of.emplace_back(words);
      set(layers.of[0], flat.end);
      close(flat, layers.of[0]);
      layers.of.push_back(layer_before(flat, layers.of[0]));
      layers.of.push_back(layer_before(flat, layers.of[1]));
      Bits first = layers.of[0];
      for (std::uint32_t state = 0; state < flat.size; ++state) {
        if (!flat.leaves[state]) {
          first[state / 64] &= ~(std::uint64_t{1} << (state % 64));
        }
      }
      layers.loose = within(first, layers.of[1]) && within(layers.of[1], layers.of[2]);
    }
    const std::uint64_t last = layers.loose ? std::uint64_t{flat.size} + 2 : wanted;
    while (!layers.ready && !refusal_ && layers.of.size() <= last) {
      Bits next = layer_before(flat, layers.of.back());
      layers.bounded = std::all_of(next.begin(), next.end(), [](auto word) { return word == 0; });
      layers.ready = layers.bounded || (layers.loose && next == layers.of.back());
      if (pay_words(words)) {
        layers.of.push_back(std::move(next));
      }
    }
    return layers;
  }

  std::uint32_t count_length(const Flat& flat, std::uint32_t min, std::uint32_t max) {
    const std::uint64_t wanted =
        max == unbounded ? std::uint64_t{min} + flat.size + 1 : std::uint64_t{max};
    const Layers& layers = layers_of(flat, wanted);
    if (refusal_ || !pay(std::uint64_t{flat.size} * layers.of.size())) {
      return never;
    }
    Counts counts;
    counts.first = flat.first;
    counts.loose = layers.loose;
    counts.least.assign(flat.size, never);
    for (std::uint32_t state = 0; state < flat.size; ++state) {
      for (std::size_t k = 0; k < layers.of.size() && counts.least[state] == never; ++k) {
        counts.least[state] = has(layers.of[k], state) ? static_cast<std::uint32_t>(k) : never;
      }
      counts.slack = std::max(counts.slack, counts.least[state] == never ? 0 : counts.least[state]);
    }
    if (counts.loose) {
      return counts.least[flat.begin] <= max ? keep(std::move(counts)) : never;
    }
    return table(flat, layers, min, max, counts) ? keep(std::move(counts)) : never;
  }

  /// Fills counts.alive. Returns false where the begin is not alive.
  bool table(const Flat& flat, const Layers& layers, std::uint32_t min, std::uint32_t max,
             Counts& counts) {
    const std::uint64_t last = max == unbounded ? min : max;
    counts.values = static_cast<std::uint32_t>(
        layers.bounded ? std::min<std::uint64_t>(last + 1, layers.of.size()) : last + 1);
    const std::uint64_t bits = std::uint64_t{counts.values} * flat.size;
    if (!pay_words(bits / 64 + 1) || !pay(bits)) {
      return false;
    }
    counts.alive.resize(bits / 64 + 1);
    for (std::uint32_t state = 0; state < flat.size; ++state) {
      std::uint64_t nearest = never;  // The least k at or above what the count lacks.
      std::uint64_t k = layers.of.size();
      for (std::uint32_t value = 0; value < counts.values; ++value) {
        // What is lacking falls as the count grows, so k only goes down.
        const std::uint64_t lacks = min > value ? min - value : 0;
        while (k > lacks) {
          --k;
          nearest = k < layers.of.size() && has(layers.of[k], state) ? k : nearest;
        }
        if (nearest != never && (max == unbounded || value + nearest <= max)) {
          set(counts.alive, std::size_t{state} * counts.values + value);
        }
      }
    }
    return has(counts.alive, std::size_t{flat.begin} * counts.values);
  }

  std::uint32_t count_remainder(const Flat& flat, std::uint32_t modulus) {
    Counts counts;
    counts.first = flat.first;
    counts.least.assign(flat.size, 0);
    counts.values = modulus;
    const std::uint64_t bits = std::uint64_t{modulus} * flat.size;
    if (!pay_words(bits / 64 + 1)) {
      return never;
    }
    counts.alive.resize(bits / 64 + 1);
    for (std::uint32_t value = 0; value < modulus; ++value) {
      set(counts.alive, std::size_t{flat.end} * modulus + value);
    }
    for (bool grown = true; grown;) {
      grown = false;
      for (auto edge = flat.edges.rbegin(); edge != flat.edges.rend(); ++edge) {
        if (!pay(modulus)) {
          return never;
        }
        grown = spread(*edge, modulus, counts.alive) || grown;
      }
    }
    return has(counts.alive, std::size_t{flat.begin} * modulus) ? keep(std::move(counts)) : never;
  }

  static bool spread(const PlanEdge& edge, std::uint32_t modulus, Bits& alive) {
    const std::size_t from = std::size_t{edge.from} * modulus;
    const std::size_t to = std::size_t{edge.to} * modulus;
    bool grown = false;
    for (std::uint32_t value = 0; value < modulus; ++value) {
      if (has(alive, from + value)) {
        continue;
      }
      bool leads = false;
      if (edge.kind == Kind::guard) {
        leads = std::uint64_t{value} * edge.target % modulus == 0 && has(alive, to + value);
      } else if (edge.effect == Effect::digit) {
        for (std::uint32_t byte = edge.low; byte <= edge.high && !leads; ++byte) {
          leads = has(alive, to + (std::uint64_t{value} * 10 + byte - '0') % modulus);
        }
      } else {
        leads = has(alive, to + value);
      }
      if (leads) {
        set(alive, from + value);
        grown = true;
      }
    }
    return grown;
  }

  std::uint32_t keep(Counts counts) {
    counted_.counts.push_back(std::move(counts));
    return static_cast<std::uint32_t>(counted_.counts.size() - 1);
  }

  Net& net_;
  Counted& counted_;
  Index out_;
  std::map<std::uint32_t, Flat> flats_;
  std::map<std::uint32_t, Layers> layers_;
  std::map<std::tuple<PlanFrame::Kind, std::uint32_t, std::uint32_t, std::uint32_t>, std::uint32_t>
      known_;
  std::optional<Refusal> refusal_;
  std::uint64_t work_ = 0;
  std::uint64_t words_ = 0;
};

}  // namespace

std::optional<Refusal> count(Net& net, Counted& counted) {
  return Counter(net, counted).run();
}

}  // namespace grammar
