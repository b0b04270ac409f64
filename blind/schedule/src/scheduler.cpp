#include <schedule/scheduler.hpp>

#include <algorithm>

#include <base/invariant.hpp>

namespace schedule {

using base::invariant;

Scheduler::Scheduler(Capacity capacity, Policy policy) : capacity_(capacity), policy_(policy) {
  invariant(capacity.kv_tokens > 0 && capacity.lanes_max > 0 && capacity.step_tokens_max > 0,
            "an engine can hold and run at least one token");
}

Scheduler::Job* Scheduler::find(terms::JobId job) {
  const auto arrival = arrivals_.find(job);
  return arrival == arrivals_.end() ? nullptr : &jobs_.at(arrival->second);
}

std::uint32_t Scheduler::room() const {
  const auto jobs = static_cast<std::uint32_t>(jobs_.size());
  return jobs >= policy_.queue_jobs_max ? 0 : policy_.queue_jobs_max - jobs;
}

void Scheduler::lift(Tenant& tenant) const {
  const Tenant* least = nullptr;
  for (const auto& [id, other] : tenants_) {
    if (other.jobs > 0 && (least == nullptr || other.served < least->served)) {
      least = &other;
    }
  }
  if (least != nullptr) {
    tenant.served = std::max(tenant.served, least->served);
  }
}

Admission Scheduler::submit(const terms::WorkItem& item) {
  invariant(!arrivals_.contains(item.job), "a job is submitted once");
  invariant(item.prompt.value > 0 && item.choices > 0, "a job has a prompt and a lane");
  const std::uint64_t most = std::uint64_t{item.prompt.value} + item.output_max.value;
  const bool whole = item.kind == terms::WorkKind::embed && capacity_.embed_whole_max > 0;
  if (most > capacity_.kv_tokens || (whole && item.prompt.value > capacity_.embed_whole_max)) {
    return Admission::too_large;
  }
  if (room() == 0) {
    return Admission::queue_full;
  }
  Tenant& tenant = tenants_[item.tenant];
  if (tenant.jobs == 0) {
    lift(tenant);
  }
  ++tenant.jobs;
  const std::uint64_t arrival = next_arrival_++;
  Job job{item, arrival, std::vector<LaneState>(item.choices)};
  for (LaneState& lane : job.lanes) {
    lane.known = item.prompt.value;
  }
  jobs_.emplace(arrival, std::move(job));
  arrivals_.emplace(item.job, arrival);
  return Admission::queued;
}

void Scheduler::remove(terms::JobId id) {
  Job* job = find(id);
  if (job == nullptr) {
    return;
  }
  for (const LaneState& lane : job->lanes) {
    if (lane.admitted != 0) {
      kv_used_ -= lane.resident;
      --lanes_used_;
    }
  }
  std::erase_if(drop_, [id](const terms::Lane& lane) { return lane.job == id; });
  --tenants_.at(job->item.tenant).jobs;
  const std::uint64_t arrival = job->arrival;
  arrivals_.erase(id);
  jobs_.erase(arrival);
}

std::vector<Scheduler::Cursor> Scheduler::admitted_lanes() {
  std::vector<Cursor> lanes;
  lanes.reserve(lanes_used_);
  for (auto& [arrival, job] : jobs_) {
    for (std::uint32_t choice = 0; choice < job.lanes.size(); ++choice) {
      if (job.lanes[choice].admitted != 0) {
        lanes.push_back({&job, choice});
      }
    }
  }
  return lanes;
}

void Scheduler::run(const Cursor& cursor, std::uint32_t tokens, terms::StepPlan& plan) {
  plan.run.push_back({cursor.lane(), {tokens}, {cursor.state().resident}});
  kv_used_ += tokens;
}

void Scheduler::evict(const Cursor& cursor, terms::StepPlan& plan) {
  LaneState& lane = cursor.state();
  plan.evict.push_back(cursor.lane());
  kv_used_ -= lane.resident;
  --lanes_used_;
  lane.resident = 0;
  lane.admitted = 0;
}

void Scheduler::plan_decodes(terms::StepPlan& plan, std::uint32_t& budget) {
  std::vector<Cursor> lanes = admitted_lanes();
  std::ranges::sort(lanes, {}, [](const Cursor& c) { return c.state().admitted; });
  // Oldest first, and the newest give way: those after `last` are gone.
  std::size_t last = lanes.size();
  for (std::size_t i = 0; i < last && budget > 0; ++i) {
    const LaneState& lane = lanes[i].state();
    if (lane.resident == 0 || lane.known - lane.resident != 1) {
      continue;
    }
    while (kv_free() == 0 && last > i) {
      evict(lanes[--last], plan);
    }
    if (last > i) {
      run(lanes[i], 1, plan);
      --budget;
    }
  }
}

void Scheduler::plan_prefills(terms::StepPlan& plan, std::uint32_t& budget,
                              std::uint32_t& prefill_left) {
  std::vector<Cursor> lanes = admitted_lanes();
  std::erase_if(lanes, [](const Cursor& c) {
    return c.state().resident > 0 && c.state().known - c.state().resident == 1;
  });
  std::ranges::stable_sort(
      lanes, {}, [this](const Cursor& c) { return tenants_.at(c.job->item.tenant).served; });
  for (const Cursor& cursor : lanes) {
    const std::uint32_t chunk =
        std::min({cursor.state().known - cursor.state().resident, budget, prefill_left, kv_free()});
    if (chunk == 0) {
      return;
    }
    run(cursor, chunk, plan);
    budget -= chunk;
    prefill_left -= chunk;
  }
}

const Scheduler::LaneState* Scheduler::fork_source(const Job& job, std::uint32_t& choice) const {
  for (std::uint32_t i = 0; i < job.lanes.size(); ++i) {
    if (job.lanes[i].admitted != 0 && job.lanes[i].resident + 1 >= job.item.prompt.value) {
      choice = i;
      return &job.lanes[i];
    }
  }
  return nullptr;
}

bool Scheduler::waits_for_sibling(const Job& job, std::uint32_t choice) const {
  std::uint32_t source = 0;
  if (!shares_prompt(job, choice) || fork_source(job, source) != nullptr) {
    return false;
  }
  return std::ranges::any_of(job.lanes, [](const LaneState& l) { return l.admitted != 0; });
}

bool Scheduler::shares_prompt(const Job& job, std::uint32_t choice) const {
  return capacity_.can_fork && job.item.prompt.value > 1 &&
         job.lanes[choice].known == job.item.prompt.value;
}

Scheduler::Cursor Scheduler::next_waiting() {
  Cursor best;
  std::uint64_t best_served = 0;
  for (auto& [arrival, job] : jobs_) {
    const std::uint64_t served = tenants_.at(job.item.tenant).served;
    if (best.job != nullptr && served >= best_served) {
      continue;
    }
    for (std::uint32_t choice = 0; choice < job.lanes.size(); ++choice) {
      const LaneState& lane = job.lanes[choice];
      if (lane.admitted == 0 && !lane.finished && !waits_for_sibling(job, choice)) {
        best = {&job, choice};
        best_served = served;
        break;
      }
    }
  }
  return best;
}

void Scheduler::admit_waiting(terms::StepPlan& plan, std::uint32_t& budget,
                              std::uint32_t& prefill_left) {
  // Room that admitted lanes have been promised: all they know, and the token each makes next.
  std::uint64_t promised = 0;
  for (const Cursor& cursor : admitted_lanes()) {
    promised += std::uint64_t{cursor.state().known} + 1;
  }
  while (lanes_used_ < capacity_.lanes_max && budget > 0 && prefill_left > 0) {
    const Cursor cursor = next_waiting();
    if (cursor.job == nullptr) {
      return;
    }
    promised += std::uint64_t{cursor.state().known} + 1;
    if (promised > capacity_.kv_tokens && lanes_used_ > 0) {
      return;  // It waits for room, and nobody behind it slips past.
    }
    admit(cursor, plan, budget, prefill_left);
  }
}

void Scheduler::admit(const Cursor& cursor, terms::StepPlan& plan, std::uint32_t& budget,
                      std::uint32_t& prefill_left) {
  LaneState& lane = cursor.state();
  const terms::WorkItem& item = cursor.job->item;
  std::uint32_t source = 0;
  if (shares_prompt(*cursor.job, cursor.choice) && fork_source(*cursor.job, source) != nullptr) {
    const base::Tokens shared{item.prompt.value - 1};
    plan.fork.push_back({{item.job, source}, cursor.lane(), shared, 0});
    lane.resident = shared.value;
    kv_used_ += shared.value;
  }
  lane.admitted = next_admission_++;
  ++lanes_used_;
  const std::uint32_t missing = lane.known - lane.resident;
  if (item.kind == terms::WorkKind::embed && capacity_.embed_whole_max > 0) {
    run(cursor, missing, plan);  // Runs beside the step, in one piece, out of no one's budget.
    return;
  }
  const std::uint32_t chunk = std::min({missing, budget, prefill_left, kv_free()});
  if (chunk > 0) {
    run(cursor, chunk, plan);
    budget -= chunk;
    prefill_left -= chunk;
  }
}

terms::StepPlan Scheduler::plan() {
  terms::StepPlan plan;
  plan.evict = std::move(drop_);
  drop_.clear();
  std::uint32_t budget = capacity_.step_tokens_max;
  plan_decodes(plan, budget);
  std::uint32_t prefill_left =
      plan.run.empty() ? budget : std::min(budget, policy_.prefill_beside_decodes);
  plan_prefills(plan, budget, prefill_left);
  admit_waiting(plan, budget, prefill_left);
  planned_ = plan.run;
  return plan;
}

std::vector<terms::Lane> Scheduler::report(const terms::StepReport& report) {
  for (const terms::StepEntry& entry : planned_) {
    if (find(entry.lane.job) != nullptr) {
      kv_used_ -= entry.tokens.value;
    }
  }
  planned_.clear();
  for (const terms::LaneReport& done : report.lanes) {
    Job* job = find(done.lane.job);
    if (job == nullptr) {
      continue;
    }
    LaneState& lane = job->lanes.at(done.lane.choice);
    lane.resident += done.computed.value;
    lane.known += done.sampled;
    kv_used_ += done.computed.value;
    tenants_.at(job->item.tenant).served += done.computed.value;
    if (done.finished && !lane.finished) {
      lane.finished = true;
      drop_.push_back(done.lane);
      kv_used_ -= lane.resident;
      --lanes_used_;
      lane.resident = 0;
      lane.admitted = 0;
    }
  }
  return report.out_of_kv ? make_room() : std::vector<terms::Lane>{};
}

std::vector<terms::Lane> Scheduler::make_room() {
  const std::vector<Cursor> lanes = admitted_lanes();
  if (lanes.empty()) {
    return {};
  }
  const Cursor newest =
      *std::ranges::max_element(lanes, {}, [](const Cursor& c) { return c.state().admitted; });
  if (lanes.size() == 1) {
    return {newest.lane()};
  }
  terms::StepPlan dropped;
  evict(newest, dropped);
  drop_.push_back(dropped.evict.front());
  return {};
}

Counts Scheduler::counts() const {
  Counts counts;
  counts.jobs = jobs_.size();
  counts.lanes_resident = lanes_used_;
  counts.kv_tokens_used = kv_used_;
  for (const auto& [arrival, job] : jobs_) {
    counts.lanes_waiting += static_cast<std::uint64_t>(std::ranges::count_if(
        job.lanes, [](const LaneState& l) { return l.admitted == 0 && !l.finished; }));
  }
  return counts;
}

}  // namespace schedule
