// Anthropic's system prompt and messages.
#pragma once

#include <content/chat.hpp>
#include <wire/json.hpp>

namespace wire {

/// system and messages, into chat.messages and chat.continue_last.
void read_anthropic_messages(Reader& root, content::Chat& chat);

}  // namespace wire
