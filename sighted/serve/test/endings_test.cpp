// How requests end when all goes well: what the client reads, what is counted, what is charged.
#include "fixture.hpp"

namespace serve::testing {
namespace {

using terms::EndReason;

TEST(Endings, the_models_own_end_is_counted_and_charged) {
  House house(says("hello"));
  Job job = house.submit(ask("hi"));
  house.run();
  const Seen& seen = job.look();
  ASSERT_TRUE(seen.charged.has_value());
  EXPECT_EQ(seen.text.at(0), "hello");
  EXPECT_EQ(seen.ends.at(0).end, EndReason::stop);
  EXPECT_EQ(seen.charged->end, EndReason::stop);
  // BOS and two bytes in; five bytes and the end token out.
  EXPECT_EQ(seen.charged->usage, (terms::Usage{{3}, {0}, {6}}));
  EXPECT_EQ(seen.charged->charge.value, 3 + 2 * 6);
  EXPECT_EQ(seen.charged->balance_after.value, 1'000'000 - 15);
  EXPECT_EQ(house.available(), 1'000'000 - 15);
  EXPECT_EQ(seen.charged->request, job.ticket.request());
  house.expect_at_rest();
}

TEST(Endings, the_limit_that_was_asked_for) {
  House house(says("hello"));
  Job job = house.submit(ask("hi", 4));
  house.run();
  const Seen& seen = job.look();
  EXPECT_EQ(seen.text.at(0), "hell");
  EXPECT_EQ(seen.charged->end, EndReason::length);
  EXPECT_EQ(seen.charged->usage.output.value, 4U);
  house.expect_at_rest();
}

TEST(Endings, the_last_token_that_the_balance_pays_for) {
  House house(says("hello"));
  const terms::TenantId poor{70};
  house.credit(poor, 3 + 2 * 4 + 1);
  Job job = house.submit(ask("hi"), {poor, {6, 6}, key, {}});
  house.run();
  const Seen& seen = job.look();
  EXPECT_EQ(seen.text.at(0), "hell");
  EXPECT_EQ(seen.ends.at(0).end, EndReason::funds);
  EXPECT_EQ(seen.charged->balance_after.value, 1) << "half an output token's price";
  house.expect_at_rest();
}

TEST(Endings, what_was_asked_for_must_be_payable_in_full) {
  House house(says("hello"));
  const terms::TenantId poor{70};
  house.credit(poor, 3 + 2 * 4);
  Job job = house.submit(ask("hi", 5), {poor, {6, 6}, key, {}});
  house.run();
  ASSERT_TRUE(job.look().failed.has_value());
  EXPECT_EQ(job.seen.failed->refused.why, settle::Refusal::insufficient_balance);
  EXPECT_EQ(house.engine.opens, 0U);
  EXPECT_EQ(house.available(poor), 11);
}

TEST(Endings, the_contexts_end) {
  House house(says("hello"));
  auto prepared = Hall::prepare(house.flavour(6), ask("hi"));
  ASSERT_TRUE(prepared.ok());
  auto stream = std::make_shared<Stream>(Reading::when_complete);
  house.hall.submit(std::move(prepared).value(), {tenant, {5, 6}, key, {}},
                    {{1}, {{1, 2, 3, 4}}, prices}, {}, stream);
  house.run();
  Seen seen;
  seen.take(*stream);
  EXPECT_EQ(seen.text.at(0), "hel");
  EXPECT_EQ(seen.charged->end, EndReason::length);
}

TEST(Endings, what_does_not_fit_is_refused_with_its_numbers) {
  House house(says("hello"));
  const auto prepared = Hall::prepare(house.flavour(3), ask("hi", 4));
  ASSERT_FALSE(prepared.ok());
  EXPECT_EQ(prepared.error().kind, Unfit::Kind::context_exceeded);
  EXPECT_EQ(prepared.error().input, 3U);
  EXPECT_FALSE(prepared.error().input_at_least);
  EXPECT_EQ(prepared.error().output_asked, 4U);
  EXPECT_EQ(prepared.error().context, 3U);
  EXPECT_TRUE(Hall::prepare(house.flavour(4), ask("hi", 4)).ok()) << "to the last token";
}

TEST(Endings, more_than_fits_is_asked_for_and_what_fits_is_given) {
  House house(says("hello"));
  for (const std::uint32_t asked : {3U, 4U, 32'000U, 2'147'483'647U}) {
    const auto prepared = Hall::prepare(house.flavour(6), ask("hi", asked));
    ASSERT_TRUE(prepared.ok()) << asked;
    EXPECT_EQ(prepared->output_max_each, 3U);
    EXPECT_EQ(prepared->output_max.value, 3U) << "the hold is for what fits";
    EXPECT_EQ(prepared->context_ends_it, asked > 3) << asked;
  }
  for (const auto& [context, asked] :
       std::vector<std::pair<std::uint32_t, std::uint32_t>>{{6, 32'000}, {100, 3}}) {
    auto prepared = Hall::prepare(house.flavour(context), ask("hi", asked));
    auto stream = std::make_shared<Stream>(Reading::when_complete);
    house.hall.submit(std::move(prepared).value(), {tenant, {5, 6}, key, {}},
                      {{1}, {{1, 2, 3, 4}}, prices}, {}, stream);
    house.run();
    Seen seen;
    seen.take(*stream);
    EXPECT_EQ(seen.text.at(0), "hel");
    EXPECT_EQ(seen.ends.at(0).end, EndReason::length);
    EXPECT_EQ(seen.ends.at(0).context_full, context == 6);
  }
  house.expect_at_rest();
}

TEST(Endings, a_chat_with_more_messages_than_tokens_is_not_rendered) {
  House house(says("hello"));
  content::GenerationRequest request;
  content::Chat chat;
  chat.messages.resize(7, {"user", "a", {}, {}, {}, {}});
  request.prompt = chat;
  const auto prepared = Hall::prepare(house.flavour(6), request);
  ASSERT_FALSE(prepared.ok());
  EXPECT_EQ(prepared.error().kind, Unfit::Kind::context_exceeded);
  EXPECT_EQ(prepared.error().input, 7U);
  EXPECT_TRUE(prepared.error().input_at_least);
}

TEST(Endings, choices_share_a_prompt_that_counts_once) {
  House house(says("hello"));
  auto request = ask("hi");
  request.choices = 3;
  request.output_max = 10;
  Job job = house.submit(request);
  house.run();
  const Seen& seen = job.look();
  ASSERT_EQ(seen.text.size(), 3U);
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(seen.text.at(i), "hello");
    EXPECT_EQ(seen.ends.at(i).end, EndReason::stop);
  }
  EXPECT_EQ(seen.charged->usage, (terms::Usage{{3}, {0}, {18}}));
  house.expect_at_rest();
}

TEST(Endings, several_prompts_with_choices_keep_their_order) {
  House house(says("hello"));
  content::GenerationRequest request;
  request.prompt = std::vector<content::RawPrompt>{"hi", "there"};
  request.choices = 2;
  request.output_max = 3;
  Job job = house.submit(request);
  house.run();
  const Seen& seen = job.look();
  EXPECT_EQ(seen.ends.size(), 4U);
  EXPECT_EQ(seen.text.at(3), "hel");
  EXPECT_EQ(seen.charged->usage, (terms::Usage{{3 + 6}, {0}, {12}}));
  EXPECT_EQ(seen.charged->end, EndReason::length);
  house.expect_at_rest();
}

TEST(Endings, a_stop_string_across_tokens) {
  House house(says("hello world"));
  auto request = ask("hi", 20);
  request.sampling.stop = {"never", "lo w"};
  Job job = house.submit(request);
  house.run();
  const Seen& seen = job.look();
  EXPECT_EQ(seen.text.at(0), "hel") << "not a byte of the stop string was shown";
  EXPECT_EQ(seen.ends.at(0).stop_string, "lo w");
  EXPECT_EQ(seen.charged->end, EndReason::stop);
  EXPECT_EQ(seen.charged->usage.output.value, 7U) << "tokens that made it are decoded, so paid";
  house.expect_at_rest();
}

TEST(Endings, half_a_stop_string_at_the_limit_is_text) {
  House house(says("hello world"));
  auto request = ask("hi", 5);
  request.sampling.stop = {"lo w"};
  Job job = house.submit(request);
  house.run();
  EXPECT_EQ(job.look().text.at(0), "hello");
  EXPECT_EQ(job.seen.charged->end, EndReason::length);
}

TEST(Endings, embeddings_cost_their_input) {
  House house(says("hello"));
  content::EmbeddingRequest request;
  request.inputs = {"hi", "there"};
  Job job = house.submit(request);
  house.run();
  const Seen& seen = job.look();
  ASSERT_EQ(seen.embeddings.size(), 2U);
  EXPECT_EQ(seen.embeddings.at(1), house.engine.facts().embedding_width);
  EXPECT_EQ(seen.charged->end, EndReason::done);
  EXPECT_EQ(seen.charged->usage, (terms::Usage{{9}, {0}, {0}}));
  EXPECT_EQ(seen.charged->charge.value, 9);
  house.expect_at_rest();
}

TEST(Endings, what_is_admitted_says_so_before_it_runs) {
  House house(says("hello"));
  Job job = house.submit(ask("hi"));
  house.run_steps(1);
  EXPECT_EQ(job.look().admitted, 1);
  house.run();
  EXPECT_EQ(job.look().admitted, 1);
  const terms::TenantId poor{70};
  Job refused = house.submit(ask("hi", 5), {poor, {6, 6}, key, {}});
  house.run();
  EXPECT_EQ(refused.look().admitted, 0) << "no money, no place";
  house.expect_at_rest();
}

TEST(Endings, many_inputs_take_few_places_of_the_queue) {
  schedule::Policy policy;
  policy.queue_jobs_max = 40;
  House house(says("hello"), policy);
  content::EmbeddingRequest request;
  request.inputs.assign(2048, "hi");
  Job job = house.submit(request);
  house.run_steps(1);
  EXPECT_LE(house.loop.counts().jobs, 40U);
  house.run();
  const Seen& seen = job.look();
  EXPECT_FALSE(seen.failed.has_value());
  ASSERT_TRUE(seen.charged.has_value());
  EXPECT_EQ(seen.embeddings.size(), 2048U);
  EXPECT_EQ(seen.charged->usage.input.value, 2048U * 3);
  house.expect_at_rest();
}

TEST(Endings, many_inputs_leave_room_for_others) {
  House house(says("hello"));
  content::EmbeddingRequest request;
  request.inputs.assign(2048, "hi");
  Job large = house.submit(request);
  house.run_steps(2);
  EXPECT_LE(house.loop.counts().jobs, EngineLoop::jobs_of_request_max);
  Job light = house.submit(ask("hi"));
  house.run();
  EXPECT_TRUE(light.look().charged.has_value());
  EXPECT_TRUE(large.look().charged.has_value());
  house.expect_at_rest();
}

TEST(Endings, many_inputs_end_when_their_client_leaves) {
  House house(says("hello"));
  content::EmbeddingRequest request;
  request.inputs.assign(2048, "hi");
  Job job = house.submit(request);
  house.run_steps(3);
  job.ticket.cancel(EndReason::disconnect);
  house.run();
  EXPECT_TRUE(job.look().over());
  EXPECT_LT(job.seen.embeddings.size(), 2048U);
  house.expect_at_rest();
}

TEST(Endings, a_chat_is_counted_as_rendered) {
  House house(says("hello"));
  content::GenerationRequest request;
  content::Chat chat;
  chat.messages.push_back({"user", "hi", {}, {}, {}, {}});
  request.prompt = chat;
  const auto rendered = house.engine.render(chat);
  Job job = house.submit(request);
  house.run();
  EXPECT_EQ(job.look().charged->usage.input.value, rendered.value().tokens.size());
}

TEST(Endings, a_request_keeps_the_price_it_was_admitted_at) {
  House house(says("hello"));
  const Offer dearer{{2}, {{1, 2, 3, 4}}, {{10'000'000}, {0}, {20'000'000}}};
  Job before = house.submit(ask("hi", 10));
  house.run_steps(2);
  Job after = house.submit(ask("hi", 10), {tenant, {5, 6}, key, {}},
                           std::make_shared<Stream>(Reading::as_it_comes), {}, dearer);
  house.run();
  EXPECT_EQ(before.look().charged->charge.value, 15);
  EXPECT_EQ(after.look().charged->charge.value, 150);
  EXPECT_EQ(house.reader().receipt(before.ticket.request()).value()->price_list.value, 1U);
  EXPECT_EQ(house.reader().receipt(after.ticket.request()).value()->price_list.value, 2U);
  house.expect_at_rest();
}

}  // namespace
}  // namespace serve::testing
