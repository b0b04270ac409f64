// What a rendered chat asks of the sampler, in words of our own: the two files that speak to
// llama-common (chat.cpp, sampler.cpp) meet here.
#pragma once

#include <string>
#include <vector>

#include <content/tokens.hpp>

namespace engine::llama {

struct GrammarTrigger {
  enum class Kind { token, word, pattern, whole_pattern } kind = Kind::word;
  std::string text;
  content::TokenId token = 0;
};

struct Constraints {
  std::string grammar;  ///< GBNF; empty = none.
  bool lazy = false;    ///< The grammar holds only after a trigger.
  std::vector<GrammarTrigger> triggers;
  /// Special tokens whose text is a part of the answer's format.
  std::vector<std::string> preserved;
  /// What the template already put in front of the answer; the grammar starts after it.
  std::string generation_prompt;
  std::string thinking_start;
  std::vector<std::string> thinking_ends;
};

}  // namespace engine::llama
