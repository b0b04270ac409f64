// The native engine's numbers beside libllama's: every architecture, every type, and company that
// changes nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <engine/native.hpp>
#include <numeric>
#include <random>

#include "drive.hpp"
#include "plain_loop.hpp"
#include "tiny_model.hpp"

namespace engine {
namespace {

using random_model::Shape;
using random_model::Type;
using test::entry;
using test::generate;
using test::job;
using test::lane;

struct Model {
  const char* name;
  random_model::Options options;
  /// How far a log probability may be from libllama's. Random weights make no token likely, so a
  /// small change shows: floats differ by the order of sums and by halves in libllama's attention;
  /// where activations are rounded to bytes, one that falls to the other side moves all after it,
  /// and rows of K types are packed anew as 8 bits.
  double tolerance;
};

void PrintTo(const Model& model, std::ostream* out) {
  *out << model.name;
}

const Model models[] = {
    {"F32", {.type = Type::f32}, 0.01},
    {"F16", {.type = Type::f16}, 0.02},
    {"BF16", {.type = Type::bf16}, 0.05},
    {"Q8_0", {.type = Type::q8_0}, 0.12},
    {"Q4_0", {.type = Type::q4_0}, 0.12},
    {"Q4_K", {.shape = Shape::small, .type = Type::q4_k}, 0.2},
    {"Q5_K", {.shape = Shape::small, .type = Type::q5_k}, 0.2},
    {"Q6_K", {.shape = Shape::small, .type = Type::q6_k}, 0.2},
    {"RopeFactors", {.rope_factors = true}, 0.01},
    {"Qwen2", {.architecture = "qwen2"}, 0.01},
    {"Qwen2Q8_0", {.type = Type::q8_0, .architecture = "qwen2"}, 0.12},
    {"Qwen3", {.architecture = "qwen3"}, 0.01},
    {"Qwen3Q4_0", {.type = Type::q4_0, .architecture = "qwen3"}, 0.12},
};

class Beside : public testing::TestWithParam<Model> {
 protected:
  void SetUp() override {
    path = folder.file("model.gguf");
    ASSERT_EQ(random_model::write(GetParam().options, path), "");
  }
  std::unique_ptr<Engine> load(test::Load by) const {
    auto loaded = by({.path = path, .kv_tokens = 2048, .lanes_max = 8, .threads = 1}, {});
    EXPECT_TRUE(loaded.ok()) << loaded.error().detail;
    return loaded.ok() ? std::move(loaded).value() : nullptr;
  }

