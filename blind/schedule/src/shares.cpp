// Who is ahead of whom, and who gives way to whom. The rules by number stand in docs/fairness.md.
#include <algorithm>
#include <functional>
#include <tuple>

#include <schedule/scheduler.hpp>

#include "service.hpp"

namespace schedule {

/// Rule 1: counters are kept relative to the least-served tenant that waits. Who is behind it is
/// lifted to it, so nobody saves up service by idling; when nobody waits, all is forgotten.
void Scheduler::settle_shares() {
  Service least = Service::max();
  for (const auto& [id, tenant] : tenants_) {
    if (tenant.waits && !tenant.jobs.empty()) {
      least = std::min(least, tenant.ahead);
    }
  }
  kept_seats_ = 0;
  present_ = 0;
  for (auto entry = tenants_.begin(); entry != tenants_.end();) {
    Tenant& tenant = entry->second;
    tenant.ahead = minus(tenant.ahead, least);
    tenant.planned = {};
    tenant.beginning = 0;
    const bool gone = tenant.jobs.empty();
    const bool lately = step_ - tenant.left <= policy_.seat_steps;
    kept_seats_ += gone && lately ? 1 : 0;
    present_ += gone ? 0 : 1;
    entry = gone && !lately && tenant.ahead.value == 0 ? tenants_.erase(entry) : std::next(entry);
  }
  kept_seats_ = std::min(kept_seats_, capacity_.lanes_max / 8);
  std::ranges::sort(admitted_, goes_before);
}

/// A tenant waits when the plan leaves undone what it could have done: a lane outside, a prompt
/// cut short, a decode that rests.
void Scheduler::mark_waiting() {
  for (auto& [id, tenant] : tenants_) {
    tenant.waits = false;
  }
  for (const Cursor& cursor : admitted_) {
    cursor.tenant().waits |= cursor.state().planned < cursor.state().missing();
  }
  for (auto& [id, tenant] : tenants_) {
    tenant.waits = tenant.waits || next_waiting(tenant).job != nullptr;
  }
}

/// Rule 2: who is more than the quantum ahead of a tenant that waits does not run.
bool Scheduler::rests(const Tenant& tenant) const {
  return tenant.ahead > times(policy_.quantum_tokens, dearest_);
}

/// Rule 3: the least-served tenant first, of two alike the one with fewer lanes; within a tenant
/// first come first served. Who goes last is the first to give way.
bool Scheduler::goes_before(const Cursor& a, const Cursor& b) {
  const auto key = [](const Cursor& c) {
    return std::tuple(c.tenant().ahead, c.tenant().lanes, c.job->arrival, c.choice);
  };
  return key(a) < key(b);
}

/// How many tokens a lane may still sample: what was typical of late, half of that for who has
/// said that much already, and never more than was asked for.
std::uint32_t Scheduler::to_come(const Cursor& cursor) const {
  const terms::WorkItem& item = cursor.job->item;
  const std::uint32_t sampled = cursor.state().known - item.prompt.value;
  const std::uint32_t most = item.output_max.value - std::min(sampled, item.output_max.value);
  const std::uint32_t guess = typical_output_ - std::min(sampled, typical_output_);
  return std::min(most, std::max(guess, typical_output_ / 2));
}

/// A seat, and KV for all it knows and may yet say beside what the others may yet say, once those
/// that leave are gone; what lanes hold together counts once. Lanes end in order of what they have
/// to say, and until one ends all grow: the greatest sum on that way must fit. Who is alone always
/// fits.
bool Scheduler::fits(const Cursor& cursor, const std::vector<Cursor>& leaving) const {
  const std::size_t lanes = admitted_.size() - leaving.size();
  const std::uint32_t kept = cursor.tenant().lanes > 0 ? kept_seats_ : 0;
  if (lanes + kept >= capacity_.lanes_max || lanes == 0) {
    return lanes == 0;
  }
  std::uint64_t pooled = pooled_;
  std::vector<Need> needs = needs_beside(cursor, leaving, pooled);
  std::ranges::sort(needs, std::greater{},
                    [](const Need& one) { return std::tuple(one.to_come, one.known, one.shared); });
  std::uint64_t known = 0;
  std::uint64_t shared = 0;
  std::uint64_t count = 0;
  return std::ranges::all_of(needs, [&](const Need& one) {
    known += one.known;
    shared += one.shared;
    const std::uint64_t twice = shared > pooled ? shared - pooled : 0;
    return known - twice + one.to_come * ++count <= capacity_.kv_tokens;
  });
}

/// Rule 4: lanes of tenants that rest, while these have more lanes than who comes.
std::vector<Scheduler::Cursor> Scheduler::resting_for(const Cursor& cursor) const {
  std::vector<Cursor> leaving;
  std::map<const Tenant*, std::uint32_t> marked;
  for (auto lane = admitted_.rbegin(); lane != admitted_.rend(); ++lane) {
    const Tenant& tenant = lane->tenant();
    const bool more = tenant.lanes - marked[&tenant] > cursor.tenant().lanes;
    if (&tenant == cursor.job->tenant || !rests(tenant) || !more) {
      continue;
    }
    ++marked[&tenant];
    leaving.push_back(*lane);
    if (fits(cursor, leaving)) {
      return leaving;
    }
  }
  return {};
}

/// Rule 5: a tenant without a lane need not wait for one: the tenant with most lanes gives its
/// newest, if it has another.
std::vector<Scheduler::Cursor> Scheduler::one_for(const Cursor& cursor) const {
  if (cursor.tenant().lanes > 0 || admitted_.empty()) {
    return {};
  }
  const auto key = [](const Cursor& c) {
    return std::tuple(c.tenant().lanes, c.tenant().ahead, c.job->arrival, c.choice);
  };
  const std::vector<Cursor> leaving{*std::ranges::max_element(admitted_, {}, key)};
  const bool another = leaving.front().tenant().lanes > 1;
  return another && fits(cursor, leaving) ? leaving : std::vector<Cursor>{};
}

/// Nobody is moved aside in vain: only when the lane that comes fits afterwards.
bool Scheduler::make_way(const Cursor& cursor, terms::StepPlan& plan) {
  std::vector<Cursor> leaving = resting_for(cursor);
  if (leaving.empty()) {
    leaving = one_for(cursor);
  }
  for (const Cursor& lane : leaving) {
    evict(lane, plan);
  }
  return !leaving.empty();
}

void Scheduler::evict(const Cursor& cursor, terms::StepPlan& plan) {
  if (cursor.state().resident > 0) {
    plan.evict.push_back(cursor.lane());
  }
  forget(cursor);
}

}  // namespace schedule
