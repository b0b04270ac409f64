// Prompts that begin alike: what is planned for what is found in the cache, and who waits for whom.
#include <random>

#include "bench.hpp"

namespace schedule::testing {
namespace {

constexpr terms::Prices dear{{10}, {1}, {30}};

TEST(prefix, what_is_at_hand_takes_no_room_in_the_step) {
  Bench bench(capacity(10'000, 16, 256));
  bench.submit(job(1, 1, 830, 4), 1, 800);
  bench.run_all(100);
  for (std::uint64_t id = 2; id <= 9; ++id) {
    bench.submit(job(id, 1, 830, 4), 1, 800);
  }
  const terms::StepPlan plan = bench.step();
  ASSERT_EQ(plan.run.size(), 8U) << "eight times thirty tokens fit a step";
  for (const terms::StepEntry& entry : plan.run) {
    EXPECT_EQ(entry.tokens, base::Tokens{30});
    EXPECT_EQ(entry.resident, base::Tokens{0});
  }
  bench.run_all(100);
  EXPECT_EQ(bench.engine.computed_in_common(1), 800U);
}

TEST(prefix, what_comes_together_is_computed_once) {
  Bench bench(capacity(10'000, 16, 32));
  for (std::uint64_t id = 1; id <= 5; ++id) {
    bench.submit(job(id, 1, 120, 3), 1, 96);
  }
  bench.step();
  EXPECT_EQ(bench.scheduler.counts().lanes_resident, 1U) << "the others wait for it";
  bench.run_all(1'000);
  EXPECT_EQ(bench.engine.computed_in_common(1), 96U);
  EXPECT_EQ(bench.engine.reused({1}), 0U);
  for (std::uint64_t id = 2; id <= 5; ++id) {
    EXPECT_EQ(bench.engine.reused({id}), 96U);
  }
}

TEST(prefix, who_waits_for_another_holds_up_nobody_else) {
  Bench bench(capacity(10'000, 16, 32));
  bench.submit(job(1, 1, 200, 3), 1, 192);
  bench.submit(job(2, 1, 200, 3), 1, 192);
  bench.submit(job(3, 1, 8, 3));
  EXPECT_EQ(bench.step().run.size(), 1U);
  EXPECT_EQ(bench.scheduler.counts().lanes_resident, 1U) << "a step's worth is seated";
  for (int i = 0; i < 6; ++i) {
    bench.step();
  }
  EXPECT_GT(bench.engine.sampled({3}), 0U) << "it came after one that still waits";
  bench.run_all(1'000);
}

TEST(prefix, when_the_first_leaves_the_next_goes_on_where_it_was) {
  Bench bench(capacity(10'000, 16, 32));
  for (std::uint64_t id = 1; id <= 4; ++id) {
    bench.submit(job(id, 1, 120, 3), 1, 96);
  }
  bench.step();
  bench.leave({1});
  std::erase(bench.open, terms::JobId{1});
  bench.step();
  EXPECT_EQ(bench.scheduler.counts().lanes_resident, 1U) << "one, not all three";
  EXPECT_EQ(bench.engine.reused({2}), 32U);
  bench.run_all(1'000);
  EXPECT_EQ(bench.engine.computed_in_common(1), 96U);
  EXPECT_EQ(bench.engine.reused({3}), 96U);
  EXPECT_EQ(bench.engine.reused({4}), 96U);
}

TEST(prefix, when_one_in_the_middle_leaves_those_behind_wait_for_the_one_before) {
  Bench bench(capacity(10'000, 16, 32));
  bench.submit(job(1, 1, 120, 3), 1, 190);  // The second and third have more in common.
  bench.submit(job(2, 1, 200, 3), 1, 190);
  bench.submit(job(3, 1, 200, 3), 1, 190);
  bench.step();
  bench.leave({2});
  std::erase(bench.open, terms::JobId{2});
  bench.step();
  EXPECT_EQ(bench.scheduler.counts().lanes_resident, 1U) << "the first is not done";
  bench.run_all(1'000);
  EXPECT_EQ(bench.engine.computed_in_common(1), 190U);
}

/// What is opened to others, two tenants may compute at once: neither's pace is the other's.
TEST(prefix, nobody_waits_for_another_tenants) {
  Bench bench(capacity(10'000, 16, 64));
  bench.submit(job(1, 1, 200, 3), 1, 192);
  bench.submit(job(2, 2, 200, 3), 1, 192);
  bench.submit(job(3, 2, 200, 3), 1, 192);
  bench.step();
  bench.step();
  EXPECT_EQ(bench.scheduler.counts().lanes_resident, 2U) << "one of each";
  bench.run_all(1'000);
  bench.submit(job(4, 1, 200, 3), 1, 192);
  bench.submit(job(5, 2, 200, 3), 1, 192);
  EXPECT_EQ(bench.step().run.size(), 2U);
  EXPECT_EQ(bench.engine.reused({4}), 192U);
  EXPECT_EQ(bench.engine.reused({5}), 192U);
  EXPECT_EQ(bench.scheduler.counts().kv_tokens_used, 192U + 2 * 8) << "held by both together";
}

/// The next in line is another tenant's, but those behind need not each compute it for that.
TEST(prefix, when_the_first_leaves_its_tenants_next_leads_its_others) {
  Bench bench(capacity(10'000, 16, 2'000));
  for (std::uint64_t id = 1; id <= 5; ++id) {
    bench.submit(job(id, id == 2 ? 2 : 1, 400, 3), 1, 384);
  }
  bench.leave({1});
  std::erase(bench.open, terms::JobId{1});
  EXPECT_EQ(bench.step().run.size(), 2U) << "one of each tenant";
  bench.run_all(1'000);
  EXPECT_EQ(bench.engine.reused({4}), 384U);
  EXPECT_EQ(bench.engine.reused({5}), 384U);
}

TEST(prefix, a_first_that_fails_holds_up_nobody) {
  Scheduler scheduler(capacity(1'000, 8, 32), {});
  terms::WorkItem follower = job(2, 1, 100, 3);
  follower.prefix = {{0}, {96}, {1}};
  ASSERT_EQ(scheduler.submit(job(1, 1, 100, 3)), Admission::queued);
  ASSERT_EQ(scheduler.submit(follower), Admission::queued);
  ASSERT_EQ(scheduler.plan().run.size(), 1U);
  terms::StepReport report;
  report.lanes.emplace_back().lane = {{1}, 0};
  report.lanes.back().finished = true;  // Failed; its request is not over for all that.
  scheduler.report(report, {});
  const terms::StepPlan plan = scheduler.plan();
  ASSERT_EQ(plan.run.size(), 1U);
  EXPECT_EQ(plan.run[0].lane.job, terms::JobId{2});
}

TEST(prefix, what_was_promised_and_is_gone_is_computed) {
  Bench bench(capacity(10'000, 16, 64));
  terms::WorkItem item = job(1, 1, 100, 3);
  item.prefix.at_hand = {96};  // Lost before its turn came.
  bench.submit(item);
  EXPECT_EQ(bench.step().run[0].tokens, base::Tokens{4});
  bench.run_all(100);
  EXPECT_EQ(bench.engine.computed(1), 102U);
}

TEST(prefix, service_is_the_bill_at_the_cached_price) {
  Bench bench(capacity(10'000, 16, 64));
  bench.submit(job(1, 1, 100, 3, 1, dear), 1, 96);
  bench.run_all(100);
  bench.submit(job(2, 1, 100, 300, 1, dear), 1, 96);
  bench.submit(job(3, 2, 100, 300, 1, dear));  // So that somebody waits, and nothing is forgotten.
  bench.submit(job(4, 2, 1'000, 300, 1, dear));
  const std::uint64_t before = bench.engine.billed(1);
  bench.step();
  EXPECT_EQ(bench.engine.billed(1) - before, 96U * 1 + 4U * 10 + 30U);
  EXPECT_EQ(bench.scheduler.ahead({1}).value, 96U * 1 + 4U * 10 + 30U);
}

/// Steps that were quick because their prompts were found do not make prompts look cheap.
TEST(prefix, what_is_found_unexpectedly_teaches_nothing_about_time) {
  Scheduler scheduler(capacity(10'000, 16, 512), {});
  ASSERT_EQ(scheduler.submit(job(1, 1, 1, 1'000)), Admission::queued);
  std::vector<std::uint32_t> entering;
  for (std::uint64_t id = 2; id < 40; ++id) {
    ASSERT_EQ(scheduler.submit(job(id, 1, 400, 3)), Admission::queued);
    const terms::StepPlan plan = scheduler.plan();
    terms::StepReport report;
    for (const terms::StepEntry& entry : plan.run) {
      terms::LaneReport& done = report.lanes.emplace_back();
      done.lane = entry.lane;
      done.computed = {1};
      done.sampled = 1;
      if (entry.lane.job.value == id) {
        done.reused = {399};
        done.finished = true;
        entering.push_back(entry.tokens.value);
      }
    }
    scheduler.report(report, {1'000});
    scheduler.remove({id});
  }
  ASSERT_GT(entering.size(), 30U) << "or this tested nothing";
  EXPECT_LE(entering.back(), entering[1]);
}

/// Random families, tenants, sizes and cancellations.
TEST(prefix, all_ends_and_nothing_common_is_computed_twice_in_vain) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 60; ++round) {
    const bool roomy = round % 2 == 0;
    const auto step = static_cast<std::uint32_t>(8 + random() % 100);
    Bench bench(capacity(roomy ? 100'000 : 700, roomy ? 64 : 4, step));
    std::map<std::uint64_t, std::uint32_t> common;
    std::map<std::uint64_t, std::uint32_t> longest;  // Of what could be had in common.
    std::map<std::uint64_t, std::uint64_t> lanes;
    std::uint64_t id = 0;
    const bool cancels = round % 3 == 0;
    for (int turn = 0; turn < 60; ++turn) {
      for (auto arriving = random() % 4; arriving > 0; --arriving) {
        const std::uint64_t tenant = 1 + random() % 3;
        const std::uint64_t family = tenant * 10 + random() % 2;
        common.try_emplace(family, static_cast<std::uint32_t>(1 + random() % 200));
        const auto prompt = static_cast<std::uint32_t>(1 + random() % 300);
        const auto output = static_cast<std::uint32_t>(1 + random() % 20);
        bench.submit(
            job(++id, tenant, prompt, output, 1 + static_cast<std::uint32_t>(random() % 2)), family,
            common[family]);
        lanes[family] += 2;
        longest[family] = std::max(longest[family], std::min(prompt, common[family]));
      }
      if (cancels && !bench.open.empty() && random() % 3 == 0) {
        const terms::JobId gone = bench.open[random() % bench.open.size()];
        std::erase(bench.open, gone);
        bench.leave(gone);
      }
      if (!bench.open.empty()) {
        EXPECT_FALSE(bench.step().run.empty()) << "someone runs while there is work";
      }
    }
    bench.run_all(100'000);
    for (const auto& [family, tokens] : longest) {
      // Where all of a prompt is common, each lane computes its last token itself.
      if (roomy) {
        EXPECT_LE(bench.engine.computed_in_common(family), tokens + lanes[family]);
      }
    }
  }
}

}  // namespace
}  // namespace schedule::testing
