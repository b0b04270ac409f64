// Text to tokens and back, by libllama's tokenizer.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include <base/result.hpp>
#include <content/tokens.hpp>
#include <engine/engine.hpp>

#include "handles.hpp"

namespace engine::llama {

/// Immutable; any thread.
class Vocabulary {
 public:
  /// tokens_max   prompts that must be longer than this are refused unread.
  Vocabulary(const llama_model* model, std::uint32_t tokens_max);

  [[nodiscard]] std::int32_t size() const { return size_; }
  [[nodiscard]] bool contains(content::TokenId id) const { return id >= 0 && id < size_; }
  [[nodiscard]] bool ends_generation(content::TokenId id) const;

  /// BOS (and what else the model wants) is added. special   names of special tokens are read.
  /// errors  too_long (sure to be, by its bytes), failed.
  [[nodiscard]] base::Result<content::TokenIds, Error> tokenize(std::string_view text,
                                                                bool special) const;
  /// The bytes of one token; special ones as nothing unless `special`.
  [[nodiscard]] std::string piece(content::TokenId id, bool special) const;
  /// The bytes of tokens, special ones as nothing.
  [[nodiscard]] std::string text(const content::TokenIds& tokens) const;

 private:
  const llama_vocab* vocab_;
  std::int32_t size_;
  std::size_t bytes_max_;
};

}  // namespace engine::llama
