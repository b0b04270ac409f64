// What the next step does: who gets a seat, who decodes, how much of which prompt enters.
#include <algorithm>
#include <tuple>
#include <utility>

#include <schedule/scheduler.hpp>

#include "service.hpp"

namespace schedule {

bool Scheduler::shares_prompt(const Job& job, std::uint32_t choice) const {
  return capacity_.can_fork && job.item.prompt.value > 1 &&
         job.lanes[choice].known == job.item.prompt.value;
}

Scheduler::LaneState* Scheduler::fork_source(Job& job, std::uint32_t& choice) {
  for (std::uint32_t i = 0; i < job.lanes.size(); ++i) {
    if (job.lanes[i].admitted && job.lanes[i].resident + 1 >= job.item.prompt.value) {
      choice = i;
      return &job.lanes[i];
    }
  }
  return nullptr;
}

bool Scheduler::waits_for_sibling(Job& job, std::uint32_t choice) const {
  std::uint32_t source = 0;
  if (!shares_prompt(job, choice) || fork_source(job, source) != nullptr) {
    return false;
  }
  return std::ranges::any_of(job.lanes, [](const LaneState& l) { return l.admitted; });
}

/// A job of its tenant that came before has the same beginning and computes it just now: once is
/// enough. For another tenant's, which may have to rest, nobody waits.
bool Scheduler::follows(const Job& job) const {
  const terms::Prefix& prefix = job.item.prefix;
  const auto leader = jobs_.find(prefix.from);
  return leader != jobs_.end() && leader->second.tenant == job.tenant &&
         leader->second.prompt_charged < prefix.coming.value && prefix.coming > prefix.at_hand &&
         job.prompt_charged == 0 &&
         std::ranges::any_of(leader->second.lanes, [](const LaneState& l) { return !l.finished; });
}

/// What a lane that has nothing yet will find in the cache. The last token is computed in any case.
std::uint32_t Scheduler::at_hand(const Cursor& cursor) const {
  const LaneState& lane = cursor.state();
  if (lane.resident > 0) {
    return 0;
  }
  const terms::Prefix& prefix = cursor.job->item.prefix;
  std::uint32_t found = prefix.at_hand.value;
  if (const auto leader = jobs_.find(prefix.from); leader != jobs_.end()) {
    const bool own = leader->second.tenant == cursor.job->tenant;  // For that it has waited.
    const std::uint32_t done = own ? prefix.coming.value : leader->second.prompt_charged;
    found = std::max(found, std::min(prefix.coming.value, done));
  }
  return std::min(found, lane.known - 1);
}

Scheduler::Cursor Scheduler::next_waiting(const Tenant& tenant) const {
  for (const auto& [arrival, job] : tenant.jobs) {
    if (follows(*job)) {
      continue;
    }
    for (std::uint32_t choice = 0; choice < job->lanes.size(); ++choice) {
      const LaneState& lane = job->lanes[choice];
      if (!lane.admitted && !lane.finished && !waits_for_sibling(*job, choice)) {
        return {job, choice};
      }
    }
  }
  return {};
}

Scheduler::Cursor Scheduler::next_to_admit() {
  const bool kept_only = admitted_.size() + kept_seats_ >= capacity_.lanes_max &&
                         admitted_.size() < capacity_.lanes_max;
  // Of two alike, who has not been seated for longer.
  const auto key = [](const Cursor& c) {
    return std::tuple(c.tenant().ahead, c.tenant().lanes, c.tenant().seated, c.job->arrival);
  };
  Cursor best;
  for (auto& [id, tenant] : tenants_) {
    if (rests(tenant) || (kept_only && tenant.lanes > 0)) {
      continue;
    }
    const Cursor cursor = next_waiting(tenant);
    if (cursor.job != nullptr && (best.job == nullptr || key(cursor) < key(best))) {
      best = cursor;
    }
  }
  return best;
}

/// What of a lane is not there yet and cannot be shared.
std::uint32_t Scheduler::to_compute(const Cursor& cursor) const {
  return can_fork(cursor) ? 1 : cursor.state().missing() - at_hand(cursor);
}

/// Prompt tokens that have seats and their turn before this tenant's.
std::uint64_t Scheduler::prompts_before(const Tenant& tenant) const {
  std::uint64_t tokens = 0;
  for (const Cursor& cursor : admitted_) {
    const bool before = std::tie(cursor.tenant().ahead, cursor.tenant().lanes) <=
                        std::tie(tenant.ahead, tenant.lanes);
    if (before && !cursor.state().decodes() && !rests(cursor.tenant())) {
      tokens += to_compute(cursor);
    }
  }
  return tokens;
}

void Scheduler::admit(const Cursor& cursor) {
  cursor.state().admitted = true;
  ++cursor.tenant().lanes;
  cursor.tenant().seated = step_ + 1;
  admitted_.push_back(cursor);
}

/// Seats go to whose turn it is, and nobody slips past: a large prompt is not starved by small
/// ones behind it. A lane that could not run in a whole step yet gets no seat yet.
void Scheduler::admit_waiting(terms::StepPlan& plan) {
  for (;;) {
    const Cursor cursor = next_to_admit();
    if (cursor.job == nullptr || prompts_before(cursor.tenant()) >= capacity_.step_tokens_max ||
        (!fits(cursor, {}) && !make_way(cursor, plan))) {
      return;
    }
    admit(cursor);
  }
}

/// found   tokens that will be in the cache, in front of those computed.
void Scheduler::run(const Cursor& cursor, std::uint32_t tokens, std::uint32_t found,
                    terms::StepPlan& plan, Budget& budget) {
  LaneState& lane = cursor.state();
  plan.run.push_back({cursor.lane(), {tokens}, {lane.resident}});
  lane.planned = found + tokens;
  lane.found = found;
  kv_each_ += found + tokens;
  budget.tokens -= std::min(tokens, budget.tokens);
}

bool Scheduler::has_few_lanes(const Tenant& tenant) const {
  return std::uint64_t{tenant.lanes} * present_ < admitted_.size();
}

/// A short prompt of who has few lanes: it enters whole.
bool Scheduler::is_question(const Cursor& cursor) const {
  const LaneState& lane = cursor.state();
  return !lane.decodes() && lane.known - at_hand(cursor) <= policy_.short_prompt_tokens &&
         !rests(cursor.tenant()) && has_few_lanes(cursor.tenant());
}

/// A step that begins with questions, prompts in their order, is to take half as long as others;
/// never two such steps in a row, or who asks much would stop all others' streams.
void Scheduler::expect_questions(Budget& budget) const {
  budget.target = policy_.step_target;
  if (stood_still_) {
    return;
  }
  for (const Cursor& cursor : admitted_) {
    const LaneState& lane = cursor.state();
    if (lane.decodes() || rests(cursor.tenant())) {
      continue;
    }
    if (!is_question(cursor)) {
      return;
    }
    const std::uint32_t found = at_hand(cursor);
    budget.questions.add_prompt(lane.resident + found, lane.missing() - found);
    budget.target = {policy_.step_target.value / 2};
  }
}

/// Whether a question would wait too long for this stream of a tenant that has many lanes.
bool Scheduler::holds_up(const Cursor& decode, const Budget& budget) const {
  Shape step = budget.shape;
  step.add_decode(decode.state().resident);
  step.prompt += budget.questions.prompt;
  step.positions += budget.questions.positions;
  return budget.questions.prompt > 0 && !has_few_lanes(decode.tenant()) &&
         pace_.predict(step) > budget.target;
}

void Scheduler::plan_decodes(terms::StepPlan& plan, Budget& budget) {
  expect_questions(budget);
  stood_still_ = false;
  const std::vector<Cursor> lanes = admitted_;
  const bool prompts = std::ranges::any_of(
      lanes, [this](const Cursor& c) { return !c.state().decodes() && !rests(c.tenant()); });
  const std::uint32_t kept =
      prompts ? std::min(policy_.prompt_tokens_min, capacity_.step_tokens_max / 4) : 0;
  // Those after `last` have given their KV to those before.
  std::size_t last = lanes.size();
  bool after_question = false;
  for (std::size_t i = 0; i < last && budget.tokens > kept; ++i) {
    const Cursor& cursor = lanes[i];
    after_question = after_question || is_question(cursor);
    if (!cursor.state().decodes()) {
      continue;
    }
    // The last token of a prompt runs like a decode, but nobody reads its stream yet.
    budget.streams = budget.streams || cursor.state().known > cursor.job->item.prompt.value;
    if (rests(cursor.tenant())) {
      continue;
    }
    if (after_question && holds_up(cursor, budget)) {
      stood_still_ = true;
      continue;
    }
    while (kv_free() == 0 && last > i) {
      evict(lanes[--last], plan);
    }
    if (last > i) {
      budget.shape.add_decode(cursor.state().resident);
      run(cursor, 1, 0, plan, budget);
    }
  }
}

Scheduler::Cursor Scheduler::next_prompt() const {
  const auto key = [](const Cursor& c) {
    return std::tuple(plus(c.tenant().ahead, c.tenant().planned), c.tenant().lanes, c.job->arrival,
                      c.choice);
  };
  Cursor best;
  for (const Cursor& cursor : admitted_) {
    const bool prompt = !cursor.state().decodes() && cursor.state().planned == 0;
    if (prompt && !rests(cursor.tenant()) && may_begin(cursor) &&
        (best.job == nullptr || key(cursor) < key(best))) {
      best = cursor;
    }
  }
  return best;
}

/// Prompt tokens that would be charged if all of them were found when the lane begins.
std::uint32_t Scheduler::to_find(const Cursor& cursor) {
  const Job& job = *cursor.job;
  return cursor.state().resident > 0 ? 0 : job.item.prompt.value - job.prompt_charged;
}

/// What is found takes no time, so a step could serve any number of long prompts. Those that a
/// tenant begins in one are no longer than the cache, all together.
bool Scheduler::may_begin(const Cursor& cursor) const {
  const std::uint64_t before = cursor.tenant().beginning;
  return before == 0 || before + to_find(cursor) <= capacity_.kv_tokens;
}

bool Scheduler::can_fork(const Cursor& cursor) const {
  std::uint32_t source = 0;
  return cursor.state().resident == 0 && shares_prompt(*cursor.job, cursor.choice) &&
         fork_source(*cursor.job, source) != nullptr;
}

void Scheduler::fork(const Cursor& cursor, terms::StepPlan& plan) {
  const terms::WorkItem& item = cursor.job->item;
  const base::Tokens shared{item.prompt.value - 1};
  std::uint32_t choice = 0;
  LaneState* const source = fork_source(*cursor.job, choice);
  plan.fork.push_back({{item.job, choice}, cursor.lane(), shared, 0});
  hold_together({source, shared.value}, cursor.state());
  cursor.state().resident = shared.value;
  kv_each_ += shared.value;
}

/// Room for a prompt whose turn it is, from those who rest; and from those whose turn is last, when
/// nothing else runs. (They are no source of a fork in this plan: who forks runs.)
void Scheduler::free_kv(const Cursor& cursor, std::uint32_t tokens, terms::StepPlan& plan) {
  while (kv_free() < tokens) {
    const auto last = std::ranges::find_if(
        admitted_.rbegin(), admitted_.rend(), [this, &cursor, &plan](const Cursor& other) {
          return other.job != cursor.job && (rests(other.tenant()) || plan.run.empty()) &&
                 goes_before(cursor, other);
        });
    if (last == admitted_.rend()) {
      return;
    }
    evict(Cursor(*last), plan);
  }
}

/// What of a prompt enters in any case. Far into a long prompt even this little may take longer
/// than the decodes' pace allows, and less of it would not: then less enters, as long as the
/// decodes themselves leave half of the time. Where the pace is lost anyway, nothing is gained by
/// less.
std::uint32_t Scheduler::least_beside(const Shape& decodes, std::uint32_t resident) const {
  Shape with = decodes;
  with.add_prompt(resident, policy_.prompt_tokens_min);
  const bool half_free = pace_.predict(decodes).value <= policy_.step_target.value / 2;
  const bool near = pace_.predict(with).value / 2 <= policy_.step_target.value;
  return half_free && near ? policy_.prompt_tokens_min / 4 : policy_.prompt_tokens_min;
}

/// Most tokens of a prompt while streams decode: what keeps their pace, and a little in any case; a
/// short prompt of who has few lanes whole.
std::uint32_t Scheduler::beside_streams(const Cursor& cursor, std::uint32_t found,
                                        const Budget& budget) const {
  const LaneState& lane = cursor.state();
  const std::uint32_t resident = lane.resident + found;
  const std::uint32_t paced = pace_.fit(budget.shape, resident, budget.target);
  Shape decodes = budget.shape;
  decodes.prompt = 0;
  decodes.positions = 0;
  const std::uint32_t least =
      is_question(cursor) ? policy_.short_prompt_tokens : least_beside(decodes, resident);
  return std::max(paced, least - std::min(budget.prompt_tokens, least));
}

/// False: the step takes no more.
bool Scheduler::plan_prompt(const Cursor& cursor, terms::StepPlan& plan, Budget& budget) {
  const bool whole = comes_whole(*cursor.job);
  const bool forks = can_fork(cursor);
  const std::uint32_t begins = to_find(cursor);
  LaneState& lane = cursor.state();
  const std::uint32_t more = forks ? 0 : at_hand(cursor) - held_already(cursor, {}).tokens;
  free_kv(cursor, whole ? lane.missing() : more + 1, plan);
  if (kv_free() == 0) {
    return false;
  }
  if (forks) {
    fork(cursor, plan);
  }
  const Held held = held_already(cursor, {});  // What others hold takes no room.
  const std::uint32_t kept = std::min(at_hand(cursor) - held.tokens, kv_free() - 1);
  const std::uint32_t found = held.tokens + kept;
  std::uint32_t chunk = std::min({lane.missing() - found, budget.tokens, kv_free() - kept});
  if (whole) {
    const bool alone = plan.run.empty() && kv_free() >= lane.missing();
    if (chunk < lane.missing() && !alone) {
      return false;
    }
    chunk = lane.missing();
  } else if (budget.streams) {
    chunk = std::min(chunk, beside_streams(cursor, found, budget));
  }
  if (chunk == 0) {
    return false;
  }
  budget.shape.add_prompt(lane.resident + found, chunk);
  budget.prompt_tokens += chunk;
  Tenant& tenant = cursor.tenant();
  tenant.planned = plus(tenant.planned, times(found, cursor.job->item.prices.cached));
  tenant.planned = plus(tenant.planned, times(chunk, cursor.job->item.prices.input));
  tenant.beginning += begins;
  run(cursor, chunk, found, plan, budget);
  if (held.tokens > 0) {
    hold_together(held, lane);
  }
  return true;
}

void Scheduler::plan_prompts(terms::StepPlan& plan, Budget& budget) {
  while (budget.tokens > 0) {
    const Cursor cursor = next_prompt();
    if (cursor.job == nullptr || !plan_prompt(cursor, plan, budget)) {
      return;
    }
  }
}

terms::StepPlan Scheduler::plan() {
  ++step_;
  terms::StepPlan plan;
  plan.evict = std::exchange(drop_, {});
  settle_shares();
  admit_waiting(plan);
  std::ranges::sort(admitted_, goes_before);
  Budget budget;
  budget.tokens = capacity_.step_tokens_max;
  plan_decodes(plan, budget);
  plan_prompts(plan, budget);
  mark_waiting();
  planned_ = budget.shape;
  return plan;
}

}  // namespace schedule
