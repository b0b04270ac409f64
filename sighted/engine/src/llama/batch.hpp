// The tokens of one llama_decode.
#pragma once

#include <cstdint>
#include <vector>

#include <content/tokens.hpp>

#include "handles.hpp"

namespace engine::llama {

class Batch {
 public:
  explicit Batch(std::uint32_t tokens_max) {
    tokens_.reserve(tokens_max);
    positions_.reserve(tokens_max);
    sequences_.reserve(tokens_max);
    outputs_.reserve(tokens_max);
  }

  void clear() {
    tokens_.clear();
    positions_.clear();
    sequences_.clear();
    outputs_.clear();
  }

  /// Returns the token's row, by which its output is asked for.
  std::int32_t add(content::TokenId token, std::uint32_t position, llama_seq_id sequence,
                   bool output) {
    tokens_.push_back(token);
    positions_.push_back(static_cast<llama_pos>(position));
    sequences_.push_back(sequence);
    outputs_.push_back(output ? 1 : 0);
    return static_cast<std::int32_t>(tokens_.size()) - 1;
  }

  [[nodiscard]] bool empty() const { return tokens_.empty(); }

  /// Valid until the next add() or clear().
  llama_batch view() {
    counts_.assign(tokens_.size(), 1);
    pointers_.clear();
    for (llama_seq_id& sequence : sequences_) {
      pointers_.push_back(&sequence);
    }
    return {static_cast<std::int32_t>(tokens_.size()),
            tokens_.data(),
            nullptr,
            positions_.data(),
            counts_.data(),
            pointers_.data(),
            outputs_.data()};
  }

 private:
  std::vector<llama_token> tokens_;
  std::vector<llama_pos> positions_;
  std::vector<llama_seq_id> sequences_;
  std::vector<std::int8_t> outputs_;
  std::vector<std::int32_t> counts_;
  std::vector<llama_seq_id*> pointers_;
};

}  // namespace engine::llama
