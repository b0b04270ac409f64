// What fails beneath a request, and who pays for it: the engine, its room, the store, the queues.
#include "fixture.hpp"

namespace serve::testing {
namespace {

using terms::EndReason;

TEST(Engine, that_refuses_a_job_costs_nothing) {
  engine::ScriptedOptions options;
  options.fail_open = true;
  House house(options);
  Job job = house.submit(ask("hi", 10));
  house.run();
  ASSERT_TRUE(job.look().failed.has_value());
  EXPECT_EQ(job.seen.failed->kind, FailureKind::bad_request);
  EXPECT_TRUE(house.engine.plans.empty());
  EXPECT_EQ(house.available(), 1'000'000);
  house.expect_at_rest();
}

TEST(Engine, that_fails_before_the_first_token_costs_nothing) {
  engine::ScriptedOptions options;
  options.step_tokens_max = 4;
  for (std::uint64_t step = 1; step <= 3; ++step) {
    options.fail_at_step = step;
    House house(options);
    Job job = house.submit(ask("ten bytes!", 10));  // Eleven tokens: three steps.
    house.run();
    ASSERT_TRUE(job.look().failed.has_value()) << step;
    EXPECT_EQ(job.seen.failed->kind, FailureKind::engine_failed);
    EXPECT_EQ(house.available(), 1'000'000);
    house.expect_at_rest();
  }
}

TEST(Engine, that_fails_later_is_paid_for_what_it_decoded) {
  for (std::uint64_t step = 2; step <= 5; ++step) {
    engine::ScriptedOptions options = says("hello world");
    options.fail_at_step = step;
    House house(options);
    Job job = house.submit(ask("hi", 10));
    house.run();
    ASSERT_TRUE(job.look().charged.has_value()) << step;
    EXPECT_EQ(job.seen.charged->end, EndReason::error);
    EXPECT_EQ(job.seen.ends.at(0).end, EndReason::error);
    EXPECT_EQ(job.seen.charged->usage.output.value, step - 1);
    EXPECT_EQ(job.seen.text.at(0).size(), step - 1);
    house.expect_at_rest();
  }
}

TEST(Engine, without_memory_for_a_step_fails_who_is_in_it_and_lives) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}}) {
    House house(says("hello"));
    house.engine.no_memory_at_step = step;
    Job one = house.submit(ask("hi", 10));
    Job two = house.submit(ask("ho", 10));
    house.run();
    for (Job* job : {&one, &two}) {
      const Seen& seen = job->look();
      ASSERT_TRUE(seen.over()) << step;
      if (step == 1) {
        ASSERT_TRUE(seen.failed.has_value());
        EXPECT_EQ(seen.failed->kind, FailureKind::engine_failed);
      } else {
        ASSERT_TRUE(seen.charged.has_value());
        EXPECT_EQ(seen.charged->end, EndReason::error);
        EXPECT_EQ(seen.charged->usage.output.value, step - 1) << "what was shown, no more";
      }
    }
    const auto before = house.available();
    EXPECT_TRUE(step > 1 || before == 1'000'000);
    Job next = house.submit(ask("hi"));
    house.run();
    ASSERT_TRUE(next.look().charged.has_value()) << "the loop lives";
    EXPECT_EQ(next.seen.text.at(0), "hello");
    house.expect_at_rest();
  }
}

TEST(Engine, without_memory_for_a_job_costs_nothing) {
  House house(says("hello"));
  house.engine.no_memory_at_open = true;
  Job job = house.submit(ask("hi", 10));
  house.run();
  ASSERT_TRUE(job.look().failed.has_value());
  EXPECT_EQ(job.seen.failed->kind, FailureKind::engine_failed) << "not the client's doing";
  EXPECT_EQ(house.available(), 1'000'000);
  house.engine.no_memory_at_open = false;
  Job next = house.submit(ask("hi"));
  house.run();
  ASSERT_TRUE(next.look().charged.has_value());
  house.expect_at_rest();
}

