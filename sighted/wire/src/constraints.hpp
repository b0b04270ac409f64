// What the answer must look like: every vendor's and server's way to say it.
#pragma once

#include <content/chat.hpp>
#include <content/request.hpp>
#include <wire/json.hpp>

namespace wire {

/// OpenAI's response_format, and what other servers call it: json_schema, grammar (llama-server),
/// guided_*, structured_outputs (vLLM), format (Ollama). One of them; two are a contradiction.
void read_constraints(Reader& root, content::Chat& chat);

/// The same for Anthropic's messages: output_config.format and output_format in front.
void read_anthropic_constraints(Reader& root, content::Chat& chat);

/// For raw prompts: request.grammar, or nothing. What needs a chat is refused.
void read_raw_constraints(Reader& root, content::GenerationRequest& request);

}  // namespace wire
