// Perplexities of trained models: the native engine's within 0.5 % of libllama's.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <engine/native.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "drive.hpp"
#include "models.hpp"
#include "plain_loop.hpp"

namespace engine {
namespace {

using test::generate;
using test::job;

/// A text is cut into windows of so many tokens, none of which knows the one before. One step runs
/// a whole window.
constexpr std::size_t window_tokens = 256;

/// The sum of -log p of all tokens of a window but the first, as the engine tells it.
double native_surprise(Engine& engine, const content::TokenIds& window, std::uint64_t space) {
  double sum = 0;
  for (std::size_t i = 1; i < window.size(); ++i) {
    JobSpec spec = job(i, content::TokenIds(window.begin(), window.begin() + static_cast<long>(i)));
    spec.prefix_space = space;  // So that each token is computed about once.
    spec.sampling.logit_bias = {{window[i], 1000.0F}};  // Say this one, and how likely it was.
    spec.sampling.top_logprobs = 0;
    const auto said = generate(engine, std::move(spec), 1, window_tokens);
    if (said.tokens != content::TokenIds{window[i]}) {
      ADD_FAILURE() << "the engine said something else";
      return INFINITY;
    }
    sum -= static_cast<double>(said.logprobs.at(0).logprob);
  }
  return sum;
}

double llama_surprise(const std::string& path, const content::TokenIds& window) {
  test::PlainLoop loop(path);
  double sum = 0;
  for (std::size_t i = 1; i < window.size(); ++i) {
    sum += loop.surprise(loop.feed({window[i - 1]}), window[i]);
  }
  return sum;
}

struct Perplexities {
  double native = 0, llama = 0;
};

Perplexities of(const std::string& path, Engine& native, const content::TokenIds& text) {
  Perplexities sums;
  std::size_t scored = 0;
  for (std::size_t at = 0; at < text.size(); at += window_tokens) {
    const content::TokenIds window(
        text.begin() + static_cast<long>(at),
        text.begin() + static_cast<long>(std::min(at + window_tokens, text.size())));
    sums.native += native_surprise(native, window, at + 1);
    sums.llama += llama_surprise(path, window);
    scored += window.size() - 1;
  }
  const auto count = static_cast<double>(scored);
  return {std::exp(sums.native / count), std::exp(sums.llama / count)};
}

struct Trained {
  const char* name;
  std::string path;  ///< "" or of no file: not there.
  const char* begin;
};

void PrintTo(const Trained& model, std::ostream* out) {
  *out << model.name;
}

class Perplexity : public testing::TestWithParam<Trained> {
 protected:
  void SetUp() override {
    const std::string& path = GetParam().path;
    if (path.empty() || !std::filesystem::exists(path)) {
      GTEST_SKIP() << GetParam().name << " is not there";
    }
    EXPECT_EQ(why_not_native(path), "");
    auto loaded = load_native({.path = path, .kv_tokens = 1024, .threads = 1});
    ASSERT_TRUE(loaded.ok()) << loaded.error().detail;
    native = std::move(loaded).value();
  }

  void expect_same(const content::TokenIds& text) {
    const Perplexities got = of(GetParam().path, *native, text);
    std::printf("%zu tokens: native %.4f, libllama %.4f, apart %.3f %%\n", text.size(), got.native,
                got.llama, 100 * std::fabs(got.native / got.llama - 1));
    RecordProperty("native", std::to_string(got.native));
    RecordProperty("llama", std::to_string(got.llama));
    EXPECT_LT(std::fabs(got.native / got.llama - 1), 0.005);
  }

  std::unique_ptr<Engine> native;
};

INSTANTIATE_TEST_SUITE_P(
    Of, Perplexity,
    testing::Values(
        Trained{"TheModelThatComesWithMains",
                MAINS_ROOM_DIR "/../../models/default/mains-default.gguf", "What is Mains?"},
        // Beside the repository, or where MAINS_TEST_MODELS says.
        Trained{"Stories260K", test::shared_model("stories260K.gguf"), "Once upon a time"}),
    [](const auto& model) { return model.param.name; });

TEST_P(Perplexity, OfAnEnglishText) {
  std::ifstream file(MAINS_ROOM_DIR "/test/perplexity.txt");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  ASSERT_GT(text.size(), 2000U);
  expect_same(native->tokenize(content::RawPrompt(text)).value());
}

TEST_P(Perplexity, OfWhatTheModelItselfSaysAtRandom) {
  const auto llama = load_llama({.path = GetParam().path, .kv_tokens = 512, .threads = 1});
  ASSERT_TRUE(llama.ok());
  auto text = native->tokenize(content::RawPrompt(GetParam().begin)).value();
  JobSpec spec = job(1, text);
  spec.sampling.temperature = 1;
  spec.sampling.seed = 3;
  spec.sampling.ignore_eos = true;
  const auto said = generate(*llama.value(), std::move(spec), 120).tokens;
  text.insert(text.end(), said.begin(), said.end());
  expect_same(text);
}

}  // namespace
}  // namespace engine