TEST(Engine, that_loses_one_choice_finishes_the_others) {
  for (std::uint64_t lost = 0; lost < 3; ++lost) {
    House house(says("hello"));
    house.engine.after_step = [lost](std::size_t step, engine::StepOutput& output) {
      for (engine::LaneOutput& lane : output.lanes) {
        if (step == 4 && lane.lane.choice == lost) {
          lane = {lane.lane, 0, 0, {}, {}, false, {}, {}, true};
        }
      }
    };
    auto request = ask("hi", 20);
    request.choices = 3;
    Job job = house.submit(request);
    house.run();
    const Seen& seen = job.look();
    ASSERT_TRUE(seen.charged.has_value()) << lost;
    EXPECT_EQ(seen.charged->end, EndReason::error);
    for (std::uint32_t i = 0; i < 3; ++i) {
      EXPECT_EQ(seen.ends.at(i).end, i == lost ? EndReason::error : EndReason::stop);
      EXPECT_TRUE(i == lost || seen.text.at(i) == "hello");
    }
    house.expect_at_rest();
  }
}

TEST(Engine, that_loses_the_choice_that_computes_the_prompt_for_all) {
  engine::ScriptedOptions options = says("hello");
  options.step_tokens_max = 4;
  House house(options);
  house.engine.after_step = [](std::size_t step, engine::StepOutput& output) {
    if (step == 2) {
      for (engine::LaneOutput& lane : output.lanes) {
        lane = {lane.lane, 0, 0, {}, {}, false, {}, {}, true};
      }
    }
  };
  auto request = ask("ten bytes!", 20);
  request.choices = 2;
  Job job = house.submit(request);
  house.run();
  const Seen& seen = job.look();
  ASSERT_TRUE(seen.over()) << "the other choice does not wait for it for ever";
  EXPECT_EQ(seen.ends.at(0).end, EndReason::error);
  EXPECT_EQ(seen.text.at(1), "hello");
  house.expect_at_rest();
}

TEST(Room, that_runs_out_moves_requests_aside_and_changes_no_text) {
  const auto texts = [](std::uint32_t kv_tokens, bool& evicted) {
    engine::ScriptedOptions options;
    options.kv_tokens = kv_tokens;
    options.step_tokens_max = 8;
    schedule::Policy policy;
    policy.quantum_tokens = 5;  // two tenants that take turns, and room for one of them
    House house(options, policy);
    const terms::TenantId other{99};
    house.credit(other, 1'000'000);
    std::vector<Job> jobs;
    for (std::uint32_t i = 0; i < 4; ++i) {
      auto request = ask("prompt" + std::to_string(i), 30);
      request.sampling.seed = i;
      jobs.push_back(house.submit(request, {i % 2 == 0 ? tenant : other, {5, 6}, key, {}}));
    }
    house.run();
    std::vector<std::string> all;
    for (Job& job : jobs) {
      EXPECT_TRUE(job.look().charged.has_value());
      EXPECT_EQ(job.seen.charged->usage, (terms::Usage{{8}, {0}, {30}})) << "nothing counts twice";
      all.push_back(job.seen.text[0]);
    }
    evicted = false;
    for (const terms::StepPlan& plan : house.engine.plans) {
      evicted = evicted || !plan.evict.empty();
    }
    house.expect_at_rest();
    return all;
  };
  bool evicted = false;
  const auto undisturbed = texts(4096, evicted);
  EXPECT_FALSE(evicted);
  EXPECT_EQ(texts(60, evicted), undisturbed);
  EXPECT_TRUE(evicted) << "or this tested nothing";
}

TEST(Room, that_the_engine_does_not_have_after_all_changes_no_text) {
  for (std::size_t at = 1; at <= 6; ++at) {
    House house(says("hello"));
    house.engine.lacks_room = [at](std::size_t step) { return step == at; };
    Job first = house.submit(ask("hi", 20));
    Job second = house.submit(ask("ho", 20));
    house.run();
    for (Job* job : {&first, &second}) {
      ASSERT_TRUE(job->look().charged.has_value()) << at;
      EXPECT_EQ(job->seen.text.at(0), "hello");
      EXPECT_EQ(job->seen.charged->usage, (terms::Usage{{3}, {0}, {6}}));
    }
    house.expect_at_rest();
  }
}

TEST(Room, that_never_comes_ends_a_request_that_is_alone) {
  House house(says("hello"));
  house.engine.lacks_room = [](std::size_t step) { return step >= 4; };
  Job job = house.submit(ask("hi", 20));
  house.run();
  ASSERT_TRUE(job.look().charged.has_value());
  EXPECT_EQ(job.seen.charged->end, EndReason::error);
  EXPECT_EQ(job.seen.charged->usage.output.value, 3U);
  house.expect_at_rest();
}

