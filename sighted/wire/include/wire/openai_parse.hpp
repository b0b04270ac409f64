// OpenAI's request bodies, read into the house's own words.
//
// All are pure and safe on any thread. Errors are a 400 each; see parse_error.hpp. Unknown fields
// are ignored; what we know and cannot do (images, audio, suffix, ...) is refused by name rather
// than ignored. `stop` etc. given as null count as absent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <base/result.hpp>
#include <content/request.hpp>
#include <wire/parse_error.hpp>

namespace wire {

inline constexpr std::uint32_t choices_max = 128;  ///< Choices times prompts of one request.
inline constexpr std::size_t inputs_max = 2048;    ///< Inputs of one embedding request.

/// POST /v1/chat/completions. The request's prompt is a content::Chat.
base::Result<content::GenerationRequest, ParseError> parse_chat(std::string_view body);

/// POST /v1/completions. The request's prompt is a list of raw prompts: 1 .. choices_max / n.
base::Result<content::GenerationRequest, ParseError> parse_completion(std::string_view body);

/// POST /v1/embeddings.
base::Result<content::EmbeddingRequest, ParseError> parse_embedding(std::string_view body);

/// POST /v1/prefixes: a chat's beginning, and the accounts it is opened to.
struct PrefixRequest {
  content::GenerationRequest chat;
  std::vector<std::string> accounts;  ///< 0 .. prefix_accounts_max, 32 bytes at most each.
};
inline constexpr std::size_t prefix_accounts_max = 10'000;
base::Result<PrefixRequest, ParseError> parse_prefix(std::string_view body);

/// A body of any of the three, told apart by its field `messages`, `prompt` or `input`.
using AnyRequest = std::variant<content::GenerationRequest, content::EmbeddingRequest>;
base::Result<AnyRequest, ParseError> parse_any(std::string_view body);

}  // namespace wire
