#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include <meter/meter.hpp>

namespace {

using meter::Meter;
using terms::Lane;
using terms::LaneReport;
using terms::StepEntry;

constexpr terms::JobId job{7};

StepEntry planned(std::uint32_t resident, std::uint32_t tokens, std::uint64_t choice = 0) {
  return {Lane{job, choice}, {tokens}, {resident}};
}

LaneReport done(std::uint32_t computed, std::uint32_t sampled, std::uint64_t choice = 0,
                std::uint32_t reused = 0) {
  LaneReport report;
  report.reused = {reused};
  report.lane = {job, choice};
  report.computed = {computed};
  report.sampled = sampled;
  return report;
}

TEST(meter, a_prompt_in_chunks_counts_once) {
  Meter meter({100});
  meter.count(planned(0, 60), done(60, 0));
  EXPECT_EQ(meter.usage(), (terms::Usage{{60}, {0}, {0}}));
  meter.count(planned(60, 40), done(40, 1));
  EXPECT_EQ(meter.usage(), (terms::Usage{{100}, {0}, {1}}));
}

TEST(meter, decoding_adds_output_only) {
  Meter meter({3});
  meter.count(planned(0, 3), done(3, 1));
  meter.count(planned(3, 1), done(1, 1));
  meter.count(planned(4, 1), done(1, 1));
  EXPECT_EQ(meter.usage(), (terms::Usage{{3}, {0}, {3}}));
}

TEST(meter, work_done_again_after_an_eviction_is_free) {
  Meter meter({10});
  meter.count(planned(0, 10), done(10, 1));
  meter.count(planned(10, 1), done(1, 1));
  meter.count(planned(0, 8), done(8, 0));  // Evicted, and from the beginning again.
  meter.count(planned(8, 4), done(4, 1));
  EXPECT_EQ(meter.usage(), (terms::Usage{{10}, {0}, {3}}));
}

TEST(meter, choices_share_one_prompt) {
  Meter meter({10});
  meter.count(planned(0, 10), done(10, 1));
  meter.count(planned(9, 1, 1), done(1, 1, 1));
  meter.count(planned(9, 1, 2), done(1, 1, 2));
  EXPECT_EQ(meter.usage(), (terms::Usage{{10}, {0}, {3}}));
}

TEST(meter, a_step_that_did_not_run_counts_nothing) {
  Meter meter({10});
  meter.count(planned(5, 5), done(0, 0));
  EXPECT_EQ(meter.usage(), terms::Usage{});
}

TEST(meter, what_is_found_in_the_cache_is_input_and_cached) {
  Meter meter({100});
  meter.count(planned(0, 20), done(20, 0, 0, 64));
  EXPECT_EQ(meter.usage(), (terms::Usage{{84}, {64}, {0}}));
  meter.count(planned(84, 16), done(16, 1));
  EXPECT_EQ(meter.usage(), (terms::Usage{{100}, {64}, {1}}));
}

TEST(meter, what_was_computed_once_is_not_cached_when_it_is_found_again) {
  Meter meter({100});
  meter.count(planned(0, 50), done(50, 0));
  meter.count(planned(0, 20), done(20, 0, 0, 48));  // Evicted; found again, and a little further.
  EXPECT_EQ(meter.usage(), (terms::Usage{{68}, {0}, {0}}));
  meter.count(planned(0, 4), done(4, 1, 0, 96));  // Meanwhile another job computed the rest.
  EXPECT_EQ(meter.usage(), (terms::Usage{{100}, {28}, {1}}));
}

TEST(meter, answers_found_in_the_cache_are_no_input) {
  Meter meter({10});
  meter.count(planned(0, 10), done(10, 1));
  meter.count(planned(0, 2), done(2, 1, 0, 16));  // Six of what it had said were there still.
  EXPECT_EQ(meter.usage(), (terms::Usage{{10}, {0}, {2}}));
}

// A naive model beside the real thing: a set of prompt positions seen, and a sum.
TEST(meter, agrees_with_a_naive_model) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 500; ++round) {
    const auto prompt = static_cast<std::uint32_t>(1 + random() % 50);
    Meter meter({prompt});
    std::vector<bool> seen(prompt, false);
    std::uint32_t cached = 0;
    std::uint32_t output = 0;
    std::uint32_t resident = 0;
    for (int step = 0; step < 40; ++step) {
      if (random() % 10 == 0) {
        resident = 0;
      }
      const auto computed = static_cast<std::uint32_t>(random() % 20);
      const bool finds = resident == 0 && computed > 0 && random() % 2 == 0;
      const auto reused = static_cast<std::uint32_t>(finds ? random() % 40 : 0);
      for (std::uint32_t i = 0; i < reused && i < prompt; ++i) {
        cached += seen[i] ? 0 : 1;
        seen[i] = true;
      }
      const std::uint32_t before = resident;
      resident += reused;
      const std::uint32_t sampled = resident + computed >= prompt && computed > 0 ? 1 : 0;
      for (std::uint32_t i = resident; i < resident + computed && i < prompt; ++i) {
        seen[i] = true;
      }
      output += sampled;
      meter.count(planned(before, computed), done(computed, sampled, 0, reused));
      resident += computed;
    }
    const auto input = static_cast<std::uint32_t>(std::count(seen.begin(), seen.end(), true));
    EXPECT_EQ(meter.usage(), (terms::Usage{{input}, {cached}, {output}}));
  }
}

}  // namespace
