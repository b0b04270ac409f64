// Steps of both engines, on a model of random weights: any plan gives what a plain loop of libllama
// gives.
#include <gtest/gtest.h>

#include <cmath>
#include <engine/llama.hpp>
#include <map>
#include <random>

#include "drive.hpp"
#include "models.hpp"
#include "plain_loop.hpp"
#include "tiny_model.hpp"

namespace engine {
namespace {

using test::entry;
using test::generate;
using test::job;
using test::lane;
using test::plain_greedy;
using test::plain_regret;
using test::tiny_model;

content::TokenIds prompt_of(const Engine& engine, std::string text) {
  return engine.tokenize(content::RawPrompt(std::move(text))).value();
}

JobSpec greedy(std::uint64_t id, content::TokenIds prompt) {
  JobSpec spec = job(id, std::move(prompt));
  spec.sampling.ignore_eos = true;
  return spec;
}

class Lanes : public testing::TestWithParam<test::Load> {
 protected:
  static std::unique_ptr<Engine> load_tiny(std::uint32_t kv_tokens = 2048,
                                           std::uint32_t lanes_max = 8) {
    return test::load_tiny(kv_tokens, lanes_max, GetParam());
  }
};

INSTANTIATE_TEST_SUITE_P(Of, Lanes, testing::Values(&load_llama, &load_native), test::engine_name);

TEST_P(Lanes, TellsItsFacts) {
  const auto engine = load_tiny(1000, 8);
  const ModelFacts& facts = engine->facts();
  EXPECT_EQ(facts.architecture, "llama");
  EXPECT_EQ(facts.kv_tokens, 1024U);
  EXPECT_EQ(engine->kv_free(), 1024U);
  EXPECT_EQ(facts.lanes_max, 8U);
  EXPECT_EQ(facts.context_trained, 2048U);
  EXPECT_EQ(facts.embedding_width, 64U);
  EXPECT_EQ(facts.embed_whole_max, 0U);
  EXPECT_TRUE(facts.has_chat_template);
  EXPECT_TRUE(facts.can_generate);
  EXPECT_TRUE(facts.can_fork);
  EXPECT_TRUE(facts.weights.valid());
  EXPECT_TRUE(facts.tokenizer.valid());
  EXPECT_NE(facts.weights, facts.tokenizer);
}

TEST_P(Lanes, TextComesBack) {
  const auto engine = load_tiny();
  const std::string text = "Gr\xC3\xBC\xC3\x9F the \xF0\x9F\x90\x88!";
  EXPECT_EQ(engine->text(prompt_of(*engine, text)), text);
  // Names of special tokens are text in raw prompts.
  const std::string mark = "<|im_end|>";
  EXPECT_EQ(engine->text(prompt_of(*engine, mark)), mark);
}

TEST_P(Lanes, GreedyEqualsAPlainLoop) {
  const auto engine = load_tiny();
  const auto prompt = prompt_of(*engine, "the rain in the mains sings on and on and on again");
  const auto expected = plain_greedy(tiny_model(), prompt, 60);
  ASSERT_EQ(expected.size(), 60U);
  const auto answer = generate(*engine, greedy(1, prompt), 60, 512).tokens;
  EXPECT_EQ(generate(*engine, greedy(2, prompt), 60, 7).tokens, answer);
  if (GetParam() == &load_llama) {
    EXPECT_EQ(answer, expected);
  } else {  // Its sums have another order.
    EXPECT_LT(plain_regret(tiny_model(), prompt, answer), 0.01F);
  }
}

TEST_P(Lanes, GreedyEqualsAPlainLoopOnATrainedModel) {
  const std::string path = test::shared_model("stories260K.gguf");
  if (path.empty()) {
    GTEST_SKIP() << "stories260K.gguf is not there; set MAINS_TEST_MODELS to its folder";
  }
  auto engine = GetParam()({.path = path, .kv_tokens = 2048, .threads = 1}, {});
  ASSERT_TRUE(engine.ok()) << engine.error().detail;
  const auto prompt = prompt_of(*engine.value(), "One day, Tim and his cat");
  EXPECT_EQ(generate(*engine.value(), greedy(1, prompt), 100, 512).tokens,
            plain_greedy(path, prompt, 100));
}

/// Runs several jobs at once, with chunks, evictions and an order of a die's choosing.
class Crowd {
 public:
  Crowd(Engine& engine, std::uint64_t seed) : engine_(engine), dice_(seed) {}

