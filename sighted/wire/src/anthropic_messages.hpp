// Anthropic's system prompt, messages and tools.
#pragma once

#include <content/chat.hpp>
#include <wire/json.hpp>

namespace wire {

/// system and messages, into chat.messages and chat.continue_last.
void read_anthropic_messages(Reader& root, content::Chat& chat);

/// tools and tool_choice.
void read_anthropic_tools(Reader& root, content::Chat& chat);

}  // namespace wire
