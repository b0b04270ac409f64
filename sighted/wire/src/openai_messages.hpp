// OpenAI's message list and tools.
#pragma once

#include <vector>

#include <content/chat.hpp>
#include <wire/json.hpp>

namespace wire {

std::vector<content::Message> read_openai_messages(Reader& root);

/// tools, tool_choice and parallel_tool_calls.
void read_openai_tools(Reader& root, content::Chat& chat);

/// response_format.
void read_response_format(Reader& root, content::Chat& chat);

}  // namespace wire
