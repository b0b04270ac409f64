// A model that only embeds: no KV cache, whole prompts, learned positions.
#include <gtest/gtest.h>

#include <cmath>
#include <engine/llama.hpp>

#include "drive.hpp"
#include "tiny_model.hpp"

namespace engine {
namespace {

using test::entry;
using test::generate;
using test::job;
using test::lane;

class Encoder : public testing::Test {
 protected:
  void SetUp() override {
    const std::string file = folder.file("encoder.gguf");
    ASSERT_EQ(random_model::write({.shape = random_model::Shape::tiny_encoder}, file), "");
    auto loaded = load_llama({.path = file, .kv_tokens = 1024, .lanes_max = 4, .threads = 1});
    ASSERT_TRUE(loaded.ok()) << loaded.error().detail;
    engine = std::move(loaded).value();
  }

  JobSpec embed(std::uint64_t id, const content::TokenIds& prompt) {
    JobSpec spec = job(id, prompt);
    spec.kind = terms::WorkKind::embed;
    return spec;
  }

  test::TemporaryFolder folder;
  std::unique_ptr<Engine> engine;
};

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return sum;
}

TEST_F(Encoder, TellsThatItOnlyEmbedsWholePrompts) {
  EXPECT_FALSE(engine->facts().can_generate);
  EXPECT_FALSE(engine->facts().can_fork);
  EXPECT_EQ(engine->facts().embed_whole_max, 128U);
  EXPECT_EQ(engine->facts().sequence_max, 128U);
  EXPECT_EQ(engine->facts().embedding_width, 64U);
  EXPECT_EQ(engine->open(job(1, {'a'})).error(), Error::failed);
  EXPECT_EQ(engine->open(embed(1, content::TokenIds(129, 'a'))).error(), Error::too_long);
}

TEST_F(Encoder, EmbedsAloneAsInCompany) {
  const content::TokenIds cat{'c', 'a', 't'};
  const content::TokenIds dog{'d', 'o', 'g', 's'};
  const auto alone = generate(*engine, embed(1, cat), 1, 128).embedding;
  ASSERT_EQ(alone.size(), 64U);
  EXPECT_NEAR(dot(alone, alone), 1.0, 1e-5);
  ASSERT_TRUE(engine->open(embed(2, cat)));
  ASSERT_TRUE(engine->open(embed(3, dog)));
  terms::StepPlan plan;
  plan.run = {entry(lane(2), 3, 0), entry(lane(3), 4, 0)};
  const auto output = engine->step(plan);
  ASSERT_FALSE(output.out_of_kv);
  EXPECT_NEAR(dot(output.lanes.at(0).embedding, alone), 1.0, 1e-4);
  EXPECT_LT(dot(output.lanes.at(1).embedding, alone), 0.999);
  engine->close({2});
  engine->close({3});
  EXPECT_EQ(engine->kv_free(), engine->facts().kv_tokens);
}

TEST_F(Encoder, APartOfAPromptFails) {
  ASSERT_TRUE(engine->open(embed(1, {'c', 'a', 't'})));
  terms::StepPlan plan;
  plan.run = {entry(lane(1), 2, 0)};
  EXPECT_TRUE(engine->step(plan).lanes.at(0).failed);
}

}  // namespace
}  // namespace engine
