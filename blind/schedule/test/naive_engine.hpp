// A naive model beside the scheduler: an engine that remembers what each lane has, checks every
// rule of a plan, and keeps a bill of its own.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include <schedule/scheduler.hpp>

namespace schedule::testing {

inline terms::WorkItem job(std::uint64_t id, std::uint64_t tenant, std::uint32_t prompt,
                           std::uint32_t output, std::uint32_t choices = 1,
                           terms::Prices prices = {{1}, {0}, {1}}) {
  terms::WorkItem item;
  item.job = {id};
  item.tenant = {tenant};
  item.kind = output == 0 ? terms::WorkKind::embed : terms::WorkKind::generate;
  item.prompt = {prompt};
  item.output_max = {output};
  item.choices = choices;
  item.prices = prices;
  return item;
}

inline Capacity capacity(std::uint32_t kv, std::uint32_t lanes, std::uint32_t step) {
  return {kv, lanes, step, 0, true};
}

/// Lanes finish when they have sampled output_max tokens; embeddings when their prompt is done.
class NaiveEngine {
 public:
  explicit NaiveEngine(Capacity capacity) : capacity_(capacity) {}

  void open(const terms::WorkItem& item) { items_[item.job] = item; }
  /// A job whose first `common` tokens are those of all others of its family. Returns it with what
  /// an engine would say of that.
  terms::WorkItem open(terms::WorkItem item, std::uint64_t family, std::uint32_t common) {
    const std::uint32_t shared = std::min(common, item.prompt.value - 1);
    item.prefix.at_hand = {std::min(kept_[family], shared)};
    for (const auto& [other, family_of_other] : families_) {
      const base::Tokens both{std::min(shared, items_[other].prompt.value)};
      if (family_of_other == family && covered_[other] < items_[other].prompt.value &&
          both > std::max(item.prefix.coming, item.prefix.at_hand)) {
        item.prefix.coming = both;
        item.prefix.from = other;
      }
    }
    items_[item.job] = item;
    families_[item.job] = family;
    common_[family] = common;
    return item;
  }
  /// Tokens of common beginnings that were computed, over all jobs of the family.
  [[nodiscard]] std::uint64_t computed_in_common(std::uint64_t family) {
    return computed_in_common_[family];
  }
  [[nodiscard]] std::uint64_t reused(terms::JobId id) { return reused_[id]; }

  terms::StepReport run(const terms::StepPlan& plan) {
    for (const terms::Lane& lane : plan.evict) {
      EXPECT_GT(lanes_[lane].resident, 0U) << "nothing is dropped that is not there";
      set_resident(lane, 0);
      ++evictions_[items_.at(lane.job).tenant.value];
    }
    for (const terms::ForkEntry& fork : plan.fork) {
      EXPECT_TRUE(capacity_.can_fork);
      EXPECT_GE(lanes_[fork.from].resident, fork.tokens.value) << "a fork shares what is there";
      EXPECT_EQ(lanes_[fork.to].resident, 0U);
      set_resident(fork.to, fork.tokens.value);
    }
    terms::StepReport report;
    room_ = capacity_.kv_tokens - std::min<std::uint64_t>(capacity_.kv_tokens, kv_used_);
    for (const terms::StepEntry& entry : plan.run) {
      room_ -= std::min<std::uint64_t>(room_, entry.tokens.value);
    }
    std::uint32_t step_tokens = 0;
    std::map<terms::Lane, int> times;
    for (const terms::StepEntry& entry : plan.run) {
      EXPECT_EQ(++times[entry.lane], 1) << "a lane runs once a step";
      step_tokens += entry.tokens.value;
      report.lanes.push_back(run(entry));
    }
    EXPECT_LE(step_tokens, capacity_.step_tokens_max);
    EXPECT_LE(kv_used_, capacity_.kv_tokens);
    EXPECT_LE(resident_.size(), capacity_.lanes_max);
    for (const terms::LaneReport& done : report.lanes) {
      if (done.finished && items_.at(done.lane.job).kind == terms::WorkKind::embed) {
        lanes_[done.lane].sampled = 1;  // So that finished() is true of it.
      }
    }
    return report;
  }

