#include "grammar/builder.hpp"

#include <map>
#include <utility>
#include <vector>

#include <base/invariant.hpp>

#include "compile.hpp"
#include "plan.hpp"
#include "tables.hpp"
#include "utf8.hpp"

namespace grammar {
namespace {

std::uint32_t number(StateId id) {
  return static_cast<std::uint32_t>(id);
}
std::uint32_t number(RuleId id) {
  return static_cast<std::uint32_t>(id);
}

void refuse(Plan& plan, const char* what, std::uint64_t limit) {
  if (plan.over == nullptr) {
    plan.over = what;
    plan.over_limit = limit;
  }
}

void add_edge(Plan& plan, const PlanEdge& edge) {
  base::invariant(edge.from < plan.states && edge.to < plan.states, "an edge joins known states");
  if (plan.edges.size() >= edges_limit) {
    refuse(plan, "edges", edges_limit);
    return;
  }
  plan.edges.push_back(edge);
}

void add_frame(Plan& plan, StateId from, const PlanFrame& frame, StateId to) {
  base::invariant(frame.rule < plan.rules.size(), "a call names a known rule");
  const auto index = static_cast<std::uint32_t>(plan.frames.size());
  const std::size_t before = plan.edges.size();
  add_edge(plan, {PlanEdge::Kind::frame, 0, 0, Effect::none, number(from), number(to), index});
  if (plan.edges.size() > before) {
    plan.frames.push_back(frame);
  }
}

/// A count that can be met at all; tells the plan where one cannot.
bool countable(Plan& plan, std::uint32_t min, std::uint32_t max) {
  base::invariant(min <= max, "a repetition's least is at most its most");
  if (min > repetitions_min_limit) {
    refuse(plan, "repetitions", repetitions_min_limit);
    return false;
  }
  return true;
}

}  // namespace

Builder::Builder() : plan_(std::make_unique<Plan>()) {}
Builder::~Builder() = default;

RuleId Builder::rule() {
  if (plan_->rules.size() >= rules_limit) {
    refuse(*plan_, "rules", rules_limit);
    return RuleId{rules_limit - 1};
  }
  const PlanRule made{number(state()), number(state())};
  plan_->rules.push_back(made);
  return static_cast<RuleId>(plan_->rules.size() - 1);
}

StateId Builder::begin(RuleId rule) const {
  return static_cast<StateId>(plan_->rules[number(rule)].begin);
}
StateId Builder::end(RuleId rule) const {
  return static_cast<StateId>(plan_->rules[number(rule)].end);
}

StateId Builder::state() {
  if (plan_->states >= states_limit) {
    refuse(*plan_, "states", states_limit);
    return static_cast<StateId>(states_limit - 1);
  }
  return static_cast<StateId>(plan_->states++);
}

void Builder::epsilon(StateId from, StateId to) {
  add_edge(*plan_, {PlanEdge::Kind::epsilon, 0, 0, Effect::none, number(from), number(to), 0});
}

void Builder::bytes(StateId from, std::uint8_t low, std::uint8_t high, StateId to, Effect effect) {
  base::invariant(low <= high, "a range of bytes is in order");
  base::invariant(effect != Effect::digit || (low >= '0' && high <= '9'),
                  "only digits have the effect of digits");
  add_edge(*plan_, {PlanEdge::Kind::bytes, low, high, effect, number(from), number(to), 0});
}

void Builder::literal(StateId from, std::string_view text, StateId to, Effect effect) {
  if (text.empty()) {
    epsilon(from, to);
    return;
  }
  for (std::size_t i = 0; i < text.size() && !full(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    const bool continues = (byte & 0xC0) == 0x80 && effect == Effect::counts_one;
    const StateId next = i + 1 == text.size() ? to : state();
    bytes(from, byte, byte, next, continues ? Effect::none : effect);
    from = next;
  }
}

void Builder::code_points(StateId from, std::span<const Range> ranges, StateId to, Effect effect) {
  // Ways on from the second byte of a code point, so that equal ends are one.
  std::map<std::uint64_t, StateId> tails;
  const auto tail_of = [&](const Utf8Sequence& rest, const auto& again) -> StateId {
    if (rest.size == 0) {
      return to;
    }
    const auto found = tails.find(rest.key());
    if (found != tails.end()) {
      return found->second;
    }
    const StateId here = state();
    bytes(here, rest.bytes[0].low, rest.bytes[0].high, again(rest.without_first(), again));
    tails.emplace(rest.key(), here);
    return here;
  };
  for (const Utf8Sequence& sequence : utf8_sequences(ranges)) {
    if (full()) {
      return;
    }
    const StateId next = tail_of(sequence.without_first(), tail_of);
    bytes(from, sequence.bytes[0].low, sequence.bytes[0].high, next, effect);
  }
}

void Builder::code_points_except(StateId from, std::span<const Range> ranges, StateId to,
                                 Effect effect) {
  code_points(from, complement(ranges), to, effect);
}

void Builder::call(StateId from, RuleId body, StateId to) {
  add_frame(*plan_, from, {PlanFrame::Kind::call, number(body), 1, 1}, to);
}

void Builder::repeat(StateId from, RuleId body, std::uint32_t min, std::uint32_t max, StateId to) {
  if (!countable(*plan_, min, max)) {
    return;
  }
  if (max == 0) {
    epsilon(from, to);
  } else if (min == 1 && max == 1) {
    call(from, body, to);
  } else {
    add_frame(*plan_, from, {PlanFrame::Kind::repeat, number(body), min, max}, to);
  }
}

void Builder::length(StateId from, RuleId flat, std::uint32_t min, std::uint32_t max, StateId to) {
  if (countable(*plan_, min, max)) {
    add_frame(*plan_, from, {PlanFrame::Kind::length, number(flat), min, max}, to);
  }
}

void Builder::remainder(StateId from, RuleId flat, std::uint32_t modulus, StateId to) {
  if (modulus == 0 || modulus > modulus_limit) {
    refuse(*plan_, "modulus", modulus_limit);
    return;
  }
  add_frame(*plan_, from, {PlanFrame::Kind::remainder, number(flat), 0, modulus}, to);
}

void Builder::guard(StateId from, std::uint32_t multiplier, StateId to) {
  add_edge(*plan_,
           {PlanEdge::Kind::guard, 0, 0, Effect::none, number(from), number(to), multiplier});
}

RuleId Builder::embed(const Grammar& grammar) {
  const Plan& other = grammar.plan();
  const auto rules = static_cast<std::uint32_t>(plan_->rules.size());
  const std::uint32_t states = plan_->states;
  const auto frames = static_cast<std::uint32_t>(plan_->frames.size());
  if (states + other.states > states_limit || rules + other.rules.size() > rules_limit ||
      plan_->edges.size() + other.edges.size() > edges_limit) {
    refuse(*plan_, "edges", edges_limit);
    return rule();
  }
  for (const PlanRule& each : other.rules) {
    plan_->rules.push_back({each.begin + states, each.end + states});
  }
  for (PlanEdge edge : other.edges) {
    edge.from += states;
    edge.to += states;
    edge.target += edge.kind == PlanEdge::Kind::frame ? frames : 0;
    plan_->edges.push_back(edge);
  }
  for (PlanFrame frame : other.frames) {
    frame.rule += rules;
    plan_->frames.push_back(frame);
  }
  plan_->states += other.states;
  return static_cast<RuleId>(rules + other.root);
}

std::size_t Builder::edges() const {
  return plan_->edges.size();
}
bool Builder::full() const {
  return plan_->over != nullptr;
}

base::Result<GrammarPtr, Refusal> Builder::build(RuleId root) const {
  if (plan_->over != nullptr) {
    return base::Fail{Refusal{Refusal::Kind::too_large, "", plan_->over, plan_->over_limit}};
  }
  auto plan = std::make_unique<Plan>(*plan_);
  plan->root = number(root);
  auto tables = compile(*plan);
  if (!tables) {
    return base::Fail{tables.error()};
  }
  return GrammarPtr(std::make_shared<const Grammar>(std::move(plan), std::move(tables).value()));
}

}  // namespace grammar
