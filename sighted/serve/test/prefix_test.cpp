// Prompts that begin alike, from the request to the bill: what is computed once is paid once at the
// price of computing, and by the others at the price of finding; across tenants nothing is shared.
#include <random>

#include "fixture.hpp"

namespace serve::testing {
namespace {

constexpr terms::TenantId other{21};
/// A nano-unit for ten cached tokens, one for an input token, two for an output token.
constexpr price::Prices with_cache{{1'000'000}, {100'000}, {2'000'000}};
constexpr Offer offer{{1}, {{1, 2, 3, 4}}, with_cache};
/// With the mark of the beginning 201 tokens: twelve blocks of 16 before the last.
const std::string context(200, 'c');

engine::ScriptedOptions keeping(std::uint32_t step_tokens_max, std::uint32_t kv_tokens) {
  engine::ScriptedOptions options;
  options.step_tokens_max = step_tokens_max;
  options.kv_tokens = kv_tokens;
  options.keeps_prefixes = true;
  return options;
}

struct Kitchen : House {
  explicit Kitchen(std::uint32_t step_tokens_max, std::uint32_t kv_tokens = 16'384)
      : House(keeping(step_tokens_max, kv_tokens)) {
    credit(other, 1'000'000);
    engine.after_step = [this](std::size_t, const engine::StepOutput& output) {
      for (const engine::LaneOutput& lane : output.lanes) {
        computed += lane.computed;
      }
    };
  }
  Job order(std::string prompt, std::uint32_t output = 2, terms::TenantId who = tenant,
            std::uint32_t choices = 1, OpeningId opening = {}) {
    auto request = ask(std::move(prompt), output);
    request.sampling.ignore_eos = true;
    request.choices = choices;
    auto prepared = Hall::prepare(flavour(), request);
    EXPECT_TRUE(prepared.ok());
    prepared->opening = opening;
    auto stream = std::make_shared<Stream>(Reading::as_it_comes);
    const Ticket ticket =
        hall.submit(std::move(prepared).value(), {who, {5, 6}, key, {}}, offer, {}, stream);
    return {ticket, std::move(stream)};
  }
  terms::Usage usage_of(Job job) {
    run();
    EXPECT_TRUE(job.look().charged.has_value());
    return job.seen.charged.value_or(Charged{}).usage;
  }

  std::uint64_t computed = 0;  ///< By the engine, answers included.
};

TEST(Prefix, a_prompt_sent_again_is_charged_as_cached) {
  Kitchen house(512);
  EXPECT_EQ(house.usage_of(house.order(context)), (terms::Usage{{201}, {0}, {2}}));
  Job again = house.order(context);
  house.run();
  ASSERT_TRUE(again.look().charged.has_value());
  EXPECT_EQ(again.seen.charged->usage, (terms::Usage{{201}, {192}, {2}}));
  // 9 x 1 + 192 x 0.1 + 2 x 2, rounded down once.
  EXPECT_EQ(again.seen.charged->charge.value, 32);
  house.expect_at_rest();
}

TEST(Prefix, nobody_finds_what_another_sent) {
  Kitchen house(512);
  house.usage_of(house.order(context));
  EXPECT_EQ(house.usage_of(house.order(context, 2, other)), (terms::Usage{{201}, {0}, {2}}));
  EXPECT_EQ(house.usage_of(house.order(context, 2, other)), (terms::Usage{{201}, {192}, {2}}));
  house.expect_at_rest();
}

/// What a tenant sends, kept or not, moves nothing of another's: neither its counts nor the number
/// of steps until its answer.
TEST(Prefix, what_another_keeps_changes_neither_counts_nor_steps) {
  const auto steps = [](bool warmed_by_another) {
    Kitchen house(32);
    if (warmed_by_another) {
      house.usage_of(house.order(context, 2, other));
    } else {
      house.usage_of(house.order(std::string(200, 'd'), 2, other));
    }
    const std::size_t before = house.engine.plans.size();
    const terms::Usage usage = house.usage_of(house.order(context));
    return std::pair(usage.cached.value, house.engine.plans.size() - before);
  };
  EXPECT_EQ(steps(true), steps(false));
}

TEST(Prefix, what_comes_together_is_computed_once_and_paid_once) {
  Kitchen house(32);  // The context takes seven steps.
  std::vector<Job> jobs;
  jobs.reserve(6);
  for (int i = 0; i < 6; ++i) {
    jobs.push_back(house.order(context + std::to_string(i)));
  }
  house.run();
  std::uint64_t paid_as_computed = 0;
  std::uint64_t paid_as_cached = 0;
  for (Job& job : jobs) {
    ASSERT_TRUE(job.look().charged.has_value());
    const terms::Usage usage = job.seen.charged->usage;
    EXPECT_EQ(usage.input, base::Tokens{202});
    paid_as_computed += usage.input.value - usage.cached.value;
    paid_as_cached += usage.cached.value;
  }
  EXPECT_EQ(jobs[0].seen.charged->usage.cached, base::Tokens{0}) << "one computed it";
  EXPECT_EQ(paid_as_cached, 5U * 192);
  EXPECT_EQ(paid_as_computed + 6, house.computed) << "each answer's first token is computed, too";
  house.expect_at_rest();
}

TEST(Prefix, tenants_that_come_together_wait_for_none_but_their_own) {
  Kitchen house(512);
  std::vector<Job> jobs;
  for (const terms::TenantId who : {tenant, other, tenant, other}) {
    jobs.push_back(house.order(context, 2, who));
  }
  house.run();
  std::uint64_t cached = 0;
  for (Job& job : jobs) {
    ASSERT_TRUE(job.look().charged.has_value());
    cached += job.seen.charged->usage.cached.value;
  }
  EXPECT_EQ(jobs[0].seen.charged->usage.cached, base::Tokens{0});
  EXPECT_EQ(jobs[1].seen.charged->usage.cached, base::Tokens{0});
  EXPECT_EQ(cached, 2U * 192);
}

/// Who computes for all leaves in the middle: it pays for what it got done, the next goes on there.
TEST(Prefix, when_the_first_is_cancelled_the_next_goes_on) {
  Kitchen house(32);
  std::vector<Job> jobs;
  jobs.reserve(4);
  for (int i = 0; i < 4; ++i) {
    jobs.push_back(house.order(context));
  }
  house.run_steps(3);
  jobs[0].ticket.cancel(terms::EndReason::disconnect);
  house.run();
  std::vector<terms::Usage> usages;
  for (Job& job : jobs) {
    ASSERT_TRUE(job.look().charged.has_value());
    usages.push_back(job.seen.charged->usage);
  }
  const std::uint32_t done = usages[0].input.value;
  EXPECT_EQ(usages[0], (terms::Usage{{done}, {0}, {0}}));
  EXPECT_GT(done, 0U);
  EXPECT_EQ(usages[1], (terms::Usage{{201}, {done / 16 * 16}, {2}})) << "it found what was done";
  EXPECT_EQ(usages[2], (terms::Usage{{201}, {192}, {2}}));
  EXPECT_EQ(usages[3], (terms::Usage{{201}, {192}, {2}}));
  house.expect_at_rest();
}

TEST(Prefix, choices_share_what_the_job_found) {
  Kitchen house(512);
  house.usage_of(house.order(context));
  EXPECT_EQ(house.usage_of(house.order(context, 2, tenant, 3)), (terms::Usage{{201}, {192}, {6}}));
  house.expect_at_rest();
}

content::TokenIds tokens_of(const Kitchen& house, const std::string& text) {
  return std::move(house.engine.tokenize(text)).value();
}

/// The owner opens a context to one other; a third knows its name, too.
TEST(Prefix, what_is_opened_is_found_by_who_may_and_names_it) {
  Kitchen house(512);
  constexpr terms::TenantId third{22};
  house.credit(third, 1'000'000);
  const auto opening =
      house.hall.open_beginning(tenant, house.flavour(), tokens_of(house, context), {other});
  ASSERT_TRUE(opening.has_value());
  EXPECT_EQ(opening->tokens, 201U);
  const auto usage = [&](const std::string& more, terms::TenantId who, OpeningId name) {
    return house.usage_of(house.order(context + more, 2, who, 1, name));
  };
  const std::string words(40, 'w');
  EXPECT_EQ(usage(words, tenant, opening->id), (terms::Usage{{241}, {0}, {2}}));
  EXPECT_EQ(usage(words, other, opening->id), (terms::Usage{{241}, {192}, {2}}))
      << "the beginning, and nothing of what the owner said after it";
  EXPECT_EQ(usage(words, other, opening->id), (terms::Usage{{241}, {240}, {2}})) << "its own, all";
  EXPECT_EQ(usage(words, third, opening->id), (terms::Usage{{241}, {0}, {2}}))
      << "not opened to it";
  EXPECT_EQ(usage(std::string(40, 'v'), other, {}), (terms::Usage{{241}, {0}, {2}}))
      << "who does not name it has no part in it";
  // 49 x 1 + 192 x 0.1 + 2 x 2, then 1 x 1 + 240 x 0.1 + 2 x 2, then 241 x 1 + 2 x 2.
  EXPECT_EQ(house.available(other), 1'000'000 - 72 - 29 - 245);
  house.expect_at_rest();
}

/// Who does not know a beginning whole cannot find it part by part.
TEST(Prefix, all_of_an_opened_beginning_or_nothing) {
  Kitchen house(512);
  const OpeningId name =
      house.hall.open_beginning(tenant, house.flavour(), tokens_of(house, context), {other})->id;
  house.usage_of(house.order(context + "more", 2, tenant, 1, name));
  EXPECT_EQ(house.usage_of(house.order(std::string(199, 'c') + "x", 2, other, 1, name)),
            (terms::Usage{{201}, {0}, {2}}));
  EXPECT_EQ(house.usage_of(house.order(context + "x", 2, other, 1, name)),
            (terms::Usage{{202}, {192}, {2}}));
}

TEST(Prefix, an_opening_that_is_closed_or_opened_to_others_is_found_no_more) {
  Kitchen house(512);
  const content::TokenIds beginning = tokens_of(house, context);
  const auto open = [&](std::vector<terms::TenantId> to) {
    return house.hall.open_beginning(tenant, house.flavour(), beginning, std::move(to))->id;
  };
  const OpeningId name = open({other});
  const auto cached = [&](terms::TenantId who) {
    static int unlike = 0;
    const std::string question = std::to_string(++unlike) + std::string(60, 'q');
    return house.usage_of(house.order(context + question, 2, who, 1, name)).cached.value;
  };
  EXPECT_EQ(cached(tenant), 0U);
  EXPECT_EQ(cached(other), 192U);
  EXPECT_EQ(open({}), name) << "the same beginning is the same opening";
  EXPECT_EQ(cached(other), 0U);
  EXPECT_EQ(cached(tenant), 192U);
  EXPECT_FALSE(house.hall.openings().close(other, name)) << "it is not its own";
  EXPECT_EQ(house.hall.openings().of(other).size(), 0U);
  EXPECT_TRUE(house.hall.openings().close(tenant, name));
  EXPECT_EQ(cached(tenant), 0U);
  for (std::size_t i = 0; i < Openings::of_owner_max; ++i) {
    EXPECT_TRUE(house.hall.open_beginning(
        tenant, house.flavour(), tokens_of(house, std::string(20, static_cast<char>('0' + i))),
        {}));
  }
  EXPECT_FALSE(house.hall.open_beginning(tenant, house.flavour(), beginning, {}));
  const content::TokenIds half(Openings::tokens_of_owner_max / 2);
  EXPECT_TRUE(house.hall.open_beginning(other, house.flavour(), half, {}));
  EXPECT_FALSE(house.hall.open_beginning(
      other, house.flavour(), content::TokenIds(Openings::tokens_of_owner_max / 2 + 1), {}))
      << "together they would be too long";
}

/// What a reader uses of its beginning just then stays until it ends.
TEST(Prefix, a_deleted_owner_opens_nothing_any_more) {
  Kitchen house(512);
  const content::TokenIds beginning = tokens_of(house, context);
  const OpeningId name = house.hall.open_beginning(tenant, house.flavour(), beginning, {other})->id;
  house.usage_of(house.order(context + "a", 2, tenant, 1, name));
  Job reads = house.order(context + "b", 40, other, 1, name);
  house.run_steps(3);
  Job comes = house.order(context + "c", 2, other, 1, name);
  house.hall.openings().forget(tenant);
  house.loop.forget(tenant);
  house.run();
  EXPECT_EQ(house.usage_of(std::move(reads)), (terms::Usage{{202}, {192}, {40}}));
  EXPECT_EQ(house.usage_of(std::move(comes)), (terms::Usage{{202}, {0}, {2}}))
      << "on its way when the owner went: it lies in its own space";
  EXPECT_FALSE(house.hall.open_beginning(tenant, house.flavour(), beginning, {other}));
  house.expect_at_rest();
}

/// Owner and readers at random, all naming the opening: over all of them, what is paid as computed
/// is what was computed; nobody finds what another said; in a cache that is too small, too.
TEST(Prefix, the_bills_of_who_shares_an_opening_add_up) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 dice(seed);
  Kitchen house(64, 1'200);
  const terms::TenantId tenants[] = {tenant, other, {22}};
  house.credit(tenants[2], 1'000'000);
  const OpeningId name = house.hall
                             .open_beginning(tenant, house.flavour(), tokens_of(house, context),
                                             {tenants[1], tenants[2]})
                             ->id;
  std::vector<Job> jobs;
  for (int i = 0; i < 120; ++i) {
    const std::string question(dice() % 100, static_cast<char>('a' + i % 26));
    jobs.push_back(house.order(context + question, static_cast<std::uint32_t>(1 + dice() % 9),
                               tenants[dice() % 3], 1, name));
    house.run_steps(static_cast<int>(dice() % 6));
  }
  house.run();
  std::uint64_t paid_as_computed = 0;
  std::uint64_t cached = 0;
  std::uint64_t answers = 0;
  for (Job& job : jobs) {
    ASSERT_TRUE(job.look().charged.has_value()) << "none fails";
    const terms::Usage usage = job.seen.charged->usage;
    paid_as_computed += usage.input.value - usage.cached.value;
    cached += usage.cached.value;
    answers += usage.output.value;
  }
  EXPECT_LE(paid_as_computed, house.computed);
  EXPECT_GE(paid_as_computed + answers, house.computed) << "but for what was computed again";
  EXPECT_GT(cached, 10'000U) << "or this tested nothing";
  house.expect_at_rest();
}

TEST(Prefix, a_tenant_that_is_forgotten_leaves_nothing) {
  Kitchen house(512);
  house.usage_of(house.order(context));
  house.usage_of(house.order(context, 2, other));
  Job running = house.order(context + "more", 500);
  house.run_steps(3);
  house.loop.forget(tenant);
  house.run();
  ASSERT_TRUE(running.look().charged.has_value());
  EXPECT_EQ(running.seen.charged->end, terms::EndReason::cancel) << "what runs ends";
  EXPECT_EQ(house.usage_of(house.order(context)), (terms::Usage{{201}, {0}, {2}}));
  EXPECT_EQ(house.usage_of(house.order(context, 2, other)), (terms::Usage{{201}, {192}, {2}}));
}

/// A book of 800 tokens that is kept, and so many who ask `question` tokens about it each; every
/// `others`th is another tenant's (0: none).
std::vector<Job> readers(Kitchen& house, int count, std::size_t question, std::uint32_t output,
                         int others = 0) {
  const std::string book(800, 'b');
  house.usage_of(house.order(book));
  std::vector<Job> jobs;
  jobs.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const std::string words(question, static_cast<char>('A' + i));
    const bool others_turn = others > 0 && i % others == 0;
    jobs.push_back(house.order(book + words, output, others_turn ? other : tenant));
  }
  return jobs;
}

/// Counted one by one, a second lane would not fit beside the first.
TEST(Prefix, many_lanes_on_one_context_run_together) {
  Kitchen house(256, 1'500);
  std::vector<Job> jobs = readers(house, 12, 30, 20);
  std::uint64_t together = 0;
  for (house.money.turn(); house.loop.turn();) {
    together = std::max(together, house.loop.counts().lanes_resident);
  }
  house.run();
  EXPECT_EQ(together, 12U);
  for (Job& job : jobs) {
    ASSERT_TRUE(job.look().charged.has_value()) << "none fails";
    EXPECT_EQ(job.seen.charged->usage, (terms::Usage{{831}, {800}, {20}}));
  }
  for (const terms::StepPlan& plan : house.engine.plans) {
    EXPECT_TRUE(plan.evict.empty()) << "nobody gives way";
  }
  house.expect_at_rest();
}

/// Answers that outgrow the cache, on a context that all of them hold: who gives way comes back.
TEST(Prefix, none_fails_when_lanes_on_one_context_outgrow_the_cache) {
  Kitchen house(64, 1'200);
  std::vector<Job> jobs = readers(house, 10, 10, 190, 3);
  house.run();
  std::size_t gave_way = 0;
  for (const terms::StepPlan& plan : house.engine.plans) {
    gave_way += plan.evict.size();
  }
  EXPECT_GT(gave_way, 0U) << "or this tested nothing";
  for (Job& job : jobs) {
    ASSERT_TRUE(job.look().charged.has_value());
    EXPECT_EQ(job.seen.charged->usage.input, base::Tokens{811});
    EXPECT_EQ(job.seen.charged->usage.output, base::Tokens{190});
  }
  house.expect_at_rest();
}

/// Random requests of three tenants, some of which leave: what was paid as computed is what the
/// engine computed, but for what it computed again after giving way.
TEST(Prefix, the_bills_add_up_to_what_was_computed) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 dice(seed);
  Kitchen house(64);
  const terms::TenantId tenants[] = {tenant, other, {22}};
  house.credit(tenants[2], 1'000'000);
  std::vector<Job> jobs;
  for (int i = 0; i < 150; ++i) {
    const std::string prompt = std::string(dice() % 150, 'a') + std::string(dice() % 100, 'b');
    jobs.push_back(
        house.order(prompt, static_cast<std::uint32_t>(1 + dice() % 5), tenants[dice() % 3]));
    house.run_steps(static_cast<int>(dice() % 4));
    if (dice() % 8 == 0) {
      jobs[dice() % jobs.size()].ticket.cancel(terms::EndReason::disconnect);
    }
  }
  house.run();
  std::uint64_t paid_as_computed = 0;
  std::uint64_t cached = 0;
  std::uint64_t answers = 0;
  for (Job& job : jobs) {
    job.look();
    if (job.seen.charged) {
      const terms::Usage usage = job.seen.charged->usage;
      EXPECT_LE(usage.cached, usage.input);
      paid_as_computed += usage.input.value - usage.cached.value;
      cached += usage.cached.value;
      answers += usage.output.value;
    }
  }
  EXPECT_LE(paid_as_computed, house.computed);
  EXPECT_GE(paid_as_computed + answers, house.computed) << "nobody computed for nothing";
  EXPECT_GT(cached, 1000U) << "or this tested nothing";
  house.expect_at_rest();
}

}  // namespace
}  // namespace serve::testing
