// Several tenants at one engine: who waits for whom, and that giving way changes no text.
#include "fixture.hpp"

namespace serve::testing {
namespace {

constexpr terms::TenantId heavy{20};
constexpr terms::TenantId light{21};

struct Told {
  std::vector<std::string> texts;
  int light_turns = 0;  ///< Until the light tenant was answered.
  std::size_t evictions = 0;
};

/// Eight long requests of one tenant on four lanes, and, perhaps, a short one of another that comes
/// while all lanes are taken.
Told told(bool with_light, schedule::Policy policy = {}) {
  engine::ScriptedOptions options;
  options.lanes_max = 4;
  options.step_tokens_max = 32;
  House house(options, policy);
  house.credit(heavy, 1'000'000);
  house.credit(light, 1'000'000);
  std::vector<Job> jobs;
  for (std::uint32_t i = 0; i < 8; ++i) {
    auto request = ask("a prompt, number " + std::to_string(i), 60);
    request.sampling.seed = i;
    request.sampling.ignore_eos = true;
    jobs.push_back(house.submit(request, {heavy, {7, 8}, key, {}}));
  }
  house.run_steps(20);
  Told told;
  if (with_light) {
    Job job = house.submit(ask("hi", 5), {light, {9, 10}, key, {}});
    while (!job.look().over() && told.light_turns < 1'000) {
      house.money.turn();
      house.loop.turn();
      ++told.light_turns;
    }
    EXPECT_TRUE(job.seen.charged.has_value());
  }
  house.run();
  for (Job& job : jobs) {
    EXPECT_TRUE(job.look().charged.has_value()) << "nobody fails";
    EXPECT_EQ(job.seen.charged->usage, (terms::Usage{{19}, {0}, {60}})) << "nothing counts twice";
    told.texts.push_back(job.seen.text[0]);
  }
  for (const terms::StepPlan& plan : house.engine.plans) {
    // The last drop of a lane comes with its request's end; what comes earlier is giving way.
    told.evictions += plan.evict.size();
  }
  house.expect_at_rest();
  return told;
}

TEST(Sharing, a_light_tenant_is_served_at_once_and_who_gives_way_says_the_same) {
  const Told alone = told(false);
  const Told beside = told(true);
  EXPECT_LE(beside.light_turns, 10) << "a lane was made free for it";
  EXPECT_EQ(beside.texts, alone.texts);
  EXPECT_EQ(alone.evictions, 0U);
  EXPECT_EQ(beside.evictions, 1U) << "or this tested nothing";
}

TEST(Sharing, two_tenants_with_a_tiny_quantum_move_each_other_aside_and_all_say_the_same) {
  const auto texts = [](std::uint32_t lanes, std::size_t& evictions) {
    engine::ScriptedOptions options;
    options.lanes_max = lanes;
    options.step_tokens_max = 32;
    schedule::Policy policy;
    policy.quantum_tokens = 5;
    House house(options, policy);
    house.credit(heavy, 1'000'000);
    house.credit(light, 1'000'000);
    std::vector<Job> jobs;
    for (std::uint32_t i = 0; i < 6; ++i) {
      auto request = ask("prompt" + std::to_string(i), 40);
      request.sampling.seed = i;
      request.sampling.ignore_eos = true;
      jobs.push_back(house.submit(request, {i % 2 == 0 ? heavy : light, {7, 8}, key, {}}));
    }
    house.run();
    std::vector<std::string> all;
    for (Job& job : jobs) {
      EXPECT_TRUE(job.look().charged.has_value());
      EXPECT_EQ(job.seen.charged->usage, (terms::Usage{{8}, {0}, {40}})) << "nothing counts twice";
      all.push_back(job.seen.text[0]);
    }
    evictions = 0;
    for (const terms::StepPlan& plan : house.engine.plans) {
      evictions += plan.evict.size();
    }
    house.expect_at_rest();
    return all;
  };
  std::size_t without = 0;
  std::size_t with = 0;
  const auto undisturbed = texts(8, without);
  EXPECT_EQ(texts(1, with), undisturbed);
  EXPECT_EQ(without, 0U);
  EXPECT_GT(with, 4U) << "or this tested nothing";
}

TEST(Pace, of_streams_is_kept_by_what_the_loop_measures) {
  engine::ScriptedOptions options;
  options.step_tokens_max = 512;
  House house(options);
  auto request = ask("a stream", 400);
  request.sampling.ignore_eos = true;
  Job stream = house.submit(request);
  house.run_steps(5);
  const auto enters = [&house] {
    Job prompt = house.submit(ask(std::string(2'000, 'x'), 1));
    house.run_steps(1);
    return house.engine.plans.back().run.back().tokens.value;
  };
  const std::uint32_t least = schedule::Policy{}.prompt_tokens_min;
  EXPECT_GT(enters(), least) << "nothing was measured yet";
  house.steps_take(100'000'000);
  house.run_steps(100);
  EXPECT_EQ(enters(), least) << "steps are too slow already";
  house.run();
}

}  // namespace
}  // namespace serve::testing
