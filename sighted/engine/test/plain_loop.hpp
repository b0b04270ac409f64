// libllama without our engine: what the engine's greedy output is held against.
#pragma once

#include <llama.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <content/tokens.hpp>

#include "llama/handles.hpp"

namespace engine::test {

/// One sequence, fed token by token or in larger pieces.
class PlainLoop {
 public:
  explicit PlainLoop(const std::string& path)
      : model_(llama_model_load_from_file(path.c_str(), llama_model_default_params())) {
    auto params = llama_context_default_params();
    params.n_ctx = 2048;
    params.n_batch = 512;
    params.n_threads = 1;
    params.n_threads_batch = 1;
    context_.reset(llama_init_from_model(model_.get(), params));
    vocabulary_ = llama_vocab_n_tokens(llama_model_get_vocab(model_.get()));
  }

  /// The logits after `tokens`, one for each entry of the vocabulary; null on failure.
  const float* feed(content::TokenIds tokens) {
    const auto batch = llama_batch_get_one(tokens.data(), static_cast<std::int32_t>(tokens.size()));
    return llama_decode(context_.get(), batch) == 0 ? llama_get_logits_ith(context_.get(), -1)
                                                    : nullptr;
  }

  [[nodiscard]] content::TokenId best(const float* logits) const {
    return static_cast<content::TokenId>(std::max_element(logits, logits + vocabulary_) - logits);
  }

  /// -log of the probability that `logits` give a token; infinite where there are none.
  [[nodiscard]] double surprise(const float* logits, content::TokenId token) const {
    if (logits == nullptr) {
      return INFINITY;
    }
    const auto most = static_cast<double>(logits[best(logits)]);
    double sum = 0;
    for (std::int32_t i = 0; i < vocabulary_; ++i) {
      sum += std::exp(static_cast<double>(logits[i]) - most);
    }
    return most + std::log(sum) - static_cast<double>(logits[token]);
  }

 private:
  llama::ModelPtr model_;
  llama::ContextPtr context_;
  std::int32_t vocabulary_ = 0;
};

/// The first `count` greedy tokens after `prompt`.
inline content::TokenIds plain_greedy(const std::string& path, content::TokenIds prompt,
                                      std::size_t count) {
  PlainLoop loop(path);
  content::TokenIds tokens;
  while (tokens.size() < count) {
    const float* const logits = loop.feed(std::move(prompt));
    if (logits == nullptr) {
      return {};
    }
    tokens.push_back(loop.best(logits));
    prompt = {tokens.back()};
  }
  return tokens;
}

/// How far the logit of a token of `answer` ever was below the best one of its place: 0 for a
/// greedy answer, a little more for one whose sums were added up in another order.
inline float plain_regret(const std::string& path, content::TokenIds prompt,
                          const content::TokenIds& answer) {
  PlainLoop loop(path);
  float regret = 0;
  for (const auto token : answer) {
    const float* const logits = loop.feed(std::move(prompt));
    if (logits == nullptr) {
      return INFINITY;
    }
    regret = std::max(regret, logits[loop.best(logits)] - logits[token]);
    prompt = {token};
  }
  return regret;
}

}  // namespace engine::test
