#include "number.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "machine.hpp"
#include "machine_rule.hpp"
#include "number_grid.hpp"

namespace grammar {

namespace {

using base::Fail;

/// Beyond the bytes: a zero that belongs to the step and not to n, and the places behind the point
/// at which a text of steps may end, if its remainder agrees.
constexpr char32_t step_zero = 256;
constexpr char32_t ends_after = 300;

/// The texts of one side's numbers: digits without a needless zero in front, compared with both
/// ends of the range while they are equal to them.
class SideWriter {
 public:
  SideWriter(Machine& machine, const NumberGrid& grid, const DigitRange& range)
      : machine_{machine}, grid_{grid}, low_{padded(range.low)}, high_{padded(range.high)} {
    end_ = machine_.add();
    machine_.states[end_].end = true;
  }

  void write(std::uint32_t from) {
    for (std::size_t size = whole(low_); size <= whole(high_); ++size) {
      Place place;
      place.size = size;
      place.low = size == whole(low_);
      place.high = size == whole(high_);
      const bool single = size == 1;
      for (char digit = single ? '0' : '1'; digit <= '9'; ++digit) {
        const std::optional<Place> next = after(place, digit);
        if (!next) continue;
        const bool zero = single && digit == '0';
        arc(from, digit, zero && grid_.zeros > 0 ? end_ : state(*next));
      }
    }
    while (!open_.empty()) {
      const auto [place, made] = open_.back();
      open_.pop_back();
      expand(place, made);
    }
  }

 private:
  struct Place {
    std::size_t size = 0;  ///< digits before the point
    std::size_t at = 0;    ///< digits written
    bool point = false;    ///< the point is written
    bool low = false;      ///< equal to the low end so far
    bool high = false;
  };

  [[nodiscard]] Digits padded(const Digits& digits) const {
    const std::size_t least = grid_.places + 1;
    Digits out(least - std::min(least, digits.size()), '0');
    out.append(digits);
    return out;
  }
  [[nodiscard]] std::size_t whole(const Digits& digits) const {
    return digits.size() - grid_.places;
  }

  static std::optional<Place> after(Place place, char digit, const Digits& low,
                                    const Digits& high) {
    if (place.low && digit < low[place.at]) return std::nullopt;
    if (place.high && digit > high[place.at]) return std::nullopt;
    place.low = place.low && digit == low[place.at];
    place.high = place.high && digit == high[place.at];
    ++place.at;
    return place;
  }
  [[nodiscard]] std::optional<Place> after(const Place& place, char digit) const {
    return after(place, digit, low_, high_);
  }

  void arc(std::uint32_t from, char digit, std::uint32_t to) {
    const auto code = static_cast<char32_t>(digit);
    machine_.states[from].arcs.push_back({code, code, to});
  }

  /// Once free of both ends, only what is left to write tells places apart.
  std::uint32_t state(const Place& place) {
    const bool bound = place.low || place.high;
    const std::size_t left = place.size + grid_.places - place.at;
    const auto key =
        std::make_tuple(bound ? place.size : 0, left, place.point, place.low, place.high);
    const auto [at, fresh] = states_.try_emplace(key, 0);
    if (fresh) {
      at->second = machine_.add();
      open_.emplace_back(place, at->second);
    }
    return at->second;
  }

  void expand(Place place, std::uint32_t from) {
    const std::size_t total = place.size + grid_.places;
    if (!place.point && place.at == place.size) {
      finish(place, from, 0);
      if (grid_.places == 0) return;
      const Place behind{place.size, place.at, true, place.low, place.high};
      arc(from, '.', state(behind));
      return;
    }
    if (place.point && place.at > place.size) finish(place, from, place.at - place.size);
    if (place.at == total) return;
    for (char digit = '0'; digit <= '9'; ++digit) {
      if (const std::optional<Place> next = after(place, digit)) arc(from, digit, state(*next));
    }
  }

  /// The text may end here: what is not written are zeros.
  void finish(const Place& place, std::uint32_t from, std::size_t behind) {
    if (place.low && low_.find_first_not_of('0', place.at) != Digits::npos) return;
    for (std::size_t zero = 0; zero < grid_.zeros; ++zero) {
      const std::uint32_t made = machine_.add();
      machine_.states[from].arcs.push_back({step_zero, step_zero, made});
      from = made;
    }
    if (grid_.modulus == 1) {
      machine_.states[from].end = true;
      return;
    }
    const char32_t mark = ends_after + static_cast<char32_t>(behind);
    machine_.states[from].arcs.push_back({mark, mark, end_});
  }