  [[nodiscard]] bool finished(terms::JobId id) {
    const terms::WorkItem& item = items_[id];
    for (std::uint64_t choice = 0; choice < item.choices; ++choice) {
      if (lanes_[{id, choice}].sampled < std::max(item.output_max.value, 1U)) {
        return false;
      }
    }
    return true;
  }
  void close(terms::JobId id) {
    families_.erase(id);
    for (std::uint64_t choice = 0; choice < items_[id].choices; ++choice) {
      set_resident({id, choice}, 0);
    }
  }
  [[nodiscard]] std::uint32_t sampled(terms::JobId id, std::uint64_t choice = 0) {
    return lanes_[{id, choice}].sampled;
  }
  [[nodiscard]] std::uint32_t resident(terms::JobId id, std::uint64_t choice = 0) {
    return lanes_[{id, choice}].resident;
  }
  [[nodiscard]] std::uint64_t computed(std::uint64_t tenant) { return computed_[tenant]; }
  /// What the bill says, in 10^-6 nano-units: each prompt token once, each sampled token.
  [[nodiscard]] std::uint64_t billed(std::uint64_t tenant) { return billed_[tenant]; }
  [[nodiscard]] std::uint64_t evictions(std::uint64_t tenant) { return evictions_[tenant]; }
  [[nodiscard]] std::uint64_t lanes_of(std::uint64_t tenant) {
    return static_cast<std::uint64_t>(std::ranges::count_if(
        resident_, [&](const auto& lane) { return items_.at(lane.job).tenant.value == tenant; }));
  }
  [[nodiscard]] const terms::WorkItem& item(terms::JobId id) const { return items_.at(id); }

 private:
  struct State {
    std::uint32_t resident = 0;
    std::uint32_t sampled = 0;
  };

  terms::LaneReport run(const terms::StepEntry& entry) {
    const terms::WorkItem& item = items_.at(entry.lane.job);
    State& lane = lanes_[entry.lane];
    const std::uint32_t known = item.prompt.value + lane.sampled;
    EXPECT_EQ(entry.resident.value, lane.resident) << "the scheduler knows what is resident";
    EXPECT_GT(entry.tokens.value, 0U);
    EXPECT_LE(lane.resident + entry.tokens.value, known) << "only known tokens can be run";
    EXPECT_LT(lane.sampled, std::max(item.output_max.value, 1U)) << "a finished lane does not run";
    terms::LaneReport report;
    report.lane = entry.lane;
    std::uint32_t& covered = covered_[entry.lane.job];
    report.reused = {lane.resident > 0 ? 0 : find_kept(item)};
    report.computed = {std::min(entry.tokens.value, known - report.reused.value)};
    set_resident(entry.lane, lane.resident + report.reused.value);
    if (const std::uint32_t there = std::min(lane.resident, item.prompt.value); there > covered) {
      billed_[item.tenant.value] +=
          (there - covered) * static_cast<std::uint64_t>(item.prices.cached.value);
      covered = there;
    }
    keep(item, lane.resident, lane.resident + report.computed.value);
    set_resident(entry.lane, lane.resident + report.computed.value);
    computed_[item.tenant.value] += report.computed.value;
    const std::uint32_t reach = std::min(lane.resident, item.prompt.value);
    if (reach > covered) {
      billed_[item.tenant.value] +=
          (reach - covered) * static_cast<std::uint64_t>(item.prices.input.value);
      covered = reach;
    }
    if (lane.resident == known && item.kind == terms::WorkKind::embed) {
      report.finished = true;
    } else if (lane.resident == known) {
      ++lane.sampled;
      billed_[item.tenant.value] += static_cast<std::uint64_t>(item.prices.output.value);
      report.sampled = 1;
      report.finished = lane.sampled == item.output_max.value;
    }
    return report;
  }

