// OpenAI's answers. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <wire/answer.hpp>

namespace wire {

/// A chat.completion object. logprobs: they were asked for. choices: in order of their index.
std::string chat_completion(const ReplyHead& head, std::span<const Answer> choices, bool logprobs,
                            const UsageNote& usage);

/// A text_completion object. choices: in order of their index (prompt by prompt).
std::string text_completion(const ReplyHead& head, std::span<const Answer> choices, bool logprobs,
                            const UsageNote& usage);

/// vectors: in order of the inputs. base64: little-endian 32-bit floats instead of numbers.
std::string embeddings(const ReplyHead& head, std::span<const std::vector<float>> vectors,
                       bool base64, const UsageNote& usage);

/// Written with the fields of both protocols.
struct ModelEntry {
  std::string id;
  std::int64_t created_s = 0;
  std::string created_at;  ///< The same as RFC 3339 text.
  std::string owned_by;
  std::uint32_t context = 0;  ///< Tokens; 0 = not told. `context_length`, and vLLM's name.
};
std::string models_list(std::span<const ModelEntry> models);
std::string model_object(const ModelEntry& model);

/// {"error": {...}}. The type follows from the status.
std::string openai_error(const ApiError& error);

/// `stop`, `length` or `tool_calls`. An end that is neither the model's nor a limit's (disconnect,
/// cancel, error, drain) is `length` too: the text is shorter than it would have been.
std::string_view finish_reason(const Finish& finish);

}  // namespace wire
