#include "pattern.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "format.hpp"
#include "machine.hpp"
#include "machine_rule.hpp"
#include "pattern_escape.hpp"
#include "pattern_fault.hpp"
#include "pattern_machine.hpp"
#include "pattern_tree.hpp"
#include "word_machine.hpp"

namespace grammar {

namespace {

using base::Fail;
using Kind = PatternNode::Kind;

constexpr std::size_t joined_max = 20000;  ///< states of several demands together

Refusal unsatisfiable_length() {
  return {Refusal::Kind::unsatisfiable, "", "length", 0};
}

Machine anything() {
  Machine machine;
  const std::uint32_t only = machine.add();
  machine.states[only].end = true;
  const CodeSet all = any_set();
  for (const CodeRange& range : all.ranges()) {
    machine.states[only].arcs.push_back({range.first, range.last, only});
  }
  return machine;
}

}  // namespace

/// Narrows a set of strings, demand by demand.
class Narrowing {
 public:
  explicit Narrowing(MachineWork& work) : work_{work} {}

  std::optional<Refusal> demand(const TextDemand& all) {
    for (const std::string_view pattern : all.patterns) {
      if (std::optional<Refusal> fault = found(pattern)) return fault;
    }
    for (const std::string_view name : all.formats) {
      if (std::optional<Refusal> fault = format(name)) return fault;
    }
    for (const std::string_view pattern : all.not_patterns) {
      if (std::optional<Refusal> fault = not_found(pattern)) return fault;
    }
    if (!all.except.empty()) {
      std::vector<std::u32string> words;
      for (const std::string& word : all.except) {
        if (std::optional<std::u32string> codes = decoded(word)) words.push_back(*std::move(codes));
      }
      if (std::optional<Refusal> fault = join(complement(word_machine(words)))) return fault;
    }
    shorten(all.min_length, all.max_length);
    return std::nullopt;
  }

  base::Result<TextSet, Refusal> set() {
    TextSet set;
    set.min_ = min_;
    set.max_ = max_;
    set.written_max_ = std::min(max_, written_max_);
    if (min_ > max_) return Fail{unsatisfiable_length()};
    if (min_ > set.written_max_) return Fail{too_many_states()};
    if (min_ > repetitions_min_limit) {
      return Fail{Refusal{Refusal::Kind::too_large, "", "length", repetitions_min_limit}};
    }
    set.checks_ = std::move(checks_);
    set.whole_ = std::make_shared<const Machine>(machine_ ? *machine_ : anything());
    set.written_ = set.whole_;
    for (Machine& machine : written_) {
      std::optional<Machine> next =
          machine_ ? both(*machine_, machine, joined_max, work_) : std::move(machine);
      // No text is left of those that are written; there may be others.
      if (!next || next->empty()) return Fail{too_many_states()};
      machine_ = std::move(next);
    }
    if (!written_.empty()) set.written_ = std::make_shared<const Machine>(*std::move(machine_));
    return set;
  }

 private:
  static Refusal too_many_states() {
    return pattern_too_large("states", MachineLimits::determined_max);
  }

  void shorten(std::uint32_t min, std::uint32_t max) {
    min_ = std::max(min_, min);
    max_ = std::min(max_, max);
  }

  std::optional<Refusal> join(Machine more) {
    if (!machine_) {
      machine_ = std::move(more);
    } else {
      machine_ = both(*machine_, more, joined_max, work_);
      if (!machine_) return pattern_too_large("states", joined_max);
    }
    if (machine_->empty()) return pattern_unsatisfiable();
    return std::nullopt;
  }

  base::Result<PatternTree, Refusal> read(std::string_view pattern) {
    if (!work_.pay(pattern.size() * 4)) {
      return Fail{pattern_too_large("states", MachineLimits::determined_max)};
    }
    return parse_pattern(pattern);
  }

  std::optional<Refusal> found(std::string_view pattern) {
    base::Result<PatternTree, Refusal> tree = read(pattern);
    if (!tree) return tree.error();
    take_counts(*tree);
    base::Result<Machine, Refusal> machine = machine_of(*tree, work_);
    if (!machine) return machine.error();
    base::Result<SettledMachine, Refusal> known = settled(*machine, work_);
    if (!known) return known.error();
    if (!known->narrowed) return join(std::move(known->machine));
    checks_.push_back({std::make_shared<const Machine>(std::move(machine).value()), true});
    written_.push_back(std::move(known->machine));
    return std::nullopt;
  }

  std::optional<Refusal> not_found(std::string_view pattern) {
    base::Result<PatternTree, Refusal> tree = read(pattern);
    if (!tree) return tree.error();
    base::Result<Machine, Refusal> machine = machine_of(*tree, work_);
    if (!machine) return machine.error();
    const std::optional<Machine> known = determined_soon(*machine, work_, 2);
    if (known) return join(complement(*known));
    // A text that is shorter than every match cannot hold the pattern.
    const std::uint32_t shortest = distances_to_end(*machine).front();
    if (shortest == 0) return too_many_states();
    written_max_ = std::min(written_max_, shortest - 1);
    checks_.push_back({std::make_shared<const Machine>(std::move(machine).value()), false});
    return std::nullopt;
  }

