// OpenAI's message list.
#pragma once

#include <vector>

#include <content/chat.hpp>
#include <wire/json.hpp>

namespace wire {

std::vector<content::Message> read_openai_messages(Reader& root);

}  // namespace wire
