#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include <schedule/scheduler.hpp>

namespace {

using schedule::Admission;
using schedule::Capacity;
using schedule::Policy;
using schedule::Scheduler;
using terms::JobId;
using terms::Lane;
using terms::TenantId;
using terms::WorkItem;

WorkItem job(std::uint64_t id, std::uint64_t tenant, std::uint32_t prompt, std::uint32_t output,
             std::uint32_t choices = 1) {
  WorkItem item;
  item.job = {id};
  item.tenant = {tenant};
  item.prompt = {prompt};
  item.output_max = {output};
  item.choices = choices;
  return item;
}

/// A naive engine: it remembers what each lane has, and checks every rule of a plan.
class Engine {
 public:
  explicit Engine(Capacity capacity) : capacity_(capacity) {}

  void open(const WorkItem& item) { items_[item.job] = item; }

  /// Runs a plan and returns its report; lanes finish when they have sampled output_max tokens.
  terms::StepReport run(const terms::StepPlan& plan) {
    for (const Lane& lane : plan.evict) {
      lanes_[lane].resident = 0;
    }
    for (const terms::ForkEntry& fork : plan.fork) {
      EXPECT_GE(lanes_[fork.from].resident, fork.tokens.value) << "a fork shares what is there";
      EXPECT_EQ(lanes_[fork.to].resident, 0U);
      lanes_[fork.to].resident = fork.tokens.value;
    }
    terms::StepReport report;
    std::uint32_t step_tokens = 0;
    std::map<Lane, int> times;
    for (const terms::StepEntry& entry : plan.run) {
      EXPECT_EQ(++times[entry.lane], 1) << "a lane runs once a step";
      step_tokens += entry.tokens.value;
      report.lanes.push_back(run(entry));
    }
    EXPECT_LE(step_tokens, capacity_.step_tokens_max);
    EXPECT_LE(kv_used(), capacity_.kv_tokens);
    steps_ += plan.run.empty() ? 0 : 1;
    return report;
  }

  [[nodiscard]] std::uint32_t sampled(JobId id, std::uint64_t choice = 0) {
    return lanes_[Lane{id, choice}].sampled;
  }
  [[nodiscard]] bool finished(JobId id) {
    for (std::uint64_t choice = 0; choice < items_[id].choices; ++choice) {
      if (sampled(id, choice) < items_[id].output_max.value) {
        return false;
      }
    }
    return true;
  }
  void close(JobId id) {
    for (std::uint64_t choice = 0; choice < items_[id].choices; ++choice) {
      lanes_[Lane{id, choice}].resident = 0;
    }
  }
  [[nodiscard]] std::uint64_t computed(std::uint64_t tenant) { return computed_[{tenant}]; }
  [[nodiscard]] int steps() const { return steps_; }

 private:
  struct State {
    std::uint32_t resident = 0;
    std::uint32_t sampled = 0;
  };

  terms::LaneReport run(const terms::StepEntry& entry) {
    const WorkItem& item = items_.at(entry.lane.job);
    State& lane = lanes_[entry.lane];
    const std::uint32_t known = item.prompt.value + lane.sampled;
    EXPECT_EQ(entry.resident.value, lane.resident) << "the scheduler knows what is resident";
    EXPECT_GT(entry.tokens.value, 0U);
    EXPECT_LE(lane.resident + entry.tokens.value, known) << "only known tokens can be run";
    EXPECT_LT(lane.sampled, item.output_max.value) << "a finished lane does not run";
    lane.resident += entry.tokens.value;
    computed_[item.tenant] += entry.tokens.value;
    terms::LaneReport report;
    report.lane = entry.lane;
    report.computed = entry.tokens;
    if (lane.resident == known) {
      ++lane.sampled;
      report.sampled = 1;
      report.finished = lane.sampled == item.output_max.value;
    }
    return report;
  }

  [[nodiscard]] std::uint32_t kv_used() const {
    std::uint32_t used = 0;
    for (const auto& [lane, state] : lanes_) {
      used += state.resident;
    }
    return used;
  }

  Capacity capacity_;
  std::map<JobId, WorkItem> items_;
  std::map<Lane, State> lanes_;
  std::map<TenantId, std::uint64_t> computed_;
  int steps_ = 0;
};

Capacity capacity(std::uint32_t kv, std::uint32_t lanes, std::uint32_t step) {
  return {kv, lanes, step, 0, true};
}

struct Bench {
  explicit Bench(Capacity c, Policy p = {}) : scheduler(c, p), engine(c) {}

