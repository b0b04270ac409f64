#include "active.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <base/invariant.hpp>
#include <receipt/digest.hpp>

namespace serve {

using terms::EndReason;

EndReason worse(EndReason a, EndReason b) {
  constexpr std::array order{EndReason::done,       EndReason::stop,  EndReason::length,
                             EndReason::funds,      EndReason::drain, EndReason::cancel,
                             EndReason::disconnect, EndReason::error};
  return std::ranges::find(order, a) < std::ranges::find(order, b) ? b : a;
}

/// The place that says who may find whose prompts in the KV cache, for every route and flavour: a
/// tenant its own, nobody else's, but for beginnings that were opened to it (Openings::find). Who
/// the tenant is was settled by its key; spaces are compared whole and tokens one by one, so a salt
/// or a hash would add nothing.
std::uint64_t prefix_space(terms::TenantId tenant) {
  return tenant.value;
}

EngineLoop::Active::Active(FundedRequest request) : order(std::move(request)) {
  for (const content::TokenIds& prompt : order.prompts) {
    meters.emplace_back(base::Tokens{static_cast<std::uint32_t>(prompt.size())});
  }
  choices_open = static_cast<std::uint32_t>(order.prompts.size()) * order.choices;
  choices.reserve(choices_open);
  // The client's stop strings first, so that a match can be told from the template's own.
  std::vector<std::string> stops = order.sampling.stop;
  std::vector<std::string> call_marks;
  if (order.format != nullptr) {
    std::ranges::copy(order.format->stops(), std::back_inserter(stops));
    call_marks = order.format->call_marks();
  }
  for (std::uint32_t i = 0; i < choices_open; ++i) {
    choices.push_back(
        {engine::TextAssembler(stops, order.sampling.stop.size(), call_marks), {}, false});
  }
}

terms::WorkItem EngineLoop::Active::item(std::size_t prompt, terms::JobId job) const {
  terms::WorkItem item;
  item.job = job;
  item.tenant = order.tenant;
  item.kind = order.kind;
  item.prompt = {static_cast<std::uint32_t>(order.prompts[prompt].size())};
  item.output_max = {order.output_max_each};
  item.choices = order.choices;
  item.prices = order.prices;
  return item;
}

engine::JobSpec EngineLoop::Active::spec(std::size_t prompt, terms::JobId job) {
  engine::JobSpec spec;
  spec.job = job;
  spec.kind = order.kind;
  spec.prompt = std::move(order.prompts[prompt]);
  spec.format = order.format;
  spec.sampling = order.sampling;
  spec.choices = order.choices;
  spec.prefix_space = prefix_space(order.tenant);
  spec.opened = order.opened.empty() ? engine::Opened{} : order.opened[prompt];
  return spec;
}

std::uint32_t EngineLoop::Active::choice_index(const terms::Lane& lane) const {
  const auto prompt = static_cast<std::uint32_t>(lane.job.value - jobs.front().value);
  return prompt * order.choices + static_cast<std::uint32_t>(lane.choice);
}

meter::Meter& EngineLoop::Active::meter(terms::JobId job) {
  return meters.at(job.value - jobs.front().value);
}

terms::Usage EngineLoop::Active::usage() const {
  terms::Usage total;
  for (const meter::Meter& meter : meters) {
    const terms::Usage usage = meter.usage();
    const auto input = base::checked_add(total.input, usage.input);
    const auto cached = base::checked_add(total.cached, usage.cached);
    const auto output = base::checked_add(total.output, usage.output);
    base::invariant(input && cached && output, "a request's tokens fit 32 bits");
    total = {*input, *cached, *output};
  }
  return total;
}

std::string EngineLoop::Active::stop_string(const Choice& choice) const {
  const auto& asked = order.sampling.stop;
  const bool ours = choice.text.stopped() && choice.text.matched() < asked.size();
  return ours ? asked[choice.text.matched()] : std::string{};
}

bool EngineLoop::Active::costs_nothing(const terms::Usage& usage) const {
  if (failure == FailureKind::too_costly) {
    return true;
  }
  const bool gave_something =
      usage.output.value > 0 ||
      std::ranges::any_of(choices, [](const Choice& choice) { return choice.over; });
  if (end == EndReason::disconnect) {
    return usage.input.value == 0;  // The client left: what was computed for it is charged.
  }
  return !gave_something || (end == EndReason::error && usage.output.value == 0);
}

FailureKind EngineLoop::Active::failure_kind() const {
  return end == EndReason::cancel       ? FailureKind::cancelled
         : end == EndReason::drain      ? FailureKind::draining
         : end == EndReason::disconnect ? FailureKind::cancelled
                                        : failure;
}

terms::Digest EngineLoop::Active::output_digest() const {
  receipt::Hasher hasher;
  for (const Choice& choice : choices) {
    hasher.add_u32(static_cast<std::uint32_t>(choice.tokens.size()));
    for (const content::TokenId token : choice.tokens) {
      hasher.add_u32(static_cast<std::uint32_t>(token));
    }
  }
  return hasher.digest();
}

}  // namespace serve
