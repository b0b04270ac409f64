// A job in numbers, and what one engine step does with it.
#pragma once

#include <array>
#include <cstdint>
#include <tuple>
#include <vector>

#include <base/blind.hpp>
#include <base/quantity.hpp>
#include <terms/ids.hpp>
#include <terms/prices.hpp>

namespace terms {

enum class WorkKind : std::uint32_t {
  generate = 1,  ///< Prefill, then decode one token a step.
  embed = 2,     ///< Prefill only.
};

/// What of a job's prompt need not be computed for it, as far as is known when it comes: in
/// numbers, the engine's word. An estimate: a step's report says what was found there.
struct Prefix {
  base::Tokens at_hand;  ///< So many first tokens are kept in the KV cache.
  base::Tokens coming;   ///< So many are those of `from`: there once it has computed them, and
                         ///< then held by both together.
  JobId from;            ///< The open job that has most in common with it; none: nobody.

  static consteval auto fields() {
    return std::tuple{&Prefix::at_hand, &Prefix::coming, &Prefix::from};
  }
};
static_assert(base::Blind<Prefix>);

/// One prompt to run. `choices` continuations share the prompt: their lanes are numbered from 0.
struct WorkItem {
  JobId job;
  TenantId tenant;
  WorkKind kind = WorkKind::generate;
  base::Tokens prompt;      ///< 1 .. context.
  base::Tokens output_max;  ///< Per choice; 0 for embed.
  std::uint32_t choices = 1;
  Prices prices;  ///< What its tokens are billed at: the measure of its tenant's share.
  Prefix prefix;

  static consteval auto fields() {
    return std::tuple{&WorkItem::job,    &WorkItem::tenant,     &WorkItem::kind,
                      &WorkItem::prompt, &WorkItem::output_max, &WorkItem::choices,
                      &WorkItem::prices, &WorkItem::prefix};
  }
};
static_assert(base::Blind<WorkItem>);

/// One continuation of one job.
struct Lane {
  JobId job;
  std::uint64_t choice = 0;

  static consteval auto fields() { return std::tuple{&Lane::job, &Lane::choice}; }
  friend constexpr auto operator<=>(const Lane&, const Lane&) = default;
};
static_assert(base::Blind<Lane>);

/// Run the next `tokens` known tokens of a lane whose first `resident` are in the KV cache. When
/// that reaches the last known token, the engine samples the next one.
struct StepEntry {
  Lane lane;
  base::Tokens tokens;
  base::Tokens resident;  ///< KV tokens of the lane before the step, as the scheduler counts them.

  static consteval auto fields() {
    return std::tuple{&StepEntry::lane, &StepEntry::tokens, &StepEntry::resident};
  }
};
static_assert(base::Blind<StepEntry>);

/// Let `to` share the first `tokens` KV tokens of `from`, a lane of the same job.
struct ForkEntry {
  Lane from;
  Lane to;
  base::Tokens tokens;
  std::uint32_t unused = 0;  ///< Names the padding: nothing may hide there.

  static consteval auto fields() {
    return std::tuple{&ForkEntry::from, &ForkEntry::to, &ForkEntry::tokens, &ForkEntry::unused};
  }
};
static_assert(base::Blind<ForkEntry>);

/// One engine step. Carried out in this order: evict, fork, run.
struct StepPlan {
  std::vector<Lane> evict;  ///< Drop the lane's KV; its tokens stay known.
  std::vector<ForkEntry> fork;
  std::vector<StepEntry> run;

  [[nodiscard]] bool empty() const { return evict.empty() && fork.empty() && run.empty(); }
};

/// What happened to one entry of a plan.
struct LaneReport {
  Lane lane;
  base::Tokens reused;           ///< KV tokens found in the cache, in front of those computed. Only
                                 ///< where nothing of the lane was resident.
  base::Tokens computed;         ///< KV tokens made in this step (0 when the step did not run): as
                                 ///< many as were planned, or all that were missing.
  std::uint32_t sampled = 0;     ///< 1 when a token was sampled, else 0.
  bool finished = false;         ///< The lane is over: end token, stop string, limit, failure.
  std::array<bool, 3> unused{};  ///< Names the padding: nothing may hide there.

  static consteval auto fields() {
    return std::tuple{&LaneReport::lane,    &LaneReport::reused,   &LaneReport::computed,
                      &LaneReport::sampled, &LaneReport::finished, &LaneReport::unused};
  }
};
static_assert(base::Blind<LaneReport>);

struct StepReport {
  std::vector<LaneReport> lanes;
  bool out_of_kv = false;  ///< The engine had no room; nothing of the plan's `run` was done.
};

/// A lane that does not hold all of its KV tokens alone.
struct SharedLane {
  Lane lane;
  base::Tokens tokens;       ///< So many of its first ones are another lane's too.
  std::uint32_t unused = 0;  ///< Names the padding: nothing may hide there.

  static consteval auto fields() {
    return std::tuple{&SharedLane::lane, &SharedLane::tokens, &SharedLane::unused};
  }
};
static_assert(base::Blind<SharedLane>);

/// What lies in the KV cache once although several lanes hold it: forks, and beginnings that were
/// found. The engine's word, as of the moment it is asked.
struct Sharing {
  base::Tokens pooled;            ///< Tokens that more than one lane holds, each counted once.
  std::vector<SharedLane> lanes;  ///< All that hold any of them.
};

}  // namespace terms
