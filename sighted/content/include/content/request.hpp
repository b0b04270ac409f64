// A client's request, after parsing and before any model saw it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <content/chat.hpp>
#include <content/tokens.hpp>

namespace content {

/// The choice of the next token. Defaults are the protocols' (temperature 1, no truncation).
struct Sampling {
  float temperature = 1.0F;           ///< 0 .. 2; 0 = greedy.
  float top_p = 1.0F;                 ///< 0 .. 1; 1 = off.
  std::int32_t top_k = 0;             ///< 0 = off.
  float min_p = 0.0F;                 ///< 0 .. 1; 0 = off.
  float presence_penalty = 0.0F;      ///< -2 .. 2.
  float frequency_penalty = 0.0F;     ///< -2 .. 2.
  float repeat_penalty = 1.0F;        ///< > 0; 1 = off.
  std::optional<std::uint32_t> seed;  ///< Absent = random. Choice i of n uses seed + i.
  std::vector<std::pair<TokenId, float>> logit_bias;  ///< -100 .. 100 each.
  std::vector<std::string> stop;                      ///< Up to 16, none empty.
  bool ignore_eos = false;
  std::int32_t top_logprobs = -1;  ///< -1 = no logprobs; 0 .. 20 alternatives otherwise.
};

/// A prompt without a template: text (special tokens are not parsed in it) or token ids.
using RawPrompt = std::variant<std::string, TokenIds>;

/// A request to generate: a chat, or raw prompts to complete.
struct GenerationRequest {
  std::string model;
  std::variant<Chat, std::vector<RawPrompt>> prompt;
  Sampling sampling;
  std::uint32_t choices = 1;                ///< n, 1 .. 128, for each prompt.
  std::optional<std::uint32_t> output_max;  ///< Absent = what balance and context allow; >= 1.
  bool stream = false;
  bool stream_usage = false;  ///< A last chunk with usage was asked for.
  bool echo = false;          ///< Completions: the prompt is given back before its continuation.
  std::string grammar;        ///< Raw prompts: GBNF that each answer obeys; empty = none.
  std::string grammar_field;  ///< The path of the request's field that gave it.
};

/// A request for embeddings.
struct EmbeddingRequest {
  std::string model;
  std::vector<RawPrompt> inputs;  ///< 1 .. 2,048.
  bool base64 = false;
};

}  // namespace content
