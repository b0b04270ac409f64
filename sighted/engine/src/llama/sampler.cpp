#include "sampler.hpp"

#include <common.h>
#include <reasoning-budget.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <exception>
#include <limits>
#include <string>
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

/// A chain that ends in a draw, and what the draw must obey. As llama-common does it: the token is
/// drawn freely first, and again under the grammar only where that forbids it.
class Chain final : public Sampler {
 public:
  struct Parts {
    SamplerPtr chain;
    SamplerPtr grammar;    ///< May be null.
    SamplerPtr reasoning;  ///< Watches for thinking, in which a lazy grammar sleeps; may be null.
    bool lazy = false;
  };

  Chain(const llama_vocab* vocab, Parts parts)
      : candidates_(static_cast<std::size_t>(llama_vocab_n_tokens(vocab))),
        parts_(std::move(parts)) {}

  std::optional<TokenId> sample(const float* logits) override {
    try {
      llama_token_data drawn = draw(logits, false);
      if (grammar_wakes() && !allowed(drawn.id)) {
        drawn = draw(logits, true);
      }
      if (!(drawn.logit > -INFINITY)) {
        return std::nullopt;
      }
      accept(drawn.id);
      return drawn.id;
    } catch (const std::exception&) {
      return std::nullopt;
    }
  }

 private:
  [[nodiscard]] bool grammar_wakes() const {
    if (!parts_.grammar || !parts_.reasoning || !parts_.lazy) {
      return parts_.grammar != nullptr;
    }
    const auto state = common_reasoning_budget_get_state(parts_.reasoning.get());
    return state == REASONING_BUDGET_IDLE || state == REASONING_BUDGET_DONE;
  }

  llama_token_data draw(const float* logits, bool under_grammar) {
    for (std::size_t id = 0; id < candidates_.size(); ++id) {
      candidates_[id] = {static_cast<TokenId>(id), logits[id], 0.0F};
    }
    llama_token_data_array array{candidates_.data(), candidates_.size(), -1, false};
    if (parts_.reasoning) {
      llama_sampler_apply(parts_.reasoning.get(), &array);
    }
    if (under_grammar) {
      llama_sampler_apply(parts_.grammar.get(), &array);
    }
    llama_sampler_apply(parts_.chain.get(), &array);
    return array.selected < 0 ? llama_token_data{0, -INFINITY, 0.0F} : array.data[array.selected];
  }

  bool allowed(TokenId token) {
    llama_token_data candidate{token, 1.0F, 0.0F};
    llama_token_data_array array{&candidate, 1, -1, false};
    llama_sampler_apply(parts_.grammar.get(), &array);
    return candidate.logit > -INFINITY;
  }

  void accept(TokenId token) {
    const bool wakes = grammar_wakes();  // Before the token is seen: it may begin the thinking.
    if (parts_.reasoning) {
      llama_sampler_accept(parts_.reasoning.get(), token);
      const bool over =
          common_reasoning_budget_get_state(parts_.reasoning.get()) == REASONING_BUDGET_DONE;
      const auto* const end = common_reasoning_budget_get_end_match(parts_.reasoning.get());
      if (parts_.grammar && !wakes && over && end != nullptr) {
        for (const TokenId id : *end) {  // What ends the thinking may wake the grammar.
          llama_sampler_accept(parts_.grammar.get(), id);
        }
      }
    }
    if (wakes) {
      llama_sampler_accept(parts_.grammar.get(), token);
    }
    llama_sampler_accept(parts_.chain.get(), token);
  }