  void submit(const WorkItem& item) {
    engine.open(item);
    ASSERT_EQ(scheduler.submit(item), Admission::queued);
    open.push_back(item.job);
  }
  terms::StepPlan step() {
    terms::StepPlan plan = scheduler.plan();
    EXPECT_TRUE(scheduler.report(engine.run(plan)).empty());
    std::erase_if(open, [this](JobId id) {
      if (!engine.finished(id)) {
        return false;
      }
      engine.close(id);
      scheduler.remove(id);
      return true;
    });
    return plan;
  }
  void run_all(int steps_max) {
    while (!open.empty() && steps_max-- > 0) {
      EXPECT_FALSE(step().run.empty()) << "someone runs while there is work";
    }
    EXPECT_TRUE(open.empty()) << "every job ends";
    EXPECT_EQ(scheduler.counts().kv_tokens_used, 0U);
    EXPECT_TRUE(scheduler.idle());
  }

  Scheduler scheduler;
  Engine engine;
  std::vector<JobId> open;
};

TEST(scheduler, a_prompt_then_its_tokens) {
  Bench bench(capacity(1000, 8, 64));
  bench.submit(job(1, 1, 100, 3));
  EXPECT_EQ(bench.step().run[0].tokens.value, 64U);
  EXPECT_EQ(bench.step().run[0].tokens.value, 36U);
  EXPECT_EQ(bench.engine.sampled({1}), 1U);
  EXPECT_EQ(bench.step().run[0].tokens.value, 1U);
  bench.run_all(10);
  EXPECT_EQ(bench.engine.sampled({1}), 3U);
}

TEST(scheduler, running_streams_go_on_while_a_long_prompt_enters) {
  Policy policy;
  policy.prefill_beside_decodes = 16;
  Bench bench(capacity(10'000, 8, 64), policy);
  bench.submit(job(1, 1, 4, 50));
  bench.step();
  bench.submit(job(2, 2, 1000, 1));
  for (int i = 0; i < 20; ++i) {
    const terms::StepPlan plan = bench.step();
    ASSERT_EQ(plan.run.size(), 2U);
    EXPECT_EQ(plan.run[0].lane.job, JobId{1});
    EXPECT_EQ(plan.run[1].tokens.value, 16U);
  }
}

TEST(scheduler, the_least_served_tenant_goes_first) {
  Bench bench(capacity(10'000, 1, 64));
  for (std::uint64_t i = 1; i <= 5; ++i) {
    bench.submit(job(i, 1, 60, 1));
  }
  bench.step();
  bench.submit(job(6, 2, 60, 1));  // Came last, but its tenant has had nothing.
  EXPECT_EQ(bench.step().run[0].lane.job, JobId{2}) << "lifted on arrival, so in turn";
  EXPECT_EQ(bench.step().run[0].lane.job, JobId{6});
  bench.run_all(100);
}

TEST(scheduler, two_backlogged_tenants_are_served_alike) {
  Bench bench(capacity(4'000, 4, 64));
  std::uint64_t id = 0;
  for (int i = 0; i < 40; ++i) {
    bench.submit(job(++id, 1, 100, 10));  // Heavy tenant: many
  }
  for (int i = 0; i < 20; ++i) {
    bench.submit(job(++id, 2, 200, 10));  // and fewer, larger ones.
  }
  for (int i = 0; i < 60; ++i) {
    bench.step();
    const auto a = static_cast<std::int64_t>(bench.engine.computed(1));
    const auto b = static_cast<std::int64_t>(bench.engine.computed(2));
    // Never further apart than what is in the engine at once.
    EXPECT_LE(std::abs(a - b), 4 * 210 + 64);
  }
  bench.run_all(1000);
}

TEST(scheduler, choices_share_their_prompt) {
  Bench bench(capacity(10'000, 8, 64));
  bench.submit(job(1, 1, 60, 5, 4));
  bench.step();
  const terms::StepPlan plan = bench.step();
  EXPECT_EQ(plan.fork.size(), 3U);
  bench.run_all(100);
  EXPECT_EQ(bench.engine.computed(1), 60U + 4 + 3 * 5) << "the prompt is computed once";
}

TEST(scheduler, when_kv_runs_out_the_newest_gives_way_and_all_end) {
  Bench bench(capacity(100, 8, 64));
  bench.submit(job(1, 1, 20, 70));
  bench.submit(job(2, 2, 20, 70));
  bench.submit(job(3, 3, 20, 70));
  bench.run_all(2000);
}

TEST(scheduler, what_can_never_fit_is_refused) {
  Scheduler scheduler(capacity(100, 8, 64), {});
  EXPECT_EQ(scheduler.submit(job(1, 1, 90, 11)), Admission::too_large);
  EXPECT_EQ(scheduler.submit(job(1, 1, 90, 10)), Admission::queued);
}

TEST(scheduler, a_full_queue_refuses) {
  Policy policy;
  policy.queue_jobs_max = 2;
  Scheduler scheduler(capacity(100, 8, 64), policy);
  EXPECT_EQ(scheduler.submit(job(1, 1, 10, 1)), Admission::queued);
  EXPECT_EQ(scheduler.submit(job(2, 1, 10, 1)), Admission::queued);
  EXPECT_EQ(scheduler.submit(job(3, 2, 10, 1)), Admission::queue_full);
  scheduler.remove({1});
  EXPECT_EQ(scheduler.submit(job(3, 2, 10, 1)), Admission::queued);
}

TEST(scheduler, a_removed_job_leaves_at_once) {
  Bench bench(capacity(1000, 8, 64));
  bench.submit(job(1, 1, 10, 100));
  bench.step();
  bench.scheduler.remove({1});
  EXPECT_TRUE(bench.scheduler.plan().empty());
  EXPECT_EQ(bench.scheduler.counts().kv_tokens_used, 0U);
}

TEST(scheduler, an_engine_with_less_room_than_it_said_loses_the_newest_lane) {
  Scheduler scheduler(capacity(1000, 8, 64), {});
  ASSERT_EQ(scheduler.submit(job(1, 1, 10, 5)), Admission::queued);
  ASSERT_EQ(scheduler.submit(job(2, 1, 10, 5)), Admission::queued);
  terms::StepReport none;
  none.out_of_kv = true;
  EXPECT_EQ(scheduler.plan().run.size(), 2U);
  EXPECT_TRUE(scheduler.report(none).empty());
  const terms::StepPlan plan = scheduler.plan();
  ASSERT_EQ(plan.evict.size(), 1U);
  EXPECT_EQ(plan.evict[0].job, JobId{2});
  EXPECT_TRUE(scheduler.report(none).empty() || plan.run.size() == 1);
}

TEST(scheduler, embeddings_that_must_come_whole_do) {
  Capacity whole = capacity(1000, 8, 64);
  whole.embed_whole_max = 200;
  Scheduler scheduler(whole, {});
  WorkItem item = job(1, 1, 150, 0);
  item.kind = terms::WorkKind::embed;
  ASSERT_EQ(scheduler.submit(item), Admission::queued);
  EXPECT_EQ(scheduler.plan().run[0].tokens.value, 150U);
  WorkItem large = job(2, 1, 201, 0);
  large.kind = terms::WorkKind::embed;
  EXPECT_EQ(scheduler.submit(large), Admission::too_large);
}

// Any mixture ends, in a bounded number of steps, with every rule of a plan kept.
TEST(scheduler, random_loads_end) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 40; ++round) {
    const auto kv = static_cast<std::uint32_t>(20 + random() % 300);
    const auto lanes = static_cast<std::uint32_t>(1 + random() % 12);
    const auto step = static_cast<std::uint32_t>(lanes + random() % 64);
    Capacity c = capacity(kv, lanes, step);
    c.can_fork = random() % 4 != 0;
    Policy policy;
    policy.prefill_beside_decodes = static_cast<std::uint32_t>(1 + random() % 32);
    Bench bench(c, policy);
    std::uint64_t id = 0;
    for (int i = 0; i < 60; ++i) {
      const auto prompt = static_cast<std::uint32_t>(1 + random() % (kv - 1));
      const auto output = static_cast<std::uint32_t>(1 + random() % (kv - prompt));
      const auto choices = static_cast<std::uint32_t>(random() % 5 == 0 ? 1 + random() % 6 : 1);
      bench.submit(job(++id, 1 + random() % 4, prompt, output, choices));
      if (random() % 2 == 0) {
        bench.step();
      }
      if (random() % 8 == 0 && !bench.open.empty()) {
        const JobId gone = bench.open[random() % bench.open.size()];
        bench.scheduler.remove(gone);
        bench.engine.close(gone);
        std::erase(bench.open, gone);
      }
    }
    bench.run_all(200'000);
    if (::testing::Test::HasFailure()) {
      return;
    }
  }
}

TEST(scheduler, the_same_calls_give_the_same_plans) {
  const auto trace = [] {
    Bench bench(capacity(200, 4, 32));
    std::vector<terms::StepEntry> all;
    for (std::uint64_t i = 1; i <= 12; ++i) {
      bench.submit(job(i, 1 + i % 3, static_cast<std::uint32_t>(5 + 7 * i), 10));
    }
    while (!bench.open.empty()) {
      for (const terms::StepEntry& entry : bench.step().run) {
        all.push_back(entry);
      }
    }
    return all;
  };
  const auto first = trace();
  const auto second = trace();
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].lane, second[i].lane);
    EXPECT_EQ(first[i].tokens, second[i].tokens);
  }
}

}  // namespace
