// What is learned of step times, and that streams keep their pace on an engine that takes time.
#include <random>

#include "bench.hpp"

namespace schedule::testing {
namespace {

constexpr std::int64_t us = 1'000;
constexpr std::int64_t ms = 1'000'000;

/// A machine: what steps take. Nanoseconds.
struct Machine {
  std::int64_t step = 0;
  std::int64_t token = 0;
  std::int64_t decode = 0;
  std::int64_t read = 0;
  std::int64_t position = 0;

  [[nodiscard]] base::SpanNs time(const Shape& shape) const {
    const auto n = [](std::uint64_t count) { return static_cast<std::int64_t>(count); };
    return {step + token * n(shape.prompt) + decode * n(shape.decodes) + read * n(shape.read) +
            position * n(shape.positions)};
  }
};

constexpr Machine two_cores{5 * ms, 1060 * us, 1700 * us, 600, 480};
constexpr Machine tiny_model{us, 20 * us, 15 * us, 10, 1};
constexpr Machine large_gpu{29 * ms, 330 * us, 50 * us, 983, 10};
constexpr Machine slow{400 * ms, 40 * ms, 30 * ms, 20 * us, us};

Shape shape_of(const terms::StepPlan& plan, const NaiveEngine& engine) {
  Shape shape;
  for (const terms::StepEntry& entry : plan.run) {
    if (entry.tokens.value == 1 && entry.resident >= engine.item(entry.lane.job).prompt) {
      shape.add_decode(entry.resident.value);
    } else {
      shape.add_prompt(entry.resident.value, entry.tokens.value);
    }
  }
  return shape;
}

TEST(pace, learns_any_machine_from_its_steps) {
  for (const Machine& machine : {two_cores, tiny_model, large_gpu, slow}) {
    const std::uint64_t seed = std::random_device{}();
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ", step " << machine.step);
    std::mt19937_64 random(seed);
    Pace pace;
    const auto some_shape = [&random] {
      Shape shape;
      for (std::uint64_t i = random() % 24; i > 0; --i) {
        shape.add_decode(static_cast<std::uint32_t>(random() % 2000));
      }
      // A step runs something: of nothing, no time would be asked.
      shape.add_prompt(static_cast<std::uint32_t>(random() % 4000),
                       static_cast<std::uint32_t>(1 + random() % (1U << (random() % 9))));
      return shape;
    };
    for (int i = 0; i < 2000; ++i) {
      const Shape shape = some_shape();
      // Twenty percent of noise, and one step in fifty stalls for ten times as long.
      const auto noise = static_cast<std::int64_t>(80 + random() % 41);
      const std::int64_t stall = random() % 50 == 0 ? 10 : 1;
      pace.learn(shape, {machine.time(shape).value * noise / 100 * stall});
    }
    // A step of hardly anything tells the fixed part from the rest, and is rare: it may be far off.
    int near = 0;
    for (int i = 0; i < 200; ++i) {
      const Shape shape = some_shape();
      const std::int64_t truth = machine.time(shape).value;
      const std::int64_t guess = pace.predict(shape).value;
      near += guess > truth / 2 && guess < truth * 2 ? 1 : 0;
      EXPECT_GT(guess, truth / 64);
      EXPECT_LT(guess, truth * 64);
    }
    EXPECT_GE(near, 160);
  }
}

TEST(pace, one_stalled_step_moves_the_estimate_by_a_quarter_at_most) {
  Pace pace;
  Shape shape;
  shape.add_decode(100);
  shape.add_prompt(0, 64);
  const std::int64_t before = pace.predict(shape).value;
  pace.learn(shape, {3'600'000 * ms});
  EXPECT_LE(pace.predict(shape).value, before + before / 4 + 1);
  EXPECT_GT(pace.predict(shape).value, before);
  Pace other;
  other.learn(shape, {1});
  EXPECT_GE(other.predict(shape).value, before - before / 8 - 1);
  EXPECT_LT(other.predict(shape).value, before);
}

TEST(pace, an_unknown_time_and_an_empty_step_teach_nothing) {
  Pace pace;
  Shape shape;
  shape.add_decode(100);
  const std::int64_t before = pace.predict(shape).value;
  pace.learn(shape, {0});
  pace.learn(shape, {-5});
  pace.learn({}, {1000 * ms});
  EXPECT_EQ(pace.predict(shape).value, before);
}

TEST(pace, what_fits_does_fit_and_hardly_more_would) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 2000; ++i) {
    Pace pace;
    Shape shape;
    shape.add_decode(static_cast<std::uint32_t>(random() % 5000));
    const auto resident = static_cast<std::uint32_t>(random() % 20'000);
    const base::SpanNs target{static_cast<std::int64_t>(random() % 200) * ms};
    const std::uint32_t tokens = pace.fit(shape, resident, target);
    Shape with = shape;
    with.add_prompt(resident, tokens);
    if (tokens > 0) {
      EXPECT_LE(pace.predict(with).value, target.value + 1);
      Shape more = shape;
      more.add_prompt(resident, tokens + tokens / 4 + 2);
      EXPECT_GT(pace.predict(more).value, target.value);
    } else {
      with.add_prompt(resident, 1);
      EXPECT_GT(pace.predict(with).value, target.value - 1);
    }
  }
}

