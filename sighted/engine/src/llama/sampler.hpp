// Chooses the next token of one lane. Only sampler.cpp includes llama-common's samplers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <content/reply.hpp>
#include <content/request.hpp>
#include <content/tokens.hpp>

#include "constraints.hpp"
#include "handles.hpp"
#include "pieces.hpp"

namespace engine::llama {

class Sampler {
 public:
  virtual ~Sampler() = default;
  /// The next token, from logits for the whole vocabulary; remembered for penalties and grammar.
  /// Nothing where no token can follow (a grammar and a bias that exclude each other).
  virtual std::optional<content::TokenId> sample(const float* logits) = 0;
  /// It is held to a grammar, whose work costs time.
  [[nodiscard]] virtual bool guarded() const { return false; }
  /// What the grammar may cost in the next sample(), in operations as grammar::Work counts them.
  virtual void allow_work(std::uint64_t /*operations*/) {}
  /// What the last sample() left of it.
  [[nodiscard]] virtual std::uint64_t work_left() const { return 0; }
  /// sample() gave nothing because the grammar asked for more work than that.
  [[nodiscard]] virtual bool too_costly() const { return false; }
};

/// What all grammars of a step may cost together, masks and all, at 5 to 22 ns an operation: less
/// than 5 ms. They share it; a token for which a share did not suffice is put off to the next step.
inline constexpr std::uint64_t step_work = 220'000;
/// What one token may cost, alone or beside others: a grammar that asks for more ends its request.
inline constexpr std::uint64_t token_work_max = 200'000;

/// Control tokens that a format wants to see as text, and their names.
using Preserved = std::map<content::TokenId, std::string>;

/// The sampler of choice number `choice`: plain arg max where temperature is 0 and nothing else is
/// asked for, otherwise libllama's samplers in llama-common's order (bias, penalties over what this
/// choice has said, top_k, top_p, min_p, temperature) with its seed + choice. ignore_eos does not
/// hold under a grammar, for which the end is the only way out.
/// constraints  may be null; with `preserved` it outlives the sampler, and so do the pieces.
/// returns  null where a number is none, or the grammar refuses what the prompt has of it.
[[nodiscard]] std::unique_ptr<Sampler> make_sampler(const llama_model* model,
                                                    const content::Sampling& sampling,
                                                    const Constraints* constraints,
                                                    const Preserved& preserved,
                                                    const Pieces& pieces, std::uint32_t choice);

[[nodiscard]] Preserved preserved_tokens(const llama_model* model, const Constraints& constraints);

/// The probability of `token` and of the `top` likeliest, from raw logits: what the model thinks,
/// before temperature, bias and truncation. The piece of each is left to the caller.
struct RankedLogprobs {
  float chosen = 0;
  std::vector<std::pair<content::TokenId, float>> top;
};
[[nodiscard]] RankedLogprobs rank_logprobs(const float* logits, std::int32_t vocabulary,
                                           content::TokenId token, std::int32_t top);

}  // namespace engine::llama
