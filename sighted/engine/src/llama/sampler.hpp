// Chooses the next token of one lane. Only sampler.cpp includes llama-common's samplers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include <content/reply.hpp>
#include <content/request.hpp>
#include <content/tokens.hpp>

#include "constraints.hpp"
#include "handles.hpp"

namespace engine::llama {

class Sampler {
 public:
  virtual ~Sampler() = default;
  /// The next token, from logits for the whole vocabulary; remembered for penalties and grammar.
  /// Nothing where no token can follow (a grammar and a bias that exclude each other).
  virtual std::optional<content::TokenId> sample(const float* logits) = 0;
};

/// The sampler of choice number `choice`: plain arg max where temperature is 0 and nothing else is
/// asked for, otherwise libllama's samplers in llama-common's order (bias, penalties over what this
/// choice has said, top_k, top_p, min_p, temperature) with its seed + choice. ignore_eos does not
/// hold under a grammar, for which the end is the only way out.
/// returns  null where the grammar cannot be read or a number is none.
[[nodiscard]] std::unique_ptr<Sampler> make_sampler(const llama_model* model,
                                                    const content::Sampling& sampling,
                                                    const Constraints* constraints,
                                                    std::uint32_t choice);

/// The special tokens that a format wants to see as text.
[[nodiscard]] std::set<content::TokenId> preserved_tokens(const llama_model* model,
                                                          const Constraints& constraints);

/// The probability of `token` and of the `top` likeliest, from raw logits: what the model thinks,
/// before temperature, bias and truncation. The piece of each is left to the caller.
struct RankedLogprobs {
  float chosen = 0;
  std::vector<std::pair<content::TokenId, float>> top;
};
[[nodiscard]] RankedLogprobs rank_logprobs(const float* logits, std::int32_t vocabulary,
                                           content::TokenId token, std::int32_t top);

}  // namespace engine::llama