  std::uint32_t find_kept(const terms::WorkItem& item) {
    const auto family = families_.find(item.job);
    if (family == families_.end()) {
      return 0;
    }
    const std::uint32_t shared =
        std::min(common_[family->second], item.prompt.value - 1);  // The last one is computed.
    const auto found = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(room_, std::min(kept_[family->second], shared)));
    room_ -= found;
    reused_[item.job] += found;
    return found;
  }
  void keep(const terms::WorkItem& item, std::uint32_t from, std::uint32_t to) {
    const auto family = families_.find(item.job);
    if (family != families_.end()) {
      const std::uint32_t end = std::min({to, common_[family->second], item.prompt.value});
      computed_in_common_[family->second] += end > from ? end - from : 0;
      kept_[family->second] = std::max(kept_[family->second], end);
    }
  }

  void set_resident(const terms::Lane& lane, std::uint32_t tokens) {
    State& state = lanes_[lane];
    kv_used_ += tokens;
    kv_used_ -= state.resident;
    state.resident = tokens;
    if (tokens > 0) {
      resident_.insert(lane);
    } else {
      resident_.erase(lane);
    }
  }

  Capacity capacity_;
  std::map<terms::JobId, terms::WorkItem> items_;
  std::map<terms::Lane, State> lanes_;
  std::set<terms::Lane> resident_;
  std::uint64_t kv_used_ = 0;
  std::uint64_t room_ = 0;  ///< That a step leaves for what is found.
  std::map<terms::JobId, std::uint64_t> families_;
  std::map<std::uint64_t, std::uint32_t> common_;
  std::map<std::uint64_t, std::uint32_t> kept_;
  std::map<std::uint64_t, std::uint64_t> computed_in_common_;
  std::map<terms::JobId, std::uint64_t> reused_;
  std::map<terms::JobId, std::uint32_t> covered_;
  std::map<std::uint64_t, std::uint64_t> computed_;
  std::map<std::uint64_t, std::uint64_t> billed_;
  std::map<std::uint64_t, std::uint64_t> evictions_;
};

/// A scheduler on a naive engine.
struct Bench {
  explicit Bench(Capacity c, Policy p = {}) : scheduler(c, p), engine(c) {}

  void submit(const terms::WorkItem& item) {
    engine.open(item);
    ASSERT_EQ(scheduler.submit(item), Admission::queued);
    open.push_back(item.job);
  }
  void submit(const terms::WorkItem& item, std::uint64_t family, std::uint32_t common) {
    ASSERT_EQ(scheduler.submit(engine.open(item, family, common)), Admission::queued);
    open.push_back(item.job);
  }
  terms::StepPlan step(base::SpanNs took = {}) {
    terms::StepPlan plan = scheduler.plan();
    EXPECT_TRUE(scheduler.report(engine.run(plan), took).empty());
    std::erase_if(open, [this](terms::JobId id) {
      if (!engine.finished(id)) {
        return false;
      }
      leave(id);
      return true;
    });
    return plan;
  }
  void leave(terms::JobId id) {
    engine.close(id);
    scheduler.remove(id);
  }
  void run_all(int steps_max) {
    while (!open.empty() && steps_max-- > 0) {
      if (step().run.empty()) {
        ADD_FAILURE() << "someone runs while there is work";
        return;
      }
    }
    EXPECT_TRUE(open.empty()) << "every job ends";
    EXPECT_EQ(scheduler.counts().kv_tokens_used, 0U);
    EXPECT_TRUE(scheduler.idle());
  }
  [[nodiscard]] bool is_open(terms::JobId id) const {
    return std::ranges::find(open, id) != open.end();
  }

  Scheduler scheduler;
  NaiveEngine engine;
  std::vector<terms::JobId> open;
};

}  // namespace schedule::testing
