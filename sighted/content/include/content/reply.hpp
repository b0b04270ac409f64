// Answers, piece by piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <content/tokens.hpp>

namespace content {

/// One token's probability, natural logarithm.
struct TokenLogprob {
  std::string piece;  ///< The token's bytes; may be a part of a UTF-8 character.
  float logprob = 0.0F;
  std::vector<std::pair<std::string, float>> top;
};

/// A piece of an answer, ready to send: whole UTF-8 characters, stop strings removed. Empty fields
/// did not change. A tool call comes as: first its index, id and name, then pieces of arguments.
struct ReplyDelta {
  std::string text;
  std::string reasoning;
  struct ToolPiece {
    std::uint32_t index = 0;
    std::string id;
    std::string name;
    std::string arguments;
  };
  std::vector<ToolPiece> tools;
  std::vector<TokenLogprob> logprobs;
  std::size_t text_at = 0;  ///< Where `text` stands in the answer as it was decoded, in bytes.

  [[nodiscard]] bool empty() const {
    return text.empty() && reasoning.empty() && tools.empty() && logprobs.empty();
  }
};

}  // namespace content
