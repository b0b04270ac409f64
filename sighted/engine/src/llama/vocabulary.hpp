// Text to tokens and back, by libllama's tokenizer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
  /// No token stands for more bytes of a text; 0 where the tokenizer may leave out bytes.
  [[nodiscard]] std::uint32_t token_bytes_max() const { return token_bytes_max_; }
  [[nodiscard]] bool contains(content::TokenId id) const { return id >= 0 && id < size_; }
  [[nodiscard]] bool ends_generation(content::TokenId id) const;

  /// special   names of special tokens are read.
  /// begins    BOS, and what else the model wants at the ends of a text, is added.
  /// errors  too_long (sure to be, by its bytes), failed.
  [[nodiscard]] base::Result<content::TokenIds, Error> tokenize(std::string_view text, bool special,
                                                                bool begins = true) const;
  /// The names that tokenize() reads when they are special, and their tokens.
  [[nodiscard]] std::vector<std::pair<std::string, content::TokenId>> control_names() const;
  /// Whether a text can be cut at its special tokens and tokenized part by part, with the same
  /// result: these tokens strip nothing around them, and nothing is added at the end.
  [[nodiscard]] bool cuts_at_names() const { return cuts_at_names_; }
  /// The bytes of one token; special ones as nothing unless `special`.
  [[nodiscard]] std::string piece(content::TokenId id, bool special) const;
  /// The bytes of tokens, special ones as nothing.
  [[nodiscard]] std::string text(const content::TokenIds& tokens) const;

 private:
  const llama_vocab* vocab_;
  std::int32_t size_;
  std::uint32_t token_bytes_max_;
  bool cuts_at_names_ = false;
  std::size_t bytes_max_;
};

}  // namespace engine::llama
