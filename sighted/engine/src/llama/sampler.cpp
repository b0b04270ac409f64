#include "sampler.hpp"

#include <common.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <random>
#include <span>
#include <string>
#include <utility>

#include "guard.hpp"

namespace engine::llama {
namespace {

using content::TokenId;
using grammar::Verdict;

std::vector<TokenId> suppressed_tokens(const llama_vocab* vocab, bool ignore_eos) {
  std::int32_t count = 0;
  const llama_token* const suppressed = llama_vocab_get_suppress_tokens(vocab, &count);
  std::vector<TokenId> tokens(suppressed, suppressed + count);
  if (ignore_eos) {
    for (TokenId id = 0; id < llama_vocab_n_tokens(vocab); ++id) {
      if (llama_vocab_is_eog(vocab, id)) {
        tokens.push_back(id);
      }
    }
  }
  std::sort(tokens.begin(), tokens.end());
  return tokens;
}

class Greedy final : public Sampler {
 public:
  Greedy(const llama_vocab* vocab, bool ignore_eos)
      : vocabulary_(llama_vocab_n_tokens(vocab)), never_(suppressed_tokens(vocab, ignore_eos)) {}

  std::optional<TokenId> sample(const float* logits) override {
    std::optional<TokenId> best;
    for (TokenId id = 0; id < vocabulary_; ++id) {
      if ((!best || logits[id] > logits[*best]) &&
          !std::binary_search(never_.begin(), never_.end(), id)) {
        best = id;
      }
    }
    return best;
  }

 private:
  TokenId vocabulary_;
  std::vector<TokenId> never_;
};

using SamplerPtr = std::unique_ptr<llama_sampler, Free<llama_sampler_free>>;

/// A chain that ends in a draw.
class Chain : public Sampler {
 public:
  Chain(const llama_vocab* vocab, SamplerPtr chain)
      : candidates_(static_cast<std::size_t>(llama_vocab_n_tokens(vocab))),
        chain_(std::move(chain)) {}

  std::optional<TokenId> sample(const float* logits) override {
    const auto drawn = draw(logits, nullptr);
    if (drawn) {
      llama_sampler_accept(chain_.get(), *drawn);
    }
    return drawn;
  }

 protected:
  /// Draws from all tokens, or from those that are allowed. What the chain left of them, with its
  /// logits, is in left() afterwards.
  std::optional<TokenId> draw(const float* logits, const std::vector<bool>* allowed) {
    std::size_t count = 0;
    for (std::size_t id = 0; id < candidates_.size(); ++id) {
      if (allowed == nullptr || (*allowed)[id]) {
        candidates_[count++] = {static_cast<TokenId>(id), logits[id], 0.0F};
      }
    }
    if (count == 0) {
      return std::nullopt;
    }
    left_ = {candidates_.data(), count, -1, false};
    llama_sampler_apply(chain_.get(), &left_);
    if (left_.selected < 0 || !(left_.data[left_.selected].logit > -INFINITY)) {
      return std::nullopt;
    }
    return left_.data[left_.selected].id;
  }
  [[nodiscard]] std::span<const llama_token_data> left() const { return {left_.data, left_.size}; }
  [[nodiscard]] llama_sampler* chain() const { return chain_.get(); }
  [[nodiscard]] std::size_t vocabulary() const { return candidates_.size(); }

 private:
  std::vector<llama_token_data> candidates_;
  SamplerPtr chain_;
  llama_token_data_array left_{};
};

/// A chain held to a grammar. The token is drawn freely first. Where the grammar refuses it, it is
/// drawn again among those that the grammar allows, by the same probabilities: together that is the
/// model's distribution under the condition of the grammar.
class Guarded final : public Chain {
 public:
  Guarded(const llama_vocab* vocab, SamplerPtr chain, Guard guard, TokenId end, std::uint32_t seed)
      : Chain(vocab, std::move(chain)), guard_(std::move(guard)), end_(end), dice_(seed) {}

  [[nodiscard]] bool guarded() const override { return true; }
  void allow_work(std::uint64_t operations) override { guard_.allow_work(operations); }
  [[nodiscard]] std::uint64_t work_left() const override { return guard_.work_left(); }
  [[nodiscard]] bool too_costly() const override { return too_costly_; }