  void add(std::uint64_t id, const content::TokenIds& prompt, std::size_t count) {
    ASSERT_TRUE(engine_.open(greedy(id, prompt)));
    members_.push_back({id, prompt.size(), count, 0, {}});
  }

  /// Until all have their tokens. Returns them by job.
  std::map<std::uint64_t, content::TokenIds> run() {
    std::map<std::uint64_t, content::TokenIds> answers;
    while (!members_.empty()) {
      step();
      std::erase_if(members_, [&](const Member& member) {
        if (member.tokens.size() < member.count) {
          return false;
        }
        answers[member.id] = member.tokens;
        engine_.close({member.id});
        return true;
      });
      if (testing::Test::HasFailure()) {
        break;
      }
    }
    return answers;
  }

 private:
  struct Member {
    std::uint64_t id;
    std::size_t prompt;
    std::size_t count;
    std::uint32_t resident;
    content::TokenIds tokens;
  };

  std::uint32_t below(std::size_t n) {
    return static_cast<std::uint32_t>(std::uniform_int_distribution<std::size_t>(0, n - 1)(dice_));
  }

  void step() {
    terms::StepPlan plan;
    std::vector<Member*> running;
    std::uint32_t room = engine_.facts().step_tokens_max;
    std::shuffle(members_.begin(), members_.end(), dice_);
    for (Member& member : members_) {
      if (member.resident > 0 && below(12) == 0) {
        plan.evict.push_back(lane(member.id));
        member.resident = 0;
      }
      if (below(4) == 0) {
        continue;
      }
      const auto known = static_cast<std::uint32_t>(member.prompt + member.tokens.size());
      const std::uint32_t tokens = std::min({known - member.resident, 1 + below(20), room});
      if (tokens > 0) {
        plan.run.push_back(entry(lane(member.id), tokens, member.resident));
        running.push_back(&member);
        room -= tokens;
      }
    }
    const StepOutput output = engine_.step(plan);
    ASSERT_FALSE(output.out_of_kv);
    ASSERT_EQ(output.lanes.size(), running.size());
    for (std::size_t i = 0; i < running.size(); ++i) {
      ASSERT_FALSE(output.lanes[i].failed);
      running[i]->resident += output.lanes[i].computed;
      if (output.lanes[i].token) {
        running[i]->tokens.push_back(*output.lanes[i].token);
      }
    }
  }

