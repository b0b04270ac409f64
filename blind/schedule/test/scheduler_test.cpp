// What a scheduler does with a few jobs, one behaviour a test.
#include <random>

#include "bench.hpp"

namespace schedule::testing {
namespace {

using terms::JobId;

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
  policy.prompt_tokens_min = 16;
  policy.step_target = {1};  // No step is that short: only the least enters.
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

TEST(scheduler, a_short_prompt_of_who_has_few_lanes_enters_whole) {
  Policy policy;
  policy.step_target = {1};
  Bench bench(capacity(10'000, 8, 256), policy);
  for (std::uint64_t i = 1; i <= 5; ++i) {
    bench.submit(job(i, 1, 10, 500));
  }
  bench.step();
  bench.submit(job(6, 2, 100, 5));  // Few lanes, short:
  bench.submit(job(7, 1, 100, 5));  // many lanes;
  EXPECT_EQ(bench.step().run.back().tokens.value, 100U);
  EXPECT_EQ(bench.engine.sampled({6}), 1U);
  bench.submit(job(8, 3, 200, 5));  // and not so short.
  EXPECT_EQ(bench.step().run.back().tokens.value, 16U);
}

TEST(scheduler, a_short_prompt_of_who_has_as_many_lanes_as_others_keeps_their_pace) {
  Policy policy;
  policy.step_target = {1};
  Bench bench(capacity(10'000, 8, 256), policy);
  bench.submit(job(1, 1, 10, 500));
  bench.step();
  bench.submit(job(2, 2, 100, 5));  // One lane beside one.
  const terms::StepPlan plan = bench.step();
  ASSERT_EQ(plan.run.size(), 2U);
  EXPECT_EQ(plan.run[1].tokens.value, 16U);
}

TEST(scheduler, room_is_left_for_what_answers_may_yet_grow_to) {
  Bench bench(capacity(300, 8, 256));
  for (std::uint64_t i = 1; i <= 6; ++i) {
    bench.submit(job(i, 1, 20, 80));
  }
  bench.run_all(1'000);
  EXPECT_EQ(bench.engine.evictions(1), 0U) << "what will be evicted need not be admitted";
}

TEST(scheduler, when_nobody_decodes_a_step_takes_all_it_can) {
  Policy policy;
  policy.step_target = {1};
  Bench bench(capacity(10'000, 8, 64), policy);
  bench.submit(job(1, 1, 100, 5));
  bench.submit(job(2, 2, 100, 5));
  std::uint32_t tokens = 0;
  for (const terms::StepEntry& entry : bench.step().run) {
    tokens += entry.tokens.value;
  }
  EXPECT_EQ(tokens, 64U);
}

TEST(scheduler, the_least_served_tenant_goes_first) {
  Bench bench(capacity(10'000, 1, 64));
  for (std::uint64_t i = 1; i <= 5; ++i) {
    bench.submit(job(i, 1, 60, 1));
  }
  bench.step();
  bench.submit(job(6, 2, 60, 1));  // Came last, but its tenant has no lane.
  EXPECT_EQ(bench.step().run[0].lane.job, JobId{6});
  EXPECT_EQ(bench.step().run[0].lane.job, JobId{2});
  bench.run_all(100);
}

TEST(scheduler, within_a_tenant_first_come_first_served) {
  Bench bench(capacity(500, 2, 64));
  bench.submit(job(1, 1, 100, 20));
  bench.submit(job(2, 1, 400, 20));  // Does not fit beside the first,
  bench.submit(job(3, 1, 10, 1));    // and this one does not slip past it.
  while (bench.is_open({1})) {
    bench.step();
    EXPECT_EQ(bench.engine.resident({3}), 0U);
  }
  while (bench.engine.sampled({2}) == 0) {
    bench.step();
    EXPECT_LE(bench.engine.sampled({3}), bench.engine.sampled({2}));
  }
  bench.run_all(100);
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

TEST(scheduler, choices_without_forks_compute_the_prompt_each_and_are_billed_once) {
  Capacity c = capacity(10'000, 8, 64);
  c.can_fork = false;
  Bench bench(c);
  bench.submit(job(1, 1, 60, 5, 4));
  bench.run_all(100);
  EXPECT_EQ(bench.engine.computed(1), 4 * (60U + 4));
  EXPECT_EQ(bench.engine.billed(1), 60U + 4 * 5);
}

TEST(scheduler, more_choices_than_lanes_end_all_the_same) {
  Bench bench(capacity(10'000, 3, 64));
  bench.submit(job(1, 1, 60, 5, 10));
  bench.submit(job(2, 2, 60, 5, 10));
  bench.run_all(200);
}

TEST(scheduler, when_kv_runs_out_someone_gives_way_and_all_end) {
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
  Bench bench(capacity(1000, 8, 64));
  bench.submit(job(1, 1, 10, 5));
  bench.submit(job(2, 1, 10, 5));
  EXPECT_EQ(bench.step().run.size(), 2U);
  terms::StepReport none;
  none.out_of_kv = true;
  EXPECT_EQ(bench.scheduler.plan().run.size(), 2U);
  EXPECT_TRUE(bench.scheduler.report(none, {}).empty());
  const terms::StepPlan plan = bench.scheduler.plan();
  ASSERT_EQ(plan.evict.size(), 1U);
  EXPECT_EQ(plan.evict[0].job, JobId{2});
}

TEST(scheduler, a_lane_that_does_not_fit_alone_is_named) {
  Bench bench(capacity(1000, 8, 64));
  bench.submit(job(1, 1, 10, 5));
  terms::StepReport none;
  none.out_of_kv = true;
  EXPECT_EQ(bench.scheduler.plan().run.size(), 1U);
  const auto stuck = bench.scheduler.report(none, {});
  ASSERT_EQ(stuck.size(), 1U);
  EXPECT_EQ(stuck[0].job, JobId{1});
}

TEST(scheduler, embeddings_that_must_come_whole_do) {
  Capacity whole = capacity(1000, 8, 64);
  whole.embed_whole_max = 60;
  Bench bench(whole);
  for (std::uint64_t i = 1; i <= 3; ++i) {
    bench.submit(job(i, 1, 30, 0));
  }
  const terms::StepPlan plan = bench.step();
  ASSERT_EQ(plan.run.size(), 2U) << "as many as a step takes";
  EXPECT_EQ(plan.run[0].tokens.value, 30U);
  EXPECT_EQ(plan.run[1].tokens.value, 30U);
  EXPECT_EQ(bench.scheduler.submit(job(9, 2, 61, 0)), Admission::too_large);
  bench.run_all(10);
}

// Any mixture ends, in a bounded number of steps, with every rule of a plan kept.
TEST(scheduler, random_loads_end) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 15; ++round) {
    const auto kv = static_cast<std::uint32_t>(20 + random() % 300);
    const auto lanes = static_cast<std::uint32_t>(1 + random() % 12);
    const auto step = static_cast<std::uint32_t>(lanes + random() % 64);
    Capacity c = capacity(kv, lanes, step);
    c.can_fork = random() % 4 != 0;
    Policy policy;
    policy.prompt_tokens_min = static_cast<std::uint32_t>(1 + random() % 32);
    policy.step_target = {static_cast<std::int64_t>(random() % 100'000'000)};
    policy.quantum_tokens = static_cast<std::uint32_t>(random() % 400);
    Bench bench(c, policy);
    std::uint64_t id = 0;
    for (int i = 0; i < 60; ++i) {
      const auto prompt = static_cast<std::uint32_t>(1 + random() % (kv - 1));
      const auto output = static_cast<std::uint32_t>(1 + random() % (kv - prompt));
      const auto choices = static_cast<std::uint32_t>(random() % 5 == 0 ? 1 + random() % 6 : 1);
      const terms::Prices prices{{static_cast<std::int64_t>(random() % 5)},
                                 {0},
                                 {static_cast<std::int64_t>(random() % 5)}};
      bench.submit(job(++id, 1 + random() % 4, prompt, output, choices, prices));
      if (random() % 2 == 0) {
        bench.step({static_cast<std::int64_t>(random() % 200'000'000)});
      }
      if (random() % 8 == 0 && !bench.open.empty()) {
        const JobId gone = bench.open[random() % bench.open.size()];
        bench.leave(gone);
        std::erase(bench.open, gone);
      }
    }
    bench.run_all(200'000);
    if (::testing::Test::HasFailure()) {
      return;
    }
  }
}

}  // namespace
}  // namespace schedule::testing
