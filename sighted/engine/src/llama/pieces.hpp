// The vocabulary as the bytes its tokens write: what grammars are matched against.
#pragma once

#include <string>
#include <vector>

#include <content/tokens.hpp>
#include <grammar/vocabulary_trie.hpp>

#include "vocabulary.hpp"

namespace engine::llama {

/// Immutable; any thread.
class Pieces {
 public:
  explicit Pieces(const Vocabulary& vocabulary);

  /// The bytes of a token; control tokens, and what ends an answer, write nothing.
  [[nodiscard]] const std::string& of(content::TokenId token) const {
    return pieces_[static_cast<std::size_t>(token)];
  }
  [[nodiscard]] const grammar::VocabularyTrie& trie() const { return trie_; }
  /// Tokens that end an answer.
  [[nodiscard]] const content::TokenIds& ends() const { return ends_; }

 private:
  content::TokenIds ends_;
  std::vector<std::string> pieces_;
  grammar::VocabularyTrie trie_;
};

}  // namespace engine::llama
