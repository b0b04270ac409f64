// Runs tokens through one llama_context.
#pragma once

#include <cstdint>
#include <vector>

#include "../runner.hpp"
#include "batch.hpp"
#include "handles.hpp"

namespace engine::llama {

class LlamaRunner final : public Runner {
 public:
  /// encoder   no KV cache: whole prompts in, vectors out.
  LlamaRunner(ContextPtr context, bool encoder, std::uint32_t lanes_max,
              std::uint32_t step_tokens_max);

  void share(std::uint32_t from, std::uint32_t to, std::uint32_t tokens) override;
  void drop(std::uint32_t slot) override;
  Ran generate(std::span<const Piece> pieces) override;
  Ran embed(std::span<const Piece> pieces) override;
  const float* logits(std::size_t piece) override;

 private:
  Ran decode();
  Ran decode_embed(const Piece& piece, std::uint32_t from, std::uint32_t tokens);
  Ran encode(std::span<const Piece> pieces);

  ContextPtr context_;
  bool encoder_;
  std::uint32_t outputs_max_;
  std::size_t width_;
  Batch batch_;
  std::vector<std::int32_t> rows_;  ///< Of the output, for each piece of the last generate().
};

/// Outputs of one decode: one for each lane, or a stretch of an embedding.
[[nodiscard]] std::uint32_t outputs_max(std::uint32_t lanes_max, std::uint32_t step_tokens_max);

}  // namespace engine::llama
