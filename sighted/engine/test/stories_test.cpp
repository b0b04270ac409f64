// Both engines on a small trained model.
#include <gtest/gtest.h>

#include <engine/native.hpp>

#include "drive.hpp"
#include "models.hpp"
#include "tiny_model.hpp"

namespace engine {
namespace {

using test::generate;
using test::job;

class Stories : public testing::TestWithParam<test::Load> {
 protected:
  void SetUp() override {
    const std::string path = test::shared_model("stories260K.gguf");
    if (path.empty()) {
      GTEST_SKIP() << "stories260K.gguf is not there; set MAINS_TEST_MODELS to its folder";
    }
    auto loaded = GetParam()({.path = path, .kv_tokens = 2048, .lanes_max = 8, .threads = 1}, {});
    ASSERT_TRUE(loaded.ok()) << loaded.error().detail;
    engine = std::move(loaded).value();
  }

  std::unique_ptr<Engine> engine;
};

INSTANTIATE_TEST_SUITE_P(By, Stories, testing::Values(&load_llama, &load_native),
                         test::engine_name);

TEST_P(Stories, ContinueAsRecorded) {
  const auto prompt = engine->tokenize(content::RawPrompt("Once upon a time")).value();
  const auto answer = generate(*engine, job(1, prompt), 24);
  EXPECT_EQ(answer.text,
            ", there was a little girl named Lily. She loved to play outside in the p");
  EXPECT_EQ(answer.tokens,
            (content::TokenIds{432, 383, 286, 261, 376, 298, 315, 421, 395, 317, 426, 338,
                               401, 396, 267, 337, 410, 408, 419, 292, 411, 322, 265, 282}));
}

}  // namespace
}  // namespace engine