TEST(Queue, of_the_engine_that_is_full_refuses_without_a_charge) {
  schedule::Policy policy;
  policy.queue_jobs_max = 1;
  House house(says("hello"), policy);
  Job first = house.submit(ask("hi", 10));
  Job raced = house.submit(ask("hi", 10));  // Both saw an empty queue.
  house.run_steps(1);
  Job refused = house.submit(ask("hi", 10));
  EXPECT_EQ(refused.look().failed->kind, FailureKind::queue_full) << "before anything was held";
  house.run();
  EXPECT_TRUE(first.look().charged.has_value());
  ASSERT_TRUE(raced.look().failed.has_value());
  EXPECT_EQ(raced.seen.failed->kind, FailureKind::queue_full);
  EXPECT_EQ(house.receipts(), 1U);
  house.expect_at_rest();
}

TEST(Queue, of_the_books_that_is_full_refuses_at_once) {
  House house(says("hello"), {}, 1);
  Job first = house.submit(ask("hi", 10));
  Job refused = house.submit(ask("hi", 10));
  ASSERT_TRUE(refused.look().failed.has_value());
  EXPECT_EQ(refused.seen.failed->refused.why, settle::Refusal::store_unavailable);
  house.run();
  EXPECT_TRUE(first.look().charged.has_value());
  house.expect_at_rest();
}

TEST(Store, that_fails_at_the_hold_runs_nothing) {
  House house(says("hello"));
  house.faults.left = 1;
  Job job = house.submit(ask("hi", 10));
  house.run();
  ASSERT_TRUE(job.look().failed.has_value());
  EXPECT_EQ(job.seen.failed->kind, FailureKind::refused_by_books);
  EXPECT_EQ(job.seen.failed->refused.why, settle::Refusal::store_unavailable);
  EXPECT_EQ(house.engine.opens, 0U);
  EXPECT_FALSE(house.money.healthy());
  Job next = house.submit(ask("hi", 10));
  house.run();
  EXPECT_TRUE(next.look().charged.has_value()) << "and recovers by itself";
  EXPECT_TRUE(house.money.healthy());
  house.expect_at_rest();
}

TEST(Store, that_lies_about_a_hold_leaves_no_money_held) {
  House house(says("hello"));
  house.faults.fault = store::Fault::lies;
  house.faults.left = 1;
  Job job = house.submit(ask("hi", 10));
  house.run();
  EXPECT_TRUE(job.look().failed.has_value());
  EXPECT_EQ(house.engine.opens, 0U);
  Job next = house.submit(ask("hi", 10));
  house.run();
  EXPECT_TRUE(next.look().charged.has_value());
  EXPECT_EQ(house.available(), 1'000'000 - 15);
  house.expect_at_rest();
}

TEST(Store, that_fails_or_lies_at_the_settlement_is_asked_until_it_is_done_once) {
  for (const store::Fault fault : {store::Fault::fails, store::Fault::lies}) {
    for (std::uint64_t times = 1; times <= 4; ++times) {
      House house(says("hello"));
      Job job = house.submit(ask("hi", 10));
      house.money.turn();
      while (house.loop.turn()) {
      }
      house.faults.fault = fault;
      house.faults.left = times;
      for (std::uint64_t i = 0; i < times; ++i) {
        house.money.turn();
      }
      house.run();
      ASSERT_TRUE(job.look().charged.has_value());
      EXPECT_EQ(job.seen.charged->charge.value, 15);
      EXPECT_EQ(house.available(), 1'000'000 - 15);
      EXPECT_EQ(house.receipts(), 1U);
      house.expect_at_rest();
    }
  }
}

/// A house whose patience ends at once: the request is decoded, the store fails so many times.
struct Impatient {
  explicit Impatient(Reading reading, store::Fault fault, std::uint64_t times)
      : job(house.submit(ask("hi", 10), {tenant, {5, 6}, key, {}},
                         std::make_shared<Stream>(reading))) {
    house.money.turn();
    while (house.loop.turn()) {
    }
    house.faults.fault = fault;
    house.faults.left = times;
    house.money.turn();
  }
  House house{says("hello"), {}, 1024, std::chrono::nanoseconds(0)};
  Job job;
};

