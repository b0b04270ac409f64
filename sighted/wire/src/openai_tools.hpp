// OpenAI's tools.
#pragma once

#include <content/chat.hpp>
#include <wire/json.hpp>

namespace wire {

/// tools, tool_choice and parallel_tool_calls.
void read_openai_tools(Reader& root, content::Chat& chat);

}  // namespace wire