  std::optional<Refusal> format(std::string_view name) {
    const Format* known = find_format(name);
    if (known == nullptr || known->kind != Format::Kind::text) {
      return Refusal{Refusal::Kind::unsupported, "", "format", 0};
    }
    shorten(0, known->length_max);
    std::optional<Refusal> fault = known->pattern.empty() ? std::nullopt : found(known->pattern);
    if (fault) fault->keyword = "format";
    return fault;
  }

  /// ^[set]{min,max}$ is a loop and a length, as is ^(?=.{min,max}$) before it: nothing is
  /// unrolled, so the numbers may be any.
  void take_counts(PatternTree& tree) {
    const std::vector<std::uint32_t> parts = tree.at(tree.root).parts;
    if (tree.at(tree.root).kind != Kind::sequence || parts.empty() ||
        tree.at(parts[0]).kind != Kind::begin) {
      return;
    }
    std::size_t at = 1;
    for (; at < parts.size() && tree.at(parts[at]).kind == Kind::ahead; ++at) {
      const PatternNode& body = tree.at(tree.at(parts[at]).parts[0]);
      if (!tree.at(parts[at]).negated && body.kind == Kind::sequence) take_count(tree, body.parts);
    }
    take_count(tree, {parts.begin() + static_cast<std::ptrdiff_t>(at), parts.end()});
  }

  void take_count(PatternTree& tree, std::vector<std::uint32_t> parts) {
    if (parts.size() != 2 || tree.at(parts[1]).kind != Kind::end) return;
    PatternNode& repeat = tree.nodes[parts[0]];
    if (repeat.kind != Kind::repeat || tree.at(repeat.parts[0]).kind != Kind::set) return;
    shorten(repeat.min, repeat.max);
    repeat.min = 0;
    repeat.max = unlimited;
  }

  MachineWork& work_;
  std::optional<Machine> machine_;  ///< of the demands that were not narrowed
  std::vector<Machine> written_;    ///< of those that were
  std::vector<TextSet::Check> checks_;
  std::uint32_t min_ = 0;
  std::uint32_t max_ = unbounded;
  std::uint32_t written_max_ = unbounded;
};

base::Result<TextSet, Refusal> TextSet::of(const TextDemand& demand, MachineWork& work) {
  Narrowing narrowing{work};
  if (std::optional<Refusal> fault = narrowing.demand(demand)) return Fail{*std::move(fault)};
  return narrowing.set();
}

std::optional<bool> TextSet::contains(std::string_view text, MachineWork& work) const {
  const std::optional<std::u32string> decoded_text = decoded(text);
  if (!decoded_text || decoded_text->size() < min_ || decoded_text->size() > max_) return false;
  const std::vector<char32_t> codes(decoded_text->begin(), decoded_text->end());
  if (!whole_->accepts(codes)) return false;
  for (const Check& check : checks_) {
    const std::optional<bool> found = check.machine->accepts(codes, work);
    if (!found) return std::nullopt;
    if (*found != check.found) return false;
  }
  return true;
}

bool TextSet::contains(std::string_view text) const {
  MachineWork work{std::numeric_limits<std::size_t>::max()};
  return contains(text, work).value_or(false);
}

base::Result<RuleId, Refusal> TextSet::rule(Builder& builder, MachineWork& work) const {
  const Machine& machine = *written_;
  const std::size_t counts = written_max_ == unbounded ? min_ : written_max_;
  if (counts == 0 && written_max_ == unbounded) return string_rule(builder, machine);
  const std::optional<LengthFit> fit = length_fit(machine, min_, written_max_, work);
  if (!fit) return Fail{pattern_too_large("work for lengths", MachineWork{}.left)};
  if (!fit->some) {
    return Fail{narrowed() ? pattern_too_large("states", MachineLimits::determined_max)
                           : unsatisfiable_length()};
  }
  if (fit->all) return string_rule(builder, machine);
  const RuleId rule = builder.rule();
  const RuleId flat = string_rule(builder, machine, Effect::counts_one);
  builder.length(builder.begin(rule), flat, min_, written_max_, builder.end(rule));
  return rule;
}

base::Result<TextSet, Refusal> TextSet::of(const TextDemand& demand) {
  MachineWork work;
  return of(demand, work);
}

base::Result<RuleId, Refusal> text_rule(Builder& builder, const TextDemand& demand,
                                        MachineWork& work) {
  base::Result<TextSet, Refusal> set = TextSet::of(demand, work);
  if (!set) return Fail{set.error()};
  return set->rule(builder, work);
}

base::Result<RuleId, Refusal> text_rule(Builder& builder, const TextDemand& demand) {
  MachineWork work;
  return text_rule(builder, demand, work);
}

}  // namespace grammar
