#include <schedule/scheduler.hpp>

#include <algorithm>
#include <utility>

#include <base/invariant.hpp>

#include "service.hpp"

namespace schedule {

using base::invariant;

Scheduler::Scheduler(Capacity capacity, Policy policy) : capacity_(capacity), policy_(policy) {
  invariant(capacity.kv_tokens > 0 && capacity.lanes_max > 0 && capacity.step_tokens_max > 0,
            "an engine can hold and run at least one token");
}

Scheduler::Job* Scheduler::find(terms::JobId job) {
  const auto found = jobs_.find(job);
  return found == jobs_.end() ? nullptr : &found->second;
}

std::uint32_t Scheduler::room() const {
  const auto jobs = static_cast<std::uint32_t>(jobs_.size());
  return jobs >= policy_.queue_jobs_max ? 0 : policy_.queue_jobs_max - jobs;
}

bool Scheduler::comes_whole(const Job& job) const {
  return job.item.kind == terms::WorkKind::embed && capacity_.embed_whole_max > 0;
}

Admission Scheduler::submit(const terms::WorkItem& item) {
  invariant(!jobs_.contains(item.job), "a job is submitted once");
  invariant(item.prompt.value > 0 && item.choices > 0, "a job has a prompt and a lane");
  const std::uint64_t most = std::uint64_t{item.prompt.value} + item.output_max.value;
  const bool whole = item.kind == terms::WorkKind::embed && capacity_.embed_whole_max > 0;
  if (most > capacity_.kv_tokens || (whole && item.prompt.value > capacity_.embed_whole_max)) {
    return Admission::too_large;
  }
  if (room() == 0) {
    return Admission::queue_full;
  }
  if (jobs_.empty()) {
    dearest_ = 1;
  }
  dearest_ = std::max({dearest_, weight(item.prices.input), weight(item.prices.cached),
                       weight(item.prices.output)});
  const std::uint64_t arrival = next_arrival_++;
  const auto [entry, came] = tenants_.try_emplace(item.tenant);
  Tenant& tenant = entry->second;
  tenant.seated = came ? step_ : tenant.seated;
  Job& job = jobs_[item.job];
  job.item = item;
  job.arrival = arrival;
  job.tenant = &tenant;
  job.lanes.resize(item.choices);
  for (LaneState& lane : job.lanes) {
    lane.known = item.prompt.value;
  }
  tenant.jobs.emplace(arrival, &job);
  return Admission::queued;
}

/// Takes a lane out of the engine's seats; what becomes of its KV is the caller's affair.
void Scheduler::forget(const Cursor& cursor) {
  LaneState& lane = cursor.state();
  kv_each_ -= lane.resident + lane.planned;
  shared_ -= lane.shared;
  lane.resident = 0;
  lane.planned = 0;
  lane.found = 0;
  lane.shared = 0;
  lane.admitted = false;
  --cursor.tenant().lanes;
  std::erase_if(admitted_, [&cursor](const Cursor& other) {
    return other.job == cursor.job && other.choice == cursor.choice;
  });
}

void Scheduler::remove(terms::JobId id) {
  Job* job = find(id);
  if (job == nullptr) {
    return;
  }
  for (std::uint32_t choice = 0; choice < job->lanes.size(); ++choice) {
    if (job->lanes[choice].admitted) {
      forget({job, choice});
    }
  }
  std::erase_if(drop_, [id](const terms::Lane& lane) { return lane.job == id; });
  lead_on(*job);
  job->tenant->jobs.erase(job->arrival);
  job->tenant->left = step_;
  jobs_.erase(id);
}

/// A job leaves. Those that have a beginning in common with it find what it got done. In the order
/// in which they came, each looks from here on to the one before it that has most in common with
/// the job that left: the less of both is what those two have in common. Of two that are as good,
/// to one of its own tenant, for whom it may wait. The first of them looks to whom that job itself
/// looked to.
void Scheduler::lead_on(const Job& gone) {
  std::map<std::uint64_t, Job*> followers;  // By arrival.
  for (auto& [id, job] : jobs_) {
    terms::Prefix& prefix = job.item.prefix;
    if (prefix.from == gone.item.job) {
      const base::Tokens done{gone.prompt_charged};
      prefix.at_hand = std::max(prefix.at_hand, std::min(prefix.coming, done));
      followers.emplace(job.arrival, &job);
    }
  }
  struct Lead {
    const Job* job = nullptr;
    base::Tokens common;  ///< With the job that left.
  };
  Lead any;
  std::map<const Tenant*, Lead> own;
  if (const Job* leader = find(gone.item.prefix.from); leader != nullptr) {
    any = own[leader->tenant] = {leader, gone.item.prefix.coming};
  }
  for (auto& [arrival, job] : followers) {
    terms::Prefix& prefix = job->item.prefix;
    const base::Tokens common = prefix.coming;
    Lead& mine = own[job->tenant];
    const bool as_good = std::min(common, mine.common) == std::min(common, any.common);
    const Lead& lead = as_good && mine.job != nullptr ? mine : any;
    prefix.from = lead.job == nullptr ? terms::JobId{} : lead.job->item.job;
    prefix.coming = std::min(common, lead.common);
    for (Lead* known : {&any, &mine}) {
      if (common > known->common) {
        *known = {job, common};
      }
    }
  }
}

/// As the bill counts it: each prompt token when it is there for the first time, computed or found
/// in the cache, whichever choice it is for, and each sampled token. What is computed again costs
/// no share.
void Scheduler::charge(Job& job, const LaneState& lane, const terms::LaneReport& done) {
  const auto reach = [&job](std::uint32_t position) {
    const std::uint32_t before = job.prompt_charged;
    job.prompt_charged = std::max(before, std::min(position, job.item.prompt.value));
    return job.prompt_charged - before;
  };
  Service& ahead = job.tenant->ahead;
  if (done.reused.value > 0) {
    ahead = plus(ahead, times(reach(lane.resident + done.reused.value), job.item.prices.cached));
  }
  const std::uint32_t there = lane.resident + done.reused.value + done.computed.value;
  ahead = plus(ahead, times(reach(there), job.item.prices.input));
  ahead = plus(ahead, times(done.sampled, job.item.prices.output));
}

std::vector<terms::Lane> Scheduler::report(const terms::StepReport& report, base::SpanNs took) {
  for (const Cursor& cursor : admitted_) {
    LaneState& lane = cursor.state();
    kv_each_ -= std::exchange(lane.planned, 0);
    if (std::exchange(lane.found, 0) > 0) {  // What of it was there is for the engine to say.
      shared_ -= std::exchange(lane.shared, 0);
    }
  }
  // Where more was found than was expected, or a lane failed, the step was another than planned.
  std::uint64_t computed = 0;
  for (const terms::LaneReport& done : report.lanes) {
    computed += done.computed.value;
  }
  if (computed == planned_.prompt + planned_.decodes) {
    pace_.learn(planned_, took);
  }
  for (const terms::LaneReport& done : report.lanes) {
    Job* job = find(done.lane.job);
    if (job == nullptr) {
      continue;
    }
    LaneState& lane = job->lanes.at(done.lane.choice);
    charge(*job, lane, done);
    const std::uint32_t more = done.reused.value + done.computed.value;
    lane.resident += more;
    lane.known += done.sampled;
    kv_each_ += more;
    if (done.finished && !lane.finished) {
      lane.finished = true;
      const std::uint32_t sampled = lane.known - job->item.prompt.value;
      typical_output_ = (typical_output_ * 15 + sampled + 8) / 16;
      drop_.push_back(done.lane);
      forget({job, static_cast<std::uint32_t>(done.lane.choice)});
    }
  }
  return report.out_of_kv ? make_room() : std::vector<terms::Lane>{};
}

/// The engine has less room than it said: who goes last gives way.
std::vector<terms::Lane> Scheduler::make_room() {
  if (admitted_.empty()) {
    return {};
  }
  const Cursor last = *std::ranges::max_element(admitted_, goes_before);
  if (admitted_.size() == 1) {
    return {last.lane()};
  }
  terms::StepPlan dropped;
  evict(last, dropped);
  drop_.insert(drop_.end(), dropped.evict.begin(), dropped.evict.end());
  return {};
}

Counts Scheduler::counts() const {
  Counts counts;
  counts.jobs = jobs_.size();
  counts.lanes_resident = admitted_.size();
  counts.kv_tokens_used = kv_used();
  for (const auto& [id, job] : jobs_) {
    counts.lanes_waiting += static_cast<std::uint64_t>(std::ranges::count_if(
        job.lanes, [](const LaneState& l) { return !l.admitted && !l.finished; }));
  }
  return counts;
}

Service Scheduler::ahead(terms::TenantId tenant) const {
  const auto found = tenants_.find(tenant);
  return found == tenants_.end() ? Service{} : found->second.ahead;
}

}  // namespace schedule