  std::optional<TokenId> sample(const float* logits) override {
    too_costly_ = false;
    if (guard_.must_end()) {
      return end_;
    }
    std::optional<TokenId> token = draw(logits, nullptr);
    bool masks = guard_.awake();
    for (int tries = 0; token && !fits(*token) && !too_costly_; ++tries) {
      if (masks) {
        const Verdict verdict = guard_.mask(allowed_);
        if (verdict == Verdict::no) {
          return std::nullopt;
        }
        masks = verdict == Verdict::yes;
      }
      token = masks ? draw_allowed(logits) : draw_another(*token, logits, tries);
    }
    if (!token || !take(*token)) {
      return std::nullopt;
    }
    llama_sampler_accept(chain(), *token);
    return token;
  }

 private:
  bool fits(TokenId token) { return judge(guard_.allows(token)); }
  bool take(TokenId token) { return judge(guard_.accept(token)); }
  bool judge(Verdict verdict) {
    too_costly_ = too_costly_ || verdict == Verdict::too_costly;
    return verdict == Verdict::yes;
  }

  std::optional<TokenId> draw_allowed(const float* logits) {
    const auto token = draw_left();
    return token ? token : draw(logits, &allowed_);  // The chain had left none that is allowed.
  }

  /// Without a mask: a sleeping grammar is about to wake and would not take this token, and few are
  /// like that; or to try all tokens would cost too much.
  std::optional<TokenId> draw_another(TokenId refused, const float* logits, int tries) {
    if (tries == 0) {
      allowed_.assign(vocabulary(), true);
    }
    allowed_[static_cast<std::size_t>(refused)] = false;
    constexpr int tries_max = 64;
    if (tries >= tries_max) {
      too_costly_ = true;
      return std::nullopt;
    }
    const auto token = draw_left();
    return token ? token : draw(logits, &allowed_);
  }

  /// Draws among what the chain left and the grammar allows.
  std::optional<TokenId> draw_left() {
    float highest = -INFINITY;
    for (const llama_token_data& each : left()) {
      if (allowed_[static_cast<std::size_t>(each.id)]) {
        highest = std::max(highest, each.logit);
      }
    }
    if (!(highest > -INFINITY)) {
      return std::nullopt;
    }
    const auto weight = [&](const llama_token_data& each) {
      return allowed_[static_cast<std::size_t>(each.id)]
                 ? std::exp(static_cast<double>(each.logit) - static_cast<double>(highest))
                 : 0.0;
    };
    double sum = 0;
    for (const llama_token_data& each : left()) {
      sum += weight(each);
    }
    double point = std::uniform_real_distribution<double>(0, sum)(dice_);
    std::optional<TokenId> last;
    for (const llama_token_data& each : left()) {
      const double mine = weight(each);
      if (mine > 0) {
        last = each.id;
        point -= mine;
        if (point < 0) {
          break;
        }
      }
    }
    return last;
  }

