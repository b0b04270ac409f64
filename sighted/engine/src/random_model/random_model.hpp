// Models of real shapes with random weights: for tests, and for benchmarks, where the weights'
// values do not matter.
#pragma once

#include <cstdint>
#include <string>

namespace engine::random_model {

enum class Shape {
  tiny,          ///< 2 layers, 64 wide, some 280 tokens: a test makes it in milliseconds.
  small,         ///< The same, 256 wide: types with blocks of 256 need that.
  tiny_encoder,  ///< The same as a BERT, which only embeds; its context is 128.
  smollm2_135m,  ///< 30 layers, 576 wide.
  llama_1b,      ///< Llama-3.2-1B: 16 layers, 2048 wide.
};

enum class Type { f32, f16, bf16, q8_0, q4_0, q4_k, q5_k, q6_k };

struct Options {
  Shape shape = Shape::tiny;
  Type type = Type::f32;
  std::string architecture = "llama";  ///< Or qwen2 (with biases), qwen3 (with norms of heads).
  bool rope_factors = false;           ///< Scaled positions, as Llama 3 has them.
  std::string vocabulary =
      {};  ///< A GGUF to take the tokenizer from; empty = bytes and ChatML marks.
  std::string chat_template = {};  ///< Jinja; empty = the vocabulary's, else ChatML.
  std::uint64_t seed = 1;          ///< The same seed gives the same file.
};

/// Writes a GGUF (tiny_encoder: of bert, whatever the options say). ChatML comes with Hermes tool
/// calls. returns  nothing, or what went wrong, for people.
[[nodiscard]] std::string write(const Options& options, const std::string& path);

}  // namespace engine::random_model
