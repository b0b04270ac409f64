// What lanes hold together lies in the KV cache once and is counted once: the pool. Each lane
// counts what it holds alone, and all of them the pool. When some of its holders leave between two
// words of the engine the pool may be smaller than it is taken for, never larger; and lanes never
// hold more than the sum of what each of them holds.
#include <algorithm>

#include <schedule/scheduler.hpp>

namespace schedule {

void Scheduler::share(const terms::Sharing& sharing) {
  for (const Cursor& cursor : admitted_) {
    cursor.state().shared = 0;
  }
  shared_ = 0;
  pooled_ = sharing.pooled.value;
  for (const terms::SharedLane& one : sharing.lanes) {
    Job* const job = find(one.lane.job);
    if (job != nullptr && job->lanes.at(one.lane.choice).admitted) {
      LaneState& lane = job->lanes[one.lane.choice];
      lane.shared = std::min(one.tokens.value, lane.resident);
      shared_ += lane.shared;
    }
  }
}

/// A lane that holds nothing comes to hold the first tokens of another.
void Scheduler::hold_together(const Held& held, LaneState& lane) {
  const std::uint32_t before = std::min(held.holder->shared, held.tokens);
  held.holder->shared += held.tokens - before;
  pooled_ += held.tokens - before;
  lane.shared = held.tokens;
  shared_ += held.tokens - before + held.tokens;
}

/// First tokens that are the same in two lanes, as far as is known.
std::uint32_t Scheduler::in_common(const Cursor& a, const Cursor& b) const {
  const terms::Prefix& mine = a.job->item.prefix;
  const terms::Prefix& other = b.job->item.prefix;
  if (a.job == b.job) {
    return can_fork(a) ? a.job->item.prompt.value - 1 : 0;
  }
  if (mine.from == b.job->item.job) {
    return mine.coming.value;
  }
  if (other.from == a.job->item.job) {
    return other.coming.value;
  }
  const bool alike = mine.from.valid() && mine.from == other.from;
  return alike ? std::min(mine.coming, other.coming).value : 0;
}

/// Of those that stay, whoever holds most of what a lane without KV will hold. What is still to be
/// computed nobody can hold together with its owner.
Scheduler::Held Scheduler::held_already(const Cursor& cursor,
                                        const std::vector<Cursor>& leaving) const {
  Held held;
  if (cursor.state().resident > 0) {
    return held;
  }
  const std::uint32_t found = at_hand(cursor);
  for (const Cursor& lane : admitted_) {
    LaneState& state = lane.state();
    const std::uint32_t there = state.resident + state.found;
    // A sibling's prompt is forked, that of another job is found.
    const std::uint32_t most = lane.job == cursor.job ? there : std::min(there, found);
    const std::uint32_t tokens = most > 0 ? std::min(most, in_common(cursor, lane)) : 0;
    if (tokens <= held.tokens) {
      continue;
    }
    const bool leaves = std::ranges::any_of(leaving, [&lane](const Cursor& one) {
      return one.job == lane.job && one.choice == lane.choice;
    });
    if (!leaves) {
      held = {&state, tokens};
    }
  }
  return held;
}

/// What a lane that comes and those that stay will need, those that have not begun yet as if they
/// had found what others hold of theirs.
std::vector<Scheduler::Need> Scheduler::needs_beside(const Cursor& cursor,
                                                     const std::vector<Cursor>& leaving,
                                                     std::uint64_t& pooled) const {
  std::vector<Need> needs;
  const auto add = [this, &needs](const Cursor& one) {
    needs.push_back({to_come(one), std::uint64_t{one.state().known} + 1, one.state().shared, one});
  };
  for (const Cursor& lane : admitted_) {
    const bool leaves = std::ranges::any_of(leaving, [&lane](const Cursor& one) {
      return one.job == lane.job && one.choice == lane.choice;
    });
    if (!leaves) {
      add(lane);
    }
  }
  add(cursor);
  for (Need& need : needs) {
    const Held held = held_already(need.lane, leaving);
    if (held.tokens > 0 && need.lane.state().found == 0) {
      const auto holder = std::ranges::find_if(
          needs, [&held](const Need& one) { return &one.lane.state() == held.holder; });
      const std::uint64_t more = held.tokens - std::min<std::uint64_t>(held.tokens, holder->shared);
      pooled += more;
      holder->shared += more;
      need.shared = held.tokens;
    }
  }
  return needs;
}

}  // namespace schedule
