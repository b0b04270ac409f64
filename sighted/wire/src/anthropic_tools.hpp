// Anthropic's tools.
#pragma once

#include <content/chat.hpp>
#include <wire/json.hpp>

namespace wire {

/// tools and tool_choice.
void read_anthropic_tools(Reader& root, content::Chat& chat);

}  // namespace wire