  Machine& machine_;
  const NumberGrid& grid_;
  Digits low_;
  Digits high_;
  std::uint32_t end_ = 0;
  std::map<std::tuple<std::size_t, std::size_t, bool, bool, bool>, std::uint32_t> states_;
  std::vector<std::pair<Place, std::uint32_t>> open_;
};

/// e, a sign perhaps, one or two digits, wherever the machine ends.
void add_exponents(Machine& machine) {
  const std::size_t states = machine.states.size();
  const std::uint32_t letter = machine.add();
  const std::uint32_t sign = machine.add();
  const std::uint32_t first = machine.add();
  const std::uint32_t second = machine.add();
  for (std::size_t at = 0; at < states; ++at) {
    if (!machine.states[at].end) continue;
    machine.states[at].arcs.push_back({'E', 'E', letter});
    machine.states[at].arcs.push_back({'e', 'e', letter});
  }
  machine.states[letter].arcs = {{'+', '+', sign}, {'-', '-', sign}, {'1', '9', first}};
  machine.states[sign].arcs = {{'1', '9', first}};
  machine.states[first].arcs = {{'0', '9', second}};
  machine.states[first].end = true;
  machine.states[second].end = true;
}

/// 10^(places - behind) mod modulus: what makes the digits written so far the whole n.
std::uint32_t multiplier(const NumberGrid& grid, std::size_t behind) {
  std::uint64_t value = 1 % grid.modulus;
  for (std::size_t at = behind; at < grid.places; ++at)
    value = value * 10 % grid.modulus;
  return static_cast<std::uint32_t>(value);
}

RuleId rule_of(Builder& builder, const Machine& machine, const NumberGrid& grid) {
  const RuleId flat = builder.rule();
  std::vector<StateId> states;
  for (std::size_t at = 0; at < machine.states.size(); ++at) {
    states.push_back(at == 0 ? builder.begin(flat) : builder.state());
    if (machine.states[at].end) builder.epsilon(states.back(), builder.end(flat));
  }
  for (std::size_t at = 0; at < states.size(); ++at) {
    for (const Arc& arc : machine.states[at].arcs) {
      const StateId to = states[arc.to];
      if (arc.first >= ends_after) {
        builder.guard(states[at], multiplier(grid, arc.first - ends_after), to);
      } else if (arc.first == step_zero) {
        builder.bytes(states[at], '0', '0', to);
      } else {
        const bool digits = arc.first >= '0' && arc.last <= '9' && grid.modulus > 1;
        builder.bytes(states[at], static_cast<std::uint8_t>(arc.first),
                      static_cast<std::uint8_t>(arc.last), to,
                      digits ? Effect::digit : Effect::none);
      }
    }
  }
  if (grid.modulus == 1) return flat;
  const RuleId rule = builder.rule();
  builder.remainder(builder.begin(rule), flat, static_cast<std::uint32_t>(grid.modulus),
                    builder.end(rule));
  return rule;
}

}  // namespace

base::Result<RuleId, Refusal> number_rule(Builder& builder, const NumberDemand& demand) {
  const base::Result<NumberGrid, Refusal> grid = grid_of(demand);
  if (!grid) return Fail{grid.error()};
  Machine machine;
  const std::uint32_t start = machine.add();
  if (grid->positive) SideWriter{machine, *grid, *grid->positive}.write(start);
  if (grid->negative) {
    const std::uint32_t minus = machine.add();
    machine.states[start].arcs.push_back({'-', '-', minus});
    SideWriter{machine, *grid, *grid->negative}.write(minus);
  }
  const bool free = !demand.low && !demand.high && demand.steps.empty() && !demand.integer;
  if (free) add_exponents(machine);
  constexpr std::size_t states_max = 4000;
  MachineWork work{400'000};
  machine = trimmed(machine);
  if (std::optional<Machine> known = determined(machine, states_max, work)) {
    machine = *std::move(known);
  }
  return rule_of(builder, machine, *grid);
}

}  // namespace grammar