  Engine& engine_;
  std::mt19937_64 dice_;
  std::vector<Member> members_;
};

TEST_P(Lanes, CrowdsChunksAndPreemptionsChangeNothing) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  const auto engine = load_tiny();
  Crowd crowd(*engine, seed);
  std::map<std::uint64_t, content::TokenIds> prompts;
  for (std::uint64_t id = 1; id <= 6; ++id) {
    prompts[id] =
        prompt_of(*engine, "job " + std::to_string(id) + std::string(id * 7, 'x') + " says");
    crowd.add(id, prompts[id], 25);
  }
  const auto answers = crowd.run();
  ASSERT_EQ(answers.size(), 6U);
  // Sums in larger batches are added up in another order, so the last bits of logits differ: each
  // token must be the best one, or as good as that, after the same text in a plain loop.
  for (const auto& [id, answer] : answers) {
    EXPECT_LT(plain_regret(tiny_model(), prompts[id], answer), 0.01F) << "job " << id;
  }
  EXPECT_EQ(engine->kv_free(), engine->facts().kv_tokens);
}

TEST_P(Lanes, ForksContinueAsIfTheyHadComputedThePrompt) {
  const auto engine = load_tiny();
  const auto prompt = prompt_of(*engine, "a prompt that three of us share");
  const auto size = static_cast<std::uint32_t>(prompt.size());
  JobSpec spec = greedy(1, prompt);
  spec.choices = 3;
  ASSERT_TRUE(engine->open(std::move(spec)));
  terms::StepPlan plan;
  plan.run = {entry(lane(1), size - 1, 0)};
  ASSERT_FALSE(engine->step(plan).lanes.at(0).token.has_value());
  plan = {};
  plan.fork = {{lane(1, 0), lane(1, 1), {size - 1}}, {lane(1, 0), lane(1, 2), {size - 1}}};
  plan.evict = {};
  for (std::uint64_t choice = 0; choice < 3; ++choice) {
    plan.run.push_back(entry(lane(1, choice), 1, size - 1));
  }
  const auto output = engine->step(plan);
  EXPECT_EQ(engine->kv_free(), engine->facts().kv_tokens - (size - 1) - 3);
  const auto expected = plain_greedy(tiny_model(), prompt, 12);
  for (std::uint64_t choice = 0; choice < 3; ++choice) {
    ASSERT_EQ(output.lanes.at(choice).token, expected[0]);
  }
  // The first lane leaves; what it shared stays with the others.
  plan = {};
  plan.evict = {lane(1, 0)};
  engine->step(plan);
  EXPECT_EQ(engine->kv_free(), engine->facts().kv_tokens - (size - 1) - 2);
  auto rest = test::run(*engine, lane(1, 2), size + 1, 11, 64, size);
  EXPECT_EQ(rest.tokens, content::TokenIds(expected.begin() + 1, expected.end()));
  engine->close({1});
  EXPECT_EQ(engine->kv_free(), engine->facts().kv_tokens);
}

TEST_P(Lanes, SaysWhenThereIsNoRoomAndThenGoesOn) {
  const auto engine = load_tiny(256);
  const content::TokenIds prompt(200, 'a');
  ASSERT_TRUE(engine->open(greedy(1, prompt)));
  ASSERT_TRUE(engine->open(greedy(2, prompt)));
  terms::StepPlan plan;
  plan.run = {entry(lane(1), 200, 0)};
  ASSERT_TRUE(engine->step(plan).lanes.at(0).token.has_value());
  plan.run = {entry(lane(1), 1, 200), entry(lane(2), 200, 0)};
  const auto refused = engine->step(plan);
  EXPECT_TRUE(refused.out_of_kv);
  ASSERT_EQ(refused.lanes.size(), 2U);
  EXPECT_FALSE(refused.lanes[0].token.has_value());
  EXPECT_EQ(engine->kv_free(), 56U);
  plan.run = {entry(lane(1), 1, 200)};
  EXPECT_TRUE(engine->step(plan).lanes.at(0).token.has_value());
  engine->close({1});
  EXPECT_EQ(engine->kv_free(), 256U);
  plan.run = {entry(lane(2), 200, 0)};
  EXPECT_TRUE(engine->step(plan).lanes.at(0).token.has_value());
}

TEST_P(Lanes, EntriesThatBreakTheRulesFailAlone) {
  const auto engine = load_tiny();
  const content::TokenIds prompt(10, 'a');
  for (std::uint64_t id = 1; id <= 5; ++id) {
    ASSERT_TRUE(engine->open(greedy(id, prompt)));
  }
  terms::StepPlan plan;
  plan.run = {entry(lane(1), 10, 0), entry(lane(2), 11, 0), entry(lane(3), 0, 0),
              entry(lane(4), 5, 5),  entry(lane(9), 1, 0),  entry(lane(5, 3), 1, 0)};
  const auto output = engine->step(plan);
  EXPECT_FALSE(output.out_of_kv);
  EXPECT_TRUE(output.lanes.at(0).token.has_value());
  for (std::size_t i = 1; i < plan.run.size(); ++i) {
    EXPECT_TRUE(output.lanes.at(i).failed) << i;
  }
}

TEST_P(Lanes, RefusesJobsItCannotRun) {
  const auto engine = load_tiny(256);
  EXPECT_EQ(engine->open(job(1, {1, 2, 100000})).error(), Error::bad_token);
  EXPECT_EQ(engine->open(job(1, {-1})).error(), Error::bad_token);
  EXPECT_EQ(engine->open(job(1, content::TokenIds(257, 'a'))).error(), Error::too_long);
  JobSpec spec = job(1, {1});
  spec.sampling.logit_bias = {{100000, 1.0F}};
  EXPECT_EQ(engine->open(std::move(spec)).error(), Error::bad_token);
  EXPECT_EQ(engine->tokenize(content::RawPrompt(std::string(1U << 20U, 'x'))).error(),
            Error::too_long);
}

TEST_P(Lanes, SeedsRepeatAndDiffer) {
  const auto engine = load_tiny();
  const auto prompt = prompt_of(*engine, "dice");
  const auto roll = [&](std::uint64_t id, std::uint32_t seed) {
    JobSpec spec = greedy(id, prompt);
    spec.sampling.temperature = 1;
    spec.sampling.seed = seed;
    return generate(*engine, std::move(spec), 20).tokens;
  };
  EXPECT_EQ(roll(1, 7), roll(2, 7));
  EXPECT_NE(roll(3, 7), roll(4, 8));
}

TEST_P(Lanes, ChoicesOfASeedDiffer) {
  const auto engine = load_tiny();
  const auto prompt = prompt_of(*engine, "dice");
  JobSpec spec = greedy(1, prompt);
  spec.sampling.temperature = 1;
  spec.sampling.seed = 7;
  spec.choices = 2;
  ASSERT_TRUE(engine->open(std::move(spec)));
  const auto first = test::run(*engine, lane(1, 0), prompt.size(), 20, 64).tokens;
  const auto second = test::run(*engine, lane(1, 1), prompt.size(), 20, 64).tokens;
  EXPECT_NE(first, second);
}

TEST_P(Lanes, ABiasDecides) {
  const auto engine = load_tiny();
  const auto prompt = prompt_of(*engine, "bias");
  for (const float temperature : {0.0F, 1.0F}) {
    JobSpec spec = greedy(1, prompt);
    spec.sampling.temperature = temperature;
    spec.sampling.logit_bias = {{'k', 100.0F}};
    EXPECT_EQ(generate(*engine, std::move(spec), 5).tokens, content::TokenIds(5, 'k'));
  }
  const auto favourite = generate(*engine, greedy(2, prompt), 1).tokens.at(0);
  JobSpec spec = greedy(3, prompt);
  spec.sampling.logit_bias = {{favourite, -100.0F}};
  EXPECT_NE(generate(*engine, std::move(spec), 1).tokens.at(0), favourite);
}

TEST_P(Lanes, PenaltiesKeepItFromRepeating) {
  const auto engine = load_tiny();
  JobSpec spec = greedy(1, prompt_of(*engine, "again"));
  spec.sampling.presence_penalty = 2;
  spec.sampling.frequency_penalty = 2;
  spec.sampling.repeat_penalty = 1000;
  auto tokens = generate(*engine, std::move(spec), 60).tokens;
  std::sort(tokens.begin(), tokens.end());
  EXPECT_EQ(std::adjacent_find(tokens.begin(), tokens.end()), tokens.end());
}

TEST_P(Lanes, TopKOfOneIsGreedy) {
  const auto engine = load_tiny();
  const auto prompt = prompt_of(*engine, "narrow");
  const auto expected = generate(*engine, greedy(1, prompt), 20).tokens;
  for (int way = 0; way < 3; ++way) {
    JobSpec spec = greedy(2, prompt);
    spec.sampling.temperature = 1;
    spec.sampling.top_k = way == 0 ? 1 : 0;
    spec.sampling.top_p = way == 1 ? 0.0001F : 1.0F;
    spec.sampling.min_p = way == 2 ? 1.0F : 0.0F;
    EXPECT_EQ(generate(*engine, std::move(spec), 20).tokens, expected) << way;
  }
}

TEST_P(Lanes, LogprobsAreALogSoftmax) {
  const auto engine = load_tiny();
  JobSpec spec = greedy(1, prompt_of(*engine, "how sure"));
  spec.sampling.top_logprobs = 100;
  spec.sampling.logit_bias = {{'k', 100.0F}};
  const auto answer = generate(*engine, std::move(spec), 3);
  ASSERT_EQ(answer.logprobs.size(), 3U);
  for (const auto& logprob : answer.logprobs) {
    ASSERT_EQ(logprob.top.size(), 100U);
    EXPECT_EQ(logprob.piece, "k");
    // The bias chose; the probability is what the model thought.
    EXPECT_LT(logprob.logprob, logprob.top.front().second);
    double sum = 0;
    float above = 0;
    for (const auto& [piece, value] : logprob.top) {
      EXPECT_LE(value, above);
      above = value;
      sum += std::exp(static_cast<double>(value));
    }
    EXPECT_LT(sum, 1.0);
    EXPECT_GT(sum, 100.0 / static_cast<double>(engine->facts().vocabulary));
  }
}

TEST_P(Lanes, EndsAtTheEndTokenUnlessToldNotTo) {
  const auto engine = load_tiny();
  const auto end = engine->render([] {
    content::Chat chat;
    chat.messages.push_back({"user", "x", {}, {}, {}, {}});
    return chat;
  }());
  ASSERT_TRUE(end.ok());
  // The template's turns end with the end token; the last but one line break belongs to it.
  const auto& tokens = end.value().tokens;
  content::TokenId im_end = -1;
  for (const auto token : tokens) {
    if (engine->text({token}).empty()) {
      im_end = std::max(im_end, token);
    }
  }
  JobSpec spec = job(1, {'a'});
  spec.sampling.logit_bias = {{im_end, 100.0F}};
  const auto answer = generate(*engine, std::move(spec), 5);
  EXPECT_TRUE(answer.ended);
  EXPECT_EQ(answer.tokens, content::TokenIds{im_end});
  EXPECT_EQ(answer.text, "");
  EXPECT_FALSE(generate(*engine, greedy(2, {'a'}), 50).ended);
}

std::vector<float> embed(Engine& engine, std::uint64_t id, const content::TokenIds& prompt,
                         std::uint32_t chunk) {
  JobSpec spec = job(id, prompt);
  spec.kind = terms::WorkKind::embed;
  return generate(engine, std::move(spec), 1, chunk).embedding;
}

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return sum;
}

