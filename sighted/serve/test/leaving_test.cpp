// Requests that end before their time: the client leaves, a key is revoked, the house closes.
#include "fixture.hpp"

namespace serve::testing {
namespace {

using terms::EndReason;

engine::ScriptedOptions endless(std::uint32_t step_tokens_max = 512) {
  engine::ScriptedOptions options;
  options.step_tokens_max = step_tokens_max;
  return options;
}

TEST(Leaving, before_any_step_costs_nothing) {
  House house(endless());
  Job job = house.submit(ask("hi", 10));
  job.ticket.cancel(EndReason::disconnect);
  house.run();
  ASSERT_TRUE(job.look().failed.has_value());
  EXPECT_EQ(job.seen.failed->kind, FailureKind::cancelled);
  EXPECT_TRUE(house.engine.plans.empty());
  EXPECT_EQ(house.available(), 1'000'000);
  house.expect_at_rest();
}

TEST(Leaving, within_the_prompt_costs_what_was_computed_of_it) {
  House house(endless(4));
  Job job = house.submit(ask("a prompt of some length", 10));
  house.run_steps(2);
  job.ticket.cancel(EndReason::disconnect);
  const std::size_t steps = house.engine.plans.size();
  house.run();
  EXPECT_LE(house.engine.plans.size(), steps + 1) << "it leaves within one step";
  const Seen& seen = job.look();
  ASSERT_TRUE(seen.charged.has_value());
  EXPECT_EQ(seen.charged->end, EndReason::disconnect);
  EXPECT_EQ(seen.charged->usage.output.value, 0U);
  EXPECT_GE(seen.charged->usage.input.value, 8U);
  EXPECT_LE(seen.charged->usage.input.value, 12U);
  EXPECT_EQ(seen.charged->charge.value, seen.charged->usage.input.value);
  house.expect_at_rest();
}

TEST(Leaving, in_mid_stream_costs_what_was_decoded_and_frees_kv_at_once) {
  House house(endless());
  Job job = house.submit(ask("hi", 100));
  house.run_steps(3);
  EXPECT_LT(house.engine.kv_free(), house.engine.facts().kv_tokens);
  job.ticket.cancel(EndReason::disconnect);
  house.loop.turn();
  EXPECT_TRUE(house.engine.empty()) << "one turn later";
  house.run();
  const Seen& seen = job.look();
  EXPECT_EQ(seen.charged->end, EndReason::disconnect);
  EXPECT_EQ(seen.charged->usage.output.value, seen.text.at(0).size()) << "one byte a token";
  EXPECT_GE(seen.charged->usage.output.value, 3U);
  EXPECT_LE(seen.charged->usage.output.value, 4U);
  house.expect_at_rest();
}

TEST(Leaving, neighbours_do_not_notice) {
  House alone(says("hello world"));
  Job expected = alone.submit(ask("hi", 30));
  alone.run();
  House house(says("hello world"));
  Job leaves = house.submit(ask("go", 30));
  Job stays = house.submit(ask("hi", 30));
  house.run_steps(3);
  leaves.ticket.cancel(EndReason::disconnect);
  house.run();
  EXPECT_EQ(stays.look().text, expected.look().text);
  EXPECT_EQ(stays.seen.charged->usage, expected.seen.charged->usage);
  house.expect_at_rest();
}

TEST(Leaving, a_slow_reader_is_cut_and_pays_for_what_was_decoded) {
  House house(endless());
  const auto narrow = std::make_shared<Stream>(Reading::as_it_comes, 4 * sizeof(Event));
  Job job = house.submit(ask("hi", 1000), {tenant, {5, 6}, key, {}}, narrow);
  house.run();
  const Seen& seen = job.look();
  ASSERT_TRUE(seen.charged.has_value()) << "the last event always fits";
  EXPECT_EQ(seen.charged->end, EndReason::disconnect);
  EXPECT_LT(seen.charged->usage.output.value, 10U);
  EXPECT_EQ(seen.charged->usage.output.value, seen.text.at(0).size() + 1)
      << "the token that did not fit was decoded too";
  house.expect_at_rest();
}

TEST(Leaving, a_reader_that_keeps_up_is_not_cut) {
  House house(endless());
  const auto narrow = std::make_shared<Stream>(Reading::as_it_comes, 4 * sizeof(Event));
  Job job = house.submit(ask("hi", 50), {tenant, {5, 6}, key, {}}, narrow);
  house.money.turn();
  while (house.loop.turn()) {
    job.look();
  }
  house.run();
  EXPECT_EQ(job.look().charged->end, EndReason::length);
  EXPECT_EQ(job.seen.text.at(0).size(), 50U);
}

TEST(Leaving, a_revoked_key_ends_what_it_runs_and_no_more) {
  House house(endless());
  const Caller other{tenant, {5, 6}, {9}, {}};
  Job revoked = house.submit(ask("hi", 20));
  Job stays = house.submit(ask("hi", 20), other);
  house.run_steps(3);
  Job on_its_way = house.submit(ask("hi", 20));
  house.loop.cancel_key(key);
  house.run();
  EXPECT_EQ(revoked.look().charged->end, EndReason::cancel);
  EXPECT_LT(revoked.seen.charged->usage.output.value, 20U);
  EXPECT_EQ(stays.look().charged->end, EndReason::length);
  ASSERT_TRUE(on_its_way.look().failed.has_value()) << "it was being paid for meanwhile";
  EXPECT_EQ(on_its_way.seen.failed->kind, FailureKind::cancelled);
  house.expect_at_rest();
}

TEST(Leaving, draining_settles_what_runs_and_refuses_what_comes) {
  House house(endless());
  Job runs = house.submit(ask("hi", 20));
  house.run_steps(3);
  Job held = house.submit(ask("hi", 20));
  house.hall.close();
  house.loop.cancel_all(EndReason::drain);
  Job late = house.submit(ask("hi", 20));
  house.run();
  EXPECT_EQ(runs.look().charged->end, EndReason::drain);
  EXPECT_GE(runs.seen.charged->usage.output.value, 3U);
  EXPECT_EQ(held.look().failed->kind, FailureKind::draining);
  EXPECT_EQ(late.look().failed->kind, FailureKind::draining);
  EXPECT_EQ(house.receipts(), 1U);
  house.expect_at_rest();
}

TEST(Leaving, is_settled_even_when_the_engine_stops_in_the_same_step) {
  House house(endless());
  Job runs = house.submit(ask("hi", 20));
  Job stays = house.submit(ask("hi", 20));
  house.run_steps(3);
  runs.ticket.cancel(EndReason::drain);
  house.loop.stop();
  house.money.turn();
  ASSERT_TRUE(runs.look().charged.has_value());
  EXPECT_EQ(runs.seen.charged->end, EndReason::drain);
  EXPECT_FALSE(stays.look().over()) << "nobody cancelled it: recovery will";
  EXPECT_EQ(house.open_holds(), 1U);
}

TEST(Leaving, twice_or_too_late_is_nothing) {
  House house(says("hello"));
  Job job = house.submit(ask("hi", 20));
  house.run();
  job.ticket.cancel(EndReason::disconnect);
  job.ticket.cancel(EndReason::cancel);
  house.run();
  EXPECT_EQ(job.look().charged->end, EndReason::stop);
  EXPECT_EQ(house.receipts(), 1U);
  house.expect_at_rest();
}

}  // namespace
}  // namespace serve::testing
