// What must hold for any body at all.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <base/invariant.hpp>
#include <wire/anthropic_parse.hpp>
#include <wire/openai_parse.hpp>

namespace wire::fuzz {

inline bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

/// A path is made of our own field names and of indexes.
inline bool is_path(std::string_view text) {
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_.[]0123456789") ==
         std::string_view::npos;
}

inline void check(const ParseError& error) {
  base::invariant(is_path(error.param), "param is a path");
  base::invariant(!error.message.empty() && is_plain(error.message), "message is plain text");
  base::invariant(error.message.size() < 512, "message is short");
}

inline bool is_within(float number, float min, float max) {
  return number >= min && number <= max;
}

inline void check(const content::Sampling& sampling) {
  base::invariant(is_within(sampling.temperature, 0, 2), "temperature is 0 .. 2");
  base::invariant(is_within(sampling.top_p, 0, 1), "top_p is 0 .. 1");
  base::invariant(is_within(sampling.min_p, 0, 1), "min_p is 0 .. 1");
  base::invariant(is_within(sampling.presence_penalty, -2, 2), "presence_penalty is -2 .. 2");
  base::invariant(is_within(sampling.frequency_penalty, -2, 2), "frequency_penalty is -2 .. 2");
  base::invariant(is_within(sampling.repeat_penalty, 0.001F, 10), "repeat_penalty is above 0");
  base::invariant(sampling.top_k >= 0, "top_k is not negative");
  base::invariant(sampling.top_logprobs >= -1 && sampling.top_logprobs <= 20,
                  "top_logprobs is -1 .. 20");
  base::invariant(sampling.stop.size() <= 16, "at most 16 stop strings");
  for (const std::string& stop : sampling.stop) {
    base::invariant(!stop.empty(), "no stop string is empty");
  }
  for (const auto& [token, bias] : sampling.logit_bias) {
    base::invariant(token >= 0 && is_within(bias, -100, 100), "a bias is -100 .. 100");
  }
}

inline void check(const std::vector<content::RawPrompt>& prompts) {
  base::invariant(!prompts.empty(), "at least one prompt");
  for (const content::RawPrompt& prompt : prompts) {
    if (const auto* tokens = std::get_if<content::TokenIds>(&prompt)) {
      base::invariant(!tokens->empty(), "no list of tokens is empty");
      base::invariant(*std::min_element(tokens->begin(), tokens->end()) >= 0,
                      "no token id is negative");
    }
  }
}

inline void check(const content::GenerationRequest& request) {
  check(request.sampling);
  base::invariant(!request.model.empty(), "a model is named");
  base::invariant(request.output_max.value_or(1) >= 1, "output_max is at least 1");
  std::size_t prompts = 1;
  if (const auto* chat = std::get_if<content::Chat>(&request.prompt)) {
    base::invariant(!chat->messages.empty(), "a chat has a message");
    for (const content::Message& message : chat->messages) {
      base::invariant(!message.role.empty(), "a message has a role");
    }
  } else {
    prompts = std::get<1>(request.prompt).size();
    check(std::get<1>(request.prompt));
  }
  base::invariant(request.choices >= 1 && request.choices * prompts <= choices_max,
                  "choices times prompts is 1 .. 128");
}

inline void check(const content::EmbeddingRequest& request) {
  base::invariant(request.inputs.size() <= inputs_max, "at most 2048 inputs");
  check(request.inputs);
}

template <class T>
void check(const base::Result<T, ParseError>& result) {
  if (result.ok()) {
    check(result.value());
  } else {
    check(result.error());
  }
}

inline std::string_view body_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace wire::fuzz