  Guard guard_;
  TokenId end_;
  std::mt19937 dice_;
  std::vector<bool> allowed_;
  bool too_costly_ = false;
};

bool is_greedy(const content::Sampling& sampling, const Constraints* constraints) {
  return sampling.temperature <= 0 && sampling.logit_bias.empty() &&
         sampling.presence_penalty == 0 && sampling.frequency_penalty == 0 &&
         sampling.repeat_penalty == 1 && (constraints == nullptr || !constraints->grammar);
}

std::optional<TokenId> single_token(const llama_vocab* vocab, const std::string& text) {
  const auto tokens = common_tokenize(vocab, text, false, true);
  return tokens.size() == 1 ? std::optional<TokenId>(tokens[0]) : std::nullopt;
}

std::uint32_t seed_of(const content::Sampling& sampling, std::uint32_t choice) {
  if (!sampling.seed) {
    return LLAMA_DEFAULT_SEED;
  }
  // The default seed means "random" to libllama; who asks for that very number gets its neighbour.
  const std::uint32_t seed = *sampling.seed + choice;
  return seed == LLAMA_DEFAULT_SEED ? seed - 1 : seed;
}

SamplerPtr make_chain(const llama_vocab* vocab, const content::Sampling& sampling,
                      const std::vector<llama_logit_bias>& biases, std::uint32_t seed) {
  llama_sampler_chain_params params = llama_sampler_chain_default_params();
  params.no_perf = true;
  SamplerPtr chain(llama_sampler_chain_init(params));
  const auto add = [&](llama_sampler* sampler) { llama_sampler_chain_add(chain.get(), sampler); };
  const std::int32_t size = llama_vocab_n_tokens(vocab);
  if (!biases.empty()) {
    add(llama_sampler_init_logit_bias(size, static_cast<std::int32_t>(biases.size()),
                                      biases.data()));
  }
  if (sampling.repeat_penalty != 1 || sampling.frequency_penalty != 0 ||
      sampling.presence_penalty != 0) {
    constexpr std::int32_t remembered = 4096;
    add(llama_sampler_init_penalties(size, remembered, sampling.repeat_penalty,
                                     sampling.frequency_penalty, sampling.presence_penalty));
  }
  if (sampling.top_k > 0) {
    add(llama_sampler_init_top_k(sampling.top_k));
  }
  if (sampling.top_p < 1) {
    add(llama_sampler_init_top_p(sampling.top_p, 0));
  }
  if (sampling.min_p > 0) {
    add(llama_sampler_init_min_p(sampling.min_p, 0));
  }
  add(llama_sampler_init_temp(sampling.temperature));
  add(llama_sampler_init_dist(seed));
  return chain;
}

bool finite_penalties(const content::Sampling& sampling) {
  return std::isfinite(sampling.repeat_penalty) && sampling.repeat_penalty > 0 &&
         std::isfinite(1 / sampling.repeat_penalty) && std::isfinite(sampling.frequency_penalty) &&
         std::isfinite(sampling.presence_penalty);
}

std::unique_ptr<Sampler> make_drawing(const llama_vocab* vocab, const content::Sampling& sampling,
                                      const Constraints* constraints, const Preserved& preserved,
                                      const Pieces& pieces, std::uint32_t choice) {
  const bool grammar = constraints != nullptr && constraints->grammar;
  std::vector<llama_logit_bias> biases;
  for (const auto& [token, bias] : sampling.logit_bias) {
    biases.push_back({token, bias});
  }
  for (const TokenId token : suppressed_tokens(vocab, sampling.ignore_eos && !grammar)) {
    biases.push_back({token, -INFINITY});
  }
  if (!finite_penalties(sampling)) {
    return nullptr;
  }
  const std::uint32_t seed = seed_of(sampling, choice);
  SamplerPtr chain = make_chain(vocab, sampling, biases, seed);
  if (!grammar) {
    return std::make_unique<Chain>(vocab, std::move(chain));
  }
  Guard guard(*constraints, pieces, preserved);
  if (guard.broken() || pieces.ends().empty()) {
    return nullptr;
  }
  return std::make_unique<Guarded>(vocab, std::move(chain), std::move(guard), pieces.ends().front(),
                                   sampling.seed ? seed : std::random_device{}());
}

}  // namespace

std::unique_ptr<Sampler> make_sampler(const llama_model* model, const content::Sampling& sampling,
                                      const Constraints* constraints, const Preserved& preserved,
                                      const Pieces& pieces, std::uint32_t choice) {
  const llama_vocab* const vocab = llama_model_get_vocab(model);
  if (is_greedy(sampling, constraints)) {
    return std::make_unique<Greedy>(vocab, sampling.ignore_eos);
  }
  try {
    return make_drawing(vocab, sampling, constraints, preserved, pieces, choice);
  } catch (const std::exception&) {
    return nullptr;
  }
}

Preserved preserved_tokens(const llama_model* model, const Constraints& constraints) {
  const llama_vocab* const vocab = llama_model_get_vocab(model);
  Preserved tokens;
  for (const auto& text : constraints.preserved) {
    if (const auto token = single_token(vocab, text); token && !llama_vocab_is_eog(vocab, *token)) {
      tokens.emplace(*token, text);
    }
  }
  return tokens;
}

RankedLogprobs rank_logprobs(const float* logits, std::int32_t vocabulary, TokenId token,
                             std::int32_t top) {
  const float highest = *std::max_element(logits, logits + vocabulary);
  double sum = 0;
  for (std::int32_t id = 0; id < vocabulary; ++id) {
    sum += std::exp(static_cast<double>(logits[id]) - static_cast<double>(highest));
  }
  const double shift = static_cast<double>(highest) + std::log(sum);
  const auto logprob = [&](TokenId id) {
    return static_cast<float>(static_cast<double>(logits[id]) - shift);
  };
  RankedLogprobs ranked;
  ranked.chosen = logprob(token);
  std::vector<TokenId> ids(static_cast<std::size_t>(vocabulary));
  for (std::int32_t id = 0; id < vocabulary; ++id) {
    ids[static_cast<std::size_t>(id)] = id;
  }
  const auto end = ids.begin() + std::clamp(top, 0, vocabulary);
  std::partial_sort(ids.begin(), end, ids.end(),
                    [&](TokenId a, TokenId b) { return logits[a] > logits[b]; });
  for (auto id = ids.begin(); id != end; ++id) {
    ranked.top.emplace_back(*id, logprob(*id));
  }
  return ranked;
}

}  // namespace engine::llama