TEST(Patience, that_ends_withholds_an_answer_that_was_to_come_whole_and_charges_nothing) {
  Impatient late(Reading::when_complete, store::Fault::fails, 3);
  ASSERT_TRUE(late.job.look().failed.has_value()) << "while the store still fails";
  EXPECT_EQ(late.job.seen.failed->kind, FailureKind::not_recorded);
  EXPECT_EQ(late.house.open_holds(), 1U);
  late.house.run();
  late.job.look();
  EXPECT_EQ(late.house.available(), 1'000'000);
  EXPECT_EQ(late.house.receipts(), 0U);
  late.house.expect_at_rest();
}

TEST(Patience, that_ends_ends_a_stream_and_charges_it_later) {
  Impatient late(Reading::as_it_comes, store::Fault::fails, 3);
  ASSERT_TRUE(late.job.look().failed.has_value()) << "while the store still fails";
  EXPECT_EQ(late.job.seen.failed->kind, FailureKind::recorded_later);
  EXPECT_EQ(late.job.seen.text.at(0), "hello");
  late.house.run();
  late.job.look();
  EXPECT_EQ(late.house.available(), 1'000'000 - 15);
  EXPECT_EQ(late.house.receipts(), 1U);
  late.house.expect_at_rest();
}

TEST(Patience, that_ends_after_a_lost_reply_leaves_the_books_right) {
  for (const Reading reading : {Reading::when_complete, Reading::as_it_comes}) {
    Impatient late(reading, store::Fault::lies, 1);
    EXPECT_TRUE(late.job.look().failed.has_value());
    late.house.run();
    late.job.look();
    EXPECT_EQ(late.house.receipts(), 1U) << "it was charged before anybody knew";
    late.house.expect_at_rest();
  }
}

TEST(Patience, that_ends_before_a_void_still_tells_why_nothing_came) {
  House house(says("hello"), {}, 1024, std::chrono::nanoseconds(0));
  Job job = house.submit(ask("hi", 10));
  house.money.turn();
  job.ticket.cancel(EndReason::cancel);
  house.loop.turn();
  house.faults.left = 2;
  house.money.turn();
  ASSERT_TRUE(job.look().failed.has_value());
  EXPECT_EQ(job.seen.failed->kind, FailureKind::cancelled);
  house.run();
  job.look();
  EXPECT_EQ(house.available(), 1'000'000);
  house.expect_at_rest();
}

TEST(Idempotency, a_key_is_served_and_charged_once) {
  House house(says("hello"));
  const terms::Digest digest{{1, 2, 3, 4}};
  const auto again = [&house, &digest] {
    return house.submit(ask("hi", 10), {tenant, {5, 6}, key, {}},
                        std::make_shared<Stream>(Reading::as_it_comes), digest);
  };
  Job first = again();
  Job meanwhile = again();
  house.run();
  Job afterwards = again();
  house.run();
  EXPECT_TRUE(first.look().charged.has_value());
  for (Job* duplicate : {&meanwhile, &afterwards}) {
    ASSERT_TRUE(duplicate->look().failed.has_value());
    EXPECT_EQ(duplicate->seen.failed->refused.why, settle::Refusal::duplicate);
    EXPECT_EQ(duplicate->seen.failed->refused.earlier, first.ticket.request());
  }
  EXPECT_FALSE(meanwhile.seen.failed->refused.earlier_settled);
  EXPECT_TRUE(afterwards.seen.failed->refused.earlier_settled);
  EXPECT_EQ(house.receipts(), 1U);
  EXPECT_EQ(house.engine.opens, 1U);
  house.expect_at_rest();
}

TEST(Idempotency, a_request_that_cost_nothing_frees_its_key) {
  House house(says("hello"));
  const terms::Digest digest{{1, 2, 3, 4}};
  const auto again = [&house, &digest] {
    return house.submit(ask("hi", 10), {tenant, {5, 6}, key, {}},
                        std::make_shared<Stream>(Reading::as_it_comes), digest);
  };
  Job first = again();
  first.ticket.cancel(EndReason::disconnect);
  house.run();
  Job second = again();
  house.run();
  EXPECT_TRUE(first.look().failed.has_value());
  EXPECT_TRUE(second.look().charged.has_value());
  house.expect_at_rest();
}

}  // namespace
}  // namespace serve::testing
