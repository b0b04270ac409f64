// Nobody stands still without need: work conservation, running streams, and that everyone gets a
// turn.
#include <algorithm>
#include <iterator>
#include <random>
#include <set>

#include "bench.hpp"

namespace schedule::testing {
namespace {

using terms::JobId;

TEST(conservation, a_lone_tenant_gets_all_there_is) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 15; ++round) {
    const auto kv = static_cast<std::uint32_t>(200 + random() % 2000);
    const auto lanes = static_cast<std::uint32_t>(1 + random() % 8);
    const Capacity c = capacity(kv, lanes, lanes + static_cast<std::uint32_t>(random() % 64));
    Bench bench(c);
    for (std::uint64_t id = 1; id <= 30; ++id) {
      bench.submit(job(id, 1, static_cast<std::uint32_t>(1 + random() % (kv / 2)),
                       static_cast<std::uint32_t>(1 + random() % (kv / 4))));
    }
    while (!bench.open.empty()) {
      // All that is open could run. Either the step is full, or streams bound its prompts, or all
      // seats are taken and run in whole, or the next job's length does not fit beside the others.
      std::uint64_t longest = 0;
      for (const JobId id : bench.open) {
        const terms::WorkItem& item = bench.engine.item(id);
        longest += item.prompt.value + item.output_max.value;
      }
      const std::size_t open = bench.open.size();
      const terms::StepPlan plan = bench.step();
      std::uint32_t tokens = 0;
      std::size_t decodes = 0;
      for (const terms::StepEntry& entry : plan.run) {
        tokens += entry.tokens.value;
        decodes += entry.resident >= bench.engine.item(entry.lane.job).prompt ? 1 : 0;
      }
      ASSERT_GT(tokens, 0U);
      const bool room = longest + open <= kv;
      if (tokens < c.step_tokens_max && decodes == 0 && room) {
        EXPECT_EQ(plan.run.size(), std::min<std::size_t>(open, c.lanes_max));
      }
      if (decodes > 0) {
        EXPECT_GE(plan.run.size(), decodes);
      }
    }
  }
}

/// Whether a short prompt enters whole, of another tenant than `stream`'s.
bool lets_a_question_in(const terms::StepPlan& plan, const NaiveEngine& engine, JobId stream) {
  return std::ranges::any_of(plan.run, [&](const terms::StepEntry& entry) {
    const terms::WorkItem& item = engine.item(entry.lane.job);
    return item.tenant != engine.item(stream).tenant && item.prompt.value <= 128 &&
           entry.resident.value < item.prompt.value;
  });
}

/// They stand still for a question of somebody with fewer lanes, never two steps in a row.
TEST(conservation, running_streams_go_on_while_kv_and_shares_and_questions_allow) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  Policy policy;
  policy.quantum_tokens = 100'000;
  Bench bench(capacity(100'000, 16, 64), policy);
  std::uint64_t id = 0;
  std::set<std::uint64_t> streams;
  std::set<std::uint64_t> stood;
  for (int step = 0; step < 600; ++step) {
    if (random() % 4 == 0) {
      bench.submit(job(++id, 1 + random() % 5, static_cast<std::uint32_t>(1 + random() % 400),
                       static_cast<std::uint32_t>(2 + random() % 100)));
    }
    const terms::StepPlan plan = bench.step({static_cast<std::int64_t>(random() % 200'000'000)});
    for (const terms::Lane& gone : plan.evict) {
      streams.erase(gone.job.value);  // A seat for who had none.
    }
    std::set<std::uint64_t> run;
    for (const terms::StepEntry& entry : plan.run) {
      run.insert(entry.lane.job.value);
    }
    std::set<std::uint64_t> stand;
    std::ranges::set_difference(streams, run, std::inserter(stand, stand.end()));
    for (const std::uint64_t stream : stand) {
      EXPECT_FALSE(stood.contains(stream)) << "stream " << stream << " stands still again";
      EXPECT_TRUE(lets_a_question_in(plan, bench.engine, {stream})) << stream << " stands still";
    }
    stood = stand;
    for (const terms::StepEntry& entry : plan.run) {
      if (bench.engine.sampled(entry.lane.job) > 0) streams.insert(entry.lane.job.value);
    }
    std::erase_if(streams, [&bench](std::uint64_t one) { return !bench.is_open({one}); });
  }
}

TEST(starvation, a_large_job_is_not_starved_by_endless_small_ones) {
  for (const std::uint32_t choices : {1U, 6U}) {
    Policy policy;
    policy.quantum_tokens = 200;
    Bench bench(capacity(1'000, 8, 64), policy);
    std::uint64_t id = 1;
    bench.submit(job(id, 1, choices == 1 ? 900 : 300, 60, choices));
    int steps = 0;
    while (bench.is_open({1}) && steps < 2'000) {
      for (std::uint64_t tenant = 2; tenant <= 6; ++tenant) {
        if (bench.scheduler.room() > 900) {
          bench.submit(job(++id, tenant, 20, 40));
        }
      }
      bench.step();
      ++steps;
    }
    EXPECT_LT(steps, 2'000) << "with " << choices << " choices";
  }
}

TEST(starvation, every_tenant_of_a_thousand_gets_its_turn) {
  Policy policy;
  policy.queue_jobs_max = 4'000;
  policy.quantum_tokens = 64;
  Bench bench(capacity(2'000, 16, 128), policy);
  std::uint64_t id = 0;
  for (std::uint64_t tenant = 1; tenant <= 1'000; ++tenant) {
    bench.submit(job(++id, tenant, 20, 10));
  }
  for (int i = 0; i < 1'000; ++i) {
    bench.submit(job(++id, 1, 20, 10));  // And the first wants a thousand more.
  }
  int steps = 0;
  while (bench.is_open({1'000}) && steps < 20'000) {
    bench.step();
    ++steps;
  }
  EXPECT_FALSE(bench.is_open({1'000}));
  EXPECT_GT(bench.open.size(), 900U) << "before the first had what it wanted";
}

}  // namespace
}  // namespace schedule::testing