TEST_P(Lanes, EmbedsInChunksOrAtOnce) {
  const auto engine = load_tiny();
  const auto prompt = prompt_of(*engine, std::string(150, 'q') + " of a text to embed");
  const auto whole = embed(*engine, 1, prompt, 512);
  ASSERT_EQ(whole.size(), 64U);
  EXPECT_NEAR(dot(whole, whole), 1.0, 1e-5);
  EXPECT_NEAR(dot(whole, embed(*engine, 2, prompt, 9)), 1.0, 1e-3);
  EXPECT_LT(dot(whole, embed(*engine, 3, prompt_of(*engine, "something else"), 512)), 0.99);
  EXPECT_EQ(engine->kv_free(), engine->facts().kv_tokens);
  // And generating is as before.
  EXPECT_EQ(generate(*engine, greedy(4, prompt), 10).tokens,
            plain_greedy(tiny_model(), prompt, 10));
}

TEST_P(Lanes, EmbedsBesideAStream) {
  const auto engine = load_tiny();
  const auto prompt = prompt_of(*engine, "beside");
  const auto size = static_cast<std::uint32_t>(prompt.size());
  const auto alone = embed(*engine, 1, prompt, 512);
  JobSpec spec = job(2, prompt);
  spec.kind = terms::WorkKind::embed;
  ASSERT_TRUE(engine->open(std::move(spec)));
  ASSERT_TRUE(engine->open(greedy(3, prompt)));
  terms::StepPlan plan;
  plan.run = {entry(lane(2), size, 0), entry(lane(3), size, 0)};
  const auto output = engine->step(plan);
  EXPECT_NEAR(dot(output.lanes.at(0).embedding, alone), 1.0, 1e-3);
  EXPECT_EQ(output.lanes.at(1).token, plain_greedy(tiny_model(), prompt, 1).at(0));
}

}  // namespace
}  // namespace engine
