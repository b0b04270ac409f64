// What a rendered chat asks of the sampler, in words of our own.
#pragma once

#include <string>
#include <vector>

#include <grammar/grammar.hpp>

namespace engine::llama {

/// Where a model thinks before it answers, as its template writes it.
struct ThinkingMarks {
  std::string start;              ///< Empty = the template knows no thinking.
  std::vector<std::string> ends;  ///< One at least, where start is not empty.
  bool open = false;              ///< The prompt ends within a thought.
};

struct Constraints {
  grammar::GrammarPtr grammar;  ///< Null = none.
  /// The grammar sleeps until one of these words was said outside of a thought; it begins with the
  /// word. Both empty: it holds from the first token.
  std::vector<std::string> trigger_words;
  /// The same, for words that count only where the visible answer begins.
  std::vector<std::string> opening_words;
  ThinkingMarks thinking;  ///< For grammars that sleep.
  /// What the prompt already has of what the grammar describes.
  std::string begun;
  /// Special tokens whose text is a part of the answer's format.
  std::vector<std::string> preserved;

  [[nodiscard]] bool sleeps() const { return !trigger_words.empty() || !opening_words.empty(); }
};

}  // namespace engine::llama
