// What a request says about thinking, and what it wants the chat template to know.
#pragma once

#include <content/chat.hpp>
#include <wire/json.hpp>

namespace wire {

/// reasoning_effort, reasoning, thinking, enable_thinking, thinking_budget, chat_template_kwargs.
void read_openai_thinking(Reader& root, content::Chat& chat);

/// thinking, output_config.effort, chat_template_kwargs. Without `thinking` there is none.
void read_anthropic_thinking(Reader& root, content::Chat& chat);

}  // namespace wire
