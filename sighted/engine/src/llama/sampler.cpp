#include "sampler.hpp"

#include <sampling.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

namespace engine::llama {
namespace {

using content::TokenId;

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

  std::optional<TokenId> sample(llama_context* context, std::int32_t row) override {
    const float* const logits = llama_get_logits_ith(context, row);
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

class Chain final : public Sampler {
 public:
  explicit Chain(common_sampler_ptr sampler) : sampler_(std::move(sampler)) {}

  std::optional<TokenId> sample(llama_context* context, std::int32_t row) override {
    try {
      const TokenId token = common_sampler_sample(sampler_.get(), context, row);
      const llama_token_data_array* const left =
          common_sampler_get_candidates(sampler_.get(), false);
      if (left->selected < 0 || !(left->data[left->selected].logit > -INFINITY)) {
        return std::nullopt;
      }
      common_sampler_accept(sampler_.get(), token, true);
      return token;
    } catch (const std::exception&) {
      return std::nullopt;
    }
  }

 private:
  common_sampler_ptr sampler_;
};

bool is_greedy(const content::Sampling& sampling, const Constraints* constraints) {
  return sampling.temperature <= 0 && sampling.logit_bias.empty() &&
         sampling.presence_penalty == 0 && sampling.frequency_penalty == 0 &&
         sampling.repeat_penalty == 1 && (constraints == nullptr || constraints->grammar.empty());
}

std::optional<TokenId> single_token(const llama_vocab* vocab, const std::string& text) {
  const auto tokens = common_tokenize(vocab, text, false, true);
  return tokens.size() == 1 ? std::optional<TokenId>(tokens[0]) : std::nullopt;
}

common_grammar_trigger trigger_of(const llama_vocab* vocab, const GrammarTrigger& trigger) {
  switch (trigger.kind) {
    case GrammarTrigger::Kind::token:
      return {COMMON_GRAMMAR_TRIGGER_TYPE_TOKEN, trigger.text, trigger.token};
    case GrammarTrigger::Kind::pattern: return {COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN, trigger.text};
    case GrammarTrigger::Kind::whole_pattern:
      return {COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN_FULL, trigger.text};
    case GrammarTrigger::Kind::word: break;
  }
  if (const auto token = single_token(vocab, trigger.text)) {
    return {COMMON_GRAMMAR_TRIGGER_TYPE_TOKEN, trigger.text, *token};
  }
  return {COMMON_GRAMMAR_TRIGGER_TYPE_WORD, trigger.text};
}

void constrain(const llama_vocab* vocab, const Constraints& constraints,
               common_params_sampling& params) {
  params.grammar = {COMMON_GRAMMAR_TYPE_TOOL_CALLS, constraints.grammar};
  params.grammar_lazy = constraints.lazy;
  params.generation_prompt = constraints.generation_prompt;
  for (const auto& trigger : constraints.triggers) {
    params.grammar_triggers.push_back(trigger_of(vocab, trigger));
  }
  if (!constraints.thinking_ends.empty() && !constraints.thinking_start.empty()) {
    // A lazy grammar must not be triggered by what is only thought.
    params.reasoning_budget_start = common_tokenize(vocab, constraints.thinking_start, false, true);
    for (const auto& end : constraints.thinking_ends) {
      params.reasoning_budget_end.push_back(common_tokenize(vocab, end, false, true));
    }
    params.reasoning_budget_forced = params.reasoning_budget_end.front();
  }
}

std::uint32_t seed_of(const content::Sampling& sampling, std::uint32_t choice) {
  if (!sampling.seed) {
    return LLAMA_DEFAULT_SEED;
  }
  // The default seed means "random" to libllama; who asks for that very number gets its neighbour.
  const std::uint32_t seed = *sampling.seed + choice;
  return seed == LLAMA_DEFAULT_SEED ? seed - 1 : seed;
}

common_params_sampling params_of(const llama_vocab* vocab, const content::Sampling& sampling,
                                 const Constraints* constraints, std::uint32_t choice) {
  common_params_sampling params;
  params.seed = seed_of(sampling, choice);
  params.no_perf = true;
  params.temp = sampling.temperature;
  params.top_k = sampling.top_k;
  params.top_p = sampling.top_p;
  params.min_p = sampling.min_p;
  params.penalty_last_n = 4096;
  params.penalty_repeat = sampling.repeat_penalty;
  params.penalty_freq = sampling.frequency_penalty;
  params.penalty_present = sampling.presence_penalty;
  params.samplers.clear();
  if (sampling.repeat_penalty != 1 || sampling.frequency_penalty != 0 ||
      sampling.presence_penalty != 0) {
    params.samplers.push_back(COMMON_SAMPLER_TYPE_PENALTIES);
  }
  if (sampling.top_k > 0) {
    params.samplers.push_back(COMMON_SAMPLER_TYPE_TOP_K);
  }
  if (sampling.top_p < 1) {
    params.samplers.push_back(COMMON_SAMPLER_TYPE_TOP_P);
  }
  if (sampling.min_p > 0) {
    params.samplers.push_back(COMMON_SAMPLER_TYPE_MIN_P);
  }
  params.samplers.push_back(COMMON_SAMPLER_TYPE_TEMPERATURE);
  for (const auto& [token, bias] : sampling.logit_bias) {
    params.logit_bias.push_back({token, bias});
  }
  const bool grammar = constraints != nullptr && !constraints->grammar.empty();
  if (sampling.ignore_eos && !grammar) {
    params.ignore_eos = true;
    for (TokenId id = 0; id < llama_vocab_n_tokens(vocab); ++id) {
      if (llama_vocab_is_eog(vocab, id)) {
        params.logit_bias.push_back({id, -INFINITY});
      }
    }
  }
  if (grammar) {
    constrain(vocab, *constraints, params);
  }
  return params;
}

}  // namespace

std::unique_ptr<Sampler> make_sampler(const llama_model* model, const content::Sampling& sampling,
                                      const Constraints* constraints, std::uint32_t choice) {
  const llama_vocab* const vocab = llama_model_get_vocab(model);
  if (is_greedy(sampling, constraints)) {
    return std::make_unique<Greedy>(vocab, sampling.ignore_eos);
  }
  try {
    auto params = params_of(vocab, sampling, constraints, choice);
    common_sampler_ptr sampler(common_sampler_init(model, params));
    return sampler ? std::make_unique<Chain>(std::move(sampler)) : nullptr;
  } catch (const std::exception&) {
    return nullptr;
  }
}

std::set<TokenId> preserved_tokens(const llama_model* model, const Constraints& constraints) {
  const llama_vocab* const vocab = llama_model_get_vocab(model);
  std::set<TokenId> tokens;
  for (const auto& text : constraints.preserved) {
    if (const auto token = single_token(vocab, text)) {
      tokens.insert(*token);
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
