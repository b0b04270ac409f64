#include "runner.hpp"

#include <algorithm>
#include <utility>

namespace engine::native {

NativeRunner::NativeRunner(const Kernels& kernels, Shape shape, Weights weights, Limits limits)
    : shape_(std::move(shape)),
      weights_(std::move(weights)),
      tables_(limits.kv_tokens, limits.lanes_max),
      store_(shape_.layers, tables_.blocks(), shape_.heads_kv, shape_.head_dim),
      forward_(kernels, shape_, weights_, store_,
               {limits.step_tokens_max, std::min(limits.lanes_max, limits.step_tokens_max),
                limits.threads}) {}

Ran NativeRunner::generate(std::span<const Piece> pieces) {
  outputs_.clear();
  outputs_of_.clear();
  std::uint32_t row = 0;
  for (const Piece& piece : pieces) {
    row += static_cast<std::uint32_t>(piece.tokens.size());
    outputs_of_.push_back(outputs_.size());
    if (piece.wants_logits) {
      outputs_.push_back(row - 1);
    }
  }
  run(pieces);
  forward_.compute_logits(outputs_.size());
  return Ran::done;
}

Ran NativeRunner::embed(std::span<const Piece> pieces) {
  outputs_.clear();
  for (const Piece& piece : pieces) {
    for (std::size_t i = 0; i < piece.tokens.size(); ++i) {
      outputs_.push_back(static_cast<std::uint32_t>(outputs_.size()));
    }
  }
  run(pieces);
  std::size_t row = 0;
  for (const Piece& piece : pieces) {
    for (std::size_t i = 0; i < piece.tokens.size(); ++i) {
      piece.pooling->add(forward_.hidden(row++), shape_.width);
    }
  }
  return Ran::done;
}

void NativeRunner::run(std::span<const Piece> pieces) {
  tokens_.clear();
  stretches_.clear();
  copies_.clear();
  for (const Piece& piece : pieces) {
    const auto count = static_cast<std::uint32_t>(piece.tokens.size());
    tables_.extend(piece.slot, piece.position, piece.position + count, copies_);
    stretches_.push_back({static_cast<std::uint32_t>(tokens_.size()), count, piece.position,
                          tables_.table(piece.slot).data()});
    tokens_.insert(tokens_.end(), piece.tokens.begin(), piece.tokens.end());
  }
  for (const auto& copy : copies_) {
    store_.copy(copy.from, copy.to);
  }
  forward_.run(tokens_, stretches_, outputs_);
}

}  // namespace engine::native