  test::TemporaryFolder folder;
  std::string path;
};

INSTANTIATE_TEST_SUITE_P(Of, Beside, testing::ValuesIn(models),
                         [](const auto& model) { return model.param.name; });

/// The most that the log probabilities of the likeliest tokens differ, over prompts of all lengths.
TEST_P(Beside, LogitsAreLibllamas) {
  EXPECT_EQ(why_not_native(path), "");
  const auto native = load(load_native);
  const auto llama = load(load_llama);
  ASSERT_TRUE(native && llama);
  std::mt19937 dice(1);
  double worst = 0;
  for (std::uint64_t id = 1; id <= 12; ++id) {
    content::TokenIds prompt(id * id * 2 - 1);
    std::generate(prompt.begin(), prompt.end(),
                  [&] { return static_cast<content::TokenId>(dice() % 256); });
    JobSpec spec = job(id, prompt);
    spec.sampling.top_logprobs = 20;
    const auto ours = generate(*native, spec, 1, 256).logprobs.at(0);
    const auto theirs = generate(*llama, spec, 1, 256).logprobs.at(0);
    for (std::size_t i = 0; i < theirs.top.size(); ++i) {
      worst = std::max(worst, std::fabs(static_cast<double>(ours.top[i].second) -
                                        static_cast<double>(theirs.top[i].second)));
    }
  }
  RecordProperty("worst", std::to_string(worst));
  EXPECT_LT(worst, GetParam().tolerance);
}

TEST_P(Beside, GreedyAnswersAreAsGood) {
  const auto native = load(load_native);
  ASSERT_TRUE(native);
  for (const char first : {'a', 'k', 'z'}) {
    const content::TokenIds prompt{first, ' ', 'l', 'o', 'n', 'g', ' ', 'r', 'u', 'n'};
    const auto answer = generate(*native, job(1, prompt), 100).tokens;
    EXPECT_LT(test::plain_regret(path, prompt, answer), 2 * GetParam().tolerance) << first;
  }
}

/// Sums are added in the same order in any company, so this holds to the bit.
TEST_P(Beside, CompanyAndChunksChangeNothingAtAll) {
  const auto native = load(load_native);
  ASSERT_TRUE(native);
  content::TokenIds prompt(300);
  std::iota(prompt.begin(), prompt.end(), 0);
  std::transform(prompt.begin(), prompt.end(), prompt.begin(), [](auto id) { return id % 250; });
  std::vector<float> expected;
  for (const std::uint32_t chunk : {256U, 1U, 7U, 16U, 150U}) {
    JobSpec spec = job(1, prompt);
    spec.sampling.top_logprobs = 50;
    ASSERT_TRUE(native->open(spec));
    std::vector<float> got;
    for (std::uint32_t at = 0; at < 300; at += chunk) {
      JobSpec other = job(2, content::TokenIds(at % 23 + 1, 'x'));
      ASSERT_TRUE(native->open(other));
      terms::StepPlan plan;
      const auto beside = static_cast<std::uint32_t>(
          std::min<std::size_t>(other.prompt.size(), 256 - std::min(chunk, 255U)));
      if (beside > 0 && chunk < 255) {
        plan.run.push_back(entry(lane(2), beside, 0));
      }
      plan.run.push_back(entry(lane(1), std::min(chunk, 300 - at), at));
      const auto output = native->step(plan);
      ASSERT_FALSE(output.out_of_kv);
      if (const auto& logprob = output.lanes.back().logprob) {
        for (const auto& [piece, value] : logprob->top) {
          got.push_back(value);
        }
      }
      native->close({2});
    }
    native->close({1});
    ASSERT_EQ(got.size(), 50U);
    expected = expected.empty() ? got : expected;
    EXPECT_EQ(got, expected) << "chunks of " << chunk;
  }
}

TEST(Native, SaysWhyNot) {
  test::TemporaryFolder folder;
  const std::string encoder = folder.file("encoder.gguf");
  ASSERT_EQ(random_model::write({.shape = Shape::tiny_encoder}, encoder), "");
  EXPECT_EQ(why_not_native(encoder), "its architecture is 'bert'");
  const auto refused = load_native({.path = encoder});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().detail.find("bert"), std::string::npos);
  EXPECT_EQ(why_not_native(folder.file("none.gguf")), "it cannot be read");
}

/// Ten forks that share a prompt and then go their own ways, beside one that computes it all.
TEST(Native, ForksCopyWhatTheyWrite) {
  const auto engine = test::load_tiny(2048, 16, load_native);
  content::TokenIds prompt(41, 'p');
  JobSpec spec = job(1, prompt);
  spec.choices = 10;
  spec.sampling.temperature = 1;
  spec.sampling.seed = 5;
  spec.sampling.ignore_eos = true;
  ASSERT_TRUE(engine->open(spec));
  terms::StepPlan plan;
  plan.run = {entry(lane(1, 0), 40, 0)};
  engine->step(plan);
  plan = {};
  for (std::uint64_t choice = 1; choice < 10; ++choice) {
    plan.fork.push_back({lane(1, 0), lane(1, choice), {40}});
  }
  std::vector<content::TokenIds> forked(10);
  for (std::uint32_t i = 0; i < 30; ++i) {
    for (std::uint64_t choice = 0; choice < 10; ++choice) {
      plan.run.push_back(entry(lane(1, choice), 1, 40 + i));
    }
    const auto output = engine->step(plan);
    for (std::size_t choice = 0; choice < 10; ++choice) {
      forked[choice].push_back(output.lanes.at(choice).token.value());
    }
    plan = {};
  }
  engine->close({1});
  EXPECT_EQ(engine->kv_free(), engine->facts().kv_tokens);
  ASSERT_TRUE(engine->open(spec));
  for (std::uint64_t choice = 0; choice < 10; ++choice) {
    EXPECT_EQ(test::run(*engine, lane(1, choice), 41, 30, 64).tokens, forked[choice]) << choice;
    terms::StepPlan evict;
    evict.evict = {lane(1, choice)};
    engine->step(evict);
  }
}

}  // namespace
}  // namespace engine
