// Anthropic's request bodies, read into the same words as OpenAI's. Pure; any thread.
#pragma once

#include <string_view>

#include <base/result.hpp>
#include <content/request.hpp>
#include <wire/parse_error.hpp>

namespace wire {

/// POST /v1/messages. The prompt is a content::Chat; `system` is its first message, a tool_result
/// becomes a message of role tool, thinking blocks become the assistant's reasoning. A last
/// message of the assistant's is to be continued. Images, documents and tools that the server
/// would have to run are refused.
base::Result<content::GenerationRequest, ParseError> parse_messages(std::string_view body);

/// POST /v1/messages/count_tokens: the same, `max_tokens` not required.
base::Result<content::GenerationRequest, ParseError> parse_count_tokens(std::string_view body);

}  // namespace wire