TEST(pace, extremes_do_not_overflow) {
  Pace pace;
  Shape vast;
  vast.add_prompt(1'000'000, 4096);
  for (int i = 0; i < 256; ++i) {
    vast.add_decode(1'000'000);
  }
  for (int i = 0; i < 300; ++i) {
    pace.learn(vast, base::SpanNs::max());
    EXPECT_GT(pace.predict(vast).value, 0);
  }
  EXPECT_EQ(pace.fit(vast, 0, {60 * ms}), 0U);
  for (int i = 0; i < 1000; ++i) {
    pace.learn(vast, {1});
  }
  EXPECT_GT(pace.fit({}, 0, {60 * ms}), 0U);
  EXPECT_EQ(pace.fit({}, 0, {-1}), 0U);
}

/// One stream decodes while a prompt of 6,500 tokens enters. The worst step meanwhile, and the time
/// until the prompt's first token.
struct Entry {
  std::int64_t worst_ns = 0;
  std::int64_t total_ns = 0;
};

/// known  some hundred steps came before, in which the machine was learned.
Entry enter_long_prompt(const Machine& machine, std::mt19937_64* noise, bool known = true) {
  Bench bench(capacity(32'768, 64, 512));
  const auto timed_step = [&] {
    // The naive engine must run the plan before its time can be told, so the report is made here.
    const terms::StepPlan plan = bench.scheduler.plan();
    base::SpanNs took = machine.time(shape_of(plan, bench.engine));
    if (noise != nullptr) {
      took.value = took.value * static_cast<std::int64_t>(80 + (*noise)() % 41) / 100;
    }
    EXPECT_TRUE(bench.scheduler.report(bench.engine.run(plan), took).empty());
    return took.value;
  };
  bench.submit(job(1, 1, 100, 30'000));
  if (known) {
    bench.submit(job(2, 2, 2000, 1));
  }
  for (int i = 0; i < (known ? 250 : 5); ++i) {
    timed_step();
  }
  bench.submit(job(3, 2, 6500, 8));
  Entry entry;
  for (int i = 0; i < 2000 && bench.engine.sampled({3}) == 0; ++i) {
    const std::uint32_t before = bench.engine.sampled({1});
    const std::int64_t took = timed_step();
    EXPECT_EQ(bench.engine.sampled({1}), before + 1) << "the stream never stands still";
    entry.worst_ns = std::max(entry.worst_ns, took);
    entry.total_ns += took;
  }
  EXPECT_GT(bench.engine.sampled({3}), 0U);
  return entry;
}

TEST(pace, a_stream_keeps_its_pace_while_a_long_prompt_enters) {
  const Entry quiet = enter_long_prompt(two_cores, nullptr);
  EXPECT_LE(quiet.worst_ns, 55 * ms);
  // Alone, in full chunks, the prompt would take about 17 seconds.
  EXPECT_LE(quiet.total_ns, 22'000 * ms);
  const Entry gpu = enter_long_prompt(large_gpu, nullptr);
  EXPECT_LE(gpu.worst_ns, 52 * ms);
  EXPECT_LE(gpu.total_ns, 8'300 * ms);
}

TEST(pace, nor_does_the_first_long_prompt_after_a_start_stop_a_stream) {
  for (const Machine& machine : {two_cores, tiny_model, large_gpu}) {
    EXPECT_LE(enter_long_prompt(machine, nullptr, false).worst_ns, 55 * ms);
  }
}

TEST(pace, noise_does_not_carry_a_stream_away) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  const Entry entry = enter_long_prompt(two_cores, &random);
  EXPECT_LE(entry.worst_ns, 80 * ms);
  EXPECT_LE(entry.total_ns, 26'000 * ms);
}

TEST(pace, where_even_decoding_is_too_slow_prompts_still_enter) {
  const Entry entry = enter_long_prompt(slow, nullptr);
  EXPECT_GT(entry.worst_ns, 60 * ms);
}

}  // namespace
}  // namespace schedule::testing