  std::vector<llama_token_data> candidates_;
  Parts parts_;
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

/// The grammar of a format; one that sleeps until a trigger comes, where it is lazy. Null where it
/// cannot be read.
SamplerPtr make_grammar(const llama_vocab* vocab, const Constraints& constraints) {
  if (!constraints.lazy) {
    return SamplerPtr(llama_sampler_init_grammar(vocab, constraints.grammar.c_str(), "root"));
  }
  std::vector<std::string> patterns;
  std::vector<TokenId> tokens;
  for (const auto& trigger : constraints.triggers) {
    switch (trigger.kind) {
      case GrammarTrigger::Kind::token: tokens.push_back(trigger.token); break;
      case GrammarTrigger::Kind::pattern: patterns.push_back(trigger.text); break;
      case GrammarTrigger::Kind::whole_pattern:
        patterns.push_back("^(?:" + trigger.text + ")$");
        break;
      case GrammarTrigger::Kind::word:
        if (const auto token = single_token(vocab, trigger.text)) {
          tokens.push_back(*token);
        } else {
          patterns.push_back(regex_escape(trigger.text));
        }
        break;
    }
  }
  std::vector<const char*> texts;
  for (const auto& pattern : patterns) {
    texts.push_back(pattern.c_str());
  }
  return SamplerPtr(llama_sampler_init_grammar_lazy_patterns(vocab, constraints.grammar.c_str(),
                                                             "root", texts.data(), texts.size(),
                                                             tokens.data(), tokens.size()));
}

/// The tokens of what the template wrote in front of the answer.
std::vector<TokenId> begun_tokens(const llama_vocab* vocab, const std::string& begun) {
  auto tokens = common_tokenize(vocab, begun, false, true);
  // Some tokenizers put a space in front of a first special token.
  if (!tokens.empty() && std::isspace(static_cast<unsigned char>(begun[0])) == 0) {
    const std::string first = common_token_to_piece(vocab, tokens[0], true);
    if (!first.empty() && std::isspace(static_cast<unsigned char>(first[0])) != 0) {
      tokens.erase(tokens.begin());
    }
  }
  return tokens;
}

/// Returns false where the grammar cannot be read.
bool constrain(const llama_vocab* vocab, const Constraints& constraints, Chain::Parts& parts) {
  parts.grammar = make_grammar(vocab, constraints);
  parts.lazy = constraints.lazy;
  if (!parts.grammar) {
    return false;
  }
  std::vector<TokenId> begun;
  if (!constraints.generation_prompt.empty()) {
    begun = begun_tokens(vocab, constraints.generation_prompt);
  }
  for (const TokenId token : begun) {
    if (!constraints.lazy) {
      llama_sampler_accept(parts.grammar.get(), token);
    }
  }
  if (constraints.lazy && !constraints.thinking_ends.empty() &&
      !constraints.thinking_start.empty()) {
    // A lazy grammar must not be triggered by what is only thought.
    std::vector<llama_tokens> ends;
    for (const auto& end : constraints.thinking_ends) {
      ends.push_back(common_tokenize(vocab, end, false, true));
    }
    parts.reasoning.reset(common_reasoning_budget_init(
        vocab, {common_tokenize(vocab, constraints.thinking_start, false, true)}, ends,
        ends.front(), std::numeric_limits<std::int32_t>::max()));
    for (const TokenId token : begun) {
      llama_sampler_accept(parts.reasoning.get(), token);
    }
  }
  return true;
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
                                      const Constraints* constraints, std::uint32_t choice) {
  const bool grammar = constraints != nullptr && !constraints->grammar.empty();
  std::vector<llama_logit_bias> biases;
  for (const auto& [token, bias] : sampling.logit_bias) {
    biases.push_back({token, bias});
  }
  for (const TokenId token : suppressed_tokens(vocab, sampling.ignore_eos && !grammar)) {
    biases.push_back({token, -INFINITY});
  }
  Chain::Parts parts;
  if (!finite_penalties(sampling) || (grammar && !constrain(vocab, *constraints, parts))) {
    return nullptr;
  }
  parts.chain = make_chain(vocab, sampling, biases, seed_of(sampling, choice));
  return std::make_unique<Chain>(vocab, std::move(parts));
}

}  // namespace

std::unique_ptr<Sampler> make_sampler(const llama_model* model, const content::Sampling& sampling,
                                      const Constraints* constraints, std::uint32_t choice) {
  const llama_vocab* const vocab = llama_model_get_vocab(model);
  if (is_greedy(sampling, constraints)) {
    return std::make_unique<Greedy>(vocab, sampling.ignore_eos);
  }
  try {
    return make_drawing(vocab, sampling, constraints, choice);
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
